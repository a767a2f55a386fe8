"""A dense network that does not evolve is scikit-learn's MLP."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from skhebb import SETClassifier, SETRegressor

from .networks import PEERS, make, multilabel, problem, quietly, regression, with_peer


@pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize(
    "solver",
    [
        {"solver": "sgd", "momentum": 0.0, "alpha": 0.0},
        {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True, "alpha": 0.3},
        {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False, "alpha": 0.0},
        {"solver": "adam", "alpha": 0.3},
        {"solver": "adam", "beta_1": 0.5, "beta_2": 0.9, "alpha": 0.0},
    ],
)
def test_same_weights_and_losses(n_classes, activation, solver):
    X, y = make_classification(
        130, 12, n_informative=6, n_classes=n_classes, random_state=0
    )
    shared = {
        "hidden_layer_sizes": (15, 10),
        "activation": activation,
        "batch_size": 32,  # the last batch has 2 samples
        "learning_rate_init": 0.05,
        "shuffle": False,
        "max_iter": 8,
        "n_iter_no_change": 1000,
        "random_state": 0,
        **solver,
    }
    # A step too small to change a bit gives the weights that MLPClassifier starts from.
    start = MLPClassifier(**{**shared, "learning_rate_init": 1e-300})
    start.set_params(max_iter=1).fit(X, y)
    mlp = MLPClassifier(**shared).fit(X, y)
    clf = SETClassifier(
        zeta=0, weight_decay=0, dropout=0, learning_rate="constant", tol=0, **shared
    )
    clf.fit(X, y, coefs_init=start.coefs_, intercepts_init=start.intercepts_)

    assert_allclose(clf.loss_curve_, mlp.loss_curve_, rtol=1e-10)
    for ours, theirs in zip(clf.coefs_, mlp.coefs_, strict=True):
        assert_allclose(ours.toarray(), theirs, rtol=1e-8, atol=1e-12)
    for ours, theirs in zip(clf.intercepts_, mlp.intercepts_, strict=True):
        assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)
    assert_allclose(clf.predict_proba(X), mlp.predict_proba(X), rtol=1e-8)
    attributes = ["out_activation_", "n_layers_", "n_outputs_", "n_iter_", "t_"]
    for attribute in attributes:
        assert getattr(clf, attribute) == getattr(mlp, attribute), attribute
    assert np.isclose(clf.best_loss_, mlp.best_loss_)


class TestDenseNetworkIsMLP:
    """At density 1 and without evolution."""

    def start(self, mlp, X, y):
        """The weights that an MLP starts from: a step too small to change a bit."""
        model = clone(mlp).set_params(learning_rate_init=1e-300, max_iter=1)
        quietly(model.fit, X, y)
        return {"coefs_init": model.coefs_, "intercepts_init": model.intercepts_}

    def pair(self, cls, X, y, **params):
        shared = {
            "hidden_layer_sizes": (9, 7),
            "solver": "sgd",
            "learning_rate": "constant",
            "learning_rate_init": 0.05,
            "power_t": 0.5,
            "momentum": 0.9,
            "alpha": 0.0,
            "batch_size": 32,
            "shuffle": False,
            "max_iter": 4,
            "tol": 0.0,
            "n_iter_no_change": 1000,
            "random_state": 0,
            **params,
        }
        mlp = PEERS[cls](**shared)
        ours = make(cls, **{**shared, "zeta": 0.0, "tol": params.get("tol")})
        return mlp, ours, self.start(mlp, X, y)

    def assert_equal(self, ours, mlp):
        pairs = zip(
            [c.toarray() for c in ours.coefs_] + ours.intercepts_,
            mlp.coefs_ + mlp.intercepts_,
            strict=True,
        )
        for a, b in pairs:
            assert_allclose(a, b, rtol=1e-8, atol=1e-12)

    @pytest.mark.parametrize("n_targets", [1, 3])
    @pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
    @pytest.mark.parametrize(
        "solver",
        [
            {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True},
            {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False},
            {"solver": "adam", "beta_1": 0.8, "beta_2": 0.9},
        ],
    )
    def test_regressor(self, n_targets, activation, solver):
        X, y = regression(n_targets)
        params = {"activation": activation, "alpha": 0.3, **solver}
        mlp, reg, start = self.pair(SETRegressor, X, y, **params)
        reg.fit(X, y, **start)
        quietly(mlp.fit, X, y)
        self.assert_equal(reg, mlp)
        assert_allclose(reg.predict(X), mlp.predict(X), rtol=1e-8)
        if n_targets == 1:  # of several ours is the sum, theirs the mean
            assert_allclose(reg.loss_curve_, mlp.loss_curve_, rtol=1e-10)
        for attribute in ["out_activation_", "n_layers_", "n_outputs_", "n_iter_"]:
            assert getattr(reg, attribute) == getattr(mlp, attribute), attribute

    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_multilabel(self, solver):
        X, Y = multilabel()
        mlp, clf, start = self.pair(SETClassifier, X, Y, solver=solver, alpha=0.1)
        clf.fit(X, Y, **start)
        quietly(mlp.fit, X, Y)
        self.assert_equal(clf, mlp)
        assert_allclose(clf.loss_curve_, mlp.loss_curve_, rtol=1e-10)
        assert_allclose(clf.predict_proba(X), mlp.predict_proba(X), rtol=1e-8)
        assert_array_equal(clf.predict(X), mlp.predict(X))
        assert clf.out_activation_ == mlp.out_activation_ == "logistic"

    @with_peer
    @pytest.mark.parametrize("batch_size", [90, 16])
    def test_sample_weight(self, cls, batch_size):
        X, y = problem(cls)
        weights = np.random.default_rng(0).uniform(0.1, 3, size=len(y))
        mlp, ours, start = self.pair(cls, X, y, batch_size=batch_size, alpha=0.3)
        ours.fit(X, y, sample_weight=weights, **start)
        quietly(mlp.fit, X, y, sample_weight=weights)
        self.assert_equal(ours, mlp)
        if batch_size == 90:  # theirs weighs mini-batches by their samples
            assert_allclose(ours.loss_curve_, mlp.loss_curve_, rtol=1e-10)

    @with_peer
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_partial_fit_after_fit(self, cls, solver, is_weighted):
        X, y = problem(cls)
        weights = np.linspace(0.5, 2, len(y)) if is_weighted else None
        mlp, ours, start = self.pair(cls, X, y, solver=solver, max_iter=2)
        ours.fit(X, y, **start)
        quietly(mlp.fit, X, y)
        for _ in range(3):
            ours.partial_fit(X, y, sample_weight=weights)
            mlp.partial_fit(X, y, sample_weight=weights)
        self.assert_equal(ours, mlp)
        assert ours.t_ == mlp.t_ == 5 * len(y)

    @with_peer
    @pytest.mark.parametrize("tol", [1e-2, 0.1, 1e9])
    @pytest.mark.parametrize("learning_rate", ["constant", "adaptive", "invscaling"])
    def test_stops_after_as_many_epochs(self, cls, tol, learning_rate):
        X, y = problem(cls)
        mlp, ours, start = self.pair(
            cls, X, y, tol=tol, max_iter=300, n_iter_no_change=3, momentum=0.5,
            learning_rate=learning_rate,
        )  # fmt: skip
        mlp.fit(X, y)
        ours.fit(X, y, **start)
        assert ours.n_iter_ == mlp.n_iter_ < 300
        self.assert_equal(ours, mlp)
