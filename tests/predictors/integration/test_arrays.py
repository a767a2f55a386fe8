"""Sparse matrices, memory maps and views."""

import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from .networks import assert_same_network, outputs

KINDS_OF_SPARSE = ["csr_matrix", "csr_array", "csc_matrix", "csc_array", "coo_array"]


class TestArrays:
    @pytest.mark.parametrize("container", KINDS_OF_SPARSE)
    @pytest.mark.parametrize("index", [np.int32, np.int64])
    def test_sparse(self, estimator, sparse_data, container, index):
        X, y = sparse_data
        S = getattr(sparse, container)(X)
        if container.startswith("cs"):
            S.indices, S.indptr = S.indices.astype(index), S.indptr.astype(index)
        else:
            S.coords = tuple(coordinate.astype(index) for coordinate in S.coords)
        from_csr = clone(estimator).fit(sparse.csr_array(X), y)
        estimator.fit(S, y)
        assert_same_network(estimator, from_csr)
        assert_array_equal(outputs(estimator, S), outputs(from_csr, X))
        from_dense = clone(estimator).fit(X, y)
        assert_allclose(
            outputs(estimator, S), outputs(from_dense, X), rtol=1e-4, atol=1e-6
        )
        for X_val, each in [(S, estimator), (X, from_csr)]:
            each.set_params(early_stopping=True).fit(X, y, X_val=X_val, y_val=y)
        assert estimator.validation_loss_curve_ == from_csr.validation_loss_curve_

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_memory_map(self, estimator, data, tmp_path, dtype):
        X, y = data
        X = X.astype(dtype)
        mapped = np.memmap(tmp_path / "X", dtype, mode="w+", shape=X.shape)
        mapped[:] = X
        mapped.flush()
        mapped = np.memmap(tmp_path / "X", dtype, mode="r", shape=X.shape)
        expected = clone(estimator).fit(X, y)
        estimator.fit(mapped, y)
        assert_same_network(estimator, expected)
        assert estimator.coefs_[0].dtype == dtype
        assert_array_equal(outputs(estimator, mapped), outputs(expected, X))
        assert_same_network(
            estimator.partial_fit(mapped, y), expected.partial_fit(X, y)
        )

    @pytest.mark.parametrize("is_sorted", [True, False])
    def test_memory_map_of_joblib(
        self, estimator, sparse_data, tmp_path, is_sorted, weights
    ):
        X, y = sparse_data
        S = sparse.csr_array(X)
        if not is_sorted:
            for row in range(len(X)):
                part = slice(*S.indptr[row : row + 2])
                S.indices[part] = S.indices[part][::-1].copy()
                S.data[part] = S.data[part][::-1].copy()
            S.has_sorted_indices = False
        assert_array_equal(S.toarray(), X)
        expected = clone(estimator).fit(sparse.csr_array(X), y, sample_weight=weights)
        joblib.dump((S, y, weights, np.asfortranarray(X)), tmp_path / "data")
        S, y, w, F = joblib.load(tmp_path / "data", mmap_mode="r")
        assert not S.data.flags.writeable
        estimator.fit(S, y, sample_weight=w)
        assert_same_network(estimator, expected)
        assert_array_equal(outputs(estimator, S), outputs(expected, X))
        assert F.flags.f_contiguous
        assert not F.flags.writeable
        assert_array_equal(outputs(estimator, F), outputs(expected, X))
        by_column, by_row = clone(estimator).fit(F, y, w), clone(estimator).fit(X, y, w)
        assert_same_network(by_column, by_row)

    def test_views(self, estimator, data):
        """Strides of all kinds, and what is around them stays as it is."""
        X, y = data
        wide = np.full((240, 20), np.nan)
        wide[::2, 1::2] = X
        before = wide.copy()
        estimator.fit(wide[::2, 1::2], y)
        assert_same_network(estimator, clone(estimator).fit(X, y))
        assert_array_equal(wide, before)
        assert_array_equal(outputs(estimator, X[::-1])[::-1], outputs(estimator, X))


LARGE = """
import resource, sys
import numpy as np
from scipy.sparse import csr_array, hstack, random_array
from skhebb import SETClassifier

rng = np.random.default_rng(0)
y = rng.integers(2, size=20_000)
X = random_array((20_000, 99_999), density=1e-3, format="csr", rng=rng)
X = hstack([X, csr_array(y[:, np.newaxis])], format="csr")
clf = SETClassifier(max_iter=1, random_state=0).fit(X, y)
print(X.nnz, X.shape[1], clf.n_iter_, clf.n_connections_, clf.score(X, y))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is Linux's")
def test_a_large_sparse_matrix_in_little_memory():
    """As a dense array X would take 15 GiB."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", LARGE],
        env=os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    facts, kilobytes = result.stdout.splitlines()
    nnz, n_features, n_iter, n_connections, score = map(float, facts.split())
    assert nnz > 2e6
    assert (n_features, n_iter) == (100_000, 1)
    assert n_connections > 1e6
    assert score > 0.9
    assert int(kilobytes) < 2 << 20
