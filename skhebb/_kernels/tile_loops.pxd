"""What src/tile_loops.h declares: types, codes and the table of loops."""

from libc.stdint cimport uint64_t

cdef extern from "tile_loops.h" nogil:
    enum:
        SKHEBB_CACHE_LINE
        SKHEBB_TILE_BYTES

    ctypedef enum skhebb_activation_kind:
        SKHEBB_PIECEWISE_LINEAR
        SKHEBB_TANH
        SKHEBB_LOGISTIC

    ctypedef enum skhebb_rule:
        SKHEBB_GRADIENT_DESCENT
        SKHEBB_ADAM

    ctypedef struct skhebb_activation:
        skhebb_activation_kind kind
        double slope
        double keep_probability

    ctypedef struct skhebb_tiles:
        Py_ssize_t n_tiles
        Py_ssize_t batch
        const Py_ssize_t* edges
        const void* weights

    ctypedef struct skhebb_connections:
        Py_ssize_t n_in
        Py_ssize_t n_out
        const void* indptr
        const void* indices
        void* weights

    ctypedef struct skhebb_nonzeros:
        Py_ssize_t n_active
        const Py_ssize_t* features
        const Py_ssize_t* starts
        const Py_ssize_t* columns
        const void* values

    ctypedef struct skhebb_step:
        skhebb_rule rule
        double inverse_total
        double alpha
        double weight_decay
        const double* factors
        void* state0
        void* state1

    ctypedef struct skhebb_hebbian:
        double factor
        const void* in_means
        const void* in_scales
        const void* outputs
        const void* out_means
        const void* out_scales

    ctypedef struct skhebb_neurons:
        void* means
        void* scales
        void* units
        void* rows

    ctypedef struct skhebb_history:
        skhebb_rule rule
        Py_ssize_t n_steps
        const double* factors
        const double* moves
        const double* rates
        const double* decays
        const double* lengths
        void* state0
        void* state1

    ctypedef struct skhebb_table:
        void (*gather)(
            void*, const void*, Py_ssize_t, Py_ssize_t, Py_ssize_t,
            const skhebb_connections*, const void*, void*, const void*, const int*,
            const void*, const skhebb_activation*) noexcept nogil
        void (*scatter)(
            void*, const void*, Py_ssize_t, Py_ssize_t, Py_ssize_t,
            const skhebb_connections*, const void*, const void*, const void*,
            const skhebb_activation*) noexcept nogil
        void (*forward_nonzeros)(
            void*, const skhebb_tiles*, const skhebb_nonzeros*, Py_ssize_t, Py_ssize_t,
            const skhebb_connections*, const void*,
            const skhebb_activation*) noexcept nogil
        void (*products)(
            const skhebb_connections*, const skhebb_tiles*, Py_ssize_t, Py_ssize_t,
            const void*, const void*, void*, void*, const skhebb_activation*, void*,
            Py_ssize_t, Py_ssize_t) noexcept nogil
        void (*take_steps)(
            const skhebb_connections*, const skhebb_step*, void*, Py_ssize_t,
            Py_ssize_t, void*, Py_ssize_t, Py_ssize_t) noexcept nogil
        void (*update_nonzeros)(
            const skhebb_connections*, const skhebb_tiles*, const skhebb_nonzeros*,
            const void*, const skhebb_step*, void*, Py_ssize_t,
            Py_ssize_t) noexcept nogil
        void (*centre)(
            void*, const void*, Py_ssize_t, const void*, const skhebb_tiles*, Py_ssize_t,
            Py_ssize_t) noexcept nogil
        void (*centred_products)(
            const skhebb_connections*, const skhebb_tiles*, Py_ssize_t, Py_ssize_t,
            const void*, const skhebb_hebbian*, const void*, void*, Py_ssize_t,
            Py_ssize_t) noexcept nogil
        void (*add_covariances)(
            const skhebb_connections*, const skhebb_hebbian*, void*, Py_ssize_t,
            Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept nogil
        void (*add_covariances_nonzeros)(
            const skhebb_connections*, const skhebb_tiles*, const skhebb_nonzeros*,
            const skhebb_hebbian*, void*, Py_ssize_t, Py_ssize_t) noexcept nogil
        void (*step)(
            const skhebb_step*, void*, const void*, Py_ssize_t) noexcept nogil
        double (*sum_of_squares)(const void*, Py_ssize_t) noexcept nogil
        void (*statistics)(
            const void*, Py_ssize_t, const skhebb_tiles*, double, void*, void*,
            Py_ssize_t, Py_ssize_t) noexcept nogil
        void (*round_deviations)(
            const void*, Py_ssize_t, const skhebb_tiles*, const void*, double, double,
            const skhebb_neurons*, Py_ssize_t, Py_ssize_t) noexcept nogil
        void (*add_rounded)(
            const skhebb_connections*, const skhebb_tiles*, double,
            const skhebb_neurons*, const skhebb_neurons*, Py_ssize_t,
            Py_ssize_t) noexcept nogil
        void (*drop)(
            void*, uint64_t, const skhebb_activation*, Py_ssize_t,
            Py_ssize_t) noexcept nogil
        void (*load)(
            void*, const skhebb_tiles*, const void*, Py_ssize_t, const Py_ssize_t*,
            Py_ssize_t, Py_ssize_t) noexcept nogil
        void (*catch_up)(
            const skhebb_connections*, const skhebb_history*, const Py_ssize_t*, int*,
            Py_ssize_t, Py_ssize_t) noexcept nogil

    ctypedef struct skhebb_instruction_set:
        const char* name
        const skhebb_table* tables[4]
