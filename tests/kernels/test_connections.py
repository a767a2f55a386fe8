"""The index kernels against SciPy and plain lists of cells."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csc_array, csr_array

from skhebb._kernels import _connections

pytestmark = pytest.mark.usefixtures("all_threads")
n_threads = pytest.mark.parametrize("n_threads", [1, 3])

SHAPES = [(1, 1, 1.0), (5, 7, 0.0), (13, 9, 0.3), (40, 60, 1.0), (100, 3, 0.1)]


@pytest.fixture(params=SHAPES, ids=str)
def weights(request, rng, random_weights):
    return random_weights(*request.param, np.float64, rng)


def cells_of(indptr, indices, n_out):
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    return rows * n_out + indices


@pytest.fixture(params=[np.int32, np.int64], ids=["i32", "i64"])
def index(weights, request):
    """`indptr` and `indices` of either type."""
    return weights.indptr.astype(request.param), weights.indices.astype(request.param)


def test_transpose(weights, index):
    starts, presynaptic = _connections.transpose(*index, weights.shape[1])
    ones = np.ones(len(presynaptic))
    transposed = csc_array((ones, presynaptic, starts), weights.shape)
    transposed.check_format(full_check=True)
    assert transposed.has_sorted_indices
    assert starts.dtype == index[0].dtype
    assert_array_equal(transposed.toarray(), weights.toarray() != 0)


def test_splits(weights, index):
    n_out = weights.shape[1]
    neurons = np.unique([0, n_out // 3, n_out // 2, n_out]).astype(np.intp)
    expected = [
        weights.indptr[:-1]
        + np.array([(row < edge).sum() for row in np.split(*rows_of(weights))])
        for edge in neurons
    ]
    assert_array_equal(_connections.splits(*index, neurons), expected)


def rows_of(weights):
    return weights.indices, weights.indptr[1:-1]


@n_threads
@pytest.mark.parametrize("share", [0, 0.02, 0.5, 1])
def test_compress(weights, index, rng, share, n_threads):
    keep = rng.random(weights.nnz) < share
    indptr = _connections.count_kept(index[0], keep.view(np.uint8))
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    counts = np.bincount(rows[keep], minlength=weights.shape[0])
    assert_array_equal(indptr, np.append(0, np.cumsum(counts)))
    for values in (index[1], weights.data):
        kept = _connections.compress(values, keep.view(np.uint8), keep.sum(), n_threads)
        assert kept.dtype == values.dtype
        assert_array_equal(kept, values[keep])


@n_threads
def test_merge(weights, rng, n_threads):
    new = rng.standard_normal(7)
    is_new = np.zeros(weights.nnz + 7, dtype=bool)
    is_new[rng.choice(len(is_new), 7, replace=False)] = True
    merged = _connections.merge(weights.data, new, is_new.view(np.uint8), n_threads)
    assert_array_equal(merged[is_new], new)
    assert_array_equal(merged[~is_new], weights.data)


@n_threads
def test_insert(weights, index, n_threads):
    n_out = weights.shape[1]
    present = cells_of(weights.indptr, weights.indices, n_out)
    absent = np.setdiff1d(np.arange(np.prod(weights.shape)), present)
    every = np.arange(len(absent))
    for ranks in (every, every[::3].copy(), every[-1:], every[:0]):
        indptr, indices, is_new = _connections.insert(*index, n_out, ranks, n_threads)
        result = csr_array((np.ones(len(indices)), indices, indptr), weights.shape)
        result.check_format(full_check=True)
        cells = cells_of(indptr, indices, n_out)
        added = absent[ranks]
        assert_array_equal(cells, np.sort(np.concatenate([present, added])))
        assert_array_equal(cells[is_new.astype(bool)], added)


def test_cells_beyond_32_bits():
    n = 100_000  # 10^10 cells
    indptr = np.zeros(n + 1, dtype=np.int32)
    indptr[-1] = 2
    indices = np.array([5, n - 1], dtype=np.int32)  # both in the last row
    ranks = np.array([0, n * n - 3], dtype=np.int64)
    indptr, indices, is_new = _connections.insert(indptr, indices, n, ranks)
    assert_array_equal(indices, [0, 5, n - 2, n - 1])
    assert_array_equal(is_new, [1, 0, 1, 0])
    assert_array_equal(indptr[[0, 1, n - 1, n]], [0, 1, 1, 4])
