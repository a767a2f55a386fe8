"""What the loops ask before they run: which table to take, and how many threads."""

from skhebb._kernels.tile_loops cimport skhebb_table

cdef const skhebb_table* table_for(size_t real, size_t index) noexcept nogil
cdef int threads_for(Py_ssize_t work, int n_threads) noexcept nogil
