"""X and y in all forms."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skhebb import SETClassifier

from .networks import FAST


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["spam", "ham", "eggs"]),
        np.array(["spam", "ham", "eggs"], dtype=object),
        np.array([-1, 7, 3]),
        np.array([0.0, 2.0, -5.0]),
    ],
)
def test_odd_labels(estimator_class, data, labels):
    X, y = data
    clf = estimator_class((30,), early_stopping=True, **FAST).fit(X, labels[y])
    assert_array_equal(clf.classes_, np.unique(labels))
    assert clf.predict(X).dtype == labels.dtype
    stream = estimator_class((30,), **FAST)
    stream.partial_fit(X[:9], labels[y[:9]], classes=labels).partial_fit(X, labels[y])
    assert set(stream.predict(X)) <= set(labels)


def test_boolean_labels(estimator_class, data):
    X, y = data
    clf = estimator_class((30,), **FAST).fit(X, y == 1)
    assert clf.predict(X).dtype == bool


@pytest.mark.parametrize(
    "container", ["csr_matrix", "csr_array", "csc_array", "coo_array"]
)
def test_sparse_input_is_dense_input(estimator_class, data, container):
    X, y = data
    X = np.where(np.abs(X) > 1, X, 0)
    S = getattr(sparse, container)(X)
    dense = estimator_class((30,), **FAST).fit(X, y)
    from_sparse = estimator_class((30,), **FAST).fit(S, y)
    assert_array_equal(dense.coefs_[0].indices, from_sparse.coefs_[0].indices)
    assert_allclose(dense.coefs_[0].data, from_sparse.coefs_[0].data)
    assert_allclose(dense.predict_proba(X), from_sparse.predict_proba(S))
    # The forward product is the same to the bit.
    assert_array_equal(dense.predict_proba(X), dense.predict_proba(S))


def test_labels_of_several_types_are_refused(data):
    X, y = data
    labels = np.array(["a", 1, None], dtype=object)[y]
    with pytest.raises(TypeError, match=r"of one type.*Got NoneType, int, str\."):
        SETClassifier((30,), **FAST).fit(X, labels)


@pytest.mark.parametrize("kind", ["integer", "fortran", "frame", "read-only"])
def test_kinds_of_dense_input(data, kind):
    X, y = data
    if kind == "integer":
        X = np.round(10 * X)
    expected = SETClassifier((30,), **FAST).fit(X, y)
    if kind == "read-only":
        X = X.copy()
        X.setflags(write=False)
    other = {
        "integer": lambda: X.astype(np.int16),
        "fortran": lambda: np.asfortranarray(X),
        "frame": lambda: pd.DataFrame(X, columns=[f"gene {i}" for i in range(20)]),
        "read-only": lambda: X,
    }[kind]()
    clf = SETClassifier((30,), **FAST).fit(other, y)
    assert_allclose(clf.predict_proba(other), expected.predict_proba(X), atol=1e-12)
    if kind == "frame":
        assert list(clf.feature_names_in_) == list(other.columns)


def test_other_precision_after_fit(data):
    X, y = data
    clf = SETClassifier((30,), **FAST).fit(X.astype(np.float32), y)
    assert clf.predict_proba(X).dtype == np.float32
    clf.partial_fit(X, y)
    assert clf.coefs_[0].dtype == np.float32


def test_unsupported_targets(data):
    X, y = data
    with pytest.raises(ValueError, match=r"Unknown label type|continuous"):
        SETClassifier().fit(X, y + 0.5 * X[:, 0])
    with pytest.raises(ValueError, match="must hold zeros and ones, one column"):
        SETClassifier().fit(X, np.column_stack([y, y]))
