/* Statistics of neurons over a batch, and local learning terms. Included once per precision
 * and index type. */

INLINE void NAME(add_scaled)(
    REAL *restrict weights, const REAL *restrict sums, const INDEX *restrict index,
    const REAL *restrict scales, REAL factor, ptrdiff_t n)
{
    for (ptrdiff_t k = 0; k < n; k++)
        weights[k] += scales[index[k]] * (factor * sums[k]);
}

TARGET static void NAME(centre)(
    void *out, const void *activations, ptrdiff_t n, const void *means,
    const skhebb_tiles *tiles, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t t = 0; t < tiles->n_tiles; t++) {
        const ptrdiff_t edge = tiles->edges[t], width = tiles->edges[t + 1] - edge;
        const REAL *restrict rows = (const REAL *)activations + n * edge;
        REAL *restrict centred = (REAL *)out + n * edge;
        for (ptrdiff_t i = from; i < to; i++) {
            const REAL mean = ((const REAL *)means)[i];
            VECTORISE()
            for (ptrdiff_t b = i * width; b < (i + 1) * width; b++)
                centred[b] = rows[b] - mean;
        }
    }
}

/* One mean would do on paper; with both the rounding of a mean is of second order. */
TARGET static void NAME(centred_products)(
    const skhebb_connections *layer, const skhebb_tiles *tiles, ptrdiff_t first,
    ptrdiff_t last, const void *inputs, const skhebb_hebbian *term,
    const void *centred_outputs, void *products, ptrdiff_t from, ptrdiff_t to)
{
    const INDEX *indptr = layer->indptr, *indices = layer->indices;
    const REAL *means = term->in_means, *scales = term->in_scales;
    const ptrdiff_t start = indptr[from];
    REAL *sums = products, centred[WIDEST];
    memset(sums, 0, (indptr[to] - start) * sizeof(REAL));
    for (ptrdiff_t t = first; t < last; t++) {
        const ptrdiff_t edge = tiles->edges[t], width = tiles->edges[t + 1] - edge;
        const REAL *weights = (const REAL *)tiles->weights + edge;
        const REAL *left = (const REAL *)inputs + layer->n_in * edge;
        const REAL *right = (const REAL *)centred_outputs + layer->n_out * edge;
        for (ptrdiff_t i = from; i < to; i++) {
            const ptrdiff_t k = indptr[i];
            if (scales[i] == 0)
                continue;
            VECTORISE()
            for (ptrdiff_t b = 0; b < width; b++)
                centred[b] = weights[b] * (left[i * width + b] - means[i]);
            NAME(at_width)(width)->products(sums + k - start, centred, right,
                                            indices + k, indptr[i + 1] - k);
        }
    }
}

TARGET static void NAME(add_covariances)(
    const skhebb_connections *layer, const skhebb_hebbian *term, void *products,
    ptrdiff_t distance, ptrdiff_t n_groups, ptrdiff_t from, ptrdiff_t to)
{
    const INDEX *indptr = layer->indptr;
    const REAL *scales = term->in_scales;
    const ptrdiff_t start = indptr[from];
    REAL *sums = products;
    NAME(reduce_groups)(sums, distance, n_groups, indptr[to] - start);
    for (ptrdiff_t i = from; i < to; i++) {
        const ptrdiff_t k = indptr[i];
        if (scales[i] != 0)
            NAME(add_scaled)((REAL *)layer->weights + k, sums + k - start,
                             (const INDEX *)layer->indices + k, term->out_scales,
                             (REAL)term->factor * scales[i], indptr[i + 1] - k);
    }
}

TARGET static void NAME(add_covariances_nonzeros)(
    const skhebb_connections *layer, const skhebb_tiles *tiles,
    const skhebb_nonzeros *inputs, const skhebb_hebbian *term, void *scratch,
    ptrdiff_t from, ptrdiff_t to)
{
    const INDEX *indptr = layer->indptr;
    const REAL *values = inputs->values, *means = term->out_means;
    const REAL *weights = tiles->weights;
    REAL *sums = scratch;
    for (ptrdiff_t r = 0; r < inputs->n_active; r++) {
        const ptrdiff_t i = inputs->features[r], begin = inputs->starts[r];
        const ptrdiff_t end = inputs->starts[r + 1];
        const REAL scale = ((const REAL *)term->in_scales)[r];
        if (i < from || i >= to || scale == 0)
            continue;
        const ptrdiff_t start = indptr[i], n = indptr[i + 1] - start;
        const INDEX *index = (const INDEX *)layer->indices + start;
        /* Where there are zeros the mean is not large beside the range, and that of
         * the outputs will do. */
        const REAL centre
            = end - begin == tiles->batch ? ((const REAL *)term->in_means)[r] : 0;
        ptrdiff_t tile = 0, width;
        memset(sums, 0, n * sizeof(REAL));
        for (ptrdiff_t q = begin; q < end; q++) {
            const REAL *output = (const REAL *)term->outputs
                + NAME(tile_offset)(tiles, layer->n_out, inputs->columns[q], &tile, &width);
            const REAL centred = weights[inputs->columns[q]] * (values[q] - centre);
            for (ptrdiff_t k = 0; k < n; k++)
                sums[k] += centred * (output[index[k] * width] - means[index[k]]);
        }
        NAME(add_scaled)((REAL *)layer->weights + start, sums, index, term->out_scales,
                         (REAL)term->factor * scale, n);
    }
}

/* What a neuron does in a batch, and 1 / (highest - lowest), 0 where it is constant. */
typedef struct {
    REAL mean, lowest, highest, scale;
} NAME(neuron);

SHORT_TARGET static NAME(neuron) NAME(neuron_of)(
    const REAL *activations, ptrdiff_t n, ptrdiff_t i, const skhebb_tiles *tiles,
    REAL inverse_total)
{
    /* Sums of distances to one of the values: a neuron may vary by far less than its
     * mean, the rounding of which would be in the sums. */
    const REAL first = activations[i * tiles->edges[1]];
    REAL sum = 0, lowest = first, highest = first;
    for (ptrdiff_t t = 0; t < tiles->n_tiles; t++) {
        const ptrdiff_t edge = tiles->edges[t], width = tiles->edges[t + 1] - edge;
        const ptrdiff_t valid = edge + width < tiles->batch ? width : tiles->batch - edge;
        const REAL *row = activations + n * edge + i * width;
        const REAL *weights = (const REAL *)tiles->weights + edge;
        VECTORISE(reduction(+ : sum) reduction(min : lowest) reduction(max : highest))
        for (ptrdiff_t b = 0; b < valid; b++) {
            sum += weights[b] * (row[b] - first);
            lowest = row[b] < lowest ? row[b] : lowest;
            highest = row[b] > highest ? row[b] : highest;
        }
    }
    /* What varies by rounding only is constant, and a range below the smallest normal
     * number has no finite inverse. */
    const REAL size = highest > -lowest ? highest : -lowest, range = highest - lowest;
    const int varies = range > 4 * RESOLUTION * size && range >= SMALLEST_NORMAL;
    return (NAME(neuron)){first + sum * inverse_total, lowest, highest,
                          varies ? 1 / range : 0};
}

SHORT_TARGET static void NAME(statistics)(
    const void *activations, ptrdiff_t n, const skhebb_tiles *tiles, double total,
    void *means, void *scales, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t i = from; i < to; i++) {
        const NAME(neuron) neuron
            = NAME(neuron_of)(activations, n, i, tiles, (REAL)(1 / total));
        ((REAL *)means)[i] = neuron.mean;
        ((REAL *)scales)[i] = neuron.scale;
    }
}

/* A Hebbian term in integers. What limits products is how fast the second-level cache
 * gives rows, so that a pass for gradient and term would take as long as two; integers
 * are half as large, and their sums are the same in any order. Rows of them have the
 * columns of a block, that is, of TILES_OF_BLOCK tiles. */
#if REAL_BYTES == 4
/* The columns of a block from tile t on. */
SHORT_TARGET static inline ptrdiff_t NAME(block_width)(const skhebb_tiles *tiles, ptrdiff_t t)
{
    const ptrdiff_t end = t + TILES_OF_BLOCK;
    return tiles->edges[end < tiles->n_tiles ? end : tiles->n_tiles] - tiles->edges[t];
}

TARGET static void NAME(round_row)(
    int16_t *restrict out, const REAL *restrict row, const REAL *restrict roots,
    REAL mean, REAL scale, REAL inverse_unit, ptrdiff_t n)
{
    VECTORISE() /* scale * inverse_unit may be infinite */
    for (ptrdiff_t b = 0; b < n; b++) {
        const REAL value = roots[b] * ((row[b] - mean) * scale) * inverse_unit;
        out[b] = (int16_t)(int32_t)(value + (value < 0 ? (REAL)-0.5 : (REAL)0.5));
    }
}

SHORT_TARGET static void NAME(round_deviations)(
    const void *activations, ptrdiff_t n, const skhebb_tiles *tiles, const void *roots,
    double total, double largest_root, const skhebb_neurons *neurons, ptrdiff_t from,
    ptrdiff_t to)
{
    for (ptrdiff_t i = from; i < to; i++) {
        const NAME(neuron) neuron
            = NAME(neuron_of)(activations, n, i, tiles, (REAL)(1 / total));
        const REAL below = neuron.mean - neuron.lowest;
        const REAL above = neuron.highest - neuron.mean;
        /* At least a half, and at most 1, of the range. */
        const REAL reach = (below > above ? below : above) * neuron.scale;
        const REAL unit
            = neuron.scale == 0 ? 0 : (REAL)largest_root * reach / LARGEST_ROUNDED;
        ((REAL *)neurons->means)[i] = neuron.mean;
        ((REAL *)neurons->scales)[i] = neuron.scale;
        ((REAL *)neurons->units)[i] = unit;
        for (ptrdiff_t t = 0, block = 0; t < tiles->n_tiles; t++) {
            if (t % TILES_OF_BLOCK == 0)
                block = t;
            const ptrdiff_t edge = tiles->edges[t], width = tiles->edges[t + 1] - edge;
            const ptrdiff_t start = tiles->edges[block];
            int16_t *out = (int16_t *)neurons->rows + n * start
                + i * NAME(block_width)(tiles, block) + (edge - start);
            if (!(unit > 0)) /* NaN will be seen in the weights */
                memset(out, 0, width * sizeof(int16_t));
            else
                NAME(round_row)(out, (const REAL *)activations + n * edge + i * width,
                                (const REAL *)roots + edge, neuron.mean,
                                neuron.scale, 1 / unit, width);
        }
    }
}

/* Sums of products of a row and n_rows others; four at a time share its loads. */
SHORT_TARGET static inline void NAME(dot_products)(
    int32_t *restrict sums, const int16_t *restrict left, const int16_t *restrict rows,
    const INDEX *restrict index, ptrdiff_t width, ptrdiff_t n)
{
    ptrdiff_t k = 0;
    for (; k + 4 <= n; k += 4) {
        const int16_t *restrict row0 = rows + index[k] * width;
        const int16_t *restrict row1 = rows + index[k + 1] * width;
        const int16_t *restrict row2 = rows + index[k + 2] * width;
        const int16_t *restrict row3 = rows + index[k + 3] * width;
        int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (ptrdiff_t b = 0; b < width; b++) {
            sum0 += left[b] * row0[b];
            sum1 += left[b] * row1[b];
            sum2 += left[b] * row2[b];
            sum3 += left[b] * row3[b];
        }
        sums[k] = sum0;
        sums[k + 1] = sum1;
        sums[k + 2] = sum2;
        sums[k + 3] = sum3;
    }
    for (; k < n; k++) {
        const int16_t *restrict row = rows + index[k] * width;
        int32_t sum = 0;
        for (ptrdiff_t b = 0; b < width; b++)
            sum += left[b] * row[b];
        sums[k] = sum;
    }
}

SHORT_TARGET static void NAME(add_rounded)(
    const skhebb_connections *layer, const skhebb_tiles *tiles, double factor,
    const skhebb_neurons *before, const skhebb_neurons *after, ptrdiff_t from,
    ptrdiff_t to)
{
    enum { AT_A_TIME = 64 };
    const INDEX *indptr = layer->indptr, *indices = layer->indices;
    const REAL *units = after->units;
    REAL *weights = layer->weights;
    int32_t sums[AT_A_TIME];
    for (ptrdiff_t t = 0; t < tiles->n_tiles; t += TILES_OF_BLOCK) {
        const ptrdiff_t edge = tiles->edges[t], width = NAME(block_width)(tiles, t);
        const int16_t *left = (const int16_t *)before->rows + layer->n_in * edge;
        const int16_t *right = (const int16_t *)after->rows + layer->n_out * edge;
        for (ptrdiff_t i = from; i < to; i++) {
            const REAL share = (REAL)factor * ((const REAL *)before->units)[i];
            for (ptrdiff_t k = indptr[i]; share != 0 && k < indptr[i + 1]; k += AT_A_TIME) {
                const ptrdiff_t rest = indptr[i + 1] - k;
                const ptrdiff_t n = rest < AT_A_TIME ? rest : AT_A_TIME;
                NAME(dot_products)(sums, left + i * width, right, indices + k, width, n);
                for (ptrdiff_t c = 0; c < n; c++)
                    weights[k + c] += units[indices[k + c]] * (share * (REAL)sums[c]);
            }
        }
    }
}
#endif
