"""How much memory training and prediction ask for, as tracemalloc counts it."""

import tracemalloc

import numpy as np
import pytest

from skhebb import HebbSETClassifier, SETClassifier
from skhebb._activations import OUTPUT_ACTIVATIONS, ReLU
from skhebb._batches import ClassTargets, DenseRows
from skhebb._layer import SparseLayer
from skhebb._losses import LOSSES
from skhebb._network import Network
from skhebb._optimizers import SGD
from skhebb._training import Trainer, TrainingState
from skhebb.plasticity import HebbianCovariance
from skhebb.topology import SparseEvolution


@pytest.fixture
def peak():
    """A function that calls another one and gives the bytes it took at its most."""

    def measure(function):
        tracemalloc.start()
        try:
            function()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


@pytest.mark.parametrize("batch_size", [2, 16])
def test_bytes_per_connection(rng, peak, batch_size):
    X, y = rng.random((32, 100), dtype=np.float32), np.arange(32) % 3
    hidden = (20_000, 20_000)
    clf = SETClassifier(
        hidden, epsilon=60, momentum=0, batch_size=batch_size, max_iter=3, tol=None
    )
    training = peak(lambda: clf.fit(X, y))
    n_connections = clf._state.network.capacity
    # A neuron has biases, row pointers, errors, activations and so on.
    of_neurons = sum(hidden) * (100 + 20 * batch_size)
    assert n_connections > 3e6
    assert training < 20 * n_connections + of_neurons
    prediction = peak(lambda: clf.predict(X[:2]))
    assert prediction < of_neurons
    held = sum(w.data.nbytes + w.indices.nbytes for w in clf.coefs_)
    assert held == 8 * clf.n_connections_


@pytest.mark.parametrize("plasticity", [None, HebbianCovariance(0.01, 1.0)])
def test_a_batch_allocates_nothing_of_its_size(rng, peak, plasticity):
    topology = SparseEvolution(10, 0, "magnitude")
    sizes = [100, 300, 300, 3]
    layers = [
        SparseLayer(topology.initial_weights(n_in, n_out, np.float32, rng), biases)
        for n_in, n_out, biases in zip(
            sizes[:-1],
            sizes[1:],
            [np.zeros(n, dtype=np.float32) for n in sizes[1:]],
            strict=True,
        )
    ]
    network = Network(layers)
    network.activation = ReLU()
    network.output_activation = OUTPUT_ACTIVATIONS["softmax"]()
    trainer = Trainer(
        state=TrainingState(network, rng, [rng] * 3, 0),
        loss=LOSSES["log_loss"],
        optimizer=SGD(0.01, 0.9, True),
        topology=topology,
        plasticity=plasticity,
        alpha=0.1,
        batch_size=256,
        shuffle=True,
        evolution_interval=None,
        n_threads=2,
    )
    inputs = DenseRows(rng.random((256, 100), dtype=np.float32))
    targets = ClassTargets(rng.integers(3, size=256), 3)
    samples = np.arange(256)
    trainer.prepare(inputs)
    trainer.run_batch(inputs, targets, samples)
    needed = peak(lambda: trainer.run_batch(inputs, targets, samples))
    assert needed < 300 * 256 * 4 / 8  # an eighth of the activations of a layer


def test_sparse_inputs_are_never_dense(rng, peak):
    from scipy.sparse import random_array

    X = random_array((64, 200_000), density=1e-4, rng=rng, format="csr")
    y = np.arange(64) % 2
    for estimator in (SETClassifier, HebbSETClassifier):
        clf = estimator((10,), epsilon=1, max_iter=2, tol=None, batch_size=64)
        needed = peak(lambda clf=clf: clf.fit(X, y))
        assert needed < 64 * 200_000 * 8 / 2
