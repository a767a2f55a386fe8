"""How much memory training and prediction ask for, as tracemalloc counts it."""

import tracemalloc

import numpy as np
import pytest

from skhebb import HebbSETClassifier, SETClassifier
from skhebb._activations import set_activations
from skhebb._batches import DenseRows, TrainingData
from skhebb._layer import SparseLayer
from skhebb._losses import LOSSES
from skhebb._network import Network
from skhebb._optimizers import SGD
from skhebb._schedules import Constant
from skhebb._targets import Labels
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
        hidden, epsilon=60, solver="sgd", momentum=0, batch_size=batch_size,
        max_iter=3, tol=None,
    )  # fmt: skip
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


@pytest.mark.parametrize(
    "plasticity", [None, HebbianCovariance([0.01] * 4, 1.0, "batch")]
)
def test_a_batch_allocates_nothing_of_its_size(rng, peak, plasticity):
    topology = SparseEvolution("erdos_renyi", 10, None, 0, "sign", "random", 0.1, 0)
    shapes = [(100, 300), (300, 300), (300, 3)]
    layers = [
        SparseLayer(weights, np.zeros(weights.shape[1], dtype=np.float32))
        for weights in topology.initial_weights(shapes, np.float32, rng)
    ]
    network = Network(layers)
    set_activations(network, "relu", "softmax", negative_slope=0)
    trainer = Trainer(
        state=TrainingState(network, rng, rng, [rng] * 3, 0),
        loss=LOSSES["log_loss"]("multiclass"),
        optimizer=SGD(0.9, True, None, None),
        schedule=Constant(0.01, 0),
        topology=topology,
        plasticity=plasticity,
        dropout=None,
        stopping=None,
        alpha=0.1,
        weight_decay=0.1,
        batch_size=256,
        shuffle=True,
        evolution_interval=None,
        n_threads=2,
    )
    trainer.state.rate = 0.01
    samples, y = np.arange(256), rng.integers(3, size=256)
    inputs = DenseRows(rng.random((256, 100), dtype=np.float32))
    data = TrainingData(inputs, Labels(np.arange(3)), y, None, samples)
    trainer.prepare(data)
    trainer.run_batch(data, samples)
    needed = peak(lambda: trainer.run_batch(data, samples))
    assert needed < 300 * 256 * 4 / 8  # an eighth of the activations of a layer


def test_sparse_inputs_are_never_dense(rng, peak):
    from scipy.sparse import random_array

    X = random_array((64, 200_000), density=1e-4, rng=rng, format="csr")
    y = np.arange(64) % 2
    for estimator in (SETClassifier, HebbSETClassifier):
        clf = estimator((10,), epsilon=1, max_iter=2, tol=None, batch_size=64)
        needed = peak(lambda clf=clf: clf.fit(X, y))
        assert needed < 64 * 200_000 * 8 / 2
