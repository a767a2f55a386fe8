"""What kernels share that add up products of the tiles of a batch."""

from skhebb._kernels._handles cimport Connections, NonZeros

# The tiles are shared by so many groups, each of which adds up products of its own. Two
# threads then need nothing of each other but these sums. Their number is fixed, or else
# the order of sums would depend on that of the threads.
cdef enum:
    GROUPS = 2

cdef char* scratch_of(
    scratch, size_t real, Py_ssize_t n, Py_ssize_t* distance
) except? NULL
cdef Py_ssize_t work_of(Connections connections, NonZeros inputs) noexcept nogil
