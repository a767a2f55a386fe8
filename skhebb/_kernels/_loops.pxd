"""The C types of the row loops, declared once."""

cdef extern from "row_loops.h" nogil:
    ctypedef struct skhebb_loops32:
        void (*weighted_sum)(float*, const float*, Py_ssize_t, const int*, const int*,
                             const float*, Py_ssize_t, float) noexcept nogil
        void (*products)(float*, const float*, const float*, Py_ssize_t, const int*,
                         Py_ssize_t) noexcept nogil
        void (*products_and_sum)(float*, float*, const float*, const float*, Py_ssize_t,
                                 const int*, const float*, Py_ssize_t) noexcept nogil
        void (*add_covariances)(float*, const float*, const float*, Py_ssize_t,
                                const int*, const float*, const float*, float,
                                Py_ssize_t) noexcept nogil
        void (*centre)(float*, const float*, float, Py_ssize_t,
                       Py_ssize_t) noexcept nogil
        void (*statistics)(const float*, Py_ssize_t, float*, float*) noexcept nogil
        void (*relu)(float*, Py_ssize_t) noexcept nogil
        void (*relu_backward)(float*, const float*, Py_ssize_t) noexcept nogil
        void (*sgd)(float*, float*, const float*, float, float, int,
                    Py_ssize_t) noexcept nogil

    ctypedef struct skhebb_loops64:
        void (*weighted_sum)(double*, const double*, Py_ssize_t, const int*, const int*,
                             const double*, Py_ssize_t, double) noexcept nogil
        void (*products)(double*, const double*, const double*, Py_ssize_t, const int*,
                         Py_ssize_t) noexcept nogil
        void (*products_and_sum)(double*, double*, const double*, const double*,
                                 Py_ssize_t, const int*, const double*,
                                 Py_ssize_t) noexcept nogil
        void (*add_covariances)(double*, const double*, const double*, Py_ssize_t,
                                const int*, const double*, const double*, double,
                                Py_ssize_t) noexcept nogil
        void (*centre)(double*, const double*, double, Py_ssize_t,
                       Py_ssize_t) noexcept nogil
        void (*statistics)(const double*, Py_ssize_t, double*, double*) noexcept nogil
        void (*relu)(double*, Py_ssize_t) noexcept nogil
        void (*relu_backward)(double*, const double*, Py_ssize_t) noexcept nogil
        void (*sgd)(double*, double*, const double*, double, double, int,
                    Py_ssize_t) noexcept nogil

    ctypedef struct skhebb_instruction_set:
        const char* name
        const skhebb_loops32* loops32
        const skhebb_loops64* loops64

cdef extern from "instruction_sets.h" nogil:
    const skhebb_instruction_set** skhebb_instruction_sets
    int SKHEBB_N_INSTRUCTION_SETS
    int skhebb_runs_here(int which)

cdef extern from "openmp.h" nogil:
    int SKHEBB_OPENMP
    int omp_get_max_threads()
