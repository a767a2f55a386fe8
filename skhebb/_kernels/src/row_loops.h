/* The innermost loops: each works on one neuron's row of a feature-major array.
 *
 * Cython owns rows, threads and types; it reaches these loops through a table,
 * one table per precision, chosen once per process for the instruction set of
 * the processor. They are in C because Cython can neither say `restrict` nor
 * `omp simd`, without which a compiler does not vectorise them.
 */
#ifndef SKHEBB_ROW_LOOPS_H
#define SKHEBB_ROW_LOOPS_H

#include <stddef.h>
#include <stdint.h>

/* `rows` is feature-major: the activations of neuron i start at rows + i * stride.
 * A row has `stride` values, of which those beyond the batch are zero.
 * The n connections of the neuron at hand lead to the neurons index[0..n-1]. */
#define SKHEBB_DECLARE_ROW_LOOPS(TABLE, REAL)                                        \
    typedef struct {                                                                 \
        /* out = bias + sum_k weight[position[k]] * rows[index[k]] */                \
        void (*weighted_sum)(REAL *out, const REAL *rows, ptrdiff_t stride,          \
                             const int32_t *index, const int32_t *position,          \
                             const REAL *weight, ptrdiff_t n, REAL bias);            \
        /* product[k] = <left, rows[index[k]]> */                                    \
        void (*products)(REAL *product, const REAL *left, const REAL *rows,          \
                         ptrdiff_t stride, const int32_t *index, ptrdiff_t n);       \
        /* the same, and out = sum_k weight[k] * rows[index[k]] from the same loads */ \
        void (*products_and_sum)(REAL *product, REAL *out, const REAL *left,         \
                                 const REAL *rows, ptrdiff_t stride,                 \
                                 const int32_t *index, const REAL *weight,           \
                                 ptrdiff_t n);                                       \
        /* weight[k] += factor * scale[index[k]] * <left, rows[index[k]] - mean[index[k]]> */ \
        void (*add_covariances)(REAL *weight, const REAL *left, const REAL *rows,    \
                                ptrdiff_t stride, const int32_t *index,              \
                                const REAL *mean, const REAL *scale, REAL factor,    \
                                ptrdiff_t n);                                        \
        /* centred = row - mean within the batch, zero in the padding */             \
        void (*centre)(REAL *centred, const REAL *row, REAL mean, ptrdiff_t batch,   \
                       ptrdiff_t stride);                                            \
        /* mean of the row and 1 / (max - min), 0 where the row is constant */       \
        void (*statistics)(const REAL *row, ptrdiff_t batch, REAL *mean, REAL *scale); \
        void (*relu)(REAL *row, ptrdiff_t n);                                        \
        /* delta = 0 where the activation is not positive */                         \
        void (*relu_backward)(REAL *delta, const REAL *row, ptrdiff_t n);            \
        /* one step of gradient descent with (Nesterov) momentum */                  \
        void (*sgd)(REAL *weight, REAL *velocity, const REAL *gradient,              \
                    REAL learning_rate, REAL momentum, int nesterov, ptrdiff_t n);   \
    } TABLE

SKHEBB_DECLARE_ROW_LOOPS(skhebb_loops32, float);
SKHEBB_DECLARE_ROW_LOOPS(skhebb_loops64, double);

typedef struct {
    const char *name;
    const skhebb_loops32 *loops32;
    const skhebb_loops64 *loops64;
} skhebb_instruction_set;

/* Each is compiled in a file of its own; `loops32` is NULL where the compiler or
 * the processor family does not know the instruction set. */
extern const skhebb_instruction_set skhebb_baseline, skhebb_avx2, skhebb_avx512;

#endif
