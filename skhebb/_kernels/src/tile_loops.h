/* The innermost loops: each works on tiles, arrays of activations that fit a cache.
 *
 * The activations of n neurons for a batch are cut by columns, that is, by samples,
 * into tiles. Tile t holds the columns edges[t] to edges[t + 1] of all neurons: it
 * starts at n * edges[t] and has, for one neuron after the other, a row of
 * edges[t + 1] - edges[t] values. Such a width is 1 to 4 vectors of 64 bytes, or a
 * power of two below one, so that a row stays in registers while connections are
 * added to it. Columns from `batch` on are padding.
 *
 * Cython owns types, threads and checks; it reaches these loops through a table, one
 * for each precision and index type, chosen once per process for the instruction set
 * of the processor. They are in C because Cython knows no vectors.
 */
#ifndef SKHEBB_TILE_LOOPS_H
#define SKHEBB_TILE_LOOPS_H

#include <stddef.h>
#include <stdint.h>

enum {
    SKHEBB_CACHE_LINE = 64,  /* bytes: a row of a tile is so many, or a part of them, */
    SKHEBB_TILE_BYTES = 256, /* or a multiple up to so many, which registers hold */
};

/* `void` stands for the REAL (float or double) or the INDEX (int32_t or int64_t) of
 * the table. */

typedef struct {
    ptrdiff_t n_tiles, batch;
    const ptrdiff_t *edges;
    const void *weights; /* of the columns, 0 of padding; NULL where not needed */
} skhebb_tiles;

/* The first leaves positive values and multiplies negative ones by `slope`; the others
 * are applied elsewhere, and here are only their derivatives. */
typedef enum {
    SKHEBB_PIECEWISE_LINEAR,
    SKHEBB_TANH,
    SKHEBB_LOGISTIC,
} skhebb_activation_kind;

typedef struct {
    skhebb_activation_kind kind;
    /* If it is negative, the last bit of an activation tells whether its argument was. */
    double slope;
    /* Where dropout took place, activations that were kept, with this probability, have
     * been divided by it, and the others are -0.0, which nothing else gives. */
    double keep_probability;
} skhebb_activation;

typedef struct { /* of a layer, by presynaptic neuron */
    ptrdiff_t n_in, n_out;
    const void *indptr, *indices;
    void *weights;
} skhebb_connections;

typedef struct { /* of a batch of sparse samples, by feature, then by column */
    ptrdiff_t n_active;
    const ptrdiff_t *features, *starts, *columns;
    const void *values;
} skhebb_nonzeros;

typedef enum { SKHEBB_GRADIENT_DESCENT, SKHEBB_ADAM } skhebb_rule;

typedef struct { /* of one parameter array; its states and rule are the optimiser's */
    skhebb_rule rule;
    double inverse_total; /* of the weight of the batch */
    double alpha, weight_decay; /* L2 terms: divided by that weight, and as it is */
    const double *factors;
    void *state0, *state1;
} skhebb_step;

/* w_ij += factor scale_i scale_j sum_b weight_b (a_i - mean_i) (a_j - mean_j) */
typedef struct {
    double factor;
    const void *in_means, *in_scales, *outputs, *out_means, *out_scales;
} skhebb_hebbian;

/* Of each neuron of a layer, over a batch: means, 1 / (highest - lowest), and rounded
 * deviations, units * rows = sqrt(weight) scale (activation - mean). */
typedef struct {
    void *means, *scales, *units, *rows;
} skhebb_neurons;

/* Steps that rows may have missed because their inputs were zero. */
typedef struct {
    skhebb_rule rule;
    ptrdiff_t n_steps;
    const double *factors; /* those of skhebb_step, which all steps share but for rates */
    /* Of gradient descent, for each step from which on a row may have been absent, the
     * matrix that takes weight and velocity to where they are now. Of Adam without L2
     * terms, the first of four numbers is the rate of what the first moment moved. */
    const double *moves;
    /* Of Adam: sums of rates and of decays before each step; and, by the length of an
     * absence, what is left of both moments, and how much of the rate theirs and the
     * decay's moves have, see catch_up_template.h. */
    const double *rates, *decays, *lengths;
    void *state0, *state1;
} skhebb_history;

typedef struct {
    /* Of one tile: out_j = f(bias_j + sum_i w_ij in_i), for the neurons from..to - 1.
     * By postsynaptic neuron: the inputs of j are presynaptic[starts[j]...]. Where
     * their weights are need not be stored: the connections of i are sorted, and so
     * heads[i], at first begins[i], runs along with j. */
    void (*gather)(void *out, const void *in, ptrdiff_t width, ptrdiff_t from,
                   ptrdiff_t to, const skhebb_connections *layer, const void *begins,
                   void *heads, const void *starts, const int32_t *presynaptic,
                   const void *biases,
                   const skhebb_activation *activation);
    /* The same by presynaptic neuron: begins[i] to ends[i] - 1 are the connections of
     * i to neurons from..to - 1. The order of the sums, and so every bit, is that of
     * `gather`. */
    void (*scatter)(void *out, const void *in, ptrdiff_t width, ptrdiff_t from,
                    ptrdiff_t to, const skhebb_connections *layer, const void *begins,
                    const void *ends, const void *biases,
                    const skhebb_activation *activation);
    /* The same of all tiles, for inputs of which only the non-zeros are given. */
    void (*forward_nonzeros)(void *out, const skhebb_tiles *tiles,
                             const skhebb_nonzeros *inputs, ptrdiff_t from,
                             ptrdiff_t to, const skhebb_connections *layer,
                             const void *biases, const skhebb_activation *activation);
    /* Backward and gradient of the connections of the presynaptic neurons from..to - 1
     * in the tiles first..last - 1: the sum over their columns of products of inputs
     * and `errors`, dJ/dz of the layer. Unless NULL, `in_errors` becomes dJ/dz of the
     * layer before, whose activation is given, and `error_sums` its sum. */
    void (*products)(const skhebb_connections *layer, const skhebb_tiles *tiles,
                     ptrdiff_t first, ptrdiff_t last, const void *inputs,
                     const void *errors, void *in_errors, void *error_sums,
                     const skhebb_activation *activation, void *products,
                     ptrdiff_t from, ptrdiff_t to);
    /* The optimiser's step, once there are the products of all groups of tiles, one
     * group `distance` values after the other. Error sums are united, too. */
    void (*take_steps)(const skhebb_connections *layer, const skhebb_step *step,
                       void *products, ptrdiff_t distance, ptrdiff_t n_groups,
                       void *error_sums, ptrdiff_t from, ptrdiff_t to);
    /* Gradient and step of the first layer, for the non-zeros of inputs: of the features
     * first..last - 1 of those that have any. Others are not visited. */
    void (*update_nonzeros)(const skhebb_connections *layer, const skhebb_tiles *tiles,
                            const skhebb_nonzeros *inputs, const void *errors,
                            const skhebb_step *step, void *scratch, ptrdiff_t first,
                            ptrdiff_t last);
    /* Activations of the neurons from..to - 1 of n, less their means. */
    void (*centre)(void *out, const void *activations, ptrdiff_t n, const void *means,
                   const skhebb_tiles *tiles, ptrdiff_t from, ptrdiff_t to);
    /* The products of a Hebbian term, and their addition to the weights. */
    void (*centred_products)(const skhebb_connections *layer, const skhebb_tiles *tiles,
                             ptrdiff_t first, ptrdiff_t last, const void *inputs,
                             const skhebb_hebbian *term, const void *centred_outputs,
                             void *products, ptrdiff_t from, ptrdiff_t to);
    void (*add_covariances)(const skhebb_connections *layer, const skhebb_hebbian *term,
                            void *products, ptrdiff_t distance, ptrdiff_t n_groups,
                            ptrdiff_t from, ptrdiff_t to);
    /* Both for non-zeros; in_means and in_scales are those of their features. */
    void (*add_covariances_nonzeros)(const skhebb_connections *layer,
                                     const skhebb_tiles *tiles,
                                     const skhebb_nonzeros *inputs,
                                     const skhebb_hebbian *term, void *scratch,
                                     ptrdiff_t from, ptrdiff_t to);
    /* One step of n parameters, given their gradient times the total weight. */
    void (*step)(const skhebb_step *step, void *parameters, const void *sums,
                 ptrdiff_t n);
    double (*sum_of_squares)(const void *values, ptrdiff_t n);
    /* Mean of each neuron, given the total of the weights, and 1 / (max - min), 0 where
     * it is constant. */
    void (*statistics)(const void *activations, ptrdiff_t n,
                       const skhebb_tiles *tiles, double total, void *means,
                       void *scales, ptrdiff_t from, ptrdiff_t to);
    /* The same, and rounded deviations, given the square roots of the weights. */
    void (*round_deviations)(const void *activations, ptrdiff_t n,
                             const skhebb_tiles *tiles, const void *roots, double total,
                             double largest_root, const skhebb_neurons *neurons,
                             ptrdiff_t from, ptrdiff_t to);
    /* w_ij += factor sum_b d_bi d_bj, of the rounded deviations of both sides. */
    void (*add_rounded)(const skhebb_connections *layer, const skhebb_tiles *tiles,
                        double factor, const skhebb_neurons *before,
                        const skhebb_neurons *after, ptrdiff_t from, ptrdiff_t to);
    /* Dropout of the activations from..to - 1; their places and the key decide. */
    void (*drop)(void *activations, uint64_t key, const skhebb_activation *activation,
                 ptrdiff_t from, ptrdiff_t to);
    /* Lay samples out: columns from..to - 1, all in one tile. */
    void (*load)(void *out, const skhebb_tiles *tiles, const void *X,
                 ptrdiff_t n_features, const ptrdiff_t *samples, ptrdiff_t from,
                 ptrdiff_t to);
    /* Move the rows rows[first..last - 1], or first..last - 1 where that is NULL, as the
     * steps since since[row] would have without a gradient; they have then seen all. */
    void (*catch_up)(const skhebb_connections *layer, const skhebb_history *history,
                     const ptrdiff_t *rows, int32_t *since, ptrdiff_t first,
                     ptrdiff_t last);
} skhebb_table;

typedef struct {
    const char *name;
    /* float and int32, float and int64, double and int32, double and int64; NULL where
     * the compiler or the processor family does not know the instruction set. */
    const skhebb_table *tables[4];
} skhebb_instruction_set;

/* Each is compiled in a file of its own. */
extern const skhebb_instruction_set skhebb_baseline, skhebb_avx2, skhebb_avx512;

#endif
