"""What rules tell the kernels, as kernels take it."""

from skhebb._kernels.tile_loops cimport skhebb_activation, skhebb_step


cdef class Activation:
    cdef skhebb_activation c


cdef class OptimizerStep:
    cdef skhebb_step c
    cdef double factors[8]
    cdef int n_states

    cdef skhebb_step of(self, list states, size_t real, Py_ssize_t n, double total) except *
