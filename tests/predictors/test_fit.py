"""What a fit makes of a network."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skhebb import SETClassifier

from .networks import FAST, PUBLISHED


def test_learns_digits(estimator_class):
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
    clf = estimator_class(
        (300, 300), epsilon=10, random_state=0, max_iter=60, tol=None,
    )  # fmt: skip
    assert clf.fit(X, y).score(X_test, y_test) > 0.95
    assert clf.density_ < 0.1


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_fitted_attributes(estimator_class, data, loss, n_classes):
    X, y = data
    X, y = X[y < n_classes], y[y < n_classes]
    clf = estimator_class((30, 25), loss=loss, epsilon=2, **FAST).fit(X, y)
    n_outputs = 1 if n_classes == 2 else n_classes
    assert [c.shape for c in clf.coefs_] == [(20, 30), (30, 25), (25, n_outputs)]
    assert [b.shape for b in clf.intercepts_] == [(30,), (25,), (n_outputs,)]
    for coefs in clf.coefs_:
        assert isinstance(coefs, sparse.csr_array)
        coefs.check_format(full_check=True)
        assert coefs.has_canonical_format
    assert clf.n_connections_ == sum(c.nnz for c in clf.coefs_)
    n_cells = 20 * 30 + 30 * 25 + 25 * n_outputs
    assert_allclose(clf.density_, clf.n_connections_ / n_cells)
    assert (clf.n_layers_, clf.n_outputs_, clf.n_iter_) == (4, n_outputs, 5)
    assert clf.t_ == 5 * len(X)
    assert len(clf.loss_curve_) == 5
    assert clf.loss_ == clf.loss_curve_[-1]
    assert clf.best_loss_ == min(clf.loss_curve_)
    binary_or_squared = n_classes == 2 or loss == "squared_error"
    assert clf.out_activation_ == ("logistic" if binary_or_squared else "softmax")
    probabilities = clf.predict_proba(X)
    assert probabilities.shape == (len(X), n_classes)
    assert_allclose(probabilities.sum(axis=1), 1)
    assert_array_equal(clf.classes_[probabilities.argmax(axis=1)], clf.predict(X))
    assert_allclose(np.exp(clf.predict_log_proba(X)), probabilities)


def test_last_epoch_prunes_and_does_not_regrow(data):
    X, y = data
    params = {"epsilon": 5, **PUBLISHED, **FAST}
    full = SETClassifier((50,), zeta=0, **params).fit(X, y)
    pruned = SETClassifier((50,), zeta=0.3, **params).fit(X, y)
    for all_coefs, coefs in zip(full.coefs_, pruned.coefs_, strict=True):
        assert coefs.nnz == all_coefs.nnz - int(0.3 * all_coefs.nnz + 1e-9)


def test_evolution_interval(data):
    X, y = data
    params = {"epsilon": 5, "batch_size": 10, "dropout": 0, "random_state": 0}
    stream = SETClassifier((50,), evolution_interval=4, **params)
    topologies = []
    for start in range(0, 120, 10):  # one mini-batch a call
        chunk = slice(start, start + 10)
        stream.partial_fit(X[chunk], y[chunk], classes=[0, 1, 2])
        topologies.append(stream.coefs_[0].indices.copy())
    changed = [not np.array_equal(*pair) for pair in pairwise(topologies)]
    assert changed == [False, False, False, True] * 2 + [False] * 3

    once = SETClassifier(
        (50,), evolution_interval=4, shuffle=False, **params
    ).partial_fit(X[:120], y[:120], classes=[0, 1, 2])
    assert_array_equal(once.coefs_[0].indices, topologies[-1])
