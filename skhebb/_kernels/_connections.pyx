"""Bookkeeping of where connections are; all linear in their number."""

import numpy as np


def transpose(const int[::1] indptr, const int[::1] indices, Py_ssize_t n_out):
    """The same connections by postsynaptic neuron.

    Returns
    -------
    indptr : int32 (n_out + 1,)
    presynaptic : int32 (n_connections,)
    positions : int32 (n_connections,)
        Where each connection stands in the arrays by presynaptic neuron.
    """
    cdef Py_ssize_t n_in = indptr.shape[0] - 1
    cdef Py_ssize_t n = indices.shape[0]
    out_indptr = np.zeros(n_out + 1, dtype=np.int32)
    out_presynaptic = np.empty(n, dtype=np.int32)
    out_positions = np.empty(n, dtype=np.int32)
    cdef int[::1] heads = out_indptr
    cdef int[::1] presynaptic = out_presynaptic
    cdef int[::1] positions = out_positions
    cdef Py_ssize_t i, j, k, slot
    with nogil:
        # heads[j + 1] first counts j's connections, then moves from their start to
        # their end, and so is indptr when all are placed.
        for k in range(n):
            if indices[k] + 2 <= n_out:
                heads[indices[k] + 2] += 1
        for j in range(2, n_out + 1):
            heads[j] += heads[j - 1]
        for i in range(n_in):
            for k in range(indptr[i], indptr[i + 1]):
                slot = heads[indices[k] + 1]
                heads[indices[k] + 1] += 1
                presynaptic[slot] = <int>i
                positions[slot] = <int>k
    return out_indptr, out_presynaptic, out_positions


def absent_cells(
    const int[::1] indptr, const int[::1] indices, Py_ssize_t n_out, cells
):
    """The cells at given ranks among the absent ones, cells in row-major order.

    `cells` are sorted int64 ranks, from 0; they are replaced, in place, by the
    row-major positions i * n_out + j of the cells.
    """
    cdef Py_ssize_t n_in = indptr.shape[0] - 1
    cdef long long[::1] rank = cells
    cdef Py_ssize_t n_ranks = rank.shape[0]
    cdef Py_ssize_t i = 0, k, r = 0
    cdef long long present = 0   # connections before the rank at hand
    with nogil:
        for i in range(n_in):
            if r == n_ranks:
                break
            for k in range(indptr[i], indptr[i + 1]):
                while r < n_ranks and rank[r] + present < i * n_out + indices[k]:
                    rank[r] += present
                    r += 1
                present += 1
        while r < n_ranks:
            rank[r] += present
            r += 1


def insert(
    const int[::1] indptr, const int[::1] indices, Py_ssize_t n_out,
    const long long[::1] cells,
):
    """Add connections at sorted absent row-major cells.

    Returns
    -------
    indptr : int32 (n_in + 1,)
    indices : int32 (n_connections + n_cells,)
    is_new : bool (n_connections + n_cells,)
    """
    cdef Py_ssize_t n_in = indptr.shape[0] - 1
    cdef Py_ssize_t n = indices.shape[0] + cells.shape[0]
    out_indptr = np.empty(n_in + 1, dtype=np.int32)
    out_indices = np.empty(n, dtype=np.int32)
    out_is_new = np.empty(n, dtype=np.bool_)
    cdef int[::1] new_indptr = out_indptr
    cdef int[::1] new_indices = out_indices
    cdef unsigned char[::1] is_new = out_is_new.view(np.uint8)
    cdef Py_ssize_t i, k, c = 0, slot = 0
    cdef long long row
    new_indptr[0] = 0
    with nogil:
        for i in range(n_in):
            row = <long long>i * n_out
            for k in range(indptr[i], indptr[i + 1]):
                while c < cells.shape[0] and cells[c] < row + indices[k]:
                    new_indices[slot] = <int>(cells[c] - row)
                    is_new[slot] = 1
                    slot += 1
                    c += 1
                new_indices[slot] = indices[k]
                is_new[slot] = 0
                slot += 1
            while c < cells.shape[0] and cells[c] < row + n_out:
                new_indices[slot] = <int>(cells[c] - row)
                is_new[slot] = 1
                slot += 1
                c += 1
            new_indptr[i + 1] = <int>slot
    return out_indptr, out_indices, out_is_new
