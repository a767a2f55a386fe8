/* Included once per precision and index type. */

#include "vectors_template.h"
#include "activations_template.h"

typedef struct { /* what the loops of a tile need not be told but by its width */
    void (*gather)(REAL *out, const REAL *in, ptrdiff_t from, ptrdiff_t to,
                   const INDEX *starts, const int32_t *presynaptic, INDEX *heads,
                   const REAL *weights, const REAL *biases);
    void (*scatter)(REAL *out, const REAL *in, ptrdiff_t n_in, const INDEX *begins,
                    const INDEX *ends, const INDEX *indices, const REAL *weights);
    void (*products)(REAL *product, const REAL *left, const REAL *rows,
                     const INDEX *index, ptrdiff_t n);
    void (*products_and_sum)(REAL *product, REAL *out, const REAL *left,
                             const REAL *rows, const INDEX *index, const REAL *weight,
                             ptrdiff_t n);
    REAL (*multiply_by_derivative)(REAL *delta, const REAL *a,
                                   const skhebb_activation *activation);
    void (*combine)(REAL *out, ptrdiff_t distance, ptrdiff_t n_out, int goes_on,
                    const REAL *starts, const REAL *weights, ptrdiff_t across,
                    ptrdiff_t along, const REAL *rows, ptrdiff_t n);
} NAME(width);

#define WIDTH 1
#include "tile_width_template.h"
#define WIDTH 2
#include "tile_width_template.h"
#define WIDTH 4
#include "tile_width_template.h"
#define WIDTH 8
#include "tile_width_template.h"
#define WIDTH 16
#include "tile_width_template.h"
#define WIDTH 32
#include "tile_width_template.h"
#if REAL_BYTES == 4
#define WIDTH 48
#include "tile_width_template.h"
#define WIDTH 64
#include "tile_width_template.h"
#define WIDEST 64
#else
#define WIDTH 24
#include "tile_width_template.h"
#define WIDEST 32
#endif

INLINE const NAME(width) *NAME(at_width)(ptrdiff_t width)
{
    switch (width) {
    case 1: return &SUFFIX(NAME(width), 1);
    case 2: return &SUFFIX(NAME(width), 2);
    case 4: return &SUFFIX(NAME(width), 4);
    case 8: return &SUFFIX(NAME(width), 8);
    case 16: return &SUFFIX(NAME(width), 16);
    case 32: return &SUFFIX(NAME(width), 32);
#if REAL_BYTES == 4
    case 48: return &SUFFIX(NAME(width), 48);
    case 64: return &SUFFIX(NAME(width), 64);
#else
    case 24: return &SUFFIX(NAME(width), 24);
#endif
    default: return NULL;
    }
}

TARGET static void NAME(gather)(
    void *out, const void *in, ptrdiff_t width, ptrdiff_t from, ptrdiff_t to,
    const skhebb_connections *layer, const void *begins, void *heads,
    const void *starts, const int32_t *presynaptic, const void *biases,
    const skhebb_activation *activation)
{
    memcpy(heads, begins, layer->n_in * sizeof(INDEX));
    NAME(at_width)(width)->gather(out, in, from, to, starts, presynaptic, heads,
                                  layer->weights, biases);
    NAME(activate)((REAL *)out + from * width, activation, (to - from) * width);
}

TARGET static void NAME(fill_biases)(
    REAL *restrict out, const REAL *restrict biases, ptrdiff_t width, ptrdiff_t from,
    ptrdiff_t to)
{
    for (ptrdiff_t j = from; j < to; j++)
        for (ptrdiff_t b = 0; b < width; b++)
            out[j * width + b] = biases[j];
}

/* Whether all pairs are connected, so that indices need not be looked at; one sample
 * leaves no vectors to share. */
INLINE int NAME(is_full)(const skhebb_connections *layer, ptrdiff_t width)
{
    const ptrdiff_t n = ((const INDEX *)layer->indptr)[layer->n_in];
    return width > 1 && n == layer->n_in * layer->n_out;
}

TARGET static void NAME(scatter)(
    void *out, const void *in, ptrdiff_t width, ptrdiff_t from, ptrdiff_t to,
    const skhebb_connections *layer, const void *begins, const void *ends,
    const void *biases,
    const skhebb_activation *activation)
{
    const NAME(width) *loops = NAME(at_width)(width);
    if (NAME(is_full)(layer, width)) {
        loops->combine((REAL *)out + from * width, width, to - from, 0,
                       (const REAL *)biases + from, (const REAL *)layer->weights + from,
                       1, layer->n_out, in, layer->n_in);
    } else {
        NAME(fill_biases)(out, biases, width, from, to);
        loops->scatter(out, in, layer->n_in, begins, ends, layer->indices,
                       layer->weights);
    }
    NAME(activate)((REAL *)out + from * width, activation, (to - from) * width);
}

#include "steps_template.h"
#include "nonzeros_template.h"

/* Columns of the n rows of a tile as rows of n. */
INLINE void NAME(turn)(
    REAL *restrict out, const REAL *restrict rows, ptrdiff_t n, ptrdiff_t width)
{
    ptrdiff_t i = 0;
#if HAS_VECTORS
    enum { SIDE = NAME(side) };
    for (; i + SIDE <= n && width % SIDE == 0; i += SIDE) {
        const REAL *some[SIDE];
        for (int s = 0; s < SIDE; s++)
            some[s] = rows + (i + s) * width;
        for (ptrdiff_t b = 0; b < width; b += SIDE)
            NAME(transpose)(out + b * n + i, n, some, b);
    }
#endif
    for (; i < n; i++)
        for (ptrdiff_t b = 0; b < width; b++)
            out[b * n + i] = rows[i * width + b];
}

/* Where all are connected, products of the samples of a tile: vectors are of postsynaptic
 * neurons, for sums over a vector of samples would take as long as half of the rest. */
TARGET static void NAME(all_products)(
    REAL *restrict product, int goes_on, const REAL *restrict inputs, ptrdiff_t n_in,
    const REAL *restrict errors, ptrdiff_t n_out, ptrdiff_t width)
{
    REAL by_sample[WIDEST * WIDEST];
    for (ptrdiff_t k = 0, n = WIDEST; k < n_out; k += n) {
        while (n > n_out - k)
            n /= 2;
        NAME(turn)(by_sample, errors + k * width, n, width);
        NAME(at_width)(n)->combine(product + k, n_out, n_in, goes_on, NULL, inputs, width,
                                   1, by_sample, width);
    }
}

/* Tile by tile, so that its errors stay in the cache for all neurons. */
TARGET static void NAME(products)(
    const skhebb_connections *layer, const skhebb_tiles *tiles, ptrdiff_t first,
    ptrdiff_t last, const void *inputs, const void *errors, void *in_errors,
    void *error_sums, const skhebb_activation *activation, void *products,
    ptrdiff_t from, ptrdiff_t to)
{
    const INDEX *indptr = layer->indptr, *indices = layer->indices;
    const ptrdiff_t start = indptr[from], n_out = layer->n_out;
    const int is_full = NAME(is_full)(layer, tiles->edges[1]);
    const REAL *weights = layer->weights;
    REAL *sums = products;
    memset(sums, 0, (indptr[to] - start) * sizeof(REAL));
    for (ptrdiff_t t = first; t < last; t++) {
        const ptrdiff_t edge = tiles->edges[t], width = tiles->edges[t + 1] - edge;
        const NAME(width) *loops = NAME(at_width)(width);
        const REAL *left = (const REAL *)inputs + layer->n_in * edge;
        const REAL *right = (const REAL *)errors + n_out * edge;
        REAL *back = in_errors ? (REAL *)in_errors + layer->n_in * edge : NULL;
        if (is_full)
            NAME(all_products)(sums, t > first, left + from * width, to - from, right,
                               n_out, width);
        if (is_full && back)
            loops->combine(back + from * width, width, to - from, 0, NULL,
                           weights + start, n_out, 1, right, n_out);
        for (ptrdiff_t i = from; i < to; i++) {
            const ptrdiff_t k = indptr[i], degree = indptr[i + 1] - k;
            const REAL *row = left + i * width;
            if (!is_full && !back)
                loops->products(sums + k - start, row, right, indices + k, degree);
            if (!is_full && back)
                loops->products_and_sum(sums + k - start, back + i * width, row, right,
                                        indices + k, weights + k, degree);
            if (!back)
                continue;
            const REAL total
                = loops->multiply_by_derivative(back + i * width, row, activation);
            REAL *error_sum = (REAL *)error_sums + i;
            *error_sum = t > first ? *error_sum + total : total;
        }
    }
}

/* The sum of arrays at a distance, left in the first. */
INLINE void NAME(reduce_groups)(
    REAL *restrict values, ptrdiff_t distance, ptrdiff_t n_arrays, ptrdiff_t n)
{
    for (ptrdiff_t a = 1; a < n_arrays; a++)
        for (ptrdiff_t k = 0; k < n; k++)
            values[k] += values[a * distance + k];
}

TARGET static void NAME(take_steps)(
    const skhebb_connections *layer, const skhebb_step *step, void *products,
    ptrdiff_t distance, ptrdiff_t n_groups, void *error_sums, ptrdiff_t from,
    ptrdiff_t to)
{
    const INDEX *indptr = layer->indptr;
    const ptrdiff_t start = indptr[from];
    REAL *sums = products;
    NAME(reduce_groups)(sums, distance, n_groups, indptr[to] - start);
    if (error_sums)
        NAME(reduce_groups)((REAL *)error_sums + from, layer->n_in, n_groups, to - from);
    if (NAME(is_uniform)(step)) {
        NAME(move)(step, layer->weights, sums, start, indptr[to] - start);
        return;
    }
    /* Each neuron on its own, so that rests do not lie elsewhere for other parts. */
    for (ptrdiff_t i = from; i < to; i++)
        NAME(move)(step, layer->weights, sums + indptr[i] - start, indptr[i],
                   indptr[i + 1] - indptr[i]);
}

#include "catch_up_template.h"

TARGET static double NAME(sum_of_squares)(const void *values, ptrdiff_t n)
{
    const REAL *value = values;
    double sum = 0;
    VECTORISE(reduction(+ : sum))
    for (ptrdiff_t k = 0; k < n; k++)
        sum += (double)value[k] * value[k];
    return sum;
}

#include "hebbian_template.h"

/* By blocks, so that neither reading nor writing jumps at each value. */
TARGET static void NAME(load)(
    void *out, const skhebb_tiles *tiles, const void *X, ptrdiff_t n_features,
    const ptrdiff_t *samples, ptrdiff_t from, ptrdiff_t to)
{
    enum { BLOCK = 16 };
    ptrdiff_t t = 0;
    while (from >= tiles->edges[t + 1])
        t++;
    const ptrdiff_t edge = tiles->edges[t], width = tiles->edges[t + 1] - edge;
    REAL *tile = (REAL *)out + n_features * edge - edge;
    const ptrdiff_t valid = to < tiles->batch ? to : tiles->batch;
    for (ptrdiff_t f = 0; f < n_features; f += BLOCK) {
        const ptrdiff_t end = f + BLOCK < n_features ? f + BLOCK : n_features;
        ptrdiff_t b = from;
#if HAS_VECTORS
        enum { SIDE = NAME(side) };
        for (; end - f == BLOCK && b + SIDE <= valid; b += SIDE) {
            const REAL *rows[SIDE];
            for (int s = 0; s < SIDE; s++)
                rows[s] = (const REAL *)X + samples[b + s] * n_features;
            for (ptrdiff_t i = f; i < end; i += SIDE)
                NAME(transpose)(tile + i * width + b, width, rows, i);
        }
#endif
        for (; b < valid; b++) {
            const REAL *row = (const REAL *)X + samples[b] * n_features;
            for (ptrdiff_t i = f; i < end; i++)
                tile[i * width + b] = row[i];
        }
        for (ptrdiff_t i = f; i < end; i++)
            for (ptrdiff_t b = from < valid ? valid : from; b < to; b++)
                tile[i * width + b] = 0;
    }
}

#if REAL_BYTES == 4
#define IN_INTEGERS NAME(round_deviations), NAME(add_rounded)
#else
#define IN_INTEGERS NULL, NULL
#endif

static const skhebb_table NAME(table) = {
    NAME(gather), NAME(scatter), NAME(forward_nonzeros), NAME(products),
    NAME(take_steps), NAME(update_nonzeros), NAME(centre), NAME(centred_products),
    NAME(add_covariances), NAME(add_covariances_nonzeros),
    NAME(step), NAME(sum_of_squares), NAME(statistics), IN_INTEGERS, NAME(drop), NAME(load),
    NAME(catch_up),
};

#undef IN_INTEGERS
#undef WIDEST
