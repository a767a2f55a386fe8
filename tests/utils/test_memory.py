"""How much memory training and prediction ask for, as tracemalloc counts it."""

import tracemalloc

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone

from skhebb import (
    HebbianMaskClassifier,
    HebbianPCA,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    WinnerTakeAll,
)
from skhebb._network.activations import set_activations
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._plasticity import HebbianCovariance
from skhebb._predictors.encoders import Labels
from skhebb._training.batch_trainer import BatchTrainer
from skhebb._training.batches import DenseRows
from skhebb._training.data import FitData
from skhebb._training.losses import LOSSES
from skhebb._training.optimizers import SGD
from skhebb._training.state import Progress, RandomStreams, TrainingState
from skhebb._utils import memory
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
        max_iter=3, tol=None, evolution_interval="epoch",
    )  # fmt: skip
    training = peak(lambda: clf.fit(X, y))
    n_connections = clf._state.network.n_connections_target
    # A neuron has biases, row pointers, errors, activations and so on.
    of_neurons = sum(hidden) * (100 + 20 * batch_size)
    assert n_connections > 3e6
    # The less evolution removes, the more there is besides what it makes anew.
    assert training < 21 * n_connections + of_neurons
    clf.set_params(zeta_schedule="constant", evolution_end=1.0)
    assert peak(lambda: clf.fit(X, y)) < 20 * n_connections + of_neurons
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
        for weights in topology.initial_weights(shapes, np.float32, rng, None, 1)
    ]
    network = Network(layers)
    set_activations(network, "relu", "softmax", negative_slope=0)
    trainer = BatchTrainer(
        state=TrainingState(network, RandomStreams(rng, rng, [rng] * 3, 0)),
        loss=LOSSES["log_loss"]("multiclass"),
        optimizer=SGD(0.9, nesterov=True),
        plasticity=plasticity,
        alpha=0.1,
        weight_decays=[0.1] * len(layers),
        batch_size=256,
        n_threads=2,
    )
    trainer.state.progress = Progress(learning_rate=0.01)
    samples, y = np.arange(256), rng.integers(3, size=256)
    inputs = DenseRows(rng.random((256, 100), dtype=np.float32))
    data = FitData(inputs, Labels(np.arange(3)), y, None, samples)
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


ESTIMATORS = [
    SETClassifier((200, 100), density=0.5),
    SETClassifier(20_000, epsilon=1.0, initial_graph="erk", dropout=0.1),
    SETClassifier(20_000, epsilon=0.5, solver="sgd", momentum=0, batch_size=7),
    HebbSETRegressor(20_000, density=0.001, solver="sgd", initial_graph="uniform"),
    HebbianMaskClassifier(2_000, mask_rate=0),
    WinnerTakeAll(20_000),
    WinnerTakeAll(20_000, density=0.1),
    HebbianPCA(600, learning_rate_init=1e-6),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [np.asarray, csr_array])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
@pytest.mark.filterwarnings("ignore:After .* epochs the loss")
def test_refused_is_what_does_not_fit(
    rng, peak, monkeypatch, estimator, container, dtype
):
    X, y = container(rng.random((30, 20)).astype(dtype)), np.arange(30) % 3
    if hasattr(estimator, "n_jobs"):
        estimator = clone(estimator).set_params(max_iter=2, n_jobs=1, random_state=0)
    needed = peak(lambda: clone(estimator).fit(X, y))
    monkeypatch.setattr(memory, "memory", lambda: needed)
    fitted = clone(estimator).fit(X, y)
    monkeypatch.setattr(memory, "memory", lambda: needed / 5)
    size = "n_components" if hasattr(estimator, "n_components") else "hidden_layer"
    with pytest.raises(MemoryError, match=rf"{size}.*GiB of memory; this machine has"):
        clone(estimator).fit(X, y)
    if hasattr(estimator, "warm_start"):
        fitted.set_params(warm_start=True, batch_size=10**9)
        with pytest.raises(MemoryError, match="samples needs at least"):
            fitted.fit(X, y)


@pytest.mark.parametrize("n", [10**9, 10**30])
@pytest.mark.parametrize("graph", ["erdos_renyi", "erk", "uniform"])
@pytest.mark.parametrize("amount", [{}, {"epsilon": 1e-6}, {"density": 1e-9}], ids=str)
def test_far_too_many_neurons(rng, monkeypatch, n, graph, amount):
    monkeypatch.setattr(memory, "memory", lambda: 2**33)
    X, y = rng.random((5, 4)), np.arange(5) % 2
    for hidden in n, (5, n):
        clf = SETClassifier(hidden, initial_graph=graph, **amount)
        with pytest.raises(MemoryError, match=f"hidden_layer_sizes=.*{n}"):
            clf.fit(X, y)
        with pytest.raises(MemoryError, match=f"hidden_layer_sizes=.*{n}"):
            clf.partial_fit(X, y, classes=[0, 1])
        with pytest.raises(MemoryError, match=f"hidden_layer_sizes=.*{n}"):
            HebbianPretrainingClassifier(clf).fit(X, y)


@pytest.mark.parametrize("density", [1.0, 1e-9])
@pytest.mark.parametrize("transformer", [WinnerTakeAll, HebbianPCA])
def test_far_too_many_components(rng, monkeypatch, transformer, density):
    monkeypatch.setattr(memory, "memory", lambda: 2**33)
    with pytest.raises(MemoryError, match="n_components=1000000000 "):
        transformer(10**9, density=density).fit(rng.random((5, 4)))


def test_predictions_that_do_not_fit(rng, monkeypatch):
    X, y = rng.random((128, 4)), np.arange(128) % 64
    clf = SETClassifier(3, max_iter=1).fit(X, y)
    wta = WinnerTakeAll(64).fit(X)
    monkeypatch.setattr(memory, "memory", lambda: 128 * 64 * 8 - 1)
    for outputs in clf.predict_proba, wta.transform:
        with pytest.raises(MemoryError, match="Give fewer samples at a time"):
            outputs(X)


def test_predicted_labels_want_few_probabilities_at_a_time(rng, peak):
    X, y = rng.random((4000, 4)), np.arange(4000) % 2000
    clf = SETClassifier(3, max_iter=1, n_jobs=1).fit(X, y)
    assert peak(lambda: clf.predict_proba(X)) > 4000 * 2000 * 8
    assert peak(lambda: clf.predict(X)) < 1.6 * 2**22 * 8 < 4000 * 2000 * 8
