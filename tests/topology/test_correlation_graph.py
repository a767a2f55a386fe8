"""The correlation graph against NumPy's correlations of all pairs."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array, random_array

from skhebb import HebbianMaskClassifier, SETClassifier, SETRegressor
from skhebb._training.batches import as_batch_source
from skhebb._training.data import FitData
from skhebb.topology import GRAPHS
from skhebb.topology import _correlation as correlation_module


def make_data(X, sample_weight=None, samples=None):
    samples = np.arange(X.shape[0]) if samples is None else samples
    return FitData(as_batch_source(X), None, None, sample_weight, samples)


def draw(data, hidden, density, seed=0, n_threads=1):
    """The layers of a network with four outputs, as booleans."""
    shapes = list(pairwise([data.inputs.X.shape[1], *hidden, 4]))
    graph = GRAPHS["correlation"](shapes, None, density)
    rng = np.random.default_rng(seed)
    graph.look_at(data, rng, n_threads)
    layers = []
    for depth, shape in enumerate(shapes):
        indptr, indices = graph.draw(depth, rng)
        layer = csr_array((np.ones(len(indices), dtype=bool), indices, indptr), shape)
        layer.check_format(full_check=True)
        assert layer.has_canonical_format
        if depth < len(hidden):
            assert layer.nnz == round(graph.counts[depth])
        layers.append(layer.toarray())
    return layers


def correlated(rng, n_samples=80, n_features=30, n_constant=0):
    X = rng.standard_normal((n_samples, 6)) @ rng.standard_normal((6, n_features))
    X += rng.standard_normal(X.shape) + 5
    X[rng.random(X.shape) < 0.3] = 0
    X[:, rng.permutation(n_features)[:n_constant]] = 3.1
    return X


def strengths(X, weights=None):
    """Absolute correlations; 0 of constant features, and above 1 with themselves."""
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = np.cov(X.T, aweights=weights)
        deviations = np.sqrt(np.diag(covariance))
        C = np.abs(covariance / np.outer(deviations, deviations))
    constant = np.ptp(X, axis=0) == 0
    C[constant], C[:, constant] = 0, 0
    np.fill_diagonal(C, np.where(constant, 0, 2))
    return C


def assert_strongest(layer, C):
    """Each column has the strongest inputs, and as many as the others but for one.

    Float32 decides between what is equal up to its rounding.
    """
    fan_ins = layer.sum(axis=0)
    assert fan_ins.max() - fan_ins.min() <= 1
    following = []
    for connected, strength in zip(layer.T, C.T, strict=True):
        weakest = strength[connected].min()
        assert weakest > strength[~connected].max() - 1e-5
        following.append((connected.sum(), weakest, strength[~connected].max()))
    more = [weakest for n, weakest, _ in following if n > fan_ins.min()]
    missed = [best for n, _, best in following if n == fan_ins.min()]
    if more and missed:
        assert min(more) > max(missed) - 1e-5


@pytest.mark.parametrize("kind", [np.float32, np.float64, csr_array])
@pytest.mark.parametrize("density", [0.05, 0.2, 0.5])
def test_equal_widths(kind, density, rng):
    X = correlated(rng)
    first, second, _ = draw(make_data(kind(X)), (30, 30), density)
    C = strengths(X)
    assert_strongest(first, C)
    assert_array_equal(np.diag(first), True)
    assert_strongest(second, C)


@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_weights_and_samples(kind, rng):
    X, weights = correlated(rng), rng.random(80)
    samples = np.sort(rng.permutation(80)[:50])
    first, _ = draw(make_data(kind(X), weights, samples), (30,), 0.2)
    assert_strongest(first, strengths(X[samples], weights[samples]))
    others, _ = draw(make_data(kind(X)), (30,), 0.2)
    assert (first != others).any()


def stands_for(first):
    """Which feature a neuron stands for, if no two features are alike."""
    return np.array([np.flatnonzero(column) for column in first.T])


@pytest.mark.parametrize("n_constant", [0, 7])
@pytest.mark.parametrize("width", [8, 23, 30, 60, 75])
def test_other_widths(width, n_constant, rng):
    """Constant features are left out; the others have as many neurons, but for one."""
    X = correlated(rng, n_constant=n_constant)
    varies = np.ptp(X, axis=0) > 0
    data = make_data(X)
    # With one input for each neuron, that is the feature that it stands for.
    shapes = [(30, width), (width, 4)]
    for density in np.linspace(0.01, 0.2, 400):
        graph = GRAPHS["correlation"](shapes, None, density)
        if round(graph.counts[0]) == width:
            break
    alone, _ = draw(data, (width,), density)
    assert_array_equal(alone.sum(axis=0), 1)
    own = alone.argmax(axis=0)
    assert varies[own].all()
    copies = np.bincount(own, minlength=30)[varies]
    assert copies.max() - copies.min() <= 1
    if width == 30 and not n_constant:
        assert_array_equal(own, np.arange(30))

    first, second, _ = draw(data, (width, width), 0.15)
    C = strengths(X)
    assert_strongest(first, C[:, own])
    assert not first[~varies].any()
    assert_strongest(second, C[own][:, own])


def test_narrow_layers_are_drawn(rng):
    data = make_data(correlated(rng))
    first = draw(data, (8,), 0.05, seed=1)[0], draw(data, (8,), 0.05, seed=2)[0]
    assert (first[0] != first[1]).any()
    assert_array_equal(first[0], draw(data, (8,), 0.05, seed=1)[0])


def test_different_widths_one_after_the_other(rng):
    """No neuron is without inputs."""
    X = correlated(rng, n_features=12)
    layers = draw(make_data(X), (30, 5, 12), 0.3)
    for layer in layers[:3]:
        assert layer.any(axis=0).all()


@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_where_nothing_is_correlated_chance_decides(kind):
    X = np.full((20, 9), 0.1)
    first, _ = draw(make_data(kind(X)), (7,), 0.4)
    assert 0 < first.sum() < 63
    X[:, 4] = np.arange(20)  # the only one that any neuron can stand for
    first, second, _ = draw(make_data(kind(X)), (7, 7), 0.4)
    assert first[4].all()
    assert np.unique(first.sum(axis=1)).size > 2
    assert second.any()


def test_full_layers(rng):
    for layer in draw(make_data(correlated(rng)), (20, 10), 1.0):
        assert layer.all()


def test_many_equal_features_are_not_all_connected_to_the_same_few(rng):
    X = np.repeat(rng.standard_normal((40, 1)), 200, axis=1)
    first, _ = draw(make_data(X), (200,), 0.05)
    degrees = first.sum(axis=1)
    assert degrees.min() >= 1
    assert degrees.max() <= 4 * degrees.mean()


@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_blocks_and_threads_change_nothing(kind, monkeypatch, rng):
    data = make_data(kind(correlated(rng, n_features=70, n_constant=4)))
    for width in (512, 16, 7):
        monkeypatch.setattr(correlation_module, "WIDTH", width)
        drawn = [draw(data, (70, 40), 0.1, n_threads=n) for n in (1, 2, 3)]
        for layers in drawn[1:]:
            for one, other in zip(layers, drawn[0], strict=True):
                assert_array_equal(one, other)
        assert_strongest(drawn[0][0], strengths(data_of(data))[:, neurons(data)])


def data_of(data):
    X = data.inputs.X
    return X.toarray() if hasattr(X, "toarray") else X


def neurons(data):
    """Features that a layer of 70 neurons stands for."""
    shapes = [(70, 70), (70, 4)]
    for density in np.linspace(0.001, 0.1, 400):
        if round(GRAPHS["correlation"](shapes, None, density).counts[0]) == 70:
            return draw(data, (70,), density)[0].argmax(axis=0)
    raise AssertionError


def test_pairs_are_sampled_where_there_are_too_many(monkeypatch, rng):
    monkeypatch.setattr(correlation_module, "WIDTH", 32)
    X = correlated(rng, n_features=100)
    C = strengths(X)
    all_pairs, _ = draw(make_data(X), (100,), 0.1)
    monkeypatch.setattr(correlation_module, "MOST_PRODUCTS", 80 * 100 * 100 // 3)
    some_pairs, _ = draw(make_data(X), (100,), 0.1)
    random = np.sort(C[C < 2]).mean()
    assert_array_equal(np.diag(some_pairs), True)
    means = [C[layer & (C < 2)].mean() for layer in (all_pairs, some_pairs)]
    assert means[0] > means[1] > 1.5 * random


def test_samples_are_bounded():
    count = correlation_module.n_samples_for
    assert count(60_000, 784, 784**2) == 20_000
    assert count(300, 784, 784**2) == 300
    assert 500 < count(60_000, 10_000, 10_000**2) < 3000
    assert count(60_000, 10**6, 10**12) == 500


@pytest.mark.parametrize("is_sparse", [False, True])
def test_memory_is_not_that_of_all_pairs(is_sparse, rng):
    n_features = 6000
    X = random_array((60, n_features), density=0.2, rng=rng, format="csr")
    data = make_data(X if is_sparse else X.toarray())
    tracemalloc.start()
    graph = GRAPHS["correlation"]([(n_features, n_features), (n_features, 4)], 2, None)
    graph.look_at(data, rng, 1)
    graph.draw(0, rng)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n_features**2 * 4 / 5


@pytest.mark.parametrize(
    "values", [1e200, 1e-200, 1e30 * np.arange(40), np.arange(40) % 2 * 1e-30 + 1]
)
def test_odd_features(values, rng):
    """Neither warnings nor NaN; what varies by rounding only is constant."""
    X = rng.standard_normal((40, 20))
    X[:, 3] = values
    for kind in (np.asarray, csr_array):
        first, _ = draw(make_data(kind(X)), (20,), 0.2)
        assert (first[3].sum() > 0) == (np.ptp(X[:, 3]) > 0)


X = np.random.default_rng(1).random((60, 70)) @ np.random.default_rng(2).random(
    (70, 70)
)
Y = np.arange(60) % 3


@pytest.mark.parametrize("kind", [np.float32, np.float64, csr_array])
@pytest.mark.parametrize(
    "estimator",
    [
        SETClassifier(80, density=0.1),
        SETRegressor((90, 20), density=0.1, growth="hebbian"),
        HebbianMaskClassifier(80, density=0.1, mask_rate=0.01),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_networks(estimator, kind, rng):
    estimator.set_params(initial_graph="correlation", max_iter=2, random_state=0)
    weight = rng.random(60)
    fitted = [
        estimator.set_params(n_jobs=n).fit(kind(X), Y, weight).coefs_ for n in (1, 2)
    ]
    for one, two in zip(*fitted, strict=True):
        assert_array_equal(one.toarray(), two.toarray())
    estimator.set_params(early_stopping=True).fit(kind(X), Y)
    estimator.set_params(early_stopping=False).partial_fit(kind(X), Y)


def first_graph(**given):
    """The first layer's initial connections, which are never pruned."""
    clf = SETClassifier(
        80, density=0.1, zeta=0, initial_graph="correlation", max_iter=1,
        random_state=0, **given.pop("params", {}),
    )  # fmt: skip
    clf.fit(given.pop("X", X), Y, **given)
    return clf.coefs_[0].toarray() != 0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_only_training_samples_are_looked_at(rng):
    """Neither those held out nor those without weight; nor labels."""
    stopping = {"early_stopping": True, "validation_fraction": 0.5}
    assert (first_graph(params=stopping) != first_graph()).any()
    weight = (np.arange(60) < 30) * 1.0
    spoiled = X.copy()
    spoiled[30:] = rng.permutation(spoiled[30:].ravel()).reshape(30, 70)
    one = first_graph(sample_weight=weight)
    assert_array_equal(one, first_graph(X=spoiled, sample_weight=weight))
    assert (one != first_graph()).any()


def test_given_weights_are_kept(rng):
    coefs = [csr_array(rng.random((70, 80))), csr_array(rng.random((80, 3)))]
    assert first_graph(coefs_init=coefs).all()
