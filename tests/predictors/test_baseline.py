"""A warning of networks that are no better than a constant, and when there is none."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import brentq
from scipy.special import expit, softmax
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skhebb import (
    HebbianMaskClassifier,
    HebbianMaskRegressor,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)

STILL = {
    "learning_rate_init": 1e-8,
    "learning_rate": "constant",
    "tol": None,
    "weight_decay": 0,
    "random_state": 0,
}
MATCH = "no better than that of a constant prediction.*StandardScaler.*rate_init"


def constant_case(kind, rng, weights):
    """Targets, an estimator, and biases and loss of a shift of the best constant."""
    n = len(weights)
    if kind == "regression":
        y = rng.standard_normal(n)
        mean = np.average(y, weights=weights)
        return (
            SETRegressor(4, normalize_y=False, **STILL),
            y,
            lambda shift: (
                [mean + shift],
                np.average((y - mean - shift) ** 2 / 2, weights=weights),
            ),
        )
    if kind == "multiclass":
        y = rng.choice(3, n, p=[0.2, 0.3, 0.5])
        shares = np.bincount(y, weights) / weights.sum()

        def case(shift):
            biases = np.log(shares) + np.array([shift, 0, 0])
            return biases, -shares @ np.log(softmax(biases))

        return SETClassifier(4, **STILL), y, case
    n_outputs = 1 if kind.startswith("binary") else 3
    y = (rng.random((n, n_outputs)) < [0.3, 0.5, 0.8][:n_outputs]).astype(int)
    shares = np.average(y, axis=0, weights=weights)

    def case(shift):
        biases = np.log(shares / (1 - shares)) + shift
        p = expit(biases)
        if "squared" in kind:
            return biases, np.sum(shares * (1 - p) ** 2 + (1 - shares) * p**2) / 2
        return biases, -np.sum(shares * np.log(p) + (1 - shares) * np.log(1 - p))

    loss = "squared_error" if "squared" in kind else "log_loss"
    return SETClassifier(4, loss=loss, **STILL), y.squeeze(), case


@pytest.mark.parametrize(
    "kind",
    ["regression", "multiclass", "binary", "binary squared", "multilabel"],
)
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_against_the_loss_of_a_constant(rng, kind, is_weighted, container):
    """Networks that give almost a constant, of a known loss."""
    weights = rng.uniform(0.2, 5, 300) if is_weighted else np.ones(300)
    estimator, y, case = constant_case(kind, rng, weights)
    X = container(rng.random((300, 3)))

    def fit(factor):
        shift = brentq(lambda s: case(s)[1] - factor * case(0)[1], 0, 10)
        biases, _ = case(shift)
        coefs = [np.full((3, 4), 1e-3), np.full((4, len(biases)), 1e-3)]
        intercepts = [np.zeros(4), biases]
        estimator.fit(
            X,
            y,
            weights if is_weighted else None,
            coefs_init=coefs,
            intercepts_init=intercepts,
        )
        assert estimator.loss_ == pytest.approx(factor * case(0)[1], rel=1e-4)

    slack = 0 if kind == "regression" else 0.05 / case(0)[1]
    fit(1.18 + slack)
    with pytest.warns(ConvergenceWarning, match=MATCH) as caught:
        fit(1.22 + slack)
    assert len(caught) == 1
    estimator.set_params(max_iter=9)
    fit(2)


@pytest.mark.parametrize(
    "regressor", [SETRegressor, HebbSETRegressor, HebbianMaskRegressor]
)
def test_large_steps_of_regressors(rng, regressor):
    X = rng.random((500, 5))
    y = np.sin(3 * X[:, 0]) + X[:, 1]
    too_fast = {"learning_rate_init": 5.0, "max_iter": 20, "random_state": 0}
    with pytest.warns(ConvergenceWarning, match=MATCH) as caught:
        fitted = regressor(**too_fast).fit(X, y)
    assert fitted.score(X, y) < 0.1
    assert caught[0].filename == __file__


def test_large_steps_of_a_mask():
    X, y = load_iris(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="mask_rate.*learning_rate_init"):
        HebbianMaskClassifier(learning_rate_init=5.0, random_state=0).fit(X, y)


def test_a_dead_network(rng):
    """It gives the shares of the classes, which is no fault of the loss."""
    X, y = rng.random((150, 3)), np.arange(150) % 3
    dead = {
        "coefs_init": [np.full((3, 4), -1.0), np.ones((4, 3))],
        "intercepts_init": [np.full(4, -1.0), np.zeros(3)],
    }
    clf = SETClassifier(4, random_state=0)
    with pytest.warns(ConvergenceWarning, match=MATCH):
        clf.fit(X, y, **dead)
    same = np.ones((150, 3))
    clf.fit(same, y, **dead)  # which is all that there is to know
    clf.fit(sparse.csr_array(same), y, **dead)


@pytest.mark.parametrize(
    "classifier", [SETClassifier, HebbSETClassifier, HebbianMaskClassifier]
)
@pytest.mark.parametrize("max_iter", [2, 10, 40])
@pytest.mark.parametrize("labels", ["true", "noise", "one class", "one of another"])
def test_no_warning(rng, classifier, max_iter, labels):
    X, y = load_iris(return_X_y=True)
    if labels == "noise":
        y = rng.permutation(y)
    elif labels != "true":
        y = np.zeros(len(y), dtype=int)
        y[:1] = labels == "one of another"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = classifier(30, max_iter=max_iter, random_state=0).fit(scale(X), y)
        clf.set_params(batch_size=10, solver="sgd").fit(scale(X), y)


def test_no_warning_of_partial_fit(rng):
    X, y = 1e4 * rng.random((90, 4)), rng.random(90)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg = SETRegressor(10, batch_size=1, random_state=0).partial_fit(X, y)
    assert reg.score(X, y) < 0


def test_constant_targets_are_no_fault(rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SETRegressor(10, random_state=0).fit(rng.random((50, 4)), np.full(50, 3.0))
