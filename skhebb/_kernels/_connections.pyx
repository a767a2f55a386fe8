"""Bookkeeping of where connections are; all linear in their number.

All but `are_sound` take it for granted that connections are; they compare the sizes of
arrays with each other, and never leave an array whose size fits.
"""

import numpy as np

ctypedef fused index:
    int
    long long

ctypedef fused value:
    int
    long long
    float
    double


cdef int check_edges(const index[::1] indptr, Py_ssize_t n) except -1:
    """Raise unless `indptr` divides an array of `n` values."""
    cdef Py_ssize_t last = indptr.shape[0] - 1
    if last < 0 or indptr[0] != 0 or indptr[last] != n:
        raise ValueError("indptr does not fit the connections")
    return 0


def are_sound(const index[::1] indptr, const index[::1] indices, Py_ssize_t n_out):
    """Whether these are connections that kernels can follow.

    `indptr` must lead from 0 to the end of `indices`, and those of a row be sorted, all
    different, and neurons of a layer of `n_out`.
    """
    cdef Py_ssize_t n_in = indptr.shape[0] - 1, i, k, start, stop
    cdef bint sound
    if n_in < 0 or indptr[0] != 0 or indptr[n_in] != indices.shape[0]:
        return False
    sound = True
    with nogil:
        for i in range(n_in):
            if indptr[i] > indptr[i + 1]:
                sound = False
                break
        if sound:  # so that all of `indptr` is within the array
            for i in range(n_in):
                start, stop = indptr[i], indptr[i + 1]
                if start == stop:
                    continue
                if indices[start] < 0 or indices[stop - 1] >= n_out:
                    sound = False
                for k in range(start + 1, stop):
                    sound &= indices[k - 1] < indices[k]
                if not sound:
                    break
    return bool(sound)


def transpose(const index[::1] indptr, const index[::1] indices, Py_ssize_t n_out):
    """The same connections by postsynaptic neuron.

    Returns
    -------
    starts : array like `indptr` of shape (n_out + 1,)
    presynaptic : int32 array of shape (n_connections,)
    """
    cdef Py_ssize_t n_in = indptr.shape[0] - 1
    cdef Py_ssize_t n = indices.shape[0]
    check_edges(indptr, n)
    out_starts = np.zeros(n_out + 1, dtype=np.asarray(indptr).dtype)
    out_presynaptic = np.empty(n, dtype=np.int32)
    cdef index[::1] heads = out_starts
    cdef int[::1] presynaptic = out_presynaptic
    cdef Py_ssize_t i, j, k
    with nogil:
        # heads[j + 1] first counts j's connections, then moves from their start to
        # their end, and so is `starts` when all are placed.
        for k in range(n):
            if indices[k] + 2 <= n_out:
                heads[indices[k] + 2] += 1
        for j in range(2, n_out + 1):
            heads[j] += heads[j - 1]
        for i in range(n_in):
            for k in range(indptr[i], indptr[i + 1]):
                presynaptic[heads[indices[k] + 1]] = <int>i
                heads[indices[k] + 1] += 1
    return out_starts, out_presynaptic


def splits(
    const index[::1] indptr, const index[::1] indices, const Py_ssize_t[::1] neurons
):
    """Where the edges of parts of the postsynaptic neurons cut each row.

    Returns
    -------
    splits : array like `indptr` of shape (len(neurons), n_in)
        splits[p, i] is the first connection of i to neuron neurons[p] or a later one.
    """
    cdef Py_ssize_t n_in = indptr.shape[0] - 1
    check_edges(indptr, indices.shape[0])
    out = np.empty((neurons.shape[0], n_in), dtype=np.asarray(indptr).dtype)
    cdef index[:, ::1] cut = out
    cdef Py_ssize_t i, p
    cdef index k
    with nogil:
        for i in range(n_in):
            k = indptr[i]
            for p in range(neurons.shape[0]):
                while k < indptr[i + 1] and indices[k] < neurons[p]:
                    k += 1
                cut[p, i] = k
    return out


def count_kept(const index[::1] indptr, const unsigned char[::1] keep):
    """`indptr` of the connections where `keep` is not 0."""
    cdef Py_ssize_t n_in = indptr.shape[0] - 1
    check_edges(indptr, keep.shape[0])
    out = np.empty(n_in + 1, dtype=np.asarray(indptr).dtype)
    cdef index[::1] kept = out
    cdef Py_ssize_t i, k
    cdef index n = 0
    with nogil:
        kept[0] = 0
        for i in range(n_in):
            for k in range(indptr[i], indptr[i + 1]):
                n += keep[k]
            kept[i + 1] = n
    return out


def compress(const value[::1] values, const unsigned char[::1] keep, Py_ssize_t n_kept):
    """`values` where `keep` is 1 and not 0; it is 1 `n_kept` times."""
    if values.shape[0] != keep.shape[0] or n_kept < 0:
        raise ValueError("values and keep must have the same size")
    # One more, which is written and not kept, spares a branch.
    out = np.empty(n_kept + 1, dtype=np.asarray(values).dtype)
    cdef value[::1] kept = out
    cdef Py_ssize_t k, n = 0
    with nogil:
        for k in range(values.shape[0]):
            kept[n] = values[k]
            n += keep[k]
            if n > n_kept:
                break
    if n != n_kept:
        raise ValueError("keep does not keep n_kept values")
    return out[:n_kept]


def insert(
    const index[::1] indptr, const index[::1] indices, Py_ssize_t n_out,
    const long long[::1] ranks,
):
    """Add connections at absent cells, of which there are `n_out` in a row.

    `ranks` are sorted numbers of absent cells, counted row by row from 0.

    Returns
    -------
    indptr : array like `indptr`, of shape (n_in + 1,)
    indices : array like `indices`, of shape (n_connections + n_ranks,)
    is_new : uint8 array of shape (n_connections + n_ranks,)
    """
    cdef Py_ssize_t n_in = indptr.shape[0] - 1, n_ranks = ranks.shape[0]
    cdef Py_ssize_t n = indices.shape[0] + n_ranks
    check_edges(indptr, indices.shape[0])
    out_indptr = np.empty(n_in + 1, dtype=np.asarray(indptr).dtype)
    out_indices = np.empty(n, dtype=np.asarray(indptr).dtype)
    out_is_new = np.zeros(n, dtype=np.uint8)
    cdef index[::1] new_indptr = out_indptr
    cdef index[::1] new_indices = out_indices
    cdef unsigned char[::1] is_new = out_is_new
    cdef Py_ssize_t i, k, r = 0, slot = 0
    # The absent cell of rank q within row i, before its connection k, is q + k - row.
    cdef long long row
    with nogil:
        new_indptr[0] = 0
        for i in range(n_in):
            row = <long long>i * n_out
            for k in range(indptr[i], indptr[i + 1]):
                while r < n_ranks and ranks[r] + k - row < indices[k]:
                    new_indices[slot] = <index>(ranks[r] + k - row)
                    is_new[slot] = 1
                    slot += 1
                    r += 1
                new_indices[slot] = indices[k]
                slot += 1
            while r < n_ranks and ranks[r] + indptr[i + 1] - row < n_out:
                new_indices[slot] = <index>(ranks[r] + indptr[i + 1] - row)
                is_new[slot] = 1
                slot += 1
                r += 1
            new_indptr[i + 1] = <index>slot
    if r != n_ranks:
        raise ValueError("ranks must be sorted, different and of absent cells")
    return out_indptr, out_indices, out_is_new


def merge(
    const value[::1] old, const value[::1] new, const unsigned char[::1] is_new
):
    """`old` and `new` in their orders, `new` where `is_new` is not 0."""
    if old.shape[0] + new.shape[0] != is_new.shape[0]:
        raise ValueError("sizes of arrays do not match")
    out = np.empty(is_new.shape[0], dtype=np.asarray(old).dtype)
    cdef value[::1] merged = out
    cdef const value* next_old = &old[0] if old.shape[0] > 0 else NULL
    cdef const value* next_new = &new[0] if new.shape[0] > 0 else NULL
    cdef Py_ssize_t k, n = 0
    with nogil:
        for k in range(is_new.shape[0]):
            n += is_new[k]
        if n == new.shape[0]:
            for k in range(is_new.shape[0]):  # without branches, which are as random
                merged[k] = (next_new if is_new[k] else next_old)[0]
                next_new += is_new[k]
                next_old += 1 - is_new[k]
    if n != new.shape[0]:
        raise ValueError("sizes of arrays do not match")
    return out
