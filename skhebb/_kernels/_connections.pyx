"""Bookkeeping of where connections are; all linear in their number.

All but `are_sound` take it for granted that connections are; they compare the sizes of
arrays with each other, and never leave an array whose size fits.
"""

import numpy as np

from cython.parallel cimport prange

from skhebb._kernels._runtime cimport threads_for

# Threads share so many parts of arrays.
cdef enum:
    N_PARTS = 16
    WORK = 4  # multiply-adds that an item takes as long as, about

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
    """Connections by postsynaptic neuron, from those by presynaptic neuron.

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


cdef Py_ssize_t starts_of_parts(
    const unsigned char[::1] marks, Py_ssize_t* starts, int n_threads
) noexcept nogil:
    """Where the marked of each part begin among all of them, and how many these are."""
    cdef Py_ssize_t p, n = marks.shape[0]
    starts[0] = 0
    for p in prange(N_PARTS, num_threads=n_threads, schedule="static"):
        starts[p + 1] = n_marked(&marks[0], p * n // N_PARTS, (p + 1) * n // N_PARTS)
    for p in range(N_PARTS):
        starts[p + 1] += starts[p]
    return starts[N_PARTS]


cdef Py_ssize_t n_marked(
    const unsigned char* marks, Py_ssize_t start, Py_ssize_t stop
) noexcept nogil:
    """How many of some marks are not 0, if all are 0 or 1."""
    cdef Py_ssize_t k, n = 0
    for k in range(start, stop):
        n += marks[k]
    return n


cdef void compress_part(
    const value* values, const unsigned char* keep, value* kept, Py_ssize_t start,
    Py_ssize_t stop
) noexcept nogil:
    """Write those of a part that are to be kept."""
    cdef Py_ssize_t k, n = 0
    while stop > start and not keep[stop - 1]:
        stop -= 1  # what is not kept is written before what is, to spare a branch
    for k in range(start, stop):
        kept[n] = values[k]
        n += keep[k]


def compress(
    const value[::1] values, const unsigned char[::1] keep, Py_ssize_t n_kept,
    int n_threads=1,
):
    """`values` where `keep` is 1 and not 0; it is 1 `n_kept` times."""
    cdef Py_ssize_t p, n = values.shape[0]
    cdef Py_ssize_t[N_PARTS + 1] starts
    if n != keep.shape[0] or n_kept < 0:
        raise ValueError("values and keep must have the same size")
    out = np.empty(n_kept, dtype=np.asarray(values).dtype)
    cdef value[::1] kept = out
    n_threads = threads_for(WORK * n, n_threads)
    if n == 0 or starts_of_parts(keep, starts, n_threads) != n_kept:
        if n_kept == 0 and n == 0:
            return out
        raise ValueError("keep does not keep n_kept values")
    if n_kept > 0:
        for p in prange(N_PARTS, nogil=True, num_threads=n_threads, schedule="static"):
            compress_part(&values[0], &keep[0], &kept[0] + starts[p], p * n // N_PARTS,
                          (p + 1) * n // N_PARTS)
    return out


cdef Py_ssize_t rank_from(
    const long long* ranks, Py_ssize_t n_ranks, long long first
) noexcept nogil:
    """The place of the first rank that is not below `first`."""
    cdef Py_ssize_t low = 0, high = n_ranks, middle
    while low < high:
        middle = (low + high) // 2
        if ranks[middle] < first:
            low = middle + 1
        else:
            high = middle
    return low


cdef bint insert_rows(
    const index* indptr, const index* indices, Py_ssize_t n_out,
    const long long* ranks, Py_ssize_t n_ranks, index* new_indptr, index* new_indices,
    unsigned char* is_new, Py_ssize_t first, Py_ssize_t last
) noexcept nogil:
    """Do so for the rows first..last - 1; tell whether there was room for their ranks."""
    # The absent cell of rank q within row i, before its connection k, is q + k - row.
    cdef long long row = <long long>first * n_out
    cdef Py_ssize_t i, k, r = rank_from(ranks, n_ranks, row - indptr[first])
    cdef Py_ssize_t slot = indptr[first] + r
    cdef Py_ssize_t end = rank_from(
        ranks, n_ranks, <long long>last * n_out - indptr[last]
    )
    for i in range(first, last):
        row = <long long>i * n_out
        for k in range(indptr[i], indptr[i + 1]):
            while r < end and ranks[r] + k - row < indices[k]:
                new_indices[slot] = <index>(ranks[r] + k - row)
                is_new[slot] = 1
                slot += 1
                r += 1
            new_indices[slot] = indices[k]
            is_new[slot] = 0
            slot += 1
        while r < end and ranks[r] + indptr[i + 1] - row < n_out:
            new_indices[slot] = <index>(ranks[r] + indptr[i + 1] - row)
            is_new[slot] = 1
            slot += 1
            r += 1
        new_indptr[i + 1] = <index>slot
    return r == end


def insert(
    const index[::1] indptr, const index[::1] indices, Py_ssize_t n_out,
    const long long[::1] ranks, int n_threads=1,
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
    cdef Py_ssize_t p, n = indices.shape[0] + n_ranks
    cdef int n_wrong = 0
    check_edges(indptr, indices.shape[0])
    check_sorted(ranks, <long long>n_in * n_out - indices.shape[0])
    out_indptr = np.zeros(n_in + 1, dtype=np.asarray(indptr).dtype)
    out_indices = np.empty(n, dtype=np.asarray(indptr).dtype)
    out_is_new = np.empty(n, dtype=np.uint8)
    cdef index[::1] new_indptr = out_indptr
    cdef index[::1] new_indices = out_indices
    cdef unsigned char[::1] is_new = out_is_new
    if n == 0:
        return out_indptr, out_indices, out_is_new
    cdef const index* old = &indices[0] if indices.shape[0] > 0 else NULL
    cdef const long long* rank = &ranks[0] if n_ranks > 0 else NULL
    n_threads = threads_for(WORK * n, n_threads)
    for p in prange(N_PARTS, nogil=True, num_threads=n_threads, schedule="static"):
        n_wrong += not insert_rows(
            &indptr[0], old, n_out, rank, n_ranks, &new_indptr[0], &new_indices[0],
            &is_new[0], p * n_in // N_PARTS, (p + 1) * n_in // N_PARTS)
    if n_wrong:
        raise ValueError("ranks must be sorted, different and of absent cells")
    return out_indptr, out_indices, out_is_new


cdef int check_sorted(const long long[::1] ranks, long long n_absent) except -1:
    """Raise unless ranks ascend, from 0 at least, to below `n_absent`."""
    cdef Py_ssize_t r, n = ranks.shape[0]
    cdef bint ascend = True
    if n > 0:
        with nogil:
            for r in range(1, n):
                ascend &= ranks[r - 1] < ranks[r]
        if not ascend or ranks[0] < 0 or ranks[n - 1] >= n_absent:
            raise ValueError("ranks must be sorted, different and of absent cells")
    return 0


cdef void merge_part(
    const value* old, const value* new, const unsigned char* is_new, value* merged,
    Py_ssize_t start, Py_ssize_t stop
) noexcept nogil:
    """Write a part, which begins with the first of `old` or `new`."""
    cdef Py_ssize_t k
    for k in range(start, stop):  # without branches, which are as random
        merged[k] = (new if is_new[k] else old)[0]
        new += is_new[k]
        old += 1 - is_new[k]


def merge(
    const value[::1] old, const value[::1] new, const unsigned char[::1] is_new,
    int n_threads=1,
):
    """`old` and `new` in their orders, `new` where `is_new` is not 0."""
    cdef Py_ssize_t p, start, n = is_new.shape[0]
    cdef Py_ssize_t[N_PARTS + 1] starts
    if old.shape[0] + new.shape[0] != n:
        raise ValueError("sizes of arrays do not match")
    out = np.empty(n, dtype=np.asarray(old).dtype)
    if n == 0:
        return out
    cdef value[::1] merged = out
    cdef const value* first_old = &old[0] if old.shape[0] > 0 else NULL
    cdef const value* first_new = &new[0] if new.shape[0] > 0 else NULL
    n_threads = threads_for(WORK * n, n_threads)
    if starts_of_parts(is_new, starts, n_threads) != new.shape[0]:
        raise ValueError("sizes of arrays do not match")
    for p in prange(N_PARTS, nogil=True, num_threads=n_threads, schedule="static"):
        start = p * n // N_PARTS
        merge_part(first_old + (start - starts[p]), first_new + starts[p], &is_new[0],
                   &merged[0], start, (p + 1) * n // N_PARTS)
    return out
