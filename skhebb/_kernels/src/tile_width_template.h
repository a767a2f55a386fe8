/* Included once per precision, index type and WIDTH of a tile. */

#define AT_WIDTH(x) SUFFIX(NAME(x), WIDTH)

#if !HAS_VECTORS || WIDTH == 1
#define BYTES 0
#define VECTOR REAL
#define LENGTH WIDTH
#else
#if WIDTH * REAL_BYTES > VECTOR_BYTES
#define BYTES VECTOR_BYTES
#else
#define BYTES (WIDTH * REAL_BYTES)
#endif
#if BYTES == 64
#define VECTOR NAME(vector64)
#define ADD_TOTALS NAME(add_totals64)
#define TOTAL(x) NAME(total64)(x)
#elif BYTES == 32
#define VECTOR NAME(vector32)
#define ADD_TOTALS NAME(add_totals32)
#define TOTAL(x) NAME(total32)(x)
#elif BYTES == 16
#define VECTOR NAME(vector16)
#define ADD_TOTALS NAME(add_totals16)
#define TOTAL(x) NAME(total16)(x)
#else
#define VECTOR NAME(vector8)
#define TOTAL(x) NAME(total8)(x)
#endif
#define LENGTH (WIDTH * REAL_BYTES / BYTES)
#endif
#ifndef TOTAL
#define TOTAL(x) (x)
#endif
#ifndef ADD_TOTALS
#define ADD_TOTALS(product, a, b, c, d)                                              \
    do {                                                                             \
        (product)[0] += TOTAL(a);                                                    \
        (product)[1] += TOTAL(b);                                                    \
        (product)[2] += TOTAL(c);                                                    \
        (product)[3] += TOTAL(d);                                                    \
    } while (0)
#endif

TARGET static void AT_WIDTH(gather)(
    REAL *restrict out, const REAL *restrict in, ptrdiff_t from, ptrdiff_t to,
    const INDEX *restrict starts, const int32_t *restrict presynaptic,
    INDEX *restrict heads, const REAL *restrict weights, const REAL *restrict biases)
{
    for (ptrdiff_t j = from; j < to; j++) {
        VECTOR *row = (VECTOR *)(out + j * WIDTH);
        VECTOR sum[LENGTH];
        for (int v = 0; v < LENGTH; v++)
            sum[v] = (VECTOR){0} + biases[j];
        for (INDEX k = starts[j]; k < starts[j + 1]; k++) {
            const ptrdiff_t i = presynaptic[k];
            const VECTOR *input = (const VECTOR *)(in + i * WIDTH);
            const REAL weight = weights[heads[i]++];
            for (int v = 0; v < LENGTH; v++)
                sum[v] += weight * input[v];
        }
        for (int v = 0; v < LENGTH; v++)
            row[v] = sum[v];
    }
}

TARGET static void AT_WIDTH(scatter)(
    REAL *restrict out, const REAL *restrict in, ptrdiff_t n_in,
    const INDEX *restrict begins, const INDEX *restrict ends,
    const INDEX *restrict indices, const REAL *restrict weights)
{
    for (ptrdiff_t i = 0; i < n_in; i++) {
        VECTOR input[LENGTH];
        for (int v = 0; v < LENGTH; v++)
            input[v] = ((const VECTOR *)(in + i * WIDTH))[v];
        for (INDEX k = begins[i]; k < ends[i]; k++) {
            VECTOR *row = (VECTOR *)(out + (ptrdiff_t)indices[k] * WIDTH);
            for (int v = 0; v < LENGTH; v++)
                row[v] += weights[k] * input[v];
        }
    }
}

/* The products of one connection, not yet summed over the vector. */

INLINE VECTOR AT_WIDTH(product)(const VECTOR *held, const REAL *rows, ptrdiff_t j)
{
    const VECTOR *row = (const VECTOR *)(rows + j * WIDTH);
    VECTOR sum = held[0] * row[0];
    for (int v = 1; v < LENGTH; v++)
        sum += held[v] * row[v];
    return sum;
}

INLINE VECTOR AT_WIDTH(product_and_sum)(
    const VECTOR *held, const REAL *rows, ptrdiff_t j, REAL weight, VECTOR *total)
{
    const VECTOR *row = (const VECTOR *)(rows + j * WIDTH);
    VECTOR sum = (VECTOR){0};
    for (int v = 0; v < LENGTH; v++) {
        const VECTOR value = row[v];
        total[v] += weight * value;
        sum += held[v] * value;
    }
    return sum;
}

/* For each connection k of a neuron, product[k] += PRODUCT(k); four at a time, since
 * the sums over their vectors then cost half as much. */
#define FOR_CONNECTIONS(PRODUCT)                                                     \
    ptrdiff_t k = 0;                                                                 \
    for (; k + 4 <= n; k += 4) {                                                     \
        const VECTOR a = PRODUCT(k), b = PRODUCT(k + 1);                             \
        const VECTOR c = PRODUCT(k + 2), d = PRODUCT(k + 3);                         \
        ADD_TOTALS(product + k, a, b, c, d);                                         \
    }                                                                                \
    for (; k < n; k++)                                                               \
        product[k] += TOTAL(PRODUCT(k));

/* product[k] += <left, rows[index[k]]> */
TARGET static void AT_WIDTH(products)(
    REAL *restrict product, const REAL *restrict left, const REAL *restrict rows,
    const INDEX *restrict index, ptrdiff_t n)
{
    VECTOR held[LENGTH];
    for (int v = 0; v < LENGTH; v++)
        held[v] = ((const VECTOR *)left)[v];
#define PRODUCT(k) AT_WIDTH(product)(held, rows, index[k])
    FOR_CONNECTIONS(PRODUCT)
#undef PRODUCT
}

/* The same, and out = sum_k weight[k] * rows[index[k]] from the same loads. */
TARGET static void AT_WIDTH(products_and_sum)(
    REAL *restrict product, REAL *restrict out, const REAL *restrict left,
    const REAL *restrict rows, const INDEX *restrict index,
    const REAL *restrict weight, ptrdiff_t n)
{
    VECTOR held[LENGTH], total[LENGTH];
    for (int v = 0; v < LENGTH; v++) {
        held[v] = ((const VECTOR *)left)[v];
        total[v] = (VECTOR){0};
    }
#define PRODUCT(k) AT_WIDTH(product_and_sum)(held, rows, index[k], weight[k], total)
    FOR_CONNECTIONS(PRODUCT)
#undef PRODUCT
    for (int v = 0; v < LENGTH; v++)
        ((VECTOR *)out)[v] = total[v];
}

TARGET static REAL AT_WIDTH(multiply_by_derivative)(
    REAL *restrict delta, const REAL *restrict a, const skhebb_activation *activation)
{
    return NAME(multiply_by_derivative)(delta, a, activation, WIDTH);
}

#include "full_width_template.h"

static const NAME(width) AT_WIDTH(width) = {
    AT_WIDTH(gather), AT_WIDTH(scatter), AT_WIDTH(products),
    AT_WIDTH(products_and_sum), AT_WIDTH(multiply_by_derivative), AT_WIDTH(combine),
};

#undef AT_WIDTH
#undef FOR_CONNECTIONS
#undef ADD_TOTALS
#undef BYTES
#undef VECTOR
#undef LENGTH
#undef TOTAL
#undef WIDTH
