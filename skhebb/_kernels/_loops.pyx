"""Products, updates and element-wise work of a layer, over rows and threads.

Each output element belongs to exactly one iteration of a loop, so that results are
the same bits for any number of threads.
"""

from cython cimport floating
from cython.parallel cimport prange, threadid

from skhebb._kernels._runtime cimport table_for, threads_for
from skhebb._kernels.tile_loops cimport (
    SKHEBB_ADAM,
    SKHEBB_CACHE_LINE,
    SKHEBB_GRADIENT_DESCENT,
    SKHEBB_LOGISTIC,
    SKHEBB_PIECEWISE_LINEAR,
    SKHEBB_TANH,
    SKHEBB_TILE_BYTES,
    skhebb_activation,
    skhebb_activation_kind,
    skhebb_connections,
    skhebb_hebbian,
    skhebb_nonzeros,
    skhebb_rule,
    skhebb_step,
    skhebb_table,
    skhebb_tiles,
)

ctypedef fused index:
    int
    long long

CACHE_LINE = SKHEBB_CACHE_LINE
TILE_BYTES = SKHEBB_TILE_BYTES


cdef int check(bint sizes_match) except -1:
    """Raise unless array sizes match: a kernel must never leave its arrays."""
    if not sizes_match:
        raise ValueError("sizes of arrays do not match")
    return 0


cdef int check_parts(const Py_ssize_t[::1] edges, Py_ssize_t n) except -1:
    """Raise unless these are edges of parts of range(n)."""
    cdef Py_ssize_t p, n_parts = edges.shape[0] - 1
    check(n_parts >= 1 and edges[0] == 0 and edges[n_parts] == n)
    for p in range(n_parts):
        check(edges[p] <= edges[p + 1])
    return 0


cdef int code_of(str what, dict codes, str name) except -1:
    """The code that C has for `name`, of something; raise if there is none."""
    if name not in codes:
        raise ValueError(f"{what} must be one of {sorted(codes)}. Got {name!r}.")
    return codes[name]


ACTIVATION_KINDS = {
    "piecewise linear": SKHEBB_PIECEWISE_LINEAR,
    "tanh": SKHEBB_TANH,
    "logistic": SKHEBB_LOGISTIC,
}
RULES = {"gradient descent": SKHEBB_GRADIENT_DESCENT, "adam": SKHEBB_ADAM}


cdef class Activation:
    """What the kernels know of an activation function, one of `ACTIVATION_KINDS`.

    ``Activation("piecewise linear", slope)`` leaves positive values, multiplies
    negative ones by `slope`, and is applied by the kernels; of "tanh" and "logistic"
    they know the derivative only. `keep_probability` is that with which dropout, if
    any, keeps an activation: it divides those by it and makes the others -0.0.
    """

    cdef skhebb_activation c

    def __init__(self, str kind, double slope=1.0, double keep_probability=1.0):
        self.c.kind = <skhebb_activation_kind>code_of("kind", ACTIVATION_KINDS, kind)
        self.c.slope = slope
        self.c.keep_probability = keep_probability


cdef class OptimizerStep:
    """A step of an optimiser.

    Parameters
    ----------
    rule : str
        One of `RULES`.
    factors : sequence of float
        What the rule wants: "gradient descent" a learning rate, momentum, and whether
        it is Nesterov's; "adam" a learning rate with the corrections of both biases,
        beta_1, beta_2, and what is added to the root.
    n_states : int
        The number of arrays that it keeps for each array of parameters, at most 2.
    alpha, weight_decay : float
        Strengths of two L2 terms, of which the first is divided by the weight of the
        batch.
    """

    cdef skhebb_step c
    cdef double factors[8]
    cdef int n_states

    def __init__(self, str rule, factors, int n_states, double alpha,
                 double weight_decay):
        self.c.rule = <skhebb_rule>code_of("rule", RULES, rule)
        if rule == "adam":
            check(len(factors) == 4 and n_states == 2)
        else:
            check(len(factors) == 3 and (factors[1] != 0) <= n_states <= 2)
        for k, factor in enumerate(factors):
            self.factors[k] = factor
        self.c.factors = self.factors
        self.c.alpha = alpha
        self.c.weight_decay = weight_decay
        self.n_states = n_states

    cdef skhebb_step of(self, void** states, double total):
        """This step of parameters with these states, for a batch of this weight."""
        cdef skhebb_step step = self.c
        step.state0, step.state1 = states[0], states[1]
        step.inverse_total = 1.0 / total
        return step


cdef int point_to_states(OptimizerStep step, list states, floating[::1] parameters,
                         void** pointers) except -1:
    """Fill `pointers` with the data of `states`, arrays like `parameters`."""
    cdef floating[::1] state
    cdef Py_ssize_t n
    check(len(states) == step.n_states)
    pointers[0] = pointers[1] = NULL
    for n in range(step.n_states):
        state = states[n]
        check(state.shape[0] == parameters.shape[0])
        if state.shape[0] > 0:
            pointers[n] = &state[0]
    return 0


cdef skhebb_tiles tiles_of(
    const Py_ssize_t[::1] edges, Py_ssize_t batch, size_t real
) except *:
    """Tiles as C has them, for a precision given by its size in bytes."""
    cdef skhebb_tiles tiles
    cdef Py_ssize_t t, width, in_bytes
    tiles.n_tiles = edges.shape[0] - 1
    check(tiles.n_tiles >= 1 and edges[0] == 0)
    for t in range(tiles.n_tiles):
        width = edges[t + 1] - edges[t]
        in_bytes = width * <Py_ssize_t>real
        if in_bytes < SKHEBB_CACHE_LINE:
            check(tiles.n_tiles == 1 and width > 0 and width & (width - 1) == 0)
        else:
            check(in_bytes <= SKHEBB_TILE_BYTES and in_bytes % SKHEBB_CACHE_LINE == 0)
    tiles.batch = batch
    tiles.edges = &edges[0]
    tiles.weights = NULL
    return tiles


cdef skhebb_connections connections_of(
    const index[::1] indptr, const index[::1] indices, const floating[::1] weights,
    Py_ssize_t n_out,
) except *:
    """Connections by presynaptic neuron as C has them; whoever made them is trusted."""
    cdef skhebb_connections layer
    layer.n_in = indptr.shape[0] - 1
    check(layer.n_in >= 1 and n_out >= 1 and indptr[0] == 0
          and indptr[layer.n_in] == indices.shape[0] == weights.shape[0])
    layer.n_out = n_out
    layer.indptr = &indptr[0]
    layer.indices = &indices[0] if indices.shape[0] > 0 else NULL
    layer.weights = <void*> &weights[0] if weights.shape[0] > 0 else NULL
    return layer


cdef skhebb_nonzeros nonzeros_of(
    inputs, const floating[::1] like, Py_ssize_t n_features, Py_ssize_t n_columns
) except *:
    """The non-zeros (features, starts, columns, values) as C has them.

    Values are of the type of `like`. Features ascend, and so do the columns of each.
    """
    cdef const Py_ssize_t[::1] features = inputs[0], starts = inputs[1]
    cdef const Py_ssize_t[::1] columns = inputs[2]
    cdef const floating[::1] values = inputs[3]
    cdef Py_ssize_t n_active = features.shape[0]
    check(starts.shape[0] == n_active + 1 and starts[0] == 0
          and columns.shape[0] == values.shape[0] == starts[n_active])
    cdef bint is_sound = ascend(features, 0, n_active, n_features)
    cdef Py_ssize_t r
    for r in range(n_active):  # starts are in range up to here
        is_sound = (is_sound and starts[r] <= starts[r + 1] <= columns.shape[0]
                    and ascend(columns, starts[r], starts[r + 1], n_columns))
    if not is_sound:
        raise ValueError("non-zeros are not sorted or lie outside")
    cdef skhebb_nonzeros nonzeros
    nonzeros.n_active = n_active
    nonzeros.starts = &starts[0]
    nonzeros.features = nonzeros.columns = NULL
    nonzeros.values = NULL
    if n_active > 0:
        nonzeros.features = &features[0]
    if values.shape[0] > 0:
        nonzeros.columns = &columns[0]
        nonzeros.values = &values[0]
    return nonzeros


cdef bint ascend(
    const Py_ssize_t[::1] numbers, Py_ssize_t start, Py_ssize_t end, Py_ssize_t bound
) noexcept nogil:
    """Whether a part of `numbers` is of different ones of range(bound), sorted."""
    cdef Py_ssize_t k, before = -1
    for k in range(start, end):
        if numbers[k] <= before:
            return False
        before = numbers[k]
    return before < bound


# The tiles are shared by so many groups, each of which adds up products of its own. Two
# threads then need nothing of each other but these sums. Their number is fixed, or else
# the order of sums would depend on that of the threads.
cdef enum:
    GROUPS = 2
N_GROUPS = GROUPS


cdef int check_chunks(
    const Py_ssize_t[::1] rows, Py_ssize_t n_parts, const index[::1] indptr,
    const floating[:, ::1] scratch,
) except -1:
    """Raise unless chunks are of all rows and their connections have scratch.

    Chunks of rows are treated one after the other, so that scratch is bounded; a chunk
    is shared by `n_parts`, the edges of which are `rows`.
    """
    cdef Py_ssize_t p, n = rows.shape[0] - 1
    check_parts(rows, indptr.shape[0] - 1)
    check(n_parts >= 1 and n % n_parts == 0 and scratch.shape[0] >= GROUPS)
    for p in range(0, n, n_parts):
        check(indptr[rows[p + n_parts]] - indptr[rows[p]] < scratch.shape[1])
    return 0


cdef Py_ssize_t work_of_nonzeros(
    skhebb_connections* layer, Py_ssize_t n_connections, Py_ssize_t n_nonzeros
) noexcept nogil:
    """Multiply-adds if the inputs that are not zero are connected like the others."""
    # One value at a time, each takes as long as a vector.
    return 16 * n_nonzeros * (1 + n_connections // layer.n_in)


def load_rows(
    const floating[:, ::1] X,       # IN  (n_samples, n_features)
    const Py_ssize_t[::1] samples,  # IN  (batch,)
    const Py_ssize_t[::1] edges,    # IN  (n_tiles + 1,)
    floating[::1] out,              # OUT (n_features * stride,)
    int n_threads,
):
    """Lay the chosen samples out in tiles; the padding becomes zero."""
    cdef skhebb_tiles tiles = tiles_of(edges, samples.shape[0], sizeof(floating))
    cdef Py_ssize_t stride = edges[tiles.n_tiles], n_features = X.shape[1]
    check(n_features * stride == out.shape[0] and samples.shape[0] <= stride)
    cdef Py_ssize_t b
    for b in range(samples.shape[0]):
        check(0 <= samples[b] < X.shape[0])
    cdef const skhebb_table* loops = table_for(sizeof(floating), sizeof(int))
    # All tiles are of so many columns or, the only one, of less.
    cdef Py_ssize_t columns = min(
        stride, SKHEBB_CACHE_LINE // <Py_ssize_t>sizeof(floating)
    )
    cdef Py_ssize_t group
    n_threads = threads_for(n_features * stride, n_threads)
    for group in prange(stride // columns, nogil=True, num_threads=n_threads,
                        schedule="static"):
        loops.load(&out[0], &tiles, &X[0, 0], n_features, &samples[0],
                   group * columns, (group + 1) * columns)


def forward(
    const index[::1] indptr,          # IN (n_in + 1,)
    const index[::1] indices,         # IN (n_connections,)
    const floating[::1] weights,      # IN (n_connections,)
    const Py_ssize_t[::1] neurons,    # IN (n_parts + 1,) edges of parts of the outputs
    const index[:, :] splits,         # IN (n_parts + 1, n_in) where those cut the rows
    const floating[::1] biases,       # IN (n_out,)
    const floating[::1] inputs,       # IN (n_in * stride,) tiles
    const Py_ssize_t[::1] edges,      # IN (n_tiles + 1,)
    floating[::1] outputs,            # OUT (n_out * stride,)
    Activation activation,
    by_postsynaptic,                  # IN starts (n_out + 1,), presynaptic neurons
                                      #    (n_connections,), scratch (n_threads, n_in);
                                      #    or None
    int n_threads,
):
    """Activations f(W^T a + b); the same bits with `by_postsynaptic` and without."""
    cdef skhebb_connections layer = connections_of(
        indptr, indices, weights, biases.shape[0]
    )
    cdef skhebb_tiles tiles = tiles_of(edges, 0, sizeof(floating))
    cdef Py_ssize_t n_in = layer.n_in, n_out = layer.n_out
    cdef Py_ssize_t stride = edges[tiles.n_tiles], n_parts = neurons.shape[0] - 1
    check_parts(neurons, n_out)
    check(inputs.shape[0] == n_in * stride and outputs.shape[0] == n_out * stride
          and splits.shape[0] == n_parts + 1 and splits.shape[1] == n_in
          and (n_in == 1 or splits.strides[1] == sizeof(index)))
    cdef bint gathers = by_postsynaptic is not None
    cdef const index[::1] starts
    cdef const int[::1] presynaptic
    cdef index[:, ::1] heads
    cdef const int* pre = NULL
    if gathers:
        starts, presynaptic, heads = by_postsynaptic
        check(starts.shape[0] == n_out + 1
              and presynaptic.shape[0] == indices.shape[0]
              and heads.shape[0] >= max(1, n_threads) and heads.shape[1] == n_in)
        if presynaptic.shape[0] > 0:
            pre = &presynaptic[0]
    cdef const skhebb_table* loops = table_for(sizeof(floating), sizeof(index))
    cdef Py_ssize_t item, t, p
    n_threads = threads_for(indices.shape[0] * stride, n_threads)
    for item in prange(tiles.n_tiles * n_parts, nogil=True, num_threads=n_threads,
                       schedule="static"):
        t = item // n_parts
        p = item % n_parts
        if gathers:
            loops.gather(
                &outputs[n_out * edges[t]], &inputs[n_in * edges[t]],
                edges[t + 1] - edges[t], neurons[p], neurons[p + 1], &layer,
                &splits[p, 0], &heads[threadid(), 0], &starts[0], pre, &biases[0],
                &activation.c)
        else:
            loops.scatter(
                &outputs[n_out * edges[t]], &inputs[n_in * edges[t]],
                edges[t + 1] - edges[t], neurons[p], neurons[p + 1], &layer,
                &splits[p, 0], &splits[p + 1, 0], &biases[0], &activation.c)


def forward_nonzeros(
    const index[::1] indptr,          # IN (n_in + 1,)
    const index[::1] indices,         # IN (n_connections,)
    const floating[::1] weights,      # IN (n_connections,)
    const Py_ssize_t[::1] neurons,    # IN (n_parts + 1,) edges of parts of the outputs
    const floating[::1] biases,       # IN (n_out,)
    inputs,                           # IN non-zeros by feature, then by column
    const Py_ssize_t[::1] edges,      # IN (n_tiles + 1,)
    floating[::1] outputs,            # OUT (n_out * stride,)
    Activation activation,
    int n_threads,
):
    """The same bits as `forward`, for inputs of which only non-zeros are given."""
    cdef skhebb_connections layer = connections_of(
        indptr, indices, weights, biases.shape[0]
    )
    cdef skhebb_tiles tiles = tiles_of(edges, 0, sizeof(floating))
    cdef Py_ssize_t stride = edges[tiles.n_tiles], n_parts = neurons.shape[0] - 1
    cdef skhebb_nonzeros nonzeros = nonzeros_of(
        inputs, biases, layer.n_in, stride
    )
    check_parts(neurons, layer.n_out)
    check(outputs.shape[0] == layer.n_out * stride)
    cdef const skhebb_table* loops = table_for(sizeof(floating), sizeof(index))
    cdef Py_ssize_t p
    cdef Py_ssize_t work = work_of_nonzeros(&layer, indices.shape[0], len(inputs[3]))
    n_threads = threads_for(outputs.shape[0] + work, n_threads)
    for p in prange(n_parts, nogil=True, num_threads=n_threads, schedule="static"):
        loops.forward_nonzeros(&outputs[0], &tiles, &nonzeros, neurons[p],
                               neurons[p + 1], &layer, &biases[0], &activation.c)


def update(
    const index[::1] indptr,         # IN     (n_in + 1,)
    const index[::1] indices,        # IN     (n_connections,)
    floating[::1] weights,           # IN/OUT (n_connections,)
    Py_ssize_t n_out,
    list states,                     # IN/OUT of the optimiser, (n_connections,) each
    const Py_ssize_t[::1] rows,      # IN     see `check_chunks`
    Py_ssize_t n_parts,              # IN     of a chunk
    const floating[::1] inputs,      # IN     (n_in * stride,) tiles
    const Py_ssize_t[::1] edges,     # IN     (n_tiles + 1,)
    double total,                    # IN     weight of the batch
    const floating[::1] errors,      # IN     (n_out * stride,) dJ/dz times `total`
    floating[::1] in_errors,         # OUT    (n_in * stride,) dJ/dz of the inputs, or None
    floating[::1] in_error_sums,     # OUT    (N_GROUPS * n_in,), over the batch the first
                                     #        n_in, or None
    Activation activation,           # IN     of the inputs
    OptimizerStep step,
    floating[:, ::1] scratch,        # (N_GROUPS, connections of a chunk)
    int n_threads,
):
    """Backward, gradient and step, sharing their loads.

    The errors of the inputs are taken from the weights before.
    """
    cdef const floating[::1] before = weights
    cdef skhebb_connections layer = connections_of(indptr, indices, before, n_out)
    cdef skhebb_tiles tiles = tiles_of(edges, 0, sizeof(floating))
    cdef Py_ssize_t n_in = layer.n_in, stride = edges[tiles.n_tiles]
    check(inputs.shape[0] == n_in * stride and errors.shape[0] == n_out * stride)
    cdef const floating[:, ::1] room = scratch
    check_chunks(rows, n_parts, indptr, room)
    cdef floating* to_errors = NULL
    cdef floating* to_sums = NULL
    if in_errors is not None:
        check(in_errors.shape[0] == n_in * stride
              and in_error_sums.shape[0] == GROUPS * n_in)
        to_errors, to_sums = &in_errors[0], &in_error_sums[0]
    cdef void* pointers[2]
    point_to_states(step, states, weights, pointers)
    cdef skhebb_step c_step = step.of(pointers, total)
    cdef const skhebb_table* loops = table_for(sizeof(floating), sizeof(index))
    cdef Py_ssize_t n_groups = min(GROUPS, tiles.n_tiles)
    cdef Py_ssize_t per_group = (tiles.n_tiles + n_groups - 1) // n_groups
    cdef Py_ssize_t c, chunk, item, g, p
    n_threads = threads_for(indices.shape[0] * stride, n_threads)
    with nogil:
        for c in range((rows.shape[0] - 1) // n_parts):
            chunk = c * n_parts
            for item in prange(n_groups * n_parts, num_threads=n_threads,
                               schedule="static"):
                g = item // n_parts
                p = chunk + item % n_parts
                loops.products(
                    &layer, &tiles, g * per_group,
                    min((g + 1) * per_group, tiles.n_tiles), &inputs[0], &errors[0],
                    to_errors, to_sums + g * n_in if to_sums else NULL, &activation.c,
                    &scratch[g, indptr[rows[p]] - indptr[rows[chunk]]], rows[p],
                    rows[p + 1])
            for p in prange(chunk, chunk + n_parts, num_threads=n_threads,
                            schedule="static"):
                loops.take_steps(
                    &layer, &c_step,
                    &scratch[0, indptr[rows[p]] - indptr[rows[chunk]]],
                    scratch.shape[1], n_groups, to_sums, rows[p], rows[p + 1])


def update_nonzeros(
    const index[::1] indptr,         # IN     (n_in + 1,)
    const index[::1] indices,        # IN     (n_connections,)
    floating[::1] weights,           # IN/OUT (n_connections,)
    Py_ssize_t n_out,
    list states,                     # IN/OUT of the optimiser, (n_connections,) each
    const Py_ssize_t[::1] rows,      # IN     see `check_chunks`
    Py_ssize_t n_parts,              # IN     of a chunk
    inputs,                          # IN     non-zeros by feature, then by column
    const Py_ssize_t[::1] edges,     # IN     (n_tiles + 1,)
    double total,                    # IN     weight of the batch
    const floating[::1] errors,      # IN     (n_out * stride,) dJ/dz times `total`
    OptimizerStep step,
    floating[:, ::1] scratch,        # (N_GROUPS, connections of a chunk)
    int n_threads,
):
    """`update` of the first layer, for inputs of which only non-zeros are given."""
    cdef const floating[::1] before = weights
    cdef skhebb_connections layer = connections_of(indptr, indices, before, n_out)
    cdef skhebb_tiles tiles = tiles_of(edges, 0, sizeof(floating))
    cdef Py_ssize_t stride = edges[tiles.n_tiles]
    check(errors.shape[0] == layer.n_out * stride)
    cdef const floating[:, ::1] room = scratch
    check_chunks(rows, n_parts, indptr, room)
    cdef skhebb_nonzeros nonzeros = nonzeros_of(
        inputs, errors, layer.n_in, stride
    )
    cdef void* pointers[2]
    point_to_states(step, states, weights, pointers)
    cdef skhebb_step c_step = step.of(pointers, total)
    cdef const skhebb_table* loops = table_for(sizeof(floating), sizeof(index))
    # A velocity or a decay moves weights without a gradient, too.
    cdef bint everywhere = (step.n_states > 0 or step.c.alpha != 0
                            or step.c.weight_decay != 0)
    cdef Py_ssize_t p, work = indices.shape[0] if everywhere else 0
    work += work_of_nonzeros(&layer, indices.shape[0], len(inputs[3]))
    n_threads = threads_for(work, n_threads)
    cdef Py_ssize_t c, chunk
    with nogil:
        for c in range((rows.shape[0] - 1) // n_parts):
            chunk = c * n_parts
            for p in prange(chunk, chunk + n_parts, num_threads=n_threads,
                            schedule="static"):
                loops.update_nonzeros(
                    &layer, &tiles, &nonzeros, &errors[0], &c_step,
                    &scratch[0, indptr[rows[p]] - indptr[rows[chunk]]], everywhere,
                    rows[p], rows[p + 1])


def add_covariances(
    const index[::1] indptr,            # IN     (n_in + 1,)
    const index[::1] indices,           # IN     (n_connections,)
    floating[::1] weights,              # IN/OUT (n_connections,)
    Py_ssize_t n_out,
    const Py_ssize_t[::1] rows,         # IN     see `check_chunks`
    Py_ssize_t n_parts,                 # IN     of a chunk
    inputs,                             # IN     tiles, or non-zeros
    const Py_ssize_t[::1] edges,        # IN     (n_tiles + 1,)
    Py_ssize_t batch,
    const floating[::1] sample_weights,  # IN  (stride,), 0 of padding
    double factor,
    const floating[::1] in_means,       # IN     (n_in,), of non-zeros those given only
    const floating[::1] in_scales,      # IN     the same
    const floating[::1] outputs,        # IN     (n_out * stride,) tiles
    const floating[::1] out_means,      # IN     (n_out,)
    const floating[::1] out_scales,     # IN     (n_out,)
    floating[:, ::1] scratch,           # (N_GROUPS, connections of a chunk)
    int n_threads,
):
    """w_ij += factor * s_i s_j * sum_b v_b (a_i - mean a_i) (a_j - mean a_j)."""
    cdef const floating[::1] before = weights
    cdef skhebb_connections layer = connections_of(indptr, indices, before, n_out)
    cdef skhebb_tiles tiles = tiles_of(edges, batch, sizeof(floating))
    cdef Py_ssize_t n_in = layer.n_in, stride = edges[tiles.n_tiles]
    cdef bint is_sparse = isinstance(inputs, tuple)
    cdef const floating[::1] dense
    cdef skhebb_nonzeros nonzeros
    cdef Py_ssize_t p, work
    if is_sparse:
        nonzeros = nonzeros_of(inputs, outputs, n_in, stride)
        n_in = nonzeros.n_active
        work = work_of_nonzeros(&layer, indices.shape[0], len(inputs[3]))
    else:
        dense = inputs
        check(dense.shape[0] == n_in * stride)
        work = indices.shape[0] * stride
    check(in_means.shape[0] == in_scales.shape[0] == n_in and batch <= stride
          and sample_weights.shape[0] == stride
          and out_means.shape[0] == out_scales.shape[0] == layer.n_out
          and outputs.shape[0] == layer.n_out * stride)
    cdef const floating[:, ::1] room = scratch
    check_chunks(rows, n_parts, indptr, room)
    if n_in == 0:
        return
    tiles.weights = &sample_weights[0]
    cdef skhebb_hebbian term
    term.factor = factor
    term.in_means, term.in_scales = &in_means[0], &in_scales[0]
    term.outputs = &outputs[0]
    term.out_means, term.out_scales = &out_means[0], &out_scales[0]
    cdef const skhebb_table* loops = table_for(sizeof(floating), sizeof(index))
    n_threads = threads_for(work, n_threads)
    cdef Py_ssize_t n_groups = 1 if is_sparse else min(GROUPS, tiles.n_tiles)
    cdef Py_ssize_t per_group = (tiles.n_tiles + n_groups - 1) // n_groups
    cdef Py_ssize_t c, chunk, item, g
    with nogil:
        for c in range((rows.shape[0] - 1) // n_parts):
            chunk = c * n_parts
            for item in prange(n_groups * n_parts, num_threads=n_threads,
                               schedule="static"):
                g = item // n_parts
                p = chunk + item % n_parts
                if is_sparse:
                    loops.add_covariances_nonzeros(
                        &layer, &tiles, &nonzeros, &term,
                        &scratch[0, indptr[rows[p]] - indptr[rows[chunk]]], rows[p],
                        rows[p + 1])
                else:
                    loops.centred_products(
                        &layer, &tiles, g * per_group,
                        min((g + 1) * per_group, tiles.n_tiles), &dense[0], &term,
                        &scratch[g, indptr[rows[p]] - indptr[rows[chunk]]], rows[p],
                        rows[p + 1])
            if is_sparse:
                continue
            for p in prange(chunk, chunk + n_parts, num_threads=n_threads,
                            schedule="static"):
                loops.add_covariances(
                    &layer, &term, &scratch[0, indptr[rows[p]] - indptr[rows[chunk]]],
                    scratch.shape[1], n_groups, rows[p], rows[p + 1])


def take_step(
    floating[::1] parameters,     # IN/OUT (n,)
    list states,                  # IN/OUT (n,) each
    const floating[::1] sums,     # IN     (n,) gradients times `total`
    double total,                 # IN     weight of the batch
    OptimizerStep step,
):
    """One step of an optimiser, on an array that is small, such as biases."""
    check(parameters.shape[0] == sums.shape[0])
    if parameters.shape[0] == 0:
        return
    cdef void* pointers[2]
    point_to_states(step, states, parameters, pointers)
    cdef skhebb_step c_step = step.of(pointers, total)
    cdef const skhebb_table* loops = table_for(sizeof(floating), sizeof(int))
    with nogil:
        loops.step(&c_step, &parameters[0], &sums[0], parameters.shape[0])


def sum_of_squares(const floating[::1] values):
    """The same bits wherever the array lies, which BLAS does not promise."""
    if values.shape[0] == 0:
        return 0.0
    return table_for(sizeof(floating), sizeof(int)).sum_of_squares(
        &values[0], values.shape[0]
    )


def batch_statistics(
    const floating[::1] activations,  # IN  (n_neurons * stride,) tiles
    const Py_ssize_t[::1] edges,      # IN  (n_tiles + 1,)
    Py_ssize_t batch,
    const floating[::1] sample_weights,  # IN  (stride,), 0 of padding
    double total,                     # IN  of the weights
    floating[::1] means,              # OUT (n_neurons,)
    floating[::1] scales,             # OUT (n_neurons,) 1 / range; 0 if constant
    int n_threads,
):
    """Mean and inverse range of each neuron over the batch."""
    cdef skhebb_tiles tiles = tiles_of(edges, batch, sizeof(floating))
    cdef Py_ssize_t n = means.shape[0], stride = edges[tiles.n_tiles]
    check(activations.shape[0] == n * stride and scales.shape[0] == n
          and 1 <= batch <= stride and sample_weights.shape[0] == stride)
    tiles.weights = &sample_weights[0]
    cdef const skhebb_table* loops = table_for(sizeof(floating), sizeof(int))
    cdef Py_ssize_t part, chunk = 64
    n_threads = threads_for(8 * n * stride, n_threads)
    for part in prange((n + chunk - 1) // chunk, nogil=True, num_threads=n_threads,
                       schedule="static"):
        loops.statistics(&activations[0], n, &tiles, total, &means[0], &scales[0],
                         part * chunk, min(n, (part + 1) * chunk))


def drop(
    floating[::1] activations,     # IN/OUT (n,)
    const floating[::1] draws,     # IN     (n,) in [0, 1)
    Activation activation,
):
    """Divide what is kept by its probability, and mark the rest as dropped."""
    check(activations.shape[0] == draws.shape[0])
    if activations.shape[0] > 0:
        table_for(sizeof(floating), sizeof(int)).drop(
            &activations[0], &draws[0], &activation.c, activations.shape[0])
