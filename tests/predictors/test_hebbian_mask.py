"""Hebbian masks beside a dense network with a mask, written in NumPy."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhebb import HebbianMaskClassifier, HebbianMaskRegressor, SETClassifier

CONFIGURED = [
    HebbianMaskClassifier(20, max_iter=15),
    HebbianMaskClassifier(
        20, mask_rule="sign", masked_layers=[1], density=0.5, max_iter=15
    ),
    HebbianMaskRegressor(20, masked_layers=[1], mask_rate=0.001, max_iter=40),
]


@parametrize_with_checks(CONFIGURED)
def test_sklearn_checks(estimator, check):
    check(estimator)


PLAIN = {
    "solver": "sgd",
    "momentum": 0,
    "weight_decay": 0,
    "learning_rate": "constant",
    "learning_rate_init": 0.5,
    "weight_scale": "he",
    "tol": None,
    "shuffle": False,
    "random_state": 0,
}
NETWORK = {
    **PLAIN,
    "hidden_layer_sizes": (9, 8),
    "max_iter": 6,
    "batch_size": 60,
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 7)) * (rng.random((60, 7)) < 0.6)
    return X, rng.integers(3, size=60)


BEND = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: z > 0),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
}


def dense_network(clf, X, y, weights, biases, sample_weight=None):
    """Train dense weights behind masks, full batch; all that is to be compared."""
    bend, slope = BEND[clf.activation]
    v = np.ones(len(y)) if sample_weight is None else sample_weight
    values = [np.ones_like(w) for w in weights]
    candidates = [w != 0 for w in weights]
    layers = range(len(weights)) if clf.masked_layers == "all" else clf.masked_layers
    center = clf.mask_rule == "sign" if clf.mask_center == "auto" else clf.mask_center
    pruned = []

    def active(values):
        return [
            c & (p > clf.mask_threshold) if depth in layers else c
            for depth, (c, p) in enumerate(zip(candidates, values, strict=True))
        ]

    masks = active(values)
    for _ in range(clf.max_iter):
        before, sums = [X], []
        for depth, (w, mask, b) in enumerate(zip(weights, masks, biases, strict=True)):
            sums.append(before[-1] @ (w * mask) + b)
            if depth < len(weights) - 1:
                before.append(bend(sums[-1]))
        for depth in layers:
            a, z = before[depth], sums[depth]
            if center:
                a = a - np.average(a, axis=0, weights=v)
                z = z - np.average(z, axis=0, weights=v)
            if clf.mask_rule == "sign":
                a, z = (np.where(abs(x) < 1e-14, 0, x) for x in (a, z))
                change = np.sign(a).T @ (v[:, None] * np.sign(z))
            else:
                change = (a.T @ (v[:, None] * z)) * weights[depth]
            values[depth] = np.clip(values[depth] + clf.mask_rate * change, -1, 1)
        e = np.exp(sums[-1] - sums[-1].max(axis=1, keepdims=True))
        error = v[:, None] * (e / e.sum(axis=1, keepdims=True) - np.eye(3)[y])
        for depth in reversed(range(len(weights))):
            gradient = before[depth].T @ error / v.sum()
            below = error @ (weights[depth] * masks[depth]).T
            bias_gradient = error.sum(axis=0) / v.sum()
            weights[depth] = weights[depth] - 0.5 * gradient * masks[depth]
            biases[depth] = biases[depth] - 0.5 * bias_gradient
            if depth:
                error = below * slope(sums[depth - 1])
        masks = active(values)
        n_candidates = [c.sum() for c in candidates]
        counts = [mask.sum() for mask in masks]
        pruned.append(1 - np.divide(counts, n_candidates))
    return [w * mask for w, mask in zip(weights, masks, strict=True)], values, pruned


@pytest.mark.parametrize("rule", ["contribution", "sign"])
@pytest.mark.parametrize("center", ["auto", True, False])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(
    "others",
    [
        {},
        {"masked_layers": [2]},
        {"masked_layers": [0, 1], "mask_threshold": 0.4},
        {"density": 0.5},
        {"sample_weight": True},
    ],
    ids=str,
)
def test_against_a_dense_network(data, rule, center, activation, others):
    X, y = data
    others = dict(others)
    weights = np.arange(60) % 3 if others.pop("sample_weight", False) else None
    rate = 0.1 if rule == "contribution" else 0.02
    clf = HebbianMaskClassifier(
        **NETWORK,
        activation=activation,
        mask_rule=rule,
        mask_center=center,
        mask_rate=rate,
        **others,
    )
    start = SETClassifier(
        (9, 8), **{**PLAIN, "learning_rate_init": 1e-300}, zeta=0,
        density=clf.density, initial_graph="uniform",
    ).partial_fit(X, y, classes=[0, 1, 2])  # fmt: skip
    expected, values, pruned = dense_network(
        clf,
        X,
        y,
        [coefs.toarray() for coefs in start.coefs_],
        [np.zeros_like(biases) for biases in start.intercepts_],
        weights,
    )
    clf.fit(X, y, sample_weight=weights)
    for depth, coefs in enumerate(clf.coefs_):
        assert_allclose(coefs.toarray(), expected[depth], atol=1e-10)
        mask = clf._state.network.layers[depth].topology_state
        if clf.masked_layers == "all" or depth in clf.masked_layers:
            there = start.coefs_[depth].toarray() != 0
            assert_allclose(mask.values, values[depth][there], atol=1e-9)
        else:
            assert mask is None
    assert_allclose(clf.pruned_shares_, pruned, atol=1e-12)
    if rule == "contribution" or center is not False:
        assert clf.pruned_shares_[-1].any()


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("masked", ["all", [0], [2]])
def test_values_do_not_depend_on_the_scale_of_large_samples(
    data, center, container, masked
):
    """Networks that do not learn, whose sums are as large as the samples."""
    X, y = data
    params = {
        **NETWORK,
        "learning_rate_init": 1e-300,
        "max_iter": 1,
        "mask_rate": 0.1,
        "mask_center": center,
        "masked_layers": masked,
    }

    def values(scale, **others):
        clf = HebbianMaskClassifier(**{**params, **others}).fit(container(scale * X), y)
        return [
            layer.topology_state.values
            for layer in clf._state.network.layers
            if layer.topology_state
        ]

    mean_square = (X**2).mean()
    at_limit = (2 / mean_square) ** 0.5
    for one, other in zip(values(1e3), values(at_limit), strict=True):
        assert np.ptp(one) > 0.1
        assert_allclose(one, other, atol=1e-9)
    smaller = values(at_limit / 2, mask_rate=0.4)  # as published
    for one, other in zip(smaller, values(at_limit), strict=True):
        assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize(
    ("rule", "center"),
    [("contribution", True), ("contribution", False), ("sign", False)],
)
def test_sparse_samples(data, rule, center):
    X, y = data
    clf = HebbianMaskClassifier(
        **{**NETWORK, "batch_size": 20},
        mask_rule=rule,
        mask_center=center,
        mask_rate=0.2,
    )
    expected = clone(clf).fit(X, y)
    clf.fit(sparse.csr_array(X), y)
    for one, other in zip(clf.coefs_, expected.coefs_, strict=True):
        assert_allclose(one.toarray(), other.toarray(), atol=1e-10)
    assert clf.pruned_shares_[-1].any()


def test_sparse_samples_that_would_become_dense(data):
    X, y = data
    clf = HebbianMaskClassifier(**NETWORK, mask_rule="sign")
    with pytest.raises(ValueError, match=r"mask_center=False or leave layer 0 out"):
        clf.fit(sparse.csr_array(X), y)
    clf.set_params(masked_layers=[1, 2]).fit(sparse.csr_array(X), y)


def test_pruned_connections_come_back(data):
    X, y = data
    clf = HebbianMaskClassifier(
        **{**NETWORK, "max_iter": 40}, mask_rule="sign", mask_rate=0.02
    ).fit(X, y)
    assert (np.diff(clf.pruned_shares_, axis=0) < 0).any()


def test_the_last_layer(data):
    X, y = data
    last, second = (
        HebbianMaskClassifier(**NETWORK, masked_layers=[n]).fit(X, y) for n in (-1, 2)
    )
    assert_array_equal(last.pruned_shares_, second.pruned_shares_)
    assert last.pruned_shares_[-1, 2] > 0


def test_rate_of_zero_is_a_dense_network():
    X, y = load_digits(return_X_y=True)
    params = {
        "max_iter": 5,
        "initial_graph": "uniform",
        "density": 1,
        "weight_scale": "he",
        "random_state": 0,
    }
    masked = HebbianMaskClassifier(30, mask_rate=0, **params).fit(X, y)
    plain = SETClassifier(30, zeta=0, dropout=0, **params).fit(X, y)
    for one, other in zip(masked.coefs_, plain.coefs_, strict=True):
        assert_array_equal(one.data, other.data)
    assert not masked.pruned_shares_.any()


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_goes_on_after_loading(data, solver):
    X, y = data
    clf = HebbianMaskClassifier(20, solver=solver, mask_rate=0.2, random_state=0)
    for _ in range(4):
        clf.partial_fit(X, y, classes=[0, 1, 2])
    loaded = pickle.loads(pickle.dumps(clf))
    for _ in range(4):
        one, other = clf.partial_fit(X, y), loaded.partial_fit(X, y)
    for a, b in zip(one.coefs_, other.coefs_, strict=True):
        assert_array_equal(a.toarray(), b.toarray())
    assert clf.pruned_shares_.shape == (8, 2)
    assert clf.pruned_shares_[-1].any()


def test_same_bits_for_any_number_of_threads():
    X, y = load_digits(return_X_y=True)
    params = {"mask_rate": 0.01, "max_iter": 3, "random_state": 0}
    one, two = (
        HebbianMaskClassifier(200, n_jobs=n_jobs, **params).fit(X, y)
        for n_jobs in (1, 2)
    )
    for a, b in zip(one.coefs_, two.coefs_, strict=True):
        assert_array_equal(a.indices, b.indices)
        assert_array_equal(a.data, b.data)


class Interrupt:
    """Presses Ctrl-C when an epoch begins."""

    def __init__(self, epoch):
        self.epoch = epoch

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if (context.task_name, context.task_id) == ("epoch", self.epoch):
            raise KeyboardInterrupt

    def on_fit_task_end(self, estimator, context):
        pass


def test_interrupt(data):
    """Values are those of the last complete epoch, too."""
    X, y = data
    params = {**NETWORK, "mask_rate": 0.2, "batch_size": 20}
    shorter = HebbianMaskClassifier(**{**params, "max_iter": 3}).fit(X, y)
    clf = HebbianMaskClassifier(**params).set_callbacks(Interrupt(3))
    with pytest.warns(UserWarning, match="interrupted by user after 3"):
        clf.fit(X, y)
    for one, other in zip(
        clf._state.network.layers, shorter._state.network.layers, strict=True
    ):
        assert_array_equal(one.weights.toarray(), other.weights.toarray())
        assert_array_equal(one.topology_state.values, other.topology_state.values)


def test_early_stopping_and_warm_start(data):
    X, y = data
    params = {**NETWORK, "mask_rate": 0.2, "batch_size": 20, "warm_start": True}
    clf = HebbianMaskClassifier(**params, early_stopping=True).fit(X, y).fit(X, y)
    assert clf.pruned_shares_.shape == (12, 3)
    for layer in clf._state.network.layers:
        assert layer.topology_state.is_active.sum() == layer.n_connections


def test_changed_weights_start_anew(data):
    X, y = data
    clf = HebbianMaskClassifier(**NETWORK, mask_rate=0.2).fit(X, y)
    kept = clf.coefs_[0].copy()
    clf.coefs_ = [kept, *clf.coefs_[1:]]
    clf.partial_fit(X, y)
    assert len(clf._state.network.layers[0].topology_state.values) == kept.nnz


@pytest.mark.parametrize(
    "params",
    [
        {"mask_rule": "product"},
        {"mask_rate": -1},
        {"mask_threshold": 1},
        {"mask_center": "no"},
        {"masked_layers": "last"},
        {"masked_layers": [2]},
        {"masked_layers": [-3]},
        {"masked_layers": [[0]]},
        {"masked_layers": [0.5]},
    ],
    ids=str,
)
def test_wrong_parameters(data, params):
    (name,) = params
    clf = HebbianMaskClassifier((9,), **params)
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        clf.fit(*data)
    assert not hasattr(clf, "coefs_")


@pytest.mark.parametrize("rule", ["contribution", "sign"])
@pytest.mark.parametrize("interval", [1, 3, "epoch"])
@pytest.mark.parametrize("train", ["fit", "partial_fit"])
def test_values_decide_who_is_active_in_the_end(rule, interval, train):
    X, y = load_digits(return_X_y=True)
    params = {"mask_rule": rule, "mask_rate": 0.003, "evolution_interval": interval}
    params |= {"batch_size": 200, "learning_rate_init": 0.02}
    clf = HebbianMaskClassifier(20, **params, max_iter=3, random_state=0)
    if train == "fit":
        clf.fit(X / 16, y)
    else:
        clf.partial_fit(X / 16, y, classes=range(10)).partial_fit(X / 16, y)
    for layer, share in zip(
        clf._state.network.layers, clf.pruned_shares_[-1], strict=True
    ):
        is_active = layer.topology_state.values > 0
        assert_array_equal(layer.topology_state.is_active, is_active)
        assert layer.n_connections == is_active.sum()
        assert_allclose(share, 1 - is_active.mean())
        assert 0.02 < share < 0.98


def test_unsigned_indices_of_layers(data):
    X, y = data
    clf = HebbianMaskClassifier(**NETWORK, masked_layers=np.array([1], dtype=np.uint8))
    shares = clf.fit(X, y).pruned_shares_
    assert not shares[:, [0, 2]].any()
    assert shares[-1, 1] > 0


def test_all_may_be_pruned(data):
    """Signs of what is not centred: a positive input and a negative sum."""
    X, y = data
    params = {"mask_rule": "sign", "mask_rate": 1.0, "mask_center": False}
    clf = HebbianMaskClassifier(**{**NETWORK, "max_iter": 20}, **params)
    biases = [np.full(9, -1e3), np.full(8, -1e3), np.full(3, -1e3)]
    weights = [np.full(shape, 1e-3) for shape in [(7, 9), (9, 8), (8, 3)]]
    clf.fit(np.abs(X) + 1, y, coefs_init=weights, intercepts_init=biases)
    assert clf.pruned_shares_[-1, 0] == 1
    assert np.isfinite(clf.predict_proba(X)).all()
