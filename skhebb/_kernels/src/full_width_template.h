/* Loops of layers in which all pairs of neurons are connected, of tiles of WIDTH. Without
 * indices, vectors that were loaded serve several neurons. What neurons add up has the
 * order, and so the bits, of other layers; gradients have an order of their own. */

#if VECTOR_BYTES == 64 /* and 32 registers */
#define N_HELD LENGTH
#define N_LEFT 6
#else
#define N_HELD (LENGTH % 2 ? 1 : 2)
#define N_LEFT 2
#endif
#define N_SUMS 6 /* rows of sums at a time */

/* out[b] = starts[b] + sum_k weights[b * across + k * along] * rows[k], for b < n_sums;
 * without starts from zero. */
INLINE void AT_WIDTH(combine_some)(
    REAL *restrict out, const REAL *restrict starts, const REAL *restrict weights,
    ptrdiff_t across, ptrdiff_t along, const REAL *restrict rows, ptrdiff_t n,
    const int n_sums)
{
    for (int first = 0; first < LENGTH; first += N_HELD) {
        VECTOR sum[N_SUMS][N_HELD];
        for (int b = 0; b < n_sums; b++)
            for (int v = 0; v < N_HELD; v++)
                sum[b][v] = (VECTOR){0} + (starts ? starts[b] : 0);
        for (ptrdiff_t k = 0; k < n; k++) {
            const VECTOR *row = (const VECTOR *)(rows + k * WIDTH) + first;
            for (int b = 0; b < n_sums; b++)
                for (int v = 0; v < N_HELD; v++)
                    sum[b][v] += weights[b * across + k * along] * row[v];
        }
        for (int b = 0; b < n_sums; b++)
            for (int v = 0; v < N_HELD; v++)
                ((VECTOR *)(out + b * WIDTH))[first + v] = sum[b][v];
    }
}

TARGET static void AT_WIDTH(combine)(
    REAL *restrict out, ptrdiff_t n_out, const REAL *restrict starts,
    const REAL *restrict weights, ptrdiff_t across, ptrdiff_t along,
    const REAL *restrict rows, ptrdiff_t n)
{
    ptrdiff_t b = 0;
#define COMBINE(n_sums)                                                              \
    for (; b + n_sums <= n_out; b += n_sums)                                         \
        AT_WIDTH(combine_some)(out + b * WIDTH, starts ? starts + b : NULL,          \
                               weights + b * across, across, along, rows, n, n_sums);
    COMBINE(N_SUMS)
    COMBINE(2)
    COMBINE(1)
#undef COMBINE
}

/* The products of n_left presynaptic neurons from i on with n_right postsynaptic ones from
 * k on, at product and from there on n_out apart. Vectors are summed over all tiles. */
INLINE void AT_WIDTH(products_of_some)(
    REAL *restrict product, const skhebb_tiles *tiles, ptrdiff_t first, ptrdiff_t last,
    const REAL *restrict inputs, ptrdiff_t n_in, ptrdiff_t i, const int n_left,
    const REAL *restrict errors, ptrdiff_t n_out, ptrdiff_t k, const int n_right)
{
    VECTOR sum[N_LEFT][4];
    memset(sum, 0, sizeof sum);
    for (ptrdiff_t t = first; t < last; t++) {
        const ptrdiff_t edge = tiles->edges[t], width = tiles->edges[t + 1] - edge;
        const REAL *left = inputs + n_in * edge + i * width;
        const REAL *right = errors + n_out * edge + k * width;
        for (ptrdiff_t b = 0; b < width; b += sizeof(VECTOR) / sizeof(REAL))
            for (int c = 0; c < n_right; c++) {
                const VECTOR row = *(const VECTOR *)(right + c * width + b);
                for (int a = 0; a < n_left; a++)
                    sum[a][c] += *(const VECTOR *)(left + a * width + b) * row;
            }
    }
    for (int a = 0; a < n_left; a++) {
        if (n_right == 4)
            ADD_TOTALS(product + a * n_out, sum[a][0], sum[a][1], sum[a][2], sum[a][3]);
        else
            product[a * n_out] += TOTAL(sum[a][0]);
    }
}

TARGET static void AT_WIDTH(all_products)(
    REAL *restrict product, const skhebb_tiles *tiles, ptrdiff_t first, ptrdiff_t last,
    const REAL *restrict inputs, ptrdiff_t n_in, ptrdiff_t from, ptrdiff_t to,
    const REAL *restrict errors, ptrdiff_t n_out)
{
    ptrdiff_t i = from;
#define PRODUCTS(n_left)                                                             \
    for (; i + n_left <= to; i += n_left, product += n_left * n_out) {               \
        ptrdiff_t k = 0;                                                             \
        for (; k + 4 <= n_out; k += 4)                                               \
            AT_WIDTH(products_of_some)(product + k, tiles, first, last, inputs,      \
                                       n_in, i, n_left, errors, n_out, k, 4);        \
        for (; k < n_out; k++)                                                       \
            AT_WIDTH(products_of_some)(product + k, tiles, first, last, inputs,      \
                                       n_in, i, n_left, errors, n_out, k, 1);        \
    }
    PRODUCTS(N_LEFT)
    PRODUCTS(1)
#undef PRODUCTS
}

#undef N_HELD
#undef N_LEFT
#undef N_SUMS
