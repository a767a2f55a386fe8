"""Small networks, data and forward passes in NumPy that tests of predictors share."""

import warnings
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit
from sklearn.base import is_classifier
from sklearn.datasets import (
    make_classification,
    make_multilabel_classification,
    make_regression,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skhebb import HebbSETClassifier, HebbSETRegressor, SETClassifier, SETRegressor

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
# Otherwise the defaults.
FAST = {"max_iter": 5, "tol": None, "random_state": 0}
# Where the defaults of `fit` and `partial_fit` differ.
PUBLISHED = {
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
    "batch_size": 200,
    "learning_rate_init": 0.02,
    "weight_decay": 0.005,
}
# Gradient descent on a fixed topology.
PLAIN = {"zeta": 0.0, "solver": "sgd", "momentum": 0.0}


def make_data(rng, n, n_features=8):
    """Samples, and whether their first two features have the same sign."""
    X = rng.standard_normal((n, n_features))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


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
