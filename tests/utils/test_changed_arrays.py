"""Fitted arrays that users changed: they count, or are refused."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skhebb import SETClassifier

from .saving import NETWORK, assert_same, begin


def set_item(container, key, value):
    container[key] = value


class TestChangedByUsers:
    def test_connections_removed(self, labelled, again):
        X, y = labelled
        clf = begin(SETClassifier(**NETWORK), X, y)
        weights = clf.coefs_[0]
        weights.data[::2] = 0
        weights.eliminate_zeros()
        other = again(clf)
        assert_array_equal(clf.predict_proba(X), other.predict_proba(X))
        for each in (clf, other):
            each.partial_fit(X, y)
        assert_same(clf, other)

    @pytest.mark.parametrize("name", ["coefs_", "intercepts_"])
    def test_arrays_replaced(self, labelled, name):
        X, y = labelled
        clf = SETClassifier(**NETWORK).fit(X, y)
        getattr(clf, name)[0] = 2 * getattr(clf, name)[0]
        other = pickle.loads(pickle.dumps(clf))
        assert_array_equal(clf.predict_proba(X), other.predict_proba(X))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda clf: set_item(clf.coefs_[0].indices, 0, 10**8),
            lambda clf: set_item(clf.coefs_[0].indices, 0, 30),
            lambda clf: set_item(clf.coefs_[1].indices, -1, -1),
            lambda clf: set_item(clf.coefs_[0].indptr, 1, 10**6),
            lambda clf: set_item(clf.coefs_[0].indptr, -1, 1),
            lambda clf: set_item(clf.coefs_[0].indptr, 0, -5),
            lambda clf: setattr(clf.coefs_[0], "data", clf.coefs_[0].data[:-1]),
            lambda clf: setattr(clf.coefs_[0], "indptr", clf.coefs_[0].indptr[:-1]),
            lambda clf: clf.coefs_[0].resize((15, 9)),
            lambda clf: clf.coefs_[1].resize((40, 3)),
            lambda clf: set_item(clf.coefs_[0].data, 0, np.nan),
            lambda clf: set_item(clf.intercepts_[0], 0, np.nan),
            lambda clf: set_item(clf.intercepts_[1], 0, np.inf),
            lambda clf: set_item(clf.intercepts_, 0, clf.intercepts_[0][:-1]),
            lambda clf: set_item(clf.coefs_, 0, clf.coefs_[0].T),
            lambda clf: set_item(clf.coefs_, 0, None),
            lambda clf: clf.coefs_.pop(),
            lambda clf: delattr(clf, "intercepts_"),
        ],
    )
    def test_spoiled_arrays_are_refused(self, labelled, spoil, dtype):
        """By all that reads them, with a sentence, and nothing crashes."""
        X, y = labelled
        clf = begin(SETClassifier(**NETWORK), X.astype(dtype), y)
        spoil(clf)
        for use in (
            lambda: clf.predict(X.astype(dtype)),
            lambda: clf.predict_proba(X[:1]),
            lambda: clf.partial_fit(X, y),
            lambda: pickle.dumps(clf),
            lambda: copy.copy(clf).predict(X),
        ):
            with pytest.raises((ValueError, AttributeError), match=r"coefs|intercepts"):
                use()

    def test_unsorted_indices_mean_the_same(self, labelled):
        X, y = labelled
        clf = begin(SETClassifier(**NETWORK), X, y)
        expected = clf.predict_proba(X)
        weights = clf.coefs_[0]
        start, stop = weights.indptr[:2]
        for array in (weights.data, weights.indices):
            array[start:stop] = array[start:stop][::-1].copy()
        assert_array_equal(clf.predict_proba(X), expected)

    def test_moved_connections_are_not_those_of_a_memory(self, labelled):
        """Predictions in small batches share neurons among threads."""
        X, y = labelled
        clf = SETClassifier(**{**NETWORK, "n_jobs": 2, "density": 0.2}).fit(X, y)
        clf.predict(X[:3])
        weights = clf.coefs_[0]
        dense = weights.toarray()
        free = np.flatnonzero(dense[0] == 0)[0]
        first = weights.indices[0]
        row = weights.indices[: weights.indptr[1]]
        row[0] = free
        order = np.argsort(row)
        row[:] = row[order]
        weights.data[: len(row)] = weights.data[: len(row)][order]
        dense[0, [free, first]] = dense[0, [first, free]]
        changed = copy.deepcopy(clf)
        changed.coefs_[0] = sparse.csr_array(dense)
        assert_array_equal(clf.predict_proba(X[:3]), changed.predict_proba(X[:3]))
