"""Small fits to interrupt, and what they leave."""

import warnings
from dataclasses import is_dataclass

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skhebb import (
    ConvolutionalFeatures,
    HebbianMaskClassifier,
    HebbianMaskRegressor,
    HebbianPCA,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
    SoftHebb,
    WinnerTakeAll,
)
from skhebb.callbacks import Checkpoint

SMALL = {
    "hidden_layer_sizes": (12, 10),
    "density": 0.4,
    "batch_size": 8,
    "max_iter": 7,
    "random_state": 0,
}
ADAM, SGD = {"solver": "adam"}, {"solver": "sgd", "momentum": 0.9, "dropout": 0.2}
STOPS = {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 3}
CUTS = {"learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1}
EPOCHS, BATCHES = {"evolution_interval": "epoch"}, {"evolution_interval": 2}
COSINE = {"learning_rate": "cosine"}
FEATURES = {"batch_size": 8, "max_iter": 7, "random_state": 0}
CONVOLUTION = FEATURES | {
    "image_shape": (2, 4, 1),
    "kernel_size": 2,
    "pool_size": 1,
    "n_patches": None,
    "standardize": "channels",
}

FITS = {
    "sgd": SETClassifier(**SMALL | SGD | EPOCHS),
    "adam, cosine": SETClassifier(**SMALL | ADAM | BATCHES | COSINE),
    "early stopping": SETClassifier(**SMALL | ADAM | EPOCHS | STOPS, shuffle=False),
    "regression, cuts": SETRegressor(**SMALL | SGD | BATCHES | CUTS),
    "regression, cosine": HebbSETRegressor(**SMALL | SGD | EPOCHS | COSINE),
    "hebb, cosine": HebbSETClassifier(**SMALL | ADAM | EPOCHS | COSINE),
    "hebb, stops, cuts": HebbSETClassifier(**SMALL | ADAM | EPOCHS | STOPS | CUTS),
    "mask, stops": HebbianMaskClassifier(**SMALL | SGD | BATCHES | STOPS),
    "mask, cuts": HebbianMaskRegressor(**SMALL | ADAM | EPOCHS | CUTS),
    "competition": WinnerTakeAll(7, **FEATURES),
    "competition, fields": WinnerTakeAll(7, density=0.5, **FEATURES),
    "components": HebbianPCA(5, learning_rate="cosine", **FEATURES),
    "soft competition": SoftHebb(7, density=0.5, **FEATURES),
    "convolution": ConvolutionalFeatures(
        WinnerTakeAll(3, density=0.8), **CONVOLUTION, standardize_input=True
    ),
    "convolution, components": ConvolutionalFeatures(HebbianPCA(3), **CONVOLUTION),
}


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 8))
    return X, (X[:, 0] + 0.3 * X[:, 1] > 0).astype(int)


class Killed(BaseException):
    """Nothing catches it."""


class Killer:
    """Ends the process, as it were, within an epoch."""

    def __init__(self, epoch, error=Killed):
        self.epoch, self.error = epoch, error

    def setup(self, estimator, context):
        self.n_seen = 0

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch":
            self.n_seen += 1
            if context.task_id == self.epoch:
                raise self.error

    def on_fit_task_end(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass


def fit(estimator, *callbacks, X=None, y=None, **given):
    """A clone that is fitted, to these data by default."""
    X = data()[0] if X is None else X
    y = data()[1] if y is None else y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clone(estimator).set_callbacks(*callbacks).fit(X, y, **given)


def kept(folder, **options):
    """A Checkpoint of each epoch."""
    return Checkpoint(folder, **{"every": 1, **options})


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def assert_alike(one, other):
    """Compare fitted attributes, or what they consist of, bit for bit."""
    if hasattr(one, "__getstate__") and hasattr(one, "get_params"):
        one, other = one.__getstate__(), other.__getstate__()
        for state in one, other:
            state.pop("_skl_callbacks", None)
    assert type(one) is type(other)
    if is_dataclass(one):
        one, other = vars(one), vars(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name, value in one.items():
            assert_alike(value, other[name])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_alike(*pair)
    elif isinstance(one, np.random.Generator):
        assert one.bit_generator.state == other.bit_generator.state
    else:
        np.testing.assert_array_equal(one, other)
