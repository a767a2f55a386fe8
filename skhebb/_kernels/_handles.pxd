"""What kernels are handed: arrays that were checked when the handle was made."""

from skhebb._kernels.tile_loops cimport (
    skhebb_connections,
    skhebb_neurons,
    skhebb_nonzeros,
    skhebb_tiles,
)


cdef class Connections:
    cdef readonly object indptr, indices
    cdef readonly Py_ssize_t n_in, n_out, n_connections
    cdef readonly bint is_full  # whether all pairs are connected
    cdef size_t index  # bytes
    cdef skhebb_connections c

    cdef skhebb_connections with_weights(self, void* weights) noexcept nogil


cdef class OutputParts:
    cdef readonly Connections connections
    cdef readonly object edges, splits
    cdef readonly Py_ssize_t n_parts
    cdef const Py_ssize_t* neurons
    cdef char* first_split
    cdef Py_ssize_t distance  # bytes

    cdef char* split(self, Py_ssize_t part) noexcept nogil


cdef class ByPostsynaptic:
    cdef readonly Connections connections
    cdef readonly object starts, presynaptic, heads
    cdef readonly int n_threads
    cdef char* starts_data
    cdef const int* presynaptic_data
    cdef char* first_heads

    cdef char* heads_of(self, int thread) noexcept nogil


cdef class RowChunks:
    cdef readonly Connections connections
    cdef readonly object edges
    cdef readonly Py_ssize_t n_chunks, largest, widest
    cdef readonly int n_threads
    cdef const Py_ssize_t* rows
    cdef const Py_ssize_t* starts
    cdef object _starts


cdef class TileLayout:
    cdef readonly object edges
    cdef readonly Py_ssize_t batch_size, n_tiles, stride
    cdef size_t real  # bytes
    cdef skhebb_tiles c

    cdef int _copy(self, values, flat, bint packs) except -1


cdef class Deviations:
    cdef readonly object means, scales, units, rows
    cdef readonly Py_ssize_t n_neurons
    cdef readonly TileLayout tiles
    cdef skhebb_neurons c


cdef class NonZeros:
    cdef readonly object features, starts, columns, values
    cdef Py_ssize_t n_columns  # at least
    cdef size_t real  # bytes
    cdef skhebb_nonzeros c

    cdef Py_ssize_t share(self, Py_ssize_t part, Py_ssize_t n_parts) noexcept nogil
    cdef int check(self, Py_ssize_t n_features, TileLayout tiles) except -1
