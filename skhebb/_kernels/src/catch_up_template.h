/* Rows whose inputs were zero for some batches, and so had no gradient, take the steps
 * that they missed. Included once per precision and index type. */

/* Those of gradient descent are linear in weight and velocity: all are one. */
TARGET static void NAME(catch_up_gradient_descent)(
    const skhebb_history *history, ptrdiff_t since, REAL *restrict weight,
    ptrdiff_t start, ptrdiff_t n)
{
    const double *move = history->moves + 4 * since;
    const REAL ww = (REAL)move[0], wv = (REAL)move[1];
    const REAL vw = (REAL)move[2], vv = (REAL)move[3];
    if (!history->state0) {
        VECTORISE()
        for (ptrdiff_t k = 0; k < n; k++)
            weight[k] *= ww;
        return;
    }
    REAL *restrict velocity = (REAL *)history->state0 + start;
    VECTORISE()
    for (ptrdiff_t k = 0; k < n; k++) {
        const REAL before = weight[k];
        weight[k] = ww * before + wv * velocity[k];
        velocity[k] = NAME(flushed)(vw * before + vv * velocity[k]);
    }
}

typedef struct {
    REAL decay, mean_left, square_left, square_new; /* of decay and both moments */
    REAL by_mean, by_decay, damping; /* rates of what moves the weight */
    REAL of_old, of_new; /* how much of the decay at the weight before and after */
} NAME(absence);

/* A part of an absence, of n steps from `since` on. The decay's gradient is that of the
 * weight before where this is one step, which it then is exactly; else that of the
 * weight after, which no length of absence makes overshoot. */
INLINE NAME(absence) NAME(part_of_absence)(
    const skhebb_history *history, ptrdiff_t since, ptrdiff_t n)
{
    const double beta_1 = history->factors[1], *of_length = history->lengths + 4 * n;
    const double rate = (history->rates[since + n] - history->rates[since]) / n;
    const double decay = (history->decays[since + n] - history->decays[since]) / n;
    const double by_decay = n == 1 ? 1 - beta_1 : of_length[1] - of_length[0];
    return (NAME(absence)){
        .decay = (REAL)decay,
        .mean_left = (REAL)of_length[2],
        .square_left = (REAL)of_length[3],
        .square_new = (REAL)(1 - of_length[3]),
        .by_mean = (REAL)(rate * of_length[0]),
        .by_decay = (REAL)(rate * by_decay * decay),
        .damping = (REAL)(n == 1 ? 0 : rate * by_decay * decay),
        .of_old = (REAL)(n == 1 ? (1 - beta_1) * decay : 0),
        .of_new = (REAL)(n == 1 ? 0 : (1 - of_length[2]) * decay),
    };
}

enum { NAME(LANES) = SKHEBB_CACHE_LINE / REAL_BYTES, NAME(ROOM) = 4 * NAME(LANES) };

/* One part of an absence of so many vectors of connections. */
INLINE void NAME(adam_absent)(
    const NAME(absence) *part, REAL offset, REAL *restrict weight, REAL *restrict mean,
    REAL *restrict square, ptrdiff_t n_vectors)
{
    const NAME(absence) p = *part;
    for (ptrdiff_t k = 0; k < n_vectors * NAME(LANES); k += NAME(LANES)) {
        VECTORISE()
        for (ptrdiff_t b = k; b < k + NAME(LANES); b++) {
            const REAL before = weight[b], gradient = p.decay * before;
            const REAL next = p.square_left * square[b]
                + p.square_new * (gradient * gradient);
            const REAL after = before
                - (p.by_mean * mean[b] + p.by_decay * before)
                    / ((REAL)SQRT(next) + offset + p.damping);
            square[b] = NAME(flushed)(next);
            mean[b] = NAME(flushed)(
                p.mean_left * mean[b] + (p.of_old * before + p.of_new * after));
            weight[b] = after;
        }
    }
}

/* Without L2 terms all steps are one. No operation may be fused with another, so that
 * rests are rounded like vectors. */
INLINE void NAME(adam_still)(
    const skhebb_history *history, ptrdiff_t since, REAL *restrict weight,
    REAL *restrict mean, REAL *restrict square, ptrdiff_t n)
{
    const double *of_length = history->lengths + 4 * (history->n_steps - since);
    const REAL offset = (REAL)history->factors[3], by_mean = (REAL)history->moves[4 * since];
    const REAL mean_left = (REAL)of_length[2], square_left = (REAL)of_length[3];
    VECTORISE()
    for (ptrdiff_t k = 0; k < n; k++) {
        const REAL next = square_left * square[k];
        weight[k] -= by_mean * mean[k] / ((REAL)SQRT(next) + offset);
        square[k] = NAME(flushed)(next);
        mean[k] = NAME(flushed)(mean_left * mean[k]);
    }
}

/* In parts of 1, 2, 4, ... steps: what the moments leave behind is soon over, and then
 * little changes. */
TARGET static void NAME(catch_up_adam)(
    const skhebb_history *history, ptrdiff_t since, REAL *restrict weight,
    ptrdiff_t start, ptrdiff_t n)
{
    enum { MOST = 64 }; /* more parts than a number of steps has bits */
    const REAL offset = (REAL)history->factors[3];
    REAL *states[] = {weight, (REAL *)history->state0 + start,
                      (REAL *)history->state1 + start};
    if (history->decays[history->n_steps] == history->decays[since]) {
        NAME(adam_still)(history, since, weight, states[1], states[2], n);
        return;
    }
    NAME(absence) parts[MOST];
    int n_parts = 0;
    ptrdiff_t length = 1;
    for (ptrdiff_t from = since; from < history->n_steps; from += length / 2) {
        if (length > history->n_steps - from)
            length = history->n_steps - from;
        parts[n_parts++] = NAME(part_of_absence)(history, from, length);
        length *= 2;
    }
    for (ptrdiff_t k = 0; k < n; k += NAME(ROOM)) {
        const ptrdiff_t size = n - k < NAME(ROOM) ? n - k : NAME(ROOM);
        const ptrdiff_t n_vectors = (size + NAME(LANES) - 1) / NAME(LANES);
        REAL room[3][NAME(ROOM)];
        if (size < NAME(ROOM)) /* whole vectors take less time than a rest */
            memset(room, 0, sizeof(room));
        for (int a = 0; a < 3; a++)
            memcpy(room[a], states[a] + k, size * sizeof(REAL));
        for (int p = 0; p < n_parts; p++)
            NAME(adam_absent)(parts + p, offset, room[0], room[1], room[2], n_vectors);
        for (int a = 0; a < 3; a++)
            memcpy(states[a] + k, room[a], size * sizeof(REAL));
    }
}

static void (*const NAME(catch_ups)[])(const skhebb_history *, ptrdiff_t, REAL *,
                                       ptrdiff_t, ptrdiff_t)
    = {[SKHEBB_GRADIENT_DESCENT] = NAME(catch_up_gradient_descent),
       [SKHEBB_ADAM] = NAME(catch_up_adam)};

TARGET static void NAME(catch_up)(
    const skhebb_connections *layer, const skhebb_history *history,
    const ptrdiff_t *rows, int32_t *since, ptrdiff_t first, ptrdiff_t last)
{
    const INDEX *indptr = layer->indptr;
    for (ptrdiff_t r = first, next; r < last; r = next) {
        const ptrdiff_t i = rows ? rows[r] : r;
        const int32_t from = since[i];
        /* Neighbours that have missed the same steps. */
        for (next = r + 1; next < last; next++) {
            const ptrdiff_t other = rows ? rows[next] : next;
            if (other != i + (next - r) || since[other] != from)
                break;
        }
        if (rows && r + NAME(ahead) < last)
            NAME(fetch_row)(layer, rows[r + NAME(ahead)], history->state0, history->state1);
        const ptrdiff_t start = indptr[i], end = indptr[i + (next - r)];
        if (from >= history->n_steps)
            continue;
        NAME(catch_ups)[history->rule](
            history, from, (REAL *)layer->weights + start, start, end - start);
        for (ptrdiff_t q = r; q < next; q++)
            since[rows ? rows[q] : q] = (int32_t)history->n_steps;
    }
}
