/* Steps of optimisers. Included once per precision and index type. */

/* Optimisers: w and its states from the gradient, `sums` divided by the total weight of
 * the batch. */

/* Without a gradient states decay to subnormal numbers, which are slow. */
INLINE REAL NAME(flushed)(REAL x)
{
    return x < SMALLEST_NORMAL && x > -SMALLEST_NORMAL ? 0 : x;
}

TARGET static void NAME(gradient_descent)(
    const skhebb_step *step, REAL *restrict weight, const REAL *restrict sums,
    REAL *restrict velocity, REAL *restrict unused, ptrdiff_t n)
{
    const REAL inverse_total = (REAL)step->inverse_total;
    const REAL decay = (REAL)(step->alpha * step->inverse_total + step->weight_decay);
    const REAL learning_rate = (REAL)step->factors[0];
    const REAL momentum = (REAL)step->factors[1];
    const int nesterov = step->factors[2] != 0;
    (void)unused;
    if (momentum == 0) {
        VECTORISE()
        for (ptrdiff_t k = 0; k < n; k++)
            weight[k] -= learning_rate * (inverse_total * sums[k] + decay * weight[k]);
        return;
    }
    VECTORISE()
    for (ptrdiff_t k = 0; k < n; k++) {
        const REAL move
            = learning_rate * (inverse_total * sums[k] + decay * weight[k]);
        const REAL next = momentum * velocity[k] - move;
        velocity[k] = NAME(flushed)(next);
        weight[k] += nesterov ? momentum * velocity[k] - move : velocity[k];
    }
}

TARGET static void NAME(adam)(
    const skhebb_step *step, REAL *restrict weight, const REAL *restrict sums,
    REAL *restrict mean, REAL *restrict square, ptrdiff_t n)
{
    const REAL inverse_total = (REAL)step->inverse_total;
    const REAL decay = (REAL)(step->alpha * step->inverse_total + step->weight_decay);
    const REAL learning_rate = (REAL)step->factors[0];
    const REAL beta_1 = (REAL)step->factors[1], beta_2 = (REAL)step->factors[2];
    const REAL offset = (REAL)step->factors[3];
    VECTORISE()
    for (ptrdiff_t k = 0; k < n; k++) {
        const REAL gradient = inverse_total * sums[k] + decay * weight[k];
        mean[k] = NAME(flushed)(beta_1 * mean[k] + (1 - beta_1) * gradient);
        square[k] = NAME(flushed)(
            beta_2 * square[k] + (1 - beta_2) * (gradient * gradient));
        weight[k] -= learning_rate * mean[k] / ((REAL)SQRT(square[k]) + offset);
    }
}

static void (*const NAME(rules)[])(const skhebb_step *, REAL *, const REAL *, REAL *,
                                   REAL *, ptrdiff_t)
    = {[SKHEBB_GRADIENT_DESCENT] = NAME(gradient_descent), [SKHEBB_ADAM] = NAME(adam)};

/* Whether a loop's rest, what is left after whole vectors, is rounded like these. */
INLINE int NAME(is_uniform)(const skhebb_step *step)
{
    const int nesterov = step->factors[1] != 0 && step->factors[2] != 0;
    return step->rule != SKHEBB_GRADIENT_DESCENT || !nesterov;
}

/* A step of the parameters start..start + n - 1. If it is uniform, the rest is padded to
 * a whole vector, so that no compiler rounds it differently. */
TARGET static void NAME(move)(
    const skhebb_step *step, REAL *weights, const REAL *sums, ptrdiff_t start,
    ptrdiff_t n)
{
    enum { LANES = SKHEBB_CACHE_LINE / REAL_BYTES };
    REAL *at[] = {weights + start, step->state0 ? (REAL *)step->state0 + start : NULL,
                  step->state1 ? (REAL *)step->state1 + start : NULL};
    const ptrdiff_t rest = NAME(is_uniform)(step) ? n % LANES : 0, whole = n - rest;
    NAME(rules)[step->rule](step, at[0], sums, at[1], at[2], whole);
    if (rest == 0)
        return;
    REAL last[3][LANES] = {{0}}, last_sums[LANES] = {0};
    memcpy(last_sums, sums + whole, rest * sizeof(REAL));
    for (int a = 0; a < 3 && at[a]; a++)
        memcpy(last[a], at[a] + whole, rest * sizeof(REAL));
    NAME(rules)[step->rule](step, last[0], last_sums, last[1], last[2], LANES);
    for (int a = 0; a < 3 && at[a]; a++)
        memcpy(at[a] + whole, last[a], rest * sizeof(REAL));
}

TARGET static void NAME(step)(
    const skhebb_step *step, void *parameters, const void *sums, ptrdiff_t n)
{
    NAME(move)(step, parameters, sums, 0, n);
}
