"""Networks that are saved, the ways to save them, and whether they are the same."""

import copy
import io
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skhebb import HebbSETClassifier, HebbSETRegressor, SETClassifier, SETRegressor

CLASSIFIERS = [SETClassifier, HebbSETClassifier]


REGRESSORS = [SETRegressor, HebbSETRegressor]


NETWORK = {
    "hidden_layer_sizes": (30,),
    "density": 0.5,
    "zeta": 0.2,
    "max_iter": 3,
    "tol": None,
    "random_state": 0,
}


def name_of(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def from_skops(estimator):
    skops = pytest.importorskip("skops.io")
    file = skops.dumps(estimator)
    trusted = [name_of(type(estimator)), name_of(sparse.csr_array)]
    return skops.loads(file, trusted=trusted)


def from_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {
    "pickle": lambda estimator: pickle.loads(pickle.dumps(estimator)),
    "joblib": from_joblib,
    "skops": from_skops,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def several(X, y):
    """Several labels or numbers per sample, as many as there were classes."""
    if y.dtype.kind == "i":
        return np.column_stack([y == 0, y != 1, X[:, 0] > 0]).astype(int)
    return np.column_stack([y, X[:, 2]])


def outputs(estimator, X):
    """The finest that an estimator tells of samples."""
    return getattr(estimator, "predict_proba", estimator.predict)(X)


def begin(estimator, X, y):
    """The first partial_fit."""
    is_labels = y.ndim == 1 and y.dtype.kind in "iU"
    return estimator.partial_fit(
        X, y, **({"classes": np.unique(y)} if is_labels else {})
    )


def assert_same(one, other, where="estimator"):
    """The same in all attributes, to the bit."""
    assert type(one) is type(other), where
    if sparse.issparse(one):
        for name in ("shape", "data", "indices", "indptr"):
            assert_same(getattr(one, name), getattr(other, name), f"{where}.{name}")
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        assert_array_equal(one, other, err_msg=where)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for n, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}[{n}]")
    elif hasattr(one, "get_params"):
        skipped = {"_state", "_encoder"}  # other attributes and behaviour tell of them
        assert vars(one).keys() == vars(other).keys()
        for name in vars(one).keys() - skipped:
            assert_same(vars(one)[name], vars(other)[name], f"{where}.{name}")
    else:
        assert_array_equal(one, other, err_msg=where)
