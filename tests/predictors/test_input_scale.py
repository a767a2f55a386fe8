"""Networks train on features of any scale as on features of an ordinary one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from skhebb import (
    HebbianMaskClassifier,
    HebbianPretrainingClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
    WinnerTakeAll,
)

NETWORK = {"hidden_layer_sizes": (20, 10), "max_iter": 15, "random_state": 0}


@pytest.fixture
def data(rng):
    X = 4 * rng.normal(size=(150, 8)) + 1  # each root mean square is above 3
    return X, X[:, 0] - X[:, 1] ** 2 / 16


def scale(estimator):
    return estimator._state.network.layers[0].input_scale


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("factor", [4.0, 2.0**20])
def test_the_scale_of_large_features_does_not_matter(data, container, solver, factor):
    """A power of two, so that nothing is rounded differently but Adam's 1e-8."""
    X, y = data
    for cls, options in (
        (SETRegressor, {"alpha": 0.1, "growth_scale": 0.1, "density": 0.5}),
        (HebbSETRegressor, {"lambda0": 0.05}),
        (HebbianMaskClassifier, {}),
    ):
        target = y > y.mean() if cls is HebbianMaskClassifier else y
        params = {**NETWORK, "solver": solver, **options}
        if solver == "sgd":
            params["learning_rate_init"] = 0.01
        one = cls(**params).fit(container(X), target)
        other = cls(**params).fit(container(factor * X), target)
        assert scale(other) == pytest.approx(factor * scale(one))
        assert_allclose(other.loss_curve_, one.loss_curve_, rtol=1e-4)
        assert_allclose(
            factor * other.coefs_[0].toarray(), one.coefs_[0].toarray(), atol=1e-3
        )


def test_it_is_that_of_a_typical_feature(data):
    X, y = data
    once = {**NETWORK, "max_iter": 1}
    X = X * 10.0 ** np.arange(8)
    mean_squares = (X**2).mean(axis=0)
    expected = np.exp(np.log(mean_squares).mean() / 2) / np.sqrt(2)
    weights = np.arange(150) % 3
    reg = SETRegressor(**once).fit(X, y)
    assert scale(reg) == pytest.approx(expected)
    weighted = SETRegressor(**once).fit(X, y, sample_weight=weights)
    repeated = SETRegressor(**once).fit(X.repeat(weights, axis=0), y.repeat(weights))
    assert scale(weighted) == pytest.approx(scale(repeated))
    assert scale(weighted) != pytest.approx(expected)


@pytest.mark.parametrize(
    "prepare",
    [
        StandardScaler().fit_transform,
        lambda X: (X - X.min(axis=0)) / np.ptp(X, axis=0),
        np.zeros_like,
    ],
    ids=["standardised", "[0, 1]", "zeros"],
)
def test_ordinary_features_are_taken_as_they_are(data, prepare):
    X, y = data
    assert scale(SETRegressor(**NETWORK).fit(prepare(X), y)) == 1


@pytest.mark.parametrize("factor", [30, 100, 1000])
def test_regression_on_unscaled_features(rng, factor):
    X = rng.uniform(size=(400, 10))
    y = X @ np.arange(10) + np.sin(5 * X[:, 0])
    reg = SETRegressor(random_state=0).fit(factor * X[:300], y[:300])
    assert reg.score(factor * X[300:], y[300:]) > 0.9


def test_partial_fit_takes_that_of_the_first_call(data):
    X, y = data
    reg = SETRegressor(**NETWORK).partial_fit(100 * X[:50], y[:50])
    first = scale(reg)
    reg.partial_fit(X, y)
    assert scale(reg) == first > 100


@pytest.mark.parametrize("factor", [4.0, 2.0**20])
@pytest.mark.parametrize("train", ["fit", "partial_fit"])
def test_pre_training(data, factor, train):
    """Units that are means of samples are as large as these."""
    X, y = data
    options = {"classes": [False, True]} if train == "partial_fit" else {}
    losses, weights = [], []
    for Z in X, factor * X:
        network = HebbianMaskClassifier(**NETWORK)
        rule = WinnerTakeAll(init="samples", competition="hard", batch_size=150)
        clf = HebbianPretrainingClassifier(network, rule, random_state=0)
        getattr(clf, train)(Z, y > y.mean(), **options)
        losses.append(clf.estimator_.loss_curve_)
        weights.append(clf.estimator_.coefs_[0].toarray())
    assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert_allclose(factor * weights[1], weights[0], atol=1e-3)


def test_nothing_to_pre_train(data):
    """Without hidden layers it is the network alone."""
    X, y = data
    network = SETClassifier((), max_iter=15, random_state=0)
    expected = clone(network).fit(100 * X, y > y.mean())
    clf = HebbianPretrainingClassifier(network).fit(100 * X, y > y.mean())
    assert scale(clf.estimator_) == scale(expected) > 100
    assert_array_equal(clf.predict_proba(100 * X), expected.predict_proba(100 * X))


def test_given_weights_are_taken_as_they_are(data):
    X, y = data
    given = [np.full((8, 3), 0.01), np.full((3, 1), 0.1)]
    reg = SETRegressor(
        (3,), solver="sgd", learning_rate_init=1e-12, max_iter=1, tol=None, zeta=0
    ).fit(100 * X, y, coefs_init=given)
    assert_allclose(reg.coefs_[0].toarray(), given[0], rtol=1e-6)
    assert scale(reg) == 1
