/* Layers whose inputs are given by their non-zeros. Included once per precision and index
 * type. */

/* The first connection in start..end - 1 that leads to j or a later neuron. */
INLINE INDEX NAME(first_from)(const INDEX *indices, INDEX start, INDEX end, ptrdiff_t j)
{
    while (start < end) {
        const INDEX middle = start + (end - start) / 2;
        if (indices[middle] < j)
            start = middle + 1;
        else
            end = middle;
    }
    return start;
}

/* Where `column` of the first of n neurons is, and how far it is to the next neuron.
 * Columns come in order, so that `tile` runs along. */
INLINE ptrdiff_t NAME(tile_offset)(
    const skhebb_tiles *tiles, ptrdiff_t n, ptrdiff_t column, ptrdiff_t *tile,
    ptrdiff_t *width)
{
    while (column >= tiles->edges[*tile + 1])
        ++*tile;
    const ptrdiff_t edge = tiles->edges[*tile];
    *width = tiles->edges[*tile + 1] - edge;
    return n * edge + (column - edge);
}

/* Rows of sparse inputs lie anywhere in memory, and would be waited for: what is needed
 * of one some rows later. */
enum { NAME(ahead) = 8 };
INLINE void NAME(fetch_row)(
    const skhebb_connections *layer, ptrdiff_t i, const void *state0, const void *state1)
{
#if HAS_VECTORS
    const ptrdiff_t start = ((const INDEX *)layer->indptr)[i];
    const ptrdiff_t end = ((const INDEX *)layer->indptr)[i + 1];
    const REAL *reals[] = {layer->weights, state0, state1};
    for (ptrdiff_t k = start; k < end; k += SKHEBB_CACHE_LINE / sizeof(INDEX))
        __builtin_prefetch((const INDEX *)layer->indices + k);
    for (int a = 0; a < 3 && reals[a]; a++)
        for (ptrdiff_t k = start; k < end; k += SKHEBB_CACHE_LINE / REAL_BYTES)
            __builtin_prefetch(reals[a] + k, 1);
#endif
}

TARGET static void NAME(forward_nonzeros)(
    void *out, const skhebb_tiles *tiles, const skhebb_nonzeros *inputs,
    ptrdiff_t from, ptrdiff_t to, const skhebb_connections *layer, const void *biases,
    const skhebb_activation *activation)
{
    const INDEX *indptr = layer->indptr, *indices = layer->indices;
    const REAL *weights = layer->weights, *values = inputs->values;
    const ptrdiff_t *edges = tiles->edges;
    for (ptrdiff_t t = 0; t < tiles->n_tiles; t++)
        NAME(fill_biases)((REAL *)out + layer->n_out * edges[t], biases,
                   edges[t + 1] - edges[t], from, to);
    for (ptrdiff_t r = 0; r < inputs->n_active; r++) {
        const ptrdiff_t i = inputs->features[r];
        if (r + NAME(ahead) < inputs->n_active)
            NAME(fetch_row)(layer, inputs->features[r + NAME(ahead)], NULL, NULL);
        const INDEX start = NAME(first_from)(indices, indptr[i], indptr[i + 1], from);
        const INDEX end = NAME(first_from)(indices, start, indptr[i + 1], to);
        ptrdiff_t tile = 0, width;
        for (ptrdiff_t q = inputs->starts[r]; q < inputs->starts[r + 1]; q++) {
            REAL *z = (REAL *)out
                + NAME(tile_offset)(tiles, layer->n_out, inputs->columns[q], &tile, &width);
            for (INDEX k = start; k < end; k++)
                z[indices[k] * width] += weights[k] * values[q];
        }
    }
    for (ptrdiff_t t = 0; t < tiles->n_tiles; t++) {
        const ptrdiff_t width = edges[t + 1] - edges[t];
        NAME(activate)((REAL *)out + layer->n_out * edges[t] + from * width,
                       activation, (to - from) * width);
    }
}

TARGET static void NAME(update_nonzeros)(
    const skhebb_connections *layer, const skhebb_tiles *tiles,
    const skhebb_nonzeros *inputs, const void *errors, const skhebb_step *step,
    void *scratch, ptrdiff_t first, ptrdiff_t last)
{
    const INDEX *indptr = layer->indptr;
    const REAL *values = inputs->values;
    REAL *sums = scratch;
    for (ptrdiff_t r = first; r < last; r++) {
        const ptrdiff_t i = inputs->features[r];
        const ptrdiff_t start = indptr[i], n = indptr[i + 1] - start;
        const INDEX *index = (const INDEX *)layer->indices + start;
        ptrdiff_t tile = 0, width;
        if (r + NAME(ahead) < last)
            NAME(fetch_row)(layer, inputs->features[r + NAME(ahead)], step->state0,
                            step->state1);
        memset(sums, 0, n * sizeof(REAL));
        for (ptrdiff_t q = inputs->starts[r]; q < inputs->starts[r + 1]; q++) {
            const REAL *error = (const REAL *)errors
                + NAME(tile_offset)(tiles, layer->n_out, inputs->columns[q], &tile, &width);
            for (ptrdiff_t k = 0; k < n; k++)
                sums[k] += values[q] * error[index[k] * width];
        }
        NAME(move)(step, layer->weights, sums, start, n);
    }
}
