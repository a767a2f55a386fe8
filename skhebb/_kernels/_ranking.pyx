"""Sorting and selecting digit by digit, in linear time.

NumPy's vector code for both is several times slower where a processor compresses vectors
into memory slowly, as Zen 4 does.
"""

import numpy as np

cdef enum:
    DIGIT = 9  # bits; as many streams are written as a first-level cache has lines
    N_DIGITS = 1 << DIGIT
    N_COUNTS = 4  # counts of neighbours are kept apart, or each waited for the last

ctypedef fused index:
    int
    long long

ctypedef fused bits:
    unsigned int
    unsigned long long


def sort_below(index[::1] values, long long bound):
    """Return sorted `values`, which are from 0 to `bound` - 1; they are overwritten."""
    cdef Py_ssize_t n = values.shape[0], k, d, place
    cdef int shift = 0
    cdef Py_ssize_t[N_DIGITS] heads
    cdef index least = 0, largest = 0
    out = np.empty_like(values)
    cdef index[::1] sorted_values = out
    if n == 0:
        return out
    cdef index* before = &values[0]
    cdef index* after = &sorted_values[0]
    with nogil:
        for k in range(n):
            least = min(least, before[k])
            largest = max(largest, before[k])
    if least < 0 or largest >= bound:
        raise ValueError(f"values must be from 0 to {bound - 1}")
    with nogil:
        while bound - 1 >> shift:
            for d in range(N_DIGITS):
                heads[d] = 0
            for k in range(n):
                heads[before[k] >> shift & N_DIGITS - 1] += 1
            place = 0
            for d in range(N_DIGITS):
                place += heads[d]
                heads[d] = place - heads[d]
            for k in range(n):
                d = before[k] >> shift & N_DIGITS - 1
                after[heads[d]] = before[k]
                heads[d] += 1
            before, after = after, before
            shift += DIGIT
    return out if before == &sorted_values[0] else np.asarray(values)


cdef bits pattern_of_rank(
    const bits* values, Py_ssize_t n, Py_ssize_t rank, bits* scratch, int n_ignored
) noexcept nogil:
    """The value of this rank, from 0, among `n` without their first `n_ignored` bits.

    `scratch` has room for as many; what is left to choose from is written there.
    """
    cdef Py_ssize_t k, d, n_left
    cdef int width, shift = 8 * sizeof(bits) - n_ignored
    cdef bits digit, found = 0, heeded = ~(<bits>0) >> n_ignored
    cdef Py_ssize_t[N_COUNTS][N_DIGITS] counts
    while shift > 0:
        width = min(<int>DIGIT, shift)
        shift -= width
        digit = (<bits>1 << width) - 1
        for k in range(N_COUNTS):
            for d in range(N_DIGITS):
                counts[k][d] = 0
        for k in range(n):
            counts[k % N_COUNTS][(values[k] & heeded) >> shift & digit] += 1
        for d in range(N_DIGITS):
            for k in range(1, N_COUNTS):
                counts[0][d] += counts[k][d]
            if rank < counts[0][d]:
                break
            rank -= counts[0][d]
        found |= <bits>d << shift
        n_left = 0
        for k in range(n):  # what is not left is written over
            scratch[n_left] = values[k]
            n_left += ((values[k] & heeded) >> shift & digit) == <bits>d
        values, n = scratch, n_left
    return found


cdef ranked(patterns, Py_ssize_t rank, int n_ignored):
    """The pattern of this rank, a NumPy scalar; the patterns stay as they are."""
    if not 0 <= rank < len(patterns):
        raise ValueError(f"rank must be from 0 to {len(patterns) - 1}. Got {rank}.")
    scratch = np.empty_like(patterns)  # takes memory only where it is written
    cdef Py_ssize_t n = len(patterns)
    cdef const unsigned int[::1] short_in
    cdef unsigned int[::1] short_room
    cdef const unsigned long long[::1] long_in
    cdef unsigned long long[::1] long_room
    if patterns.dtype == np.uint32:
        short_in, short_room = patterns, scratch
        found = pattern_of_rank(&short_in[0], n, rank, &short_room[0], n_ignored)
    else:
        long_in, long_room = patterns, scratch
        found = pattern_of_rank(&long_in[0], n, rank, &long_room[0], n_ignored)
    return patterns.dtype.type(found)


cdef patterns_of(values):
    """The bits of an array of reals, as unsigned integers."""
    dtype = values.dtype
    if not (dtype in (np.float32, np.float64) and values.ndim == 1):
        raise ValueError(f"values must be a 1d array of float32 or float64. Got {dtype}.")
    return np.ascontiguousarray(values).view(f"u{dtype.itemsize}")


def magnitude_of_rank(values, Py_ssize_t rank):
    """The magnitude that `rank`, from 0, others are not above; NaN is above all.

    `values` are of float32 or float64, and more than `rank`.
    """
    return ranked(patterns_of(values), rank, n_ignored=1).view(values.dtype)


def value_of_rank(values, Py_ssize_t rank):
    """The value that `rank`, from 0, others are not above; -0.0 is below 0.0.

    `values` are of float32 or float64, none of them NaN, and more than `rank`.
    """
    patterns = patterns_of(values)
    sign = patterns.dtype.type(1 << (8 * patterns.itemsize - 1))
    # Integers in the order of the reals: of negative ones all bits turn.
    ordered = np.where(patterns & sign, ~patterns, patterns | sign)
    found = ranked(ordered, rank, n_ignored=0)
    return (found & ~sign if found & sign else ~found).view(values.dtype)
