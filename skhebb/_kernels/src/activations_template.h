/* Activation functions that kernels apply, their derivatives, and dropout. Included once
 * per precision and index type. */

typedef BITS MAY_ALIAS NAME(bits);

/* Multiply by the derivative, told by the activation; return the sum. */
INLINE REAL NAME(multiply_by_derivative)(
    REAL *restrict delta, const REAL *restrict a, const skhebb_activation *activation,
    ptrdiff_t n)
{
    const REAL slope = (REAL)activation->slope, keep = (REAL)activation->keep_probability;
    const REAL inverse = (REAL)(1 / activation->keep_probability);
    const NAME(bits) *bits = (const NAME(bits) *)a;
    REAL sum = 0;
    if (activation->kind == SKHEBB_TANH) {
        VECTORISE()
        for (ptrdiff_t b = 0; b < n; b++)
            delta[b] *= 1 - keep * a[b] * (keep * a[b]);
    } else if (activation->kind == SKHEBB_LOGISTIC) {
        VECTORISE()
        for (ptrdiff_t b = 0; b < n; b++)
            delta[b] *= keep * a[b] * (1 - keep * a[b]);
    } else if (slope < 0) {
        VECTORISE()
        for (ptrdiff_t b = 0; b < n; b++)
            delta[b] = bits[b] & 1 ? slope * delta[b] : delta[b];
    } else {
        VECTORISE()
        for (ptrdiff_t b = 0; b < n; b++)
            delta[b] = a[b] > 0 ? delta[b] : slope * delta[b];
    }
    if (keep != 1) {
        const REAL dropped = -0.0;
        const BITS mark = *(const NAME(bits) *)&dropped;
        VECTORISE()
        for (ptrdiff_t b = 0; b < n; b++)
            delta[b] = bits[b] == mark ? 0 : inverse * delta[b];
    }
    VECTORISE(reduction(+ : sum))
    for (ptrdiff_t b = 0; b < n; b++)
        sum += delta[b];
    return sum;
}

/* Written so that NaN stays NaN: a diverging network must be seen to diverge. */
TARGET static void NAME(activate)(
    REAL *restrict z, const skhebb_activation *activation, ptrdiff_t n)
{
    const REAL slope = (REAL)activation->slope;
    NAME(bits) *bits = (NAME(bits) *)z;
    if (activation->kind != SKHEBB_PIECEWISE_LINEAR || slope == 1)
        return;
    if (slope == 0) { /* 0 times infinity is NaN */
        VECTORISE()
        for (ptrdiff_t b = 0; b < n; b++)
            z[b] = z[b] < 0 ? 0 : z[b];
        return;
    }
    if (slope > 0) {
        VECTORISE()
        for (ptrdiff_t b = 0; b < n; b++)
            z[b] = z[b] < 0 ? slope * z[b] : z[b];
        return;
    }
    for (ptrdiff_t b = 0; b < n; b++) {
        const int is_negative = z[b] < 0;
        z[b] = is_negative ? slope * z[b] : z[b];
        bits[b] = (bits[b] & ~(BITS)1) | is_negative;
    }
}

/* A number for each place and key, as good as random: MurmurHash3's finalizer. */
INLINE uint32_t NAME(hashed)(uint32_t place, uint64_t key)
{
    uint32_t x = (place * 0x9e3779b9u + (uint32_t)key) ^ (uint32_t)(key >> 32);
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

TARGET static void NAME(drop)(
    void *activations, uint64_t key, const skhebb_activation *activation,
    ptrdiff_t from, ptrdiff_t to)
{
    const double keep = activation->keep_probability;
    const REAL inverse = (REAL)(1 / keep), dropped = -0.0;
    const BITS mark = *(const NAME(bits) *)&dropped;
    const BITS last = activation->slope < 0; /* what the last bit is needed for */
    const uint32_t limit = keep < 1 ? (uint32_t)(keep * 4294967296.0) : UINT32_MAX;
    REAL *restrict a = activations;
    NAME(bits) *bits = activations;
    VECTORISE()
    for (ptrdiff_t b = from; b < to; b++) {
        const BITS is_last = bits[b] & last;
        a[b] *= inverse;
        const BITS kept = (bits[b] & ~last) | is_last;
        bits[b] = NAME(hashed)((uint32_t)b, key) < limit ? kept : mark;
    }
}
