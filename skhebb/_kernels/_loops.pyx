"""Products, updates and element-wise work of a layer, over rows and threads.

Each output element belongs to exactly one iteration of a loop, so that results are
the same bits for any number of threads. Arrays are flat, of float32 or float64, all of
a call of the same type; comments say whether they are read (IN) or written (OUT).
"""

from cython.parallel cimport prange, threadid
from libc.stdint cimport uint64_t

from skhebb._kernels._arrays cimport (
    item_of,
    matrix,
    positions,
    reals,
    room,
    size_of,
)
from skhebb._kernels._handles cimport (
    ByPostsynaptic,
    Connections,
    NonZeros,
    OutputParts,
    RowChunks,
    TileLayout,
)
from skhebb._kernels._rules cimport Activation, OptimizerStep
from skhebb._kernels._runtime cimport table_for, threads_for
from skhebb._kernels.tile_loops cimport (
    SKHEBB_CACHE_LINE,
    skhebb_connections,
    skhebb_step,
    skhebb_table,
)

N_GROUPS = GROUPS


cdef char* scratch_of(
    scratch, size_t real, Py_ssize_t n, Py_ssize_t* distance
) except? NULL:
    """Scratch for `n` numbers of each group, at a distance in numbers."""
    cdef Py_ssize_t[2] shape = [GROUPS, n]
    cdef char* data = matrix("scratch", scratch, real, shape, True)
    distance[0] = shape[1]
    return data


cdef Py_ssize_t work_of(Connections connections, NonZeros inputs) noexcept nogil:
    """Multiply-adds if the inputs that are not zero are connected like the others."""
    # One value at a time, each takes as long as a vector.
    cdef Py_ssize_t n_nonzeros = inputs.c.starts[inputs.c.n_active]
    return 16 * n_nonzeros * (1 + connections.n_connections // connections.n_in)


def load_rows(
    X,        # IN  (n_samples, n_features)
    samples,  # IN  (batch_size,) intp
    TileLayout tiles not None,
    out,      # OUT (n_features * stride,)
    int n_threads,
):
    """Lay the chosen samples out in tiles; the padding becomes zero."""
    cdef Py_ssize_t[2] shape = [1, 1]
    cdef char* first = matrix("X", X, tiles.real, shape, False)
    cdef Py_ssize_t b, n_samples = shape[0], n_features = shape[1]
    cdef char* to = room("out", out, tiles.real, n_features * tiles.stride)
    cdef const Py_ssize_t* chosen = positions("samples", samples, tiles.batch_size)
    for b in range(tiles.batch_size):
        if not 0 <= chosen[b] < n_samples:
            raise ValueError(f"samples must be below {n_samples}. Got {chosen[b]}.")
    cdef const skhebb_table* loops = table_for(tiles.real, sizeof(int))
    # All tiles are of so many columns or, the only one, of less.
    cdef Py_ssize_t columns = min(
        tiles.stride, SKHEBB_CACHE_LINE // <Py_ssize_t>tiles.real
    )
    cdef Py_ssize_t group
    n_threads = threads_for(n_features * tiles.stride, n_threads)
    for group in prange(tiles.stride // columns, nogil=True, num_threads=n_threads,
                        schedule="static"):
        loops.load(to, &tiles.c, first, n_features, chosen, group * columns,
                   (group + 1) * columns)


def forward(
    OutputParts parts not None,
    ByPostsynaptic gathered,  # or None, which scatters
    TileLayout tiles not None,
    Activation activation not None,
    *,
    weights,  # IN  (n_connections,)
    biases,   # IN  (n_out,)
    inputs,   # IN  (n_in * stride,) tiles
    outputs,  # OUT (n_out * stride,) tiles
    int n_threads,
):
    """Activations f(W^T a + b); the same bits whether gathered or scattered."""
    cdef Connections connections = parts.connections
    cdef size_t real = tiles.real
    cdef Py_ssize_t n_in = connections.n_in, n_out = connections.n_out
    cdef skhebb_connections layer = connections.with_weights(
        reals("weights", weights, real, connections.n_connections)
    )
    cdef char* b = reals("biases", biases, real, n_out)
    cdef char* a = reals("inputs", inputs, real, n_in * tiles.stride)
    cdef char* out = room("outputs", outputs, real, n_out * tiles.stride)
    cdef const int* presynaptic = NULL
    cdef char* starts = NULL
    if gathered is not None:
        if gathered.connections is not connections or gathered.n_threads < n_threads:
            raise ValueError(
                "gathered must be of the connections of parts, and of as many threads."
            )
        presynaptic, starts = gathered.presynaptic_data, gathered.starts_data
    cdef const skhebb_table* loops = table_for(real, connections.index)
    cdef const Py_ssize_t* edges = tiles.c.edges
    cdef Py_ssize_t item, t, p, n_parts = parts.n_parts
    n_threads = threads_for(connections.n_connections * tiles.stride, n_threads)
    for item in prange(tiles.n_tiles * n_parts, nogil=True, num_threads=n_threads,
                       schedule="static"):
        t = item // n_parts
        p = item % n_parts
        if starts != NULL:
            loops.gather(
                out + n_out * edges[t] * real, a + n_in * edges[t] * real,
                edges[t + 1] - edges[t], parts.neurons[p], parts.neurons[p + 1], &layer,
                parts.split(p), gathered.heads_of(threadid()), starts, presynaptic, b,
                &activation.c)
        else:
            loops.scatter(
                out + n_out * edges[t] * real, a + n_in * edges[t] * real,
                edges[t + 1] - edges[t], parts.neurons[p], parts.neurons[p + 1], &layer,
                parts.split(p), parts.split(p + 1), b, &activation.c)


def forward_nonzeros(
    Connections connections not None,
    TileLayout tiles not None,
    Activation activation not None,
    *,
    weights,  # IN  (n_connections,)
    biases,   # IN  (n_out,)
    NonZeros inputs not None,
    outputs,  # OUT (n_out * stride,) tiles
    int n_threads,
):
    """Activations, of the bits of `forward`, of inputs given by their non-zeros."""
    cdef Py_ssize_t p, n_parts = max(1, n_threads), n_out = connections.n_out
    cdef skhebb_connections layer = connections.with_weights(
        reals("weights", weights, tiles.real, connections.n_connections)
    )
    cdef char* b = reals("biases", biases, tiles.real, n_out)
    cdef char* out = room("outputs", outputs, tiles.real, n_out * tiles.stride)
    inputs.check(connections.n_in, tiles)
    cdef const skhebb_table* loops = table_for(tiles.real, connections.index)
    cdef Py_ssize_t work = n_out * tiles.stride + work_of(connections, inputs)
    n_threads = threads_for(work, n_threads)
    for p in prange(n_parts, nogil=True, num_threads=n_threads, schedule="static"):
        loops.forward_nonzeros(
            out, &tiles.c, &inputs.c, p * n_out // n_parts, (p + 1) * n_out // n_parts,
            &layer, b, &activation.c)


def update(
    RowChunks chunks not None,
    TileLayout tiles not None,
    OptimizerStep step not None,
    *,
    weights,             # IN/OUT (n_connections,)
    list states,         # IN/OUT of the optimiser, (n_connections,) each
    inputs,              # IN     (n_in * stride,) tiles
    errors,              # IN     (n_out * stride,) tiles of dJ/dz times `total`
    double total,        # IN     weight of the batch
    in_errors,           # OUT    (n_in * stride,) tiles of dJ/dz of the inputs; or None
    in_error_sums,       # OUT    (N_GROUPS * n_in,) over the batch the first n_in; or None
    Activation activation not None,  # of the inputs
    scratch,             # (N_GROUPS, at least chunks.largest)
):
    """Backward, gradient and step, sharing their loads.

    The errors of the inputs are taken from the weights before.
    """
    cdef Connections connections = chunks.connections
    cdef size_t real = tiles.real
    cdef Py_ssize_t n_in = connections.n_in, stride = tiles.stride, distance = 0
    cdef Py_ssize_t n = connections.n_connections
    cdef skhebb_connections layer = connections.with_weights(
        room("weights", weights, real, n)
    )
    cdef char* a = reals("inputs", inputs, real, n_in * stride)
    cdef char* d = reals("errors", errors, real, connections.n_out * stride)
    cdef char* sums = scratch_of(scratch, real, chunks.largest, &distance)
    cdef char* to_errors = NULL
    cdef char* to_sums = NULL
    if in_errors is not None:
        to_errors = room("in_errors", in_errors, real, n_in * stride)
        to_sums = room("in_error_sums", in_error_sums, real, GROUPS * n_in)
    cdef skhebb_step c_step = step.of(states, real, n, total)
    cdef const skhebb_table* loops = table_for(real, connections.index)
    # Where all are connected, errors that were loaded serve several rows: fetching those
    # of another thread costs less than a second group of sums, to be united later.
    cdef Py_ssize_t n_groups = 1 if connections.is_full else min(GROUPS, tiles.n_tiles)
    cdef Py_ssize_t per_group = (tiles.n_tiles + n_groups - 1) // n_groups
    cdef const Py_ssize_t* rows = chunks.rows
    cdef const Py_ssize_t* starts = chunks.starts
    cdef Py_ssize_t c, chunk, item, g, p, n_parts = chunks.n_threads
    cdef int n_threads = threads_for(n * stride, chunks.n_threads)
    with nogil:
        for c in range(chunks.n_chunks):
            chunk = c * n_parts
            for item in prange(n_groups * n_parts, num_threads=n_threads,
                               schedule="static"):
                g = item // n_parts
                p = chunk + item % n_parts
                loops.products(
                    &layer, &tiles.c, g * per_group,
                    min((g + 1) * per_group, tiles.n_tiles), a, d, to_errors,
                    to_sums + g * n_in * real if to_sums else NULL, &activation.c,
                    sums + (g * distance + starts[p] - starts[chunk]) * real, rows[p],
                    rows[p + 1])
            for p in prange(chunk, chunk + n_parts, num_threads=n_threads,
                            schedule="static"):
                loops.take_steps(
                    &layer, &c_step, sums + (starts[p] - starts[chunk]) * real, distance,
                    n_groups, to_sums, rows[p], rows[p + 1])


def update_nonzeros(
    RowChunks chunks not None,
    TileLayout tiles not None,
    OptimizerStep step not None,
    *,
    weights,       # IN/OUT (n_connections,)
    list states,   # IN/OUT of the optimiser, (n_connections,) each
    NonZeros inputs not None,
    errors,        # IN     (n_out * stride,) tiles of dJ/dz times `total`
    double total,  # IN     weight of the batch
    scratch,       # (N_GROUPS, at least chunks.largest)
):
    """`update` of the first layer, for inputs of which only non-zeros are given.

    Weights of features without any stay; `_lag.catch_up` moves them later.
    """
    cdef Connections connections = chunks.connections
    cdef size_t real = tiles.real
    cdef Py_ssize_t n = connections.n_connections, distance = 0
    cdef skhebb_connections layer = connections.with_weights(
        room("weights", weights, real, n)
    )
    cdef char* d = reals("errors", errors, real, connections.n_out * tiles.stride)
    cdef char* sums = scratch_of(scratch, real, chunks.largest, &distance)
    inputs.check(connections.n_in, tiles)
    cdef skhebb_step c_step = step.of(states, real, n, total)
    cdef const skhebb_table* loops = table_for(real, connections.index)
    # Threads share the non-zeros, each with room for a row.
    cdef Py_ssize_t p, widest = max(1, chunks.widest)
    cdef Py_ssize_t n_parts = max(1, min(<Py_ssize_t>chunks.n_threads,
                                         GROUPS * distance // widest))
    cdef int n_threads = threads_for(work_of(connections, inputs), <int>n_parts)
    for p in prange(n_parts, nogil=True, num_threads=n_threads, schedule="static"):
        loops.update_nonzeros(
            &layer, &tiles.c, &inputs.c, d, &c_step, sums + p * widest * real,
            inputs.share(p, n_parts), inputs.share(p + 1, n_parts))


def take_step(
    parameters,    # IN/OUT (n,)
    list states,   # IN/OUT (n,) each
    sums,          # IN     (n,) gradients times `total`
    double total,  # IN     weight of the batch
    OptimizerStep step not None,
):
    """Take a step of an optimiser, on an array that is small, such as biases."""
    cdef size_t real = item_of("parameters", parameters, c"f")
    cdef Py_ssize_t n = size_of("parameters", parameters, c"f", real)
    cdef char* moved = room("parameters", parameters, real, n)
    cdef char* gradients = reals("sums", sums, real, n)
    cdef skhebb_step c_step = step.of(states, real, n, total)
    cdef const skhebb_table* loops = table_for(real, sizeof(int))
    with nogil:
        loops.step(&c_step, moved, gradients, n)


def sum_of_squares(values):
    """Sum of squares, of the same bits wherever the array lies, unlike that of BLAS."""
    cdef size_t real = item_of("values", values, c"f")
    cdef Py_ssize_t n = size_of("values", values, c"f", real)
    return table_for(real, sizeof(int)).sum_of_squares(reals("values", values, real, n), n)


def drop(
    activations,   # IN/OUT (n,)
    uint64_t key,  # that decides, with their places, which are dropped
    Activation activation not None,
    int n_threads,
):
    """Divide what is kept by its probability, and mark the rest as dropped."""
    cdef size_t real = item_of("activations", activations, c"f")
    cdef Py_ssize_t n = size_of("activations", activations, c"f", real)
    cdef char* a = room("activations", activations, real, n)
    cdef const skhebb_table* loops = table_for(real, sizeof(int))
    cdef Py_ssize_t part, n_parts = max(1, n_threads)
    n_threads = threads_for(8 * n, n_threads)
    for part in prange(n_parts, nogil=True, num_threads=n_threads, schedule="static"):
        loops.drop(a, key, &activation.c, part * n // n_parts, (part + 1) * n // n_parts)
