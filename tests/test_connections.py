"""The index kernels against SciPy and plain lists of cells."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csc_array, csr_array

from skhebb._kernels import _connections

SHAPES = [(1, 1, 1.0), (5, 7, 0.0), (13, 9, 0.3), (40, 60, 1.0), (100, 3, 0.1)]


@pytest.fixture(params=SHAPES, ids=str)
def weights(request, rng, random_weights):
    return random_weights(*request.param, np.float64, rng)


def cells_of(indptr, indices, n_out):
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    return rows * n_out + indices


def test_transpose(weights):
    n_out = weights.shape[1]
    indptr, presynaptic, positions = _connections.transpose(
        weights.indptr, weights.indices, n_out
    )
    transposed = csc_array(
        (weights.data[positions], presynaptic, indptr), weights.shape
    )
    transposed.check_format(full_check=True)
    assert transposed.has_sorted_indices
    assert_array_equal(transposed.toarray(), weights.toarray())


def test_absent_cells(weights):
    n_cells = np.prod(weights.shape)
    present = cells_of(weights.indptr, weights.indices, weights.shape[1])
    absent = np.setdiff1d(np.arange(n_cells), present)
    every = np.arange(len(absent))
    for ranks in (every, every[::3], every[-1:], every[:0]):
        cells = ranks.copy()
        _connections.absent_cells(
            weights.indptr, weights.indices, weights.shape[1], cells
        )
        assert_array_equal(cells, absent[ranks])


def test_insert(weights, rng):
    n_cells = np.prod(weights.shape)
    present = cells_of(weights.indptr, weights.indices, weights.shape[1])
    absent = np.setdiff1d(np.arange(n_cells), present)
    for n_new in {0, len(absent) // 2, len(absent)}:
        added = np.sort(rng.choice(absent, n_new, replace=False))
        indptr, indices, is_new = _connections.insert(
            weights.indptr, weights.indices, weights.shape[1], added
        )
        result = csr_array((np.ones(len(indices)), indices, indptr), weights.shape)
        result.check_format(full_check=True)
        cells = cells_of(indptr, indices, weights.shape[1])
        assert_array_equal(cells, np.sort(np.concatenate([present, added])))
        assert_array_equal(cells[is_new], added)


def test_cells_beyond_32_bits():
    n = 100_000  # 10^10 cells
    indptr = np.zeros(n + 1, dtype=np.int32)
    indptr[-1] = 2
    indices = np.array([5, n - 1], dtype=np.int32)  # both in the last row
    cells = np.array([0, n * n - 3], dtype=np.int64)
    _connections.absent_cells(indptr, indices, n, cells)
    assert_array_equal(cells, [0, n * n - 2])
    indptr, indices, is_new = _connections.insert(indptr, indices, n, cells)
    assert_array_equal(indices, [0, 5, n - 2, n - 1])
    assert_array_equal(is_new, [True, False, True, False])
    assert_array_equal(indptr[[0, 1, n - 1, n]], [0, 1, 1, 4])
