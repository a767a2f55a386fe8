"""What scikit-learn's suite asks of MLPClassifier and MLPRegressor, asked of ours.

And weights of samples and classes, validation data, dropout and schedules.
"""

import re
import warnings
from functools import lru_cache
from itertools import pairwise

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import clone, is_classifier
from sklearn.callback import ScoringMonitor
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import (
    load_digits,
    make_classification,
    make_multilabel_classification,
    make_regression,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from skhebb import (
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)

CLASSIFIERS = [SETClassifier, HebbSETClassifier]
REGRESSORS = [SETRegressor, HebbSETRegressor]
PEERS = {SETClassifier: MLPClassifier, SETRegressor: MLPRegressor}

each = pytest.mark.parametrize(
    "cls", CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__
)
each_classifier = pytest.mark.parametrize(
    "cls", CLASSIFIERS, ids=lambda cls: cls.__name__
)
each_regressor = pytest.mark.parametrize(
    "cls", REGRESSORS, ids=lambda cls: cls.__name__
)
with_peer = pytest.mark.parametrize("cls", list(PEERS), ids=lambda cls: cls.__name__)
containers = pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])

BASE = {
    "hidden_layer_sizes": (12,),
    "activation": "relu",
    "initial_graph": "erk",
    "density": 0.5,
    "epsilon": None,
    "weight_scale": "he",
    "growth_scale": 0.0,
    "zeta": 0.3,
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
    "solver": "adam",
    "weight_decay": 0.0,
    "alpha": 0.0,
    "dropout": 0.0,
    "batch_size": 200,
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "momentum": 0.9,
    "nesterovs_momentum": True,
    "max_iter": 5,
    "shuffle": True,
    "tol": None,
    "n_iter_no_change": 10,
    "early_stopping": False,
    "validation_fraction": 0.1,
    "warm_start": False,
    "random_state": 0,
}
# Gradient descent on a fixed topology.
PLAIN = {"zeta": 0.0, "solver": "sgd", "momentum": 0.0}


def make(cls, **params):
    """An estimator that depends on no default these tests are about."""
    params = {**BASE, **params}
    if cls in REGRESSORS:
        params.setdefault("normalize_y", False)
    if cls in (HebbSETClassifier, HebbSETRegressor):
        params = {"lambda0": 0.1, "lambda_decay": 0.9, **params}
    return cls(**params)


@lru_cache
def classification(n_classes=3):
    X, y = make_classification(
        90, 10, n_informative=6, n_classes=n_classes, class_sep=2, random_state=0
    )
    return np.round(X, 2), y


@lru_cache
def regression(n_targets=1):
    X, y = make_regression(90, 10, n_targets=n_targets, noise=1, random_state=0)
    return np.round(X, 2), y / y.std()


@lru_cache
def multilabel():
    return make_multilabel_classification(80, 10, n_classes=4, random_state=0)


def problem(cls):
    return classification() if is_classifier(cls()) else regression()


def first_call(cls):
    """What the first call of partial_fit needs besides X and y."""
    return {"classes": [0, 1, 2]} if is_classifier(cls()) else {}


def quietly(function, *args, **kwargs):
    """Call without the ConvergenceWarning that short training of an MLP gives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return function(*args, **kwargs)


def predictions(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def assert_same(one, other, **tolerance):
    """Same connections and parameters, to the bit unless a tolerance is given."""
    for a, b in zip(one.coefs_, other.coefs_, strict=True):
        assert_array_equal(a.indptr, b.indptr)
        assert_array_equal(a.indices, b.indices)
    pairs = [
        *zip([c.data for c in one.coefs_], [c.data for c in other.coefs_], strict=True),
        *zip(one.intercepts_, other.intercepts_, strict=True),
    ]
    for a, b in pairs:
        if tolerance:
            assert_allclose(a, b, **tolerance)
        else:
            assert_array_equal(a, b)


HIDDEN = {
    "identity": lambda z, depth: z,
    "logistic": lambda z, depth: expit(z),
    "relu": lambda z, depth: np.maximum(z, 0),
    "tanh": lambda z, depth: np.tanh(z),
    "all_relu": lambda z, depth: np.where(z > 0, z, (-1) ** (depth + 1) * 0.4 * z),
}


def hidden_activations(X, coefs, intercepts, activation):
    """Of each layer but the last, inputs included; the slope of All-ReLU is 0.4."""
    values = [X]
    for depth, (W, b) in enumerate(zip(coefs[:-1], intercepts[:-1], strict=True)):
        values.append(HIDDEN[activation](values[-1] @ W + b, depth))
    return values


def forward(X, coefs, intercepts, activation):
    """Arguments of the output activation."""
    values = hidden_activations(X, coefs, intercepts, activation)
    return values[-1] @ coefs[-1] + intercepts[-1]


def random_network(*sizes):
    rng = np.random.default_rng(7)
    shapes = list(pairwise(sizes))
    return {
        "coefs_init": [rng.standard_normal(shape) / 3 for shape in shapes],
        "intercepts_init": [rng.standard_normal(size) / 3 for size in sizes[1:]],
    }


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


class TestForward:
    @each
    @pytest.mark.parametrize("activation", sorted(HIDDEN))
    def test_predictions(self, cls, activation):
        X, y = problem(cls)
        model = make(
            cls, hidden_layer_sizes=(11, 9, 8), activation=activation,
            negative_slope=0.4,
        ).fit(X, y)  # fmt: skip
        z = forward(X, model.coefs_, model.intercepts_, activation)
        expected = softmax(z, axis=1) if is_classifier(model) else z[:, 0]
        assert_allclose(predictions(model, X), expected, rtol=1e-9, atol=1e-12)

    @each_regressor
    @pytest.mark.parametrize("n_targets", [1, 3])
    def test_standardised_targets(self, cls, n_targets):
        X, y = regression(n_targets)
        y = 50 * y + 7
        reg = make(cls, hidden_layer_sizes=(11, 9), normalize_y=True).fit(X, y)
        z = forward(X, reg.coefs_, reg.intercepts_, "relu")
        expected = z * y.std(axis=0) + y.mean(axis=0)
        assert_allclose(reg.predict(X), expected.reshape(y.shape), rtol=1e-9)

    @each
    def test_feature_importances(self, cls):
        X, y = problem(cls)
        model = make(cls).fit(X, y)
        expected = np.abs(model.coefs_[0].toarray()).sum(axis=1)
        assert_allclose(model.feature_importances_, expected)

    @each
    def test_first_loss(self, cls):
        """Weighted mean before the update, and both penalties."""
        X, y = problem(cls)
        weights = np.linspace(0, 2, len(y))
        n_outputs = 3 if is_classifier(cls()) else 1
        network = random_network(10, 12, n_outputs)
        model = make(cls, alpha=0.7, weight_decay=0.04, max_iter=1)
        model.fit(X, y, sample_weight=weights, **network)
        z = forward(X, *network.values(), "relu")
        if is_classifier(model):
            loss = log_loss(y, softmax(z, axis=1), sample_weight=weights)
        else:
            loss = np.average((z[:, 0] - y) ** 2, weights=weights) / 2
        squares = sum((W**2).sum() for W in network["coefs_init"])
        penalty = (0.7 / weights.sum() + 0.04) * squares / 2
        assert_allclose(model.loss_, loss + penalty)


def test_normalize_y_is_a_transformed_target():
    X, y = regression()
    y = 50 * y + 7
    reg = make(SETRegressor, normalize_y=True).fit(X, y)
    outside = TransformedTargetRegressor(
        make(SETRegressor), transformer=StandardScaler()
    )
    assert_allclose(reg.predict(X), outside.fit(X, y).predict(X), rtol=1e-9)


class TestPartialFit:
    @each
    @pytest.mark.parametrize("solver", [{"momentum": 0.9}, {"solver": "adam"}])
    def test_is_fit(self, cls, solver):
        """With shuffling and several mini-batches, but nothing pruned at the end."""
        X, y = problem(cls)
        params = {**PLAIN, **solver, "batch_size": 40}
        once = make(cls, **params).fit(X, y)
        stream = make(cls, **params)
        for _ in range(5):
            stream.partial_fit(X, y, **first_call(cls))
        assert_same(once, stream)
        assert once.loss_curve_ == stream.loss_curve_
        assert (stream.n_iter_, stream.t_) == (1, 5 * len(y))

    @pytest.mark.parametrize("targets", ["numbers", "labels"])
    def test_several_outputs(self, targets):
        cls = SETRegressor if targets == "numbers" else SETClassifier
        X, y = regression(3) if targets == "numbers" else multilabel()
        once = make(cls, **PLAIN).fit(X, y)
        stream = make(cls, **PLAIN)
        for _ in range(5):
            stream.partial_fit(X, y)
        assert_same(once, stream)
        assert stream.predict(X).shape == y.shape

    def test_multilabel_ignores_classes(self):
        X, Y = multilabel()
        one = make(SETClassifier).partial_fit(X, Y, classes=[0, 1, 2, 3])
        assert_same(one, make(SETClassifier).partial_fit(X, Y))

    @each
    def test_goes_on_after_fit(self, cls):
        X, y = problem(cls)
        model = make(cls, zeta=0.0, max_iter=3).fit(X, y).partial_fit(X, y)
        assert_same(model, make(cls, zeta=0.0, max_iter=4).fit(X, y))

    @each
    def test_fit_starts_anew(self, cls):
        X, y = problem(cls)
        model = make(cls).partial_fit(X, y, **first_call(cls)).fit(X, y)
        assert_same(model, make(cls).fit(X, y))
        assert model.loss_curve_ == make(cls).fit(X, y).loss_curve_

    @each_classifier
    @pytest.mark.parametrize("classes", [[1, 2], [0, 1, 2], ["0", "1"]])
    def test_other_classes_are_refused(self, cls, classes):
        X, y = classification(2)
        clf = make(cls).partial_fit(X, y, classes=[1, 0])
        before = clf.predict_proba(X)
        with pytest.raises(ValueError, match="not the same as on last call"):
            clf.partial_fit(X, y, classes=classes)
        assert_array_equal(clf.predict_proba(X), before)

    @each_classifier
    def test_labels_outside_of_classes_are_refused(self, cls):
        X, y = classification(2)
        with pytest.raises(ValueError, match=r"not in `classes`: \[0 1\]"):
            make(cls).partial_fit(X, y, classes=[2])
        clf = make(cls).partial_fit(X, y, classes=[0, 1])
        with pytest.raises(ValueError, match=r"not in `classes`: \[7\]"):
            clf.partial_fit(X[:1], [7])
        with pytest.raises(ValueError, match=r"not in `classes`: \[7\]"):
            make(cls).fit(X, y).partial_fit(X[:1], [7])

    @each_classifier
    def test_a_class_may_come_late(self, cls):
        X = np.eye(4)
        labels = ["a", "b", "c", "d"]
        clf = make(cls, hidden_layer_sizes=(20,), density=1.0, learning_rate_init=0.1)
        clf.partial_fit(X[:3], labels[:3], classes=labels)
        assert_array_equal(clf.classes_, labels)
        for _ in range(30):
            clf.partial_fit(X[3:], ["d"])
        assert_array_equal(clf.predict(X[3:]), ["d"])

    @each_regressor
    def test_other_number_of_outputs_is_refused(self, cls):
        X, y = regression(3)
        reg = make(cls).partial_fit(X, y)
        with pytest.raises(
            ValueError, match=r"must have 3 outputs, as in training\. Got 1"
        ):
            reg.partial_fit(X, y[:, 0])

    @each
    @pytest.mark.parametrize("n_features", [9, 11])
    def test_other_number_of_features_is_refused(self, cls, n_features):
        X, y = problem(cls)
        model = make(cls).fit(X, y)
        with pytest.raises(ValueError, match="is expecting 10 features"):
            model.partial_fit(np.ones((len(y), n_features)), y)

    @each
    def test_refuses_early_stopping_after_fit(self, cls):
        X, y = problem(cls)
        model = make(cls, early_stopping=True).fit(X, y)
        before = predictions(model, X)
        with pytest.raises(ValueError, match="does not support early_stopping=True"):
            model.partial_fit(X, y)
        assert_array_equal(predictions(model, X), before)

    @pytest.mark.parametrize("n_labels", [2, 3])
    def test_kind_of_targets_cannot_change(self, n_labels):
        X, y = classification(n_labels)
        Y = (y[:, np.newaxis] == np.arange(n_labels)).astype(int)
        clf = make(SETClassifier).partial_fit(X, Y)
        with pytest.raises(ValueError, match=f"{n_labels} outputs, as in training"):
            clf.partial_fit(X, y, classes=np.arange(n_labels))


class TestWarmStart:
    @each
    def test_is_longer_training(self, cls):
        X, y = problem(cls)
        model = make(cls, warm_start=True, max_iter=2, batch_size=40).fit(X, y)
        model.set_params(max_iter=3).fit(X, y)
        longer = make(cls, max_iter=5, batch_size=40).fit(X, y)
        assert_same(model, longer)
        assert model.loss_curve_ == longer.loss_curve_
        assert (model.n_iter_, model.t_) == (3, longer.t_)

    @each
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_without_convergence(self, cls, solver):
        X, y = problem(cls)
        model = make(
            cls, solver=solver, warm_start=True, tol=1e-4, n_iter_no_change=np.inf
        )
        for max_iter in (4, 7):
            model.set_params(max_iter=max_iter)
            with pytest.warns(ConvergenceWarning, match=rf"max_iter={max_iter}\)"):
                model.fit(X, y)
            assert model.n_iter_ == max_iter

    @each
    def test_each_fit_has_its_patience(self, cls):
        X, y = problem(cls)
        model = make(cls, warm_start=True, tol=1e9, n_iter_no_change=2, max_iter=50)
        for _ in range(3):
            assert model.fit(X, y).n_iter_ == 4

    @each_classifier
    def test_same_classes_of_other_samples(self, cls):
        X, y = classification()
        clf = make(cls, warm_start=True).fit(X, y).fit(X, np.sort(y))
        assert len(clf.loss_curve_) == 10

    @each_classifier
    @pytest.mark.parametrize("labels", [[0, 1, 1], [0, 1, 3], [1, 2, 3]])
    def test_other_classes_are_refused(self, cls, labels):
        X, y = classification()
        clf = make(cls, warm_start=True).fit(X, y)
        other = np.array(labels)[y]
        message = (
            "warm_start can only be used where `y` has the same classes as in the "
            f"previous call to fit. Previously got [0 1 2], `y` has {np.unique(other)}"
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            clf.fit(X, other)
        assert clf.fit(X, y).n_iter_ == 5

    @each_regressor
    def test_other_number_of_outputs_is_refused(self, cls):
        X, y = regression(3)
        reg = make(cls, warm_start=True).fit(X, y)
        with pytest.raises(ValueError, match="same number of outputs"):
            reg.fit(X, y[:, :2])

    @each
    def test_early_stopping(self, cls):
        """What it begins with counts, too, here before training with wrong targets."""
        X, y = problem(cls)
        params = {"learning_rate_init": 0.1, "batch_size": 30, "max_iter": 30}
        model = make(cls, warm_start=True, early_stopping=True, **params)
        first = model.fit(X, y, X_val=X, y_val=y).validation_scores_[:]
        before = predictions(model, X)
        wrong = (y + 1) % 3 if is_classifier(model) else -y
        model.set_params(max_iter=6, learning_rate_init=1e-3)
        model.fit(X, wrong, X_val=X, y_val=y)
        assert model.validation_scores_[:30] == first
        assert len(model.validation_scores_) == len(model.loss_curve_) == 36
        assert_allclose(model.best_validation_score_, max(model.validation_scores_))
        if max(model.validation_scores_[30:]) <= max(first):
            assert_array_equal(predictions(model, X), before)
        assert_allclose(model.score(X, y), model.best_validation_score_)

    @each_regressor
    def test_keeps_the_scale_of_the_targets(self, cls):
        X, y = regression()
        reg = make(cls, normalize_y=True, warm_start=True).fit(X, y)
        reg.fit(X, 10 * y + 5)
        assert_allclose(reg.y_mean_, y.mean())
        assert_allclose(reg.y_scale_, y.std())
        z = forward(X, reg.coefs_, reg.intercepts_, "relu")[:, 0]
        assert_allclose(reg.predict(X), z * y.std() + y.mean())


class TestSchedules:
    @each_regressor
    @pytest.mark.parametrize("call", ["partial_fit", "warm fit"])
    @pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive"])
    def test_rates_from_call_to_call(self, cls, call, schedule):
        """Adam without memory moves a bias by the learning rate, whatever the slope."""
        X, y = regression()
        reg = make(
            cls, hidden_layer_sizes=(), density=1.0, zeta=0.0, beta_1=0.0, beta_2=0.0,
            learning_rate=schedule, learning_rate_init=0.01, power_t=0.3, max_iter=1,
            warm_start=True, tol=1e9, n_iter_no_change=1,
        )  # fmt: skip
        rates, bias = [], 0.0
        for _ in range(6):
            if call == "partial_fit":
                reg.partial_fit(X, y + 100)
            else:
                with pytest.warns(ConvergenceWarning, match="max_iter=1"):
                    reg.fit(X, y + 100)
            rates.append(reg.intercepts_[0][0] - bias)
            bias = reg.intercepts_[0][0]
        k = np.arange(6)
        expected = np.full(6, 0.01)
        if schedule == "invscaling":
            expected /= (len(y) * k + 1) ** 0.3
        elif schedule == "adaptive" and call == "partial_fit":
            expected /= 5.0 ** np.array([0, 0, 0, 1, 1, 2])
        assert_allclose(rates, expected, rtol=1e-6)

    @pytest.mark.parametrize(
        "schedule", ["constant", "invscaling", "adaptive", "cosine"]
    )
    def test_gradient_descent(self, schedule):
        """A linear model, against a loop in NumPy."""
        X, y = regression()
        network = random_network(10, 1)
        tol = 1e9 if schedule == "adaptive" else None
        reg = make(
            SETRegressor, **PLAIN, hidden_layer_sizes=(), learning_rate=schedule,
            learning_rate_init=0.1, power_t=0.4, max_iter=7, tol=tol,
            n_iter_no_change=1, shuffle=False,
        )  # fmt: skip
        quietly(reg.fit, X, y, **network)
        k = np.arange(7)
        rates = {
            "constant": np.full(7, 0.1),
            "invscaling": 0.1 / (len(y) * k + 1) ** 0.4,
            "adaptive": 0.1 / 5.0 ** np.array([0, 0, 0, 1, 1, 2, 2]),
            "cosine": 0.05 * (1 + np.cos(np.pi * k / 7)),
        }[schedule]
        w, b = network["coefs_init"][0][:, 0], network["intercepts_init"][0][0]
        for rate in rates:
            errors = X @ w + b - y
            w, b = w - rate * X.T @ errors / len(y), b - rate * errors.mean()
        assert_allclose(reg.coefs_[0].toarray()[:, 0], w, rtol=1e-9)
        assert_allclose(reg.intercepts_[0], b, rtol=1e-9)

    def test_cosine_stays_in_partial_fit(self):
        X, y = regression()
        models = [
            make(SETRegressor, learning_rate=schedule, max_iter=2)
            for schedule in ("cosine", "constant")
        ]
        for model in models:
            for _ in range(3):
                model.partial_fit(X, y)
        assert_same(*models)

    @each
    def test_cosine_ends_by_plan(self, cls):
        """No warning, though training has not converged."""
        X, y = problem(cls)
        model = make(cls, learning_rate="cosine", tol=1e-4, max_iter=4).fit(X, y)
        assert model.n_iter_ == 4


class TestStopping:
    @each
    @pytest.mark.parametrize("n_iter_no_change", [1, 2, 5])
    def test_n_iter_no_change(self, cls, n_iter_no_change):
        X, y = problem(cls)
        model = make(cls, tol=1e9, max_iter=100, n_iter_no_change=n_iter_no_change)
        assert model.fit(X, y).n_iter_ == n_iter_no_change + 2

    @each
    def test_endless_patience(self, cls):
        X, y = problem(cls)
        model = make(cls, tol=1e9, n_iter_no_change=np.inf, max_iter=20)
        with pytest.warns(ConvergenceWarning, match="hasn't converged"):
            model.fit(X, y)
        assert model.n_iter_ == 20

    @each
    def test_adaptive_ends_with_a_tiny_rate(self, cls):
        X, y = problem(cls)
        model = make(
            cls, learning_rate="adaptive", learning_rate_init=0.01, tol=1e9,
            n_iter_no_change=2, max_iter=1000,
        ).fit(X, y)  # fmt: skip
        # 0.01 / 5^6 is the first rate below 1e-6, and each plateau takes 3 epochs.
        assert model.n_iter_ == 1 + 7 * 3

    @each
    def test_early_stopping(self, cls):
        X, y = problem(cls)
        tol = 0.02
        model = make(
            cls, tol=tol, n_iter_no_change=3, max_iter=500, early_stopping=True,
            validation_fraction=0.3,
        ).fit(X, y)  # fmt: skip
        scores = model.validation_scores_
        assert model.n_iter_ == len(scores) < 500
        counts = [0]  # of epochs without improvement
        for k, score in enumerate(scores[1:], start=1):
            counts.append(counts[-1] + 1 if score < max(scores[:k]) + tol else 0)
        assert counts.index(4) == len(scores) - 1
        assert model.best_validation_score_ == max(scores)
        assert model.best_loss_ is None
        assert len(model.validation_loss_curve_) == len(scores)
        assert {type(score) for score in scores} == {float}

    @each
    def test_without_early_stopping(self, cls):
        X, y = problem(cls)
        model = make(cls).fit(X, y)
        assert model.validation_scores_ is None
        assert model.validation_loss_curve_ is None
        assert model.best_validation_score_ is None
        assert model.best_loss_ == min(model.loss_curve_)


class TestValidation:
    """Held-out and given validation data."""

    def given(self, cls, is_weighted=False):
        X, y = problem(cls)
        validation = {"X_val": X[60:], "y_val": y[60:]}
        if is_weighted:
            validation["sample_weight_val"] = np.arange(30.0)
        return X[:60], y[:60], validation

    @each
    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_scores_and_losses_of_every_epoch(self, cls, is_weighted):
        X, y, validation = self.given(cls, is_weighted)
        model = make(cls, early_stopping=True).fit(X, y, **validation)
        weights = validation.get("sample_weight_val")
        for epoch in range(5):
            there = make(cls, max_iter=epoch + 1).fit(X, y)
            found = predictions(there, validation["X_val"])
            wanted = validation["y_val"]
            if is_classifier(model):
                score = accuracy_score(
                    wanted, found.argmax(axis=1), sample_weight=weights
                )
                loss = log_loss(wanted, found, sample_weight=weights)
            else:
                score = r2_score(wanted, found, sample_weight=weights)
                loss = np.average((wanted - found) ** 2, weights=weights) / 2
            assert_allclose(model.validation_scores_[epoch], score)
            assert_allclose(model.validation_loss_curve_[epoch], loss)

    @each
    def test_the_best_network_is_returned(self, cls):
        """Which is not the last one, as the targets of validation are wrong."""
        X, y, validation = self.given(cls, is_weighted=True)
        wrong = (y[30:] + 1) % 3 if is_classifier(cls()) else -y[30:]
        validation = {**validation, "X_val": X[30:], "y_val": wrong}
        params = {"weight_scale": 0.01, "learning_rate_init": 0.03}
        model = make(cls, **params, early_stopping=True, max_iter=12)
        model.fit(X, y, **validation)
        best = int(np.argmax(model.validation_scores_))
        assert best < 11
        assert_allclose(model.score(*validation.values()), model.best_validation_score_)
        assert_same(model, make(cls, **params, max_iter=best + 1).fit(X, y))

    @pytest.mark.parametrize("targets", ["numbers", "labels"])
    def test_several_outputs(self, targets):
        cls = SETRegressor if targets == "numbers" else SETClassifier
        X, y = regression(3) if targets == "numbers" else multilabel()
        model = make(cls, early_stopping=True, max_iter=1)
        model.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
        if targets == "numbers":
            found = model.predict(X[50:])
            score = r2_score(y[50:], found)
            loss = ((found - y[50:]) ** 2).sum(axis=1).mean() / 2
        else:
            found = model.predict_proba(X[50:])
            score = (model.predict(X[50:]) == y[50:]).all(axis=1).mean()
            loss = sum(
                log_loss(y[50:, label], found[:, label], labels=[0, 1])
                for label in range(4)
            )
        assert_allclose(model.validation_scores_, [score])
        assert_allclose(model.validation_loss_curve_, [loss])

    @each_regressor
    def test_losses_are_of_standardised_targets(self, cls):
        X, y, _ = self.given(cls)
        reg = make(cls, early_stopping=True, max_iter=1, normalize_y=True)
        reg.fit(X, 9 * y + 4, X_val=X, y_val=9 * y + 4)
        errors = (reg.predict(X) - 9 * y - 4) / (9 * y.std())
        assert_allclose(reg.validation_loss_curve_, [(errors**2).mean() / 2])
        assert_allclose(reg.validation_scores_, [reg.score(X, 9 * y + 4)])

    @each
    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_is_a_split_by_hand(self, cls, is_weighted):
        """Which is stratified by class."""
        X, y = problem(cls)
        weights = np.linspace(1, 2, len(y)) if is_weighted else None
        model = make(
            cls, early_stopping=True, validation_fraction=0.3, max_iter=8
        ).fit(X, y, weights)  # fmt: skip
        train, val = train_test_split(
            np.arange(len(y)),
            test_size=0.3,
            stratify=y if is_classifier(model) else None,
            random_state=model._state.split_seed,
        )
        by_hand = clone(model).fit(
            X[train],
            y[train],
            sample_weight=weights[train] if is_weighted else None,
            X_val=X[val],
            y_val=y[val],
            sample_weight_val=weights[val] if is_weighted else None,
        )
        assert_same(model, by_hand)
        assert model.loss_curve_ == by_hand.loss_curve_
        assert model.validation_scores_ == by_hand.validation_scores_
        assert model.validation_loss_curve_ == by_hand.validation_loss_curve_

    @each
    def test_kinds_of_validation_data(self, cls):
        X, y, validation = self.given(cls)
        expected = make(cls, early_stopping=True).fit(X, y, **validation)
        X_val, y_val = validation.values()
        for kind in (sparse.csc_array, sparse.coo_matrix, np.ndarray.tolist):
            model = clone(expected).fit(X, y, X_val=kind(X_val), y_val=list(y_val))
            assert_allclose(model.validation_scores_, expected.validation_scores_)
            assert_allclose(
                model.validation_loss_curve_, expected.validation_loss_curve_
            )

    @each
    def test_weight_0_stands_for_absent(self, cls):
        X, y, validation = self.given(cls)
        weights = np.arange(30) % 2
        weighted = make(cls, early_stopping=True)
        weighted.fit(X, y, sample_weight_val=weights, **validation)
        absent = make(cls, early_stopping=True)
        absent.fit(X, y, **{name: rows[1::2] for name, rows in validation.items()})
        assert_allclose(weighted.validation_scores_, absent.validation_scores_)
        assert_allclose(weighted.validation_loss_curve_, absent.validation_loss_curve_)

    @each
    @pytest.mark.parametrize(
        ("names", "message"),
        [
            (["X_val"], "X_val was given without y_val"),
            (["y_val"], "y_val was given without X_val"),
            (["sample_weight_val"], "sample_weight_val was given without X_val and"),
            (["X_val", "sample_weight_val"], "X_val was given without y_val"),
        ],
    )
    def test_incomplete(self, cls, names, message):
        X, y, validation = self.given(cls, is_weighted=True)
        model = make(cls, early_stopping=True)
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, **{name: validation[name] for name in names})
        assert not hasattr(model, "coefs_")

    @each
    def test_wants_early_stopping(self, cls):
        X, y, validation = self.given(cls)
        with pytest.raises(ValueError, match="but early_stopping=False"):
            make(cls).fit(X, y, **validation)

    @each
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"X_val": np.ones((30, 3))}, "is expecting 10 features"),
            ({"X_val": np.ones((29, 10))}, "inconsistent numbers of samples"),
            ({"X_val": np.full((30, 10), np.nan)}, "contains NaN"),
            ({"sample_weight_val": np.ones(29)}, "sample_weight.shape"),
            ({"sample_weight_val": -np.ones(30)}, "Negative values"),
            ({"sample_weight_val": np.zeros(30)}, "at least one|must be positive"),
        ],
    )
    def test_unsound(self, cls, change, message):
        X, y, validation = self.given(cls)
        model = make(cls, early_stopping=True)
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, **{**validation, **change})
        assert not hasattr(model, "coefs_")

    @each_classifier
    def test_unknown_labels(self, cls):
        X, y = classification()
        clf = make(cls, early_stopping=True)
        with pytest.raises(ValueError, match=r"`y_val` has classes not in.*\[2\]"):
            clf.fit(X[y < 2], y[y < 2], X_val=X, y_val=y)
        with pytest.raises(ValueError, match=r"`y_val` has classes not in"):
            clf.fit(X, y, X_val=X, y_val=y.astype(str))

    @pytest.mark.parametrize("n_columns", [1, 2])
    def test_other_number_of_outputs(self, n_columns):
        for cls, (X, y) in [
            (SETRegressor, regression(3)),
            (SETClassifier, multilabel()),
        ]:
            y_val = y[:, 0] if n_columns == 1 else y[:, :2]
            with pytest.raises(ValueError, match=f"`y_val` must have.*Got {n_columns}"):
                make(cls, early_stopping=True).fit(X, y, X_val=X, y_val=y_val)

    def test_indicators_for_classes(self):
        X, y = classification(2)
        Y = np.column_stack([y, 1 - y])
        with pytest.raises(ValueError, match="y_val"):
            make(SETClassifier, early_stopping=True).fit(X, y, X_val=X, y_val=Y)

    @pytest.mark.parametrize("dtype", [object, str])
    @each_classifier
    def test_string_labels(self, cls, dtype):
        X, y = classification()
        labels = np.array(["spam", "ham", "eggs"], dtype=dtype)[y]
        clf = make(cls, early_stopping=True, validation_fraction=0.3).fit(X, labels)
        numbers = np.unique(labels, return_inverse=True)[1]
        same = clone(clf).fit(X, numbers)
        assert clf.validation_scores_ == same.validation_scores_
        given = clone(clf).fit(X, labels, X_val=X, y_val=labels)
        assert given.best_validation_score_ == given.score(X, labels)

    @each_classifier
    def test_a_class_of_one_sample(self, cls):
        """It is trained on; the others are stratified as without it."""
        X, y = classification()
        y = np.where(np.arange(len(y)) == 5, 3, y)
        clf = make(cls, early_stopping=True, validation_fraction=0.3).fit(X, y)
        assert_array_equal(clf.classes_, [0, 1, 2, 3])
        rest = np.flatnonzero(y < 3)
        train, val = train_test_split(
            rest, test_size=27, stratify=y[rest], random_state=clf._state.split_seed
        )
        train = np.append(train, 5)
        by_hand = clone(clf).fit(X[train], y[train], X_val=X[val], y_val=y[val])
        assert_same(clf, by_hand)
        assert clf.validation_scores_ == by_hand.validation_scores_

    @each_classifier
    @pytest.mark.parametrize("fraction", [0.1, 0.9])
    def test_more_classes_than_fit_into_a_part(self, cls, fraction):
        X, _ = classification()
        y = np.arange(len(X)) // 3 % 15
        clf = make(cls, early_stopping=True, validation_fraction=fraction)
        n_val = round(fraction * len(X))
        message = f"share out {n_val} of 90 samples among 15 classes.*Change valid"
        with pytest.warns(UserWarning, match=message) as caught:
            clf.fit(X, y)
        assert caught[0].filename == __file__
        assert_array_equal(clf.classes_, np.arange(15))

    @each
    def test_too_few_samples(self, cls):
        X, y = problem(cls)
        model = make(cls, early_stopping=True, validation_fraction=0.1)
        with pytest.raises(ValueError, match="The validation set is too small"):
            model.fit(X[:9], y[:9])
        # Two are enough.
        model.set_params(validation_fraction=0.2).fit(X[:9], y[:9])
        assert len(model.validation_scores_) == 5

    def test_r2_of_one_sample(self):
        X, y = regression()
        reg = make(SETRegressor, early_stopping=True)
        with pytest.raises(ValueError, match=r"1 sample\(s\).* minimum of 2"):
            reg.fit(X, y, X_val=X[:1], y_val=y[:1])

    def test_nothing_left_to_train_on(self):
        X, y = regression()
        reg = make(SETRegressor, early_stopping=True, validation_fraction=0.9999)
        with pytest.raises(ValueError, match=r"validation_fraction=0\.9999 .*Lower it"):
            reg.fit(X, y)

    def test_r2_of_one_weighted_sample(self):
        X, y = regression()
        reg = make(SETRegressor, early_stopping=True)
        given = {"X_val": X[:3], "y_val": y[:3], "sample_weight_val": [1, 0, 0]}
        with pytest.raises(ValueError, match="X_val and y_val: less than two samples"):
            reg.fit(X, y, **given)

    @each
    @pytest.mark.parametrize("weight", [1e-30, 1e30])
    def test_weights_without_measure(self, cls, weight):
        X, y = problem(cls)
        with pytest.raises(ValueError, match=r"largest sample_weight .*Got 1e[+-]30\."):
            make(cls).fit(X, y, sample_weight=np.full(len(y), weight))

    @each
    def test_weights_of_1_change_nothing(self, cls):
        X, y = problem(cls)
        model = make(cls, early_stopping=True, batch_size=10).fit(X, y)
        weighted = clone(model).fit(X, y, sample_weight=np.ones(len(y)))
        assert_same(model, weighted, rtol=1e-10)
        assert_allclose(model.validation_scores_, weighted.validation_scores_)

    @each
    def test_samples_of_weight_0_are_in_no_part(self, cls):
        X, y = problem(cls)
        weights = (np.arange(len(y)) % 3 > 0) * np.linspace(1, 2, len(y))
        there = weights > 0
        model = make(cls, early_stopping=True, max_iter=8).fit(X, y, weights)
        absent = clone(model).fit(X[there], y[there], weights[there])
        assert_same(model, absent)
        assert model.validation_scores_ == absent.validation_scores_

    def test_in_a_pipeline(self):
        X, y = regression()
        with sklearn.config_context(enable_metadata_routing=True):
            reg = make(SETRegressor, early_stopping=True)
            reg.set_fit_request(X_val=True, y_val=True)
            pipe = make_pipeline(StandardScaler(), reg)
            pipe.set_params(transform_input=["X_val"])
            pipe.fit(9 * X[:60] + 1, y[:60], X_val=9 * X[60:] + 1, y_val=y[60:])
        score = pipe.score(9 * X[60:] + 1, y[60:])
        assert_allclose(pipe[-1].best_validation_score_, score)


class TestSampleWeight:
    """In a full batch, over several epochs with evolution."""

    FULL = {"batch_size": 1000, "shuffle": False, "alpha": 0.3, "max_iter": 6}
    CLOSE = {"rtol": 1e-7, "atol": 1e-10}

    def data(self, cls, container):
        X, y = problem(cls)
        X = np.where(np.abs(X) > 0.5, X, 0)
        return container(X), y, np.random.default_rng(1).integers(4, size=len(y))

    def model(self, cls, **params):
        scaled = {"normalize_y": True} if cls in REGRESSORS else {}
        return make(cls, **{**self.FULL, **scaled, **params})

    @each
    @containers
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_weights_are_repetitions(self, cls, container, solver):
        """With 0 for absence."""
        X, y, weights = self.data(cls, container)
        rows = np.repeat(np.arange(len(y)), weights)
        weighted = self.model(cls, solver=solver).fit(X, y, sample_weight=weights)
        repeated = self.model(cls, solver=solver).fit(X[rows], y[rows])
        assert_same(weighted, repeated, **self.CLOSE)
        assert_allclose(weighted.loss_curve_, repeated.loss_curve_)
        assert_allclose(
            predictions(weighted, X), predictions(repeated, X), **self.CLOSE
        )
        unweighted = self.model(cls, solver=solver).fit(X, y)
        assert not np.allclose(weighted.loss_curve_, unweighted.loss_curve_, rtol=1e-3)

    @each
    @containers
    def test_in_partial_fit(self, cls, container):
        X, y, weights = self.data(cls, container)
        weighted, repeated = self.model(cls), self.model(cls)
        for part in (slice(0, 50), slice(50, 90), slice(10, 70)):
            rows = np.repeat(np.arange(len(y))[part], weights[part])
            weighted.partial_fit(
                X[part], y[part], sample_weight=weights[part], **first_call(cls)
            )
            repeated.partial_fit(X[rows], y[rows], **first_call(cls))
        assert_same(weighted, repeated, **self.CLOSE)
        assert_allclose(weighted.loss_curve_, repeated.loss_curve_)

    @pytest.mark.parametrize("targets", ["numbers", "labels"])
    def test_several_outputs(self, targets):
        cls = HebbSETRegressor if targets == "numbers" else HebbSETClassifier
        X, y = regression(3) if targets == "numbers" else multilabel()
        weights = np.arange(len(y)) % 3
        weighted = self.model(cls).fit(X, y, sample_weight=weights)
        rows = np.repeat(np.arange(len(y)), weights)
        repeated = self.model(cls).fit(X[rows], y[rows])
        assert_same(weighted, repeated, **self.CLOSE)

    @each
    @pytest.mark.parametrize("batch_size", [1, 7, 1000])
    def test_absent_samples(self, cls, batch_size):
        """To the bit, with shuffling and mini-batches."""
        X, y, weights = self.data(cls, np.asarray)
        there = weights > 0
        params = {"batch_size": batch_size, "shuffle": True}
        weighted = self.model(cls, **params).fit(X, y, sample_weight=weights)
        absent = self.model(cls, **params)
        absent.fit(X[there], y[there], sample_weight=weights[there])
        assert_same(weighted, absent)
        assert weighted.t_ == absent.t_ == 6 * there.sum()

    @each_classifier
    def test_labels_of_weight_0_are_classes(self, cls):
        """As those of `classes` are that never come."""
        X, y, _ = self.data(cls, np.asarray)
        clf = self.model(cls, zeta=0.0).fit(X, y, sample_weight=y < 2)
        assert_array_equal(clf.classes_, [0, 1, 2])
        assert clf.t_ == 6 * (y < 2).sum()
        stream = self.model(cls, zeta=0.0)
        for _ in range(6):
            stream.partial_fit(X[y < 2], y[y < 2], classes=[0, 1, 2])
        assert_same(clf, stream)
        assert_array_equal(clf.predict_proba(X).shape, (len(y), 3))

    @each
    @pytest.mark.parametrize("factor", [1e-3, 8.0, 1e6])
    def test_scale(self, cls, factor):
        """The penalty is for the weight of a batch, not for the number of samples."""
        X, y, weights = self.data(cls, np.asarray)
        one = self.model(cls, alpha=0.3, weight_decay=0.01).fit(X, y, weights)
        other = self.model(cls, alpha=0.3 * factor, weight_decay=0.01)
        other.fit(X, y, factor * weights)
        assert_same(one, other, **self.CLOSE)
        assert_allclose(one.loss_curve_, other.loss_curve_)

    @each
    def test_a_number_is_for_all(self, cls):
        X, y, _ = self.data(cls, np.asarray)
        one = self.model(cls).fit(X, y, sample_weight=2.0)
        assert_same(one, self.model(cls).fit(X, y, sample_weight=np.full(len(y), 2.0)))

    def test_a_number_with_a_callback(self):
        X, y, _ = self.data(SETRegressor, np.asarray)
        reg = self.model(SETRegressor).set_callbacks(ScoringMonitor(scoring="r2"))
        assert reg.fit(X, y, sample_weight=2.0).n_iter_ == 6

    @each
    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            (np.zeros(90), "at least one"),
            (np.full(90, -1.0), "Negative values"),
            (np.ones(89), "sample_weight.shape"),
            (np.full(90, np.nan), "contains NaN"),
            (np.ones((90, 2)), "1D array or scalar"),
        ],
    )
    def test_unsound(self, cls, weights, message):
        X, y = problem(cls)
        for name in ("fit", "partial_fit"):
            model = make(cls)
            arguments = first_call(cls) if name == "partial_fit" else {}
            with pytest.raises(ValueError, match=message):
                getattr(model, name)(X, y, sample_weight=weights, **arguments)
            assert not hasattr(model, "coefs_")

    @each_regressor
    def test_scale_of_the_targets_is_weighted(self, cls):
        X, y, weights = self.data(cls, np.asarray)
        reg = self.model(cls).fit(X, 3 * y + 8, sample_weight=weights)
        repeated = np.repeat(3 * y + 8, weights)
        assert_allclose(reg.y_mean_, [repeated.mean()])
        assert_allclose(reg.y_scale_, [repeated.std()])


class TestClassWeight:
    @each_classifier
    @pytest.mark.parametrize("is_weighted", [False, True])
    @pytest.mark.parametrize("labels", [[0, 1, 2], ["b", "c", "a"]])
    def test_dict(self, cls, is_weighted, labels):
        """The class that is left out weighs 1."""
        X, y = classification()
        by_number = np.array([2.5, 1.0, 0.3])
        labels = np.array(labels)
        class_weight = {labels[0]: 2.5, labels[2]: 0.3}
        weights = np.linspace(0.5, 2, len(y)) if is_weighted else np.ones(len(y))
        clf = make(cls, class_weight=class_weight, batch_size=20)
        clf.fit(X, labels[y], sample_weight=weights if is_weighted else None)
        by_hand = make(cls, class_weight=None, batch_size=20)
        by_hand.fit(X, labels[y], sample_weight=weights * by_number[y])
        assert_same(clf, by_hand)
        assert clf.loss_curve_ == by_hand.loss_curve_

    @each_classifier
    @pytest.mark.parametrize(
        "labels", [np.arange(3), np.array(["b", "c", "a"]), np.array([*"bca"], object)]
    )
    def test_balanced(self, cls, labels):
        X, y = classification()
        rows = np.flatnonzero((y != 1) | (np.arange(len(y)) % 3 == 0))
        X, y = X[rows], labels[y[rows]]
        clf = make(cls, class_weight="balanced").fit(X, y)
        weights = compute_sample_weight("balanced", y)
        by_hand = make(cls, class_weight=None).fit(X, y, sample_weight=weights)
        assert_same(clf, by_hand, rtol=1e-10)

    @each_classifier
    def test_balanced_sample_weights(self, cls):
        """All classes weigh the same, and together as much as without."""
        X, y = classification()
        weights = np.arange(len(y)) % 4 / 2
        clf = make(cls, class_weight="balanced").fit(X, y, sample_weight=weights)
        sums = np.bincount(y, weights)
        balanced = weights * (sums.sum() / 3 / sums)[y]
        assert_allclose(np.bincount(y, balanced), sums.sum() / 3)
        by_hand = make(cls, class_weight=None).fit(X, y, sample_weight=balanced)
        assert_same(clf, by_hand, rtol=1e-10)

    @each_classifier
    def test_in_partial_fit(self, cls):
        X, y = classification()
        clf = make(cls, class_weight={1: 3.0})
        by_hand = make(cls, class_weight=None)
        for part in (slice(0, 40), slice(40, 90)):
            weights = np.where(y[part] == 1, 3.0, 1.0)
            clf.partial_fit(X[part], y[part], classes=[0, 1, 2])
            by_hand.partial_fit(
                X[part], y[part], classes=[0, 1, 2], sample_weight=weights
            )
        assert_same(clf, by_hand)

    @each_classifier
    def test_balanced_is_refused_in_partial_fit(self, cls):
        X, y = classification()
        clf = make(cls, class_weight="balanced")
        with pytest.raises(ValueError, match="does not support class_weight='balanced"):
            clf.partial_fit(X, y, classes=[0, 1, 2])
        assert not hasattr(clf, "coefs_")

    @each_classifier
    @pytest.mark.parametrize(
        ("class_weight", "message"),
        [
            ({0: 2}, "a list of 4 dicts"),
            ([{0: 2}], "a list of 4 dicts"),
            ([0.5, 1, 2, 3], "a list of 4 dicts"),
            ([{2: 2.0}] * 4, r"\[2\] that are no classes"),
            ([{1: -1}] * 4, "'class_weight' parameter"),
            ([{1: None}] * 4, "'class_weight' parameter"),
            ([{0: 0, 1: 0}] * 4, "no label"),
        ],
    )
    def test_unsound_for_several_labels(self, cls, class_weight, message):
        X, Y = multilabel()
        clf = make(cls, class_weight=class_weight)
        with pytest.raises(ValueError, match=message):
            clf.fit(X, Y)
        assert not hasattr(clf, "coefs_")

    @each_classifier
    @pytest.mark.parametrize(
        ("class_weight", "message"),
        [
            ({7: 2.0}, "not in class_weight"),
            ({0: 0, 1: 0, 2: 0}, "no sample"),
            ([{0: 2.0}] * 3, "a list of dicts is for several labels"),
            ({0: "2"}, "'class_weight' parameter"),
            ("equal", "'class_weight' parameter"),
        ],
    )
    def test_unsound(self, cls, class_weight, message):
        X, y = classification()
        with pytest.raises(ValueError, match=message):
            make(cls, class_weight=class_weight).fit(X, y)

    @pytest.mark.parametrize("weight", [-1.0, np.nan])
    def test_weights_that_are_none(self, weight):
        X, y = classification()
        with pytest.raises(ValueError, match="class_weight"):
            make(SETClassifier, class_weight={0: weight}).fit(X, y)

    @pytest.mark.parametrize(
        ("cls", "batch_size"), [(SETClassifier, 1), (HebbSETClassifier, 1000)]
    )
    def test_weight_0(self, cls, batch_size):
        """Stands for absent samples: in mini-batches, and in Hebbian ranges."""
        X, y = classification()
        X = X + 9 * (y == 0)[:, np.newaxis]
        params = {"shuffle": False, "batch_size": batch_size}
        clf = make(cls, class_weight={0: 0.0}, **params)
        clf.partial_fit(X, y, classes=[0, 1, 2])
        absent = make(cls, class_weight=None, **params)
        absent.partial_fit(X[y > 0], y[y > 0], classes=[0, 1, 2])
        assert_same(clf, absent, rtol=1e-9)


class TestDropout:
    @pytest.mark.parametrize("dropout", [0.2, 0.6])
    @pytest.mark.parametrize("activation", sorted(HIDDEN))
    def test_expectation(self, activation, dropout):
        """Of what the output layer gets, and its variance over the masks."""
        X = np.random.default_rng(0).standard_normal((3000, 5))
        network = random_network(5, 20, 1)
        network["coefs_init"][1] = np.abs(network["coefs_init"][1])
        network["intercepts_init"][0] += 1
        full = forward(X, *network.values(), activation)[:, 0]
        params = {
            **PLAIN, "hidden_layer_sizes": (20,), "activation": activation,
            "negative_slope": 0.4, "batch_size": 3000, "max_iter": 1,
            "dropout": dropout,
        }  # fmt: skip
        reg = make(SETRegressor, **params, learning_rate_init=1e-300)
        reg.fit(X, full, **network)
        inputs = hidden_activations(X, *network.values(), activation)[-1]
        products = (inputs * network["coefs_init"][1][:, 0]) ** 2
        variance = dropout / (1 - dropout) * products.sum(axis=1).mean()
        assert_allclose(reg.loss_, variance / 2, rtol=0.1)
        # The output's bias moves by the mean error.
        reg = make(SETRegressor, **params, learning_rate_init=1.0)
        reg.fit(X, np.zeros(3000), **network)
        moved = network["intercepts_init"][1] - reg.intercepts_[1]
        assert_allclose(moved, full.mean(), rtol=0.1)

    @each
    @pytest.mark.parametrize("activation", sorted(HIDDEN))
    def test_nothing_is_dropped_in_prediction(self, cls, activation):
        X, y = problem(cls)
        model = make(
            cls, hidden_layer_sizes=(9, 8), activation=activation, negative_slope=0.4,
            dropout=0.5,
        ).fit(X, y)  # fmt: skip
        z = forward(X, model.coefs_, model.intercepts_, activation)
        expected = softmax(z, axis=1) if is_classifier(model) else z[:, 0]
        assert_allclose(predictions(model, X), expected, rtol=1e-9, atol=1e-12)

    @each
    def test_random_state(self, cls):
        X, y = problem(cls)
        network = random_network(10, 12, 3 if is_classifier(cls()) else 1)
        params = {"zeta": 0.0, "shuffle": False}
        fits = [
            make(cls, **params, dropout=dropout, random_state=seed).fit(X, y, **network)
            for dropout, seed in [(0.5, 0), (0.5, 0), (0.5, 1), (0.0, 0), (0.0, 1)]
        ]
        assert_same(*fits[:2])
        assert_same(*fits[3:])
        assert len({fit.loss_ for fit in fits}) == 3

    @each
    def test_draws_go_on_in_partial_fit(self, cls):
        X, y = problem(cls)
        once = make(cls, zeta=0.0, dropout=0.5).fit(X, y)
        stream = make(cls, zeta=0.0, dropout=0.5)
        for _ in range(5):
            stream.partial_fit(X, y, **first_call(cls))
        assert_same(once, stream)

    @each
    def test_validation_is_without(self, cls):
        X, y = problem(cls)
        model = make(cls, dropout=0.5, early_stopping=True).fit(X, y, X_val=X, y_val=y)
        assert_allclose(model.best_validation_score_, model.score(X, y))


class TestTypes:
    @each
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_parameters_and_predictions(self, cls, dtype):
        X, y = problem(cls)
        model = make(cls).fit(X.astype(dtype), y)
        assert {array.dtype for array in model.coefs_} == {np.dtype(dtype)}
        assert {array.dtype for array in model.intercepts_} == {np.dtype(dtype)}
        assert predictions(model, X.astype(dtype)).dtype == dtype
        assert model.feature_importances_.dtype == dtype
        assert {type(loss) for loss in model.loss_curve_} == {float}

    @each
    @pytest.mark.parametrize("dtype", [np.float16, np.int32, np.uint8, bool, object])
    def test_others_become_double(self, cls, dtype):
        X, y = problem(cls)
        X = np.abs(np.round(X)).astype(dtype)
        model = make(cls).fit(X, y)
        assert model.coefs_[0].dtype == np.float64
        assert_same(model, make(cls).fit(X.astype(np.float64), y))

    @each
    def test_precision_does_not_matter_much(self, cls):
        X, y = problem(cls)
        network = random_network(10, 12, 3 if is_classifier(cls()) else 1)
        params = {"zeta": 0.0, "max_iter": 20}
        double = make(cls, **params).fit(X, y, **network)
        single = make(cls, **params).fit(X.astype(np.float32), y, **network)
        assert_allclose(
            predictions(single, X), predictions(double, X), rtol=1e-3, atol=1e-4
        )

    @each_regressor
    def test_targets_of_other_types(self, cls):
        X, y = regression()
        y = np.round(4 * y)
        expected = make(cls).fit(X, y)
        for dtype in (np.int64, np.float32, object):
            assert_same(make(cls).fit(X, y.astype(dtype)), expected)

    @each_regressor
    def test_a_column_is_one_target(self, cls):
        X, y = regression()
        with pytest.warns(sklearn.exceptions.DataConversionWarning):
            reg = make(cls).fit(X, y[:, np.newaxis])
        assert reg.predict(X).shape == (90,)

    def test_sparse_targets(self):
        X, y = regression(3)
        reg = make(SETRegressor).fit(X, sparse.csr_array(y))
        assert_same(reg, make(SETRegressor).fit(X, y))

    @each
    @pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_sparse_matrices(self, cls, container, dtype):
        X, y = problem(cls)
        X = np.where(np.abs(X) > 1, X, 0).astype(dtype)
        if dtype == np.float64:
            params, tolerance = {"zeta": 0.3}, {"rtol": 1e-8, "atol": 1e-10}
        else:
            params, tolerance = {"zeta": 0.0}, {"rtol": 1e-2, "atol": 1e-4}
        dense, from_sparse = make(cls, **params), make(cls, **params)
        dense.fit(X, y)
        from_sparse.fit(container(X), y)
        assert_same(dense, from_sparse, **tolerance)
        assert_array_equal(predictions(dense, X), predictions(dense, container(X)))
        dense.partial_fit(X, y)
        from_sparse.partial_fit(container(X), y)
        assert_same(dense, from_sparse, **tolerance)


class TestPersistence:
    @each
    @pytest.mark.parametrize("compress", [0, 3])
    def test_training_goes_on_after_loading(self, cls, compress, tmp_path):
        X, y = problem(cls)
        model = make(cls, dropout=0.2).fit(X, y)
        joblib.dump(model, tmp_path / "model", compress=compress)
        loaded = joblib.load(tmp_path / "model")
        before = predictions(model, X)
        assert_array_equal(predictions(loaded, X), before)
        for _ in range(2):
            model.partial_fit(X, y)
            loaded.partial_fit(X, y)
        assert_same(model, loaded)
        assert not np.allclose(predictions(loaded, X), before)

    @each
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_memory_map(self, cls, solver, tmp_path):
        X, y = problem(cls)
        model = make(cls, solver=solver).fit(X, y)
        joblib.dump(model, tmp_path / "model")
        loaded = joblib.load(tmp_path / "model", mmap_mode="r")
        assert not loaded.coefs_[0].data.flags.writeable
        assert_array_equal(predictions(loaded, X), predictions(model, X))
        assert_same(model.partial_fit(X, y), loaded.partial_fit(X, y))
        # The file is as it was.
        assert not np.array_equal(
            predictions(joblib.load(tmp_path / "model"), X), predictions(loaded, X)
        )

    @each
    def test_read_only_data(self, cls, tmp_path):
        """As joblib gives it to its workers."""
        X, y = problem(cls)
        arrays = X, y, np.linspace(0, 1, len(y))
        joblib.dump(arrays, tmp_path / "data")
        X_map, y_map, weights = joblib.load(tmp_path / "data", mmap_mode="r")
        model = make(cls).fit(X_map, y_map, sample_weight=weights)
        assert_same(model, make(cls).fit(X, y, sample_weight=arrays[2]))

    def test_fine_tuning(self, tmp_path):
        reg = make(SETRegressor, density=1.0, zeta=0.0, max_iter=200)
        reg.fit([[2.0]], [4.0])
        assert_allclose(reg.predict([[2.0]]), [4.0], rtol=1e-2)
        joblib.dump(reg, tmp_path / "model")
        loaded = joblib.load(tmp_path / "model")
        for _ in range(300):
            loaded.partial_fit([[2.0]], [1.0])
        assert_allclose(loaded.predict([[2.0]]), [1.0], rtol=1e-2)


class TestFeatureNames:
    def frame(self, cls):
        X, y = problem(cls)
        return pd.DataFrame(X, columns=[f"x{k}" for k in range(10)]), pd.Series(y)

    @each
    @pytest.mark.parametrize("is_given", [False, True])
    def test_early_stopping_keeps_them(self, cls, is_given):
        """And warns of nothing when scoring."""
        X, y = self.frame(cls)
        given = {"X_val": X, "y_val": y} if is_given else {}
        model = make(cls, early_stopping=True).fit(X, y, **given)
        assert_array_equal(model.feature_names_in_, X.columns)
        assert_same(
            model,
            clone(model).fit(
                X.to_numpy(),
                y.to_numpy(),
                **{name: frame.to_numpy() for name, frame in given.items()},
            ),
        )

    @each
    def test_other_names_are_refused(self, cls):
        X, y = self.frame(cls)
        other = X[X.columns[::-1]]
        model = make(cls).partial_fit(X, y, **first_call(cls))
        with pytest.raises(ValueError, match="feature names should match"):
            model.partial_fit(other, y)
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(other)
        with pytest.raises(ValueError, match="feature names should match"):
            make(cls, early_stopping=True).fit(X, y, X_val=other, y_val=y)


class TestVerbose:
    @each
    def test_a_line_per_epoch(self, cls, capsys):
        X, y = problem(cls)
        model = make(cls, verbose=True).fit(X, y)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 5
        for k, (line, loss) in enumerate(zip(lines, model.loss_curve_, strict=True)):
            assert line.startswith(f"Iteration {k + 1}, loss = {loss:.8f},")

    @each
    def test_validation(self, cls, capsys):
        X, y = problem(cls)
        model = make(cls, verbose=10, early_stopping=True).fit(X, y)
        lines = capsys.readouterr().out.splitlines()
        losses, scores = model.validation_loss_curve_, model.validation_scores_
        for line, loss, score in zip(lines, losses, scores, strict=True):
            assert f"validation loss = {loss:.8f}" in line
            assert f"validation score = {score:.6f}" in line

    @each
    def test_silent(self, cls, capsys):
        X, y = problem(cls)
        make(cls, verbose=False).fit(X, y)
        assert capsys.readouterr() == ("", "")

    @each
    def test_partial_fit(self, cls, capsys):
        X, y = problem(cls)
        make(cls, verbose=True).partial_fit(X, y, **first_call(cls))
        assert "Iteration 1, loss = " in capsys.readouterr().out


class TestProbabilities:
    @each_classifier
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_of_classes(self, cls, n_classes):
        X, y = classification(n_classes)
        clf = make(cls).fit(X, y)
        found = clf.predict_proba(X)
        assert found.shape == (90, n_classes)
        assert_allclose(found.sum(axis=1), 1)
        z = forward(X, clf.coefs_, clf.intercepts_, "relu")
        if n_classes == 2:
            expected = np.hstack([expit(-z), expit(z)])
        else:
            expected = softmax(z, axis=1)
        assert_allclose(found, expected, rtol=1e-9)
        assert_allclose(clf.predict_log_proba(X), np.log(found))
        assert_array_equal(clf.predict(X), found.argmax(axis=1))
        assert clf.score(X, y) == accuracy_score(y, found.argmax(axis=1))

    @each_classifier
    def test_of_several_labels(self, cls):
        X, Y = multilabel()
        clf = make(cls, max_iter=20).fit(X, Y)
        found = clf.predict_proba(X)
        z = forward(X, clf.coefs_, clf.intercepts_, "relu")
        assert_allclose(found, expit(z), rtol=1e-9)
        assert_allclose(clf.predict_log_proba(X), np.log(found))
        assert_array_equal(clf.predict(X), z > 0)
        assert np.abs(found.sum(axis=1) - 1).max() > 0.1
        assert_array_equal(clf.classes_, [[0, 1]] * 4)

    @each_classifier
    def test_sparse_indicators(self, cls):
        X, Y = multilabel()
        clf = make(cls).fit(X, Y)
        for container in (sparse.csr_array, sparse.csc_matrix):
            assert_same(clf, make(cls).fit(X, container(Y)))

    @pytest.mark.parametrize("values", [(-1, 1), (0, 2)])
    def test_indicators_that_are_not_zeros_and_ones(self, values):
        X, Y = multilabel()
        with pytest.raises(ValueError, match="zeros and ones"):
            make(SETClassifier).fit(X, np.array(values)[Y])

    @each_classifier
    def test_certain_classes(self, cls):
        """Probability 0 in single precision is a log-probability of -inf, silently."""
        X, y = classification(2)
        network = random_network(10, 12, 1)
        network["coefs_init"] = [100 * coefs for coefs in network["coefs_init"]]
        clf = make(cls).fit(X.astype(np.float32), y, **network)
        found = clf.predict_proba(X)
        assert (found == 0).any()
        assert_array_equal(np.isneginf(clf.predict_log_proba(X)), found == 0)


class TestLearning:
    @each_classifier
    def test_digits(self, cls):
        X, y = load_digits(n_class=2, return_X_y=True)
        X = X[:200] / 16
        clf = make(cls, hidden_layer_sizes=(50,), max_iter=20, batch_size=50)
        clf.fit(X[:150], y[:150])
        assert roc_auc_score(y[150:200], clf.predict_proba(X[150:])[:, 1]) > 0.99
        assert clf.score(X[150:], y[150:200]) > 0.95

    @each_classifier
    def test_several_labels(self, cls):
        X, Y = multilabel()
        clf = make(cls, hidden_layer_sizes=(80,), zeta=0.1, batch_size=10, max_iter=60)
        assert (clf.fit(X, Y).predict(X) == Y).mean() > 0.85

    @each_regressor
    @pytest.mark.parametrize("n_targets", [1, 3])
    def test_regression(self, cls, n_targets):
        X, y = regression(n_targets)
        reg = make(
            cls, hidden_layer_sizes=(50,), max_iter=150, batch_size=30,
            normalize_y=True,
        ).fit(X, 100 * y + 1000)  # fmt: skip
        assert reg.predict(X).shape == y.shape
        assert reg.score(X, 100 * y + 1000) > 0.95

    @each_regressor
    def test_feature_importances(self, cls):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((200, 12))
        y = 2 * X[:, 2] - 2 * X[:, 5] + 2 * X[:, 7]
        reg = make(cls, density=1.0, zeta=0.1, weight_decay=0.02, max_iter=100)
        ranks = np.argsort(reg.fit(X, y).feature_importances_)
        assert set(ranks[-3:]) == {2, 5, 7}


class TestPenalty:
    @each
    @pytest.mark.parametrize("penalty", [{"weight_decay": 0.25}, {"alpha": 5.0}])
    def test_decay_of_a_step(self, cls, penalty):
        """By alpha / batch_size or weight_decay at unit rate; biases do not decay."""
        y = problem(cls)[1][:20]
        X = np.zeros((20, 10))
        network = random_network(10, 12, 3 if is_classifier(cls()) else 1)
        params = {**PLAIN, "learning_rate_init": 0.5, "max_iter": 1}
        model = make(cls, **params, **penalty).fit(X, y, **network)
        expected = network["coefs_init"][0] * (1 - 0.5 * 0.25)
        assert_allclose(model.coefs_[0].toarray(), expected)
        free = make(cls, **params).fit(X, y, **network)
        for a, b in zip(model.intercepts_, free.intercepts_, strict=True):
            assert_allclose(a, b)

    @each
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    @containers
    def test_alpha_is_a_weight_decay(self, cls, solver, container):
        X, y = problem(cls)
        X = container(X)
        params = {"solver": solver, "batch_size": 30}
        one = make(cls, alpha=1.5, **params).fit(X, y)
        other = make(cls, weight_decay=0.05, **params).fit(X, y)
        assert_same(one, other, rtol=1e-8, atol=1e-12)
        assert_allclose(one.loss_curve_, other.loss_curve_)

    @each
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_more_of_it_makes_smaller_weights(self, cls, solver):
        X, y = problem(cls)
        sizes = []
        for decay in (0.0, 0.5):
            model = make(cls, solver=solver, weight_decay=decay, max_iter=40, zeta=0.0)
            model.fit(X, y)
            sizes.append([np.abs(coefs.data).sum() for coefs in model.coefs_])
        assert (np.diff(sizes, axis=0) < 0).all()


class TestShuffle:
    @each
    def test_order(self, cls):
        X, y = problem(cls)
        X, y = X[:40], y[:40]

        def fit(shuffle, batch_size, order=slice(None)):
            model = make(cls, shuffle=shuffle, batch_size=batch_size)
            return model.fit(X[order], y[order])

        for shuffle in (False, True):
            assert_same(fit(shuffle, 1), fit(shuffle, 1))
        assert fit(False, 1).loss_ != fit(True, 1).loss_
        assert fit(False, 1).loss_ != fit(False, 1, slice(None, None, -1)).loss_
        # In a full batch it changes nothing but rounding.
        assert_same(fit(False, 40), fit(True, 40), rtol=1e-6, atol=1e-9)


class TestNonFinite:
    @each
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_huge_samples(self, cls, early_stopping):
        """A loss that overflows at once leaves the initial network, and a warning."""
        X, y = problem(cls)
        X = np.finfo(np.float64).max * np.random.default_rng(0).random(X.shape)
        model = make(cls, early_stopping=early_stopping)
        with pytest.warns(ConvergenceWarning, match="after 0 complete epochs"):
            model.fit(X, y)
        assert all(np.isfinite(coefs.data).all() for coefs in model.coefs_)
        assert model.n_iter_ == len(model.loss_curve_) == 0
        fresh = make(cls)
        with pytest.warns(ConvergenceWarning, match="after 0 complete epochs"):
            fresh.partial_fit(X, y, **first_call(cls))
        assert fresh.n_iter_ == 0

    @each
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_samples_and_targets(self, cls, value):
        X, y = problem(cls)
        bad = X.copy()
        bad[3, 4] = value
        model = make(cls).fit(X, y)
        for method in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=r"NaN|infinity"):
                method(bad, y)
            with pytest.raises(ValueError, match=r"NaN|infinity"):
                method(X, np.where(np.arange(len(y)) == 3, value, y))
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            model.predict(bad)

    @pytest.mark.parametrize(
        ("error", "factor"),
        [
            (1e-10, 1e160),  # finite squares, then infinite weights
            pytest.param(
                1.0,
                1e100,
            ),
        ],
    )
    def test_divergence_with_early_stopping(self, error, factor):
        """The errors of a linear model grow by `factor` in each epoch."""
        reg = make(
            SETRegressor, **PLAIN, hidden_layer_sizes=(), early_stopping=True,
            learning_rate_init=factor / 2, max_iter=20,
        )  # fmt: skip
        with pytest.warns(ConvergenceWarning, match="non-finite"):
            reg.fit(
                np.ones((10, 1)),
                np.zeros(10),
                X_val=[[1.0], [1.0]],
                y_val=[0.5, -0.5],
                coefs_init=[[[error]]],
            )
        assert 1 <= len(reg.validation_scores_) == reg.n_iter_ <= 2
        assert_allclose(reg.predict([[1.0]]), [-error * factor])
        assert reg.best_validation_score_ == reg.validation_scores_[0]
