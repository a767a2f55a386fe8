/* Loops of layers in which all pairs of neurons are connected, of tiles of WIDTH. Without
 * indices, vectors that were loaded serve several neurons. What neurons add up has the
 * order, and so the bits, of other layers. */

#if VECTOR_BYTES == 64 /* and 32 registers */
#define N_HELD LENGTH
#else
#define N_HELD (LENGTH % 2 ? 1 : 2)
#endif
#define N_SUMS 6 /* rows of sums at a time */

/* out[b] = starts[b] + sum_k weights[b * across + k * along] * rows[k], for b < n_sums, rows
 * of out being `distance` apart; without starts from zero, or from out if it `goes_on`. */
INLINE void AT_WIDTH(combine_some)(
    REAL *restrict out, ptrdiff_t distance, int goes_on, const REAL *restrict starts,
    const REAL *restrict weights, ptrdiff_t across, ptrdiff_t along,
    const REAL *restrict rows, ptrdiff_t n, const int n_sums)
{
    for (int first = 0; first < LENGTH; first += N_HELD) {
        VECTOR sum[N_SUMS][N_HELD];
        for (int b = 0; b < n_sums; b++)
            for (int v = 0; v < N_HELD; v++)
                if (goes_on)
                    sum[b][v] = ((VECTOR *)(out + b * distance))[first + v];
                else
                    sum[b][v] = (VECTOR){0} + (starts ? starts[b] : 0);
        for (ptrdiff_t k = 0; k < n; k++) {
            const VECTOR *row = (const VECTOR *)(rows + k * WIDTH) + first;
            for (int b = 0; b < n_sums; b++)
                for (int v = 0; v < N_HELD; v++)
                    sum[b][v] += weights[b * across + k * along] * row[v];
        }
        for (int b = 0; b < n_sums; b++)
            for (int v = 0; v < N_HELD; v++)
                ((VECTOR *)(out + b * distance))[first + v] = sum[b][v];
    }
}

TARGET static void AT_WIDTH(combine)(
    REAL *restrict out, ptrdiff_t distance, ptrdiff_t n_out, int goes_on,
    const REAL *restrict starts, const REAL *restrict weights, ptrdiff_t across, ptrdiff_t along,
    const REAL *restrict rows, ptrdiff_t n)
{
    ptrdiff_t b = 0;
#define COMBINE(n_sums)                                                              \
    for (; b + n_sums <= n_out; b += n_sums)                                         \
        AT_WIDTH(combine_some)(out + b * distance, distance, goes_on,                \
                               starts ? starts + b : NULL, weights + b * across,     \
                               across, along, rows, n, n_sums);
    COMBINE(N_SUMS)
    COMBINE(2)
    COMBINE(1)
#undef COMBINE
}

#undef N_HELD
#undef N_SUMS
