/* Included once per precision, with REAL, TARGET and NAME() defined. */

TARGET static inline void NAME(add_four)(
    REAL *restrict out, const REAL *restrict r0, const REAL *restrict r1,
    const REAL *restrict r2, const REAL *restrict r3,
    REAL w0, REAL w1, REAL w2, REAL w3, ptrdiff_t stride)
{
    VECTORISE()
    for (ptrdiff_t b = 0; b < stride; b++)
        out[b] = out[b] + w0 * r0[b] + w1 * r1[b] + w2 * r2[b] + w3 * r3[b];
}

TARGET static inline void NAME(add_one)(
    REAL *restrict out, const REAL *restrict r0, REAL w0, ptrdiff_t stride)
{
    VECTORISE()
    for (ptrdiff_t b = 0; b < stride; b++)
        out[b] += w0 * r0[b];
}

TARGET static inline REAL NAME(dot)(
    const REAL *restrict left, const REAL *restrict right, ptrdiff_t stride)
{
    REAL sum = 0;
    VECTORISE(reduction(+ : sum))
    for (ptrdiff_t b = 0; b < stride; b++)
        sum += left[b] * right[b];
    return sum;
}

TARGET static inline REAL NAME(centred_dot)(
    const REAL *restrict left, const REAL *restrict right, REAL mean, ptrdiff_t stride)
{
    REAL sum = 0;
    VECTORISE(reduction(+ : sum))
    for (ptrdiff_t b = 0; b < stride; b++)
        sum += left[b] * (right[b] - mean);
    return sum;
}

/* Four connections at a time, so that `out` is loaded and stored a quarter as often. */
TARGET static void NAME(weighted_sum)(
    REAL *restrict out, const REAL *restrict rows, ptrdiff_t stride,
    const int32_t *restrict index, const int32_t *restrict position,
    const REAL *restrict weight, ptrdiff_t n, REAL bias)
{
    ptrdiff_t k = 0;
    for (ptrdiff_t b = 0; b < stride; b++)
        out[b] = bias;
    for (; k + 4 <= n; k += 4)
        NAME(add_four)(out, rows + index[k] * stride, rows + index[k + 1] * stride,
                       rows + index[k + 2] * stride, rows + index[k + 3] * stride,
                       weight[position[k]], weight[position[k + 1]],
                       weight[position[k + 2]], weight[position[k + 3]], stride);
    for (; k < n; k++)
        NAME(add_one)(out, rows + index[k] * stride, weight[position[k]], stride);
}

TARGET static void NAME(products)(
    REAL *restrict product, const REAL *restrict left, const REAL *restrict rows,
    ptrdiff_t stride, const int32_t *restrict index, ptrdiff_t n)
{
    ptrdiff_t k = 0;
    for (; k + 4 <= n; k += 4) {
        const REAL *restrict r0 = rows + index[k] * stride;
        const REAL *restrict r1 = rows + index[k + 1] * stride;
        const REAL *restrict r2 = rows + index[k + 2] * stride;
        const REAL *restrict r3 = rows + index[k + 3] * stride;
        REAL s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        VECTORISE(reduction(+ : s0, s1, s2, s3))
        for (ptrdiff_t b = 0; b < stride; b++) {
            s0 += left[b] * r0[b];
            s1 += left[b] * r1[b];
            s2 += left[b] * r2[b];
            s3 += left[b] * r3[b];
        }
        product[k] = s0;
        product[k + 1] = s1;
        product[k + 2] = s2;
        product[k + 3] = s3;
    }
    for (; k < n; k++)
        product[k] = NAME(dot)(left, rows + index[k] * stride, stride);
}

TARGET static void NAME(products_and_sum)(
    REAL *restrict product, REAL *restrict out, const REAL *restrict left,
    const REAL *restrict rows, ptrdiff_t stride, const int32_t *restrict index,
    const REAL *restrict weight, ptrdiff_t n)
{
    ptrdiff_t k = 0;
    for (ptrdiff_t b = 0; b < stride; b++)
        out[b] = 0;
    for (; k + 4 <= n; k += 4) {
        const REAL *restrict r0 = rows + index[k] * stride;
        const REAL *restrict r1 = rows + index[k + 1] * stride;
        const REAL *restrict r2 = rows + index[k + 2] * stride;
        const REAL *restrict r3 = rows + index[k + 3] * stride;
        const REAL w0 = weight[k], w1 = weight[k + 1];
        const REAL w2 = weight[k + 2], w3 = weight[k + 3];
        REAL s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        VECTORISE(reduction(+ : s0, s1, s2, s3))
        for (ptrdiff_t b = 0; b < stride; b++) {
            s0 += left[b] * r0[b];
            s1 += left[b] * r1[b];
            s2 += left[b] * r2[b];
            s3 += left[b] * r3[b];
            out[b] = out[b] + w0 * r0[b] + w1 * r1[b] + w2 * r2[b] + w3 * r3[b];
        }
        product[k] = s0;
        product[k + 1] = s1;
        product[k + 2] = s2;
        product[k + 3] = s3;
    }
    for (; k < n; k++) {
        const REAL *restrict row = rows + index[k] * stride;
        product[k] = NAME(dot)(left, row, stride);
        NAME(add_one)(out, row, weight[k], stride);
    }
}

TARGET static void NAME(add_covariances)(
    REAL *restrict weight, const REAL *restrict left, const REAL *restrict rows,
    ptrdiff_t stride, const int32_t *restrict index, const REAL *restrict mean,
    const REAL *restrict scale, REAL factor, ptrdiff_t n)
{
    ptrdiff_t k = 0;
    for (; k + 4 <= n; k += 4) {
        const int32_t j0 = index[k], j1 = index[k + 1];
        const int32_t j2 = index[k + 2], j3 = index[k + 3];
        const REAL *restrict r0 = rows + j0 * stride;
        const REAL *restrict r1 = rows + j1 * stride;
        const REAL *restrict r2 = rows + j2 * stride;
        const REAL *restrict r3 = rows + j3 * stride;
        const REAL m0 = mean[j0], m1 = mean[j1], m2 = mean[j2], m3 = mean[j3];
        REAL s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        VECTORISE(reduction(+ : s0, s1, s2, s3))
        for (ptrdiff_t b = 0; b < stride; b++) {
            s0 += left[b] * (r0[b] - m0);
            s1 += left[b] * (r1[b] - m1);
            s2 += left[b] * (r2[b] - m2);
            s3 += left[b] * (r3[b] - m3);
        }
        weight[k] += scale[j0] * (factor * s0);
        weight[k + 1] += scale[j1] * (factor * s1);
        weight[k + 2] += scale[j2] * (factor * s2);
        weight[k + 3] += scale[j3] * (factor * s3);
    }
    for (; k < n; k++) {
        const int32_t j = index[k];
        const REAL s0 = NAME(centred_dot)(left, rows + j * stride, mean[j], stride);
        weight[k] += scale[j] * (factor * s0);
    }
}

TARGET static void NAME(centre)(
    REAL *restrict centred, const REAL *restrict row, REAL mean, ptrdiff_t batch,
    ptrdiff_t stride)
{
    VECTORISE()
    for (ptrdiff_t b = 0; b < batch; b++)
        centred[b] = row[b] - mean;
    for (ptrdiff_t b = batch; b < stride; b++)
        centred[b] = 0;
}

TARGET static void NAME(statistics)(
    const REAL *restrict row, ptrdiff_t batch, REAL *mean, REAL *scale)
{
    REAL low = row[0], high = row[0], sum = 0, rest = 0;
    VECTORISE(reduction(+ : sum) reduction(min : low) reduction(max : high))
    for (ptrdiff_t b = 0; b < batch; b++) {
        sum += row[b];
        low = row[b] < low ? row[b] : low;
        high = row[b] > high ? row[b] : high;
    }
    /* A second pass takes out the rounding of the first: a neuron may vary by far
     * less than its mean. */
    const REAL rough = sum / (REAL)batch;
    VECTORISE(reduction(+ : rest))
    for (ptrdiff_t b = 0; b < batch; b++)
        rest += row[b] - rough;
    *mean = rough + rest / (REAL)batch;
    /* What varies by rounding only is constant, and a range below the smallest normal
     * number has no finite inverse. */
    const REAL size = high > -low ? high : -low;
    const REAL range = high - low;
    *scale = range > 4 * RESOLUTION * size && range >= SMALLEST_NORMAL ? 1 / range : 0;
}

/* Written so that NaN stays NaN: a diverging network must be seen to diverge. */
TARGET static void NAME(relu)(REAL *restrict row, ptrdiff_t n)
{
    VECTORISE()
    for (ptrdiff_t b = 0; b < n; b++)
        row[b] = row[b] < 0 ? 0 : row[b];
}

TARGET static void NAME(relu_backward)(
    REAL *restrict delta, const REAL *restrict row, ptrdiff_t n)
{
    VECTORISE()
    for (ptrdiff_t b = 0; b < n; b++)
        delta[b] = row[b] > 0 ? delta[b] : 0;
}

TARGET static void NAME(sgd)(
    REAL *restrict weight, REAL *restrict velocity, const REAL *restrict gradient,
    REAL learning_rate, REAL momentum, int nesterov, ptrdiff_t n)
{
    if (momentum == 0) {
        VECTORISE()
        for (ptrdiff_t k = 0; k < n; k++)
            weight[k] -= learning_rate * gradient[k];
        return;
    }
    VECTORISE()
    for (ptrdiff_t k = 0; k < n; k++) {
        const REAL step = learning_rate * gradient[k];
        const REAL next = momentum * velocity[k] - step;
        /* Without a gradient a velocity decays to subnormal numbers, which are slow. */
        velocity[k] = next < SMALLEST_NORMAL && next > -SMALLEST_NORMAL ? 0 : next;
        weight[k] += nesterov ? momentum * velocity[k] - step : velocity[k];
    }
}

static const LOOPS NAME(loops) = {
    NAME(weighted_sum), NAME(products), NAME(products_and_sum), NAME(add_covariances),
    NAME(centre), NAME(statistics), NAME(relu), NAME(relu_backward), NAME(sgd),
};
