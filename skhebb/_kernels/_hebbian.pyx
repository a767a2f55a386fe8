"""Statistics of neurons over a batch, and what local rules add to weights.

Arrays are as in `_loops`. Hebbian terms are sums of products like gradients, but no pass
over the connections could share loads with these: rows of errors and of activations
are two arrays, and the second-level cache has no more of them in a second.
"""

import numpy as np

from cython.parallel cimport prange

from skhebb._kernels._arrays cimport reals, room, size_of
from skhebb._kernels._handles cimport (
    Connections,
    Deviations,
    NonZeros,
    RowChunks,
    TileLayout,
)
from skhebb._kernels._loops cimport GROUPS, scratch_of, work_of
from skhebb._kernels._runtime cimport table_for, threads_for
from skhebb._kernels.tile_loops cimport (
    skhebb_connections,
    skhebb_hebbian,
    skhebb_table,
    skhebb_tiles,
)

cdef enum:
    CHUNK = 64  # neurons that a thread looks at


def batch_statistics(
    TileLayout tiles not None,
    *,
    activations,    # IN  (n_neurons * stride,) tiles
    sample_weight,  # IN  (stride,), 0 of padding
    double total,   # IN  of the weights
    means,          # OUT (n_neurons,)
    scales,         # OUT (n_neurons,) 1 / range; 0 if constant
    int n_threads,
):
    """Mean and inverse range of each neuron over the batch."""
    cdef Py_ssize_t n = size_of("means", means, c"f", tiles.real)
    cdef char* to_means = room("means", means, tiles.real, n)
    cdef char* to_scales = room("scales", scales, tiles.real, n)
    cdef char* a = reals("activations", activations, tiles.real, n * tiles.stride)
    cdef skhebb_tiles weighted = tiles.c
    weighted.weights = reals("sample_weight", sample_weight, tiles.real, tiles.stride)
    cdef const skhebb_table* loops = table_for(tiles.real, sizeof(int))
    cdef Py_ssize_t part
    n_threads = threads_for(8 * n * tiles.stride, n_threads)
    for part in prange((n + CHUNK - 1) // CHUNK, nogil=True, num_threads=n_threads,
                       schedule="static"):
        loops.statistics(a, n, &weighted, total, to_means, to_scales, part * CHUNK,
                         min(n, (part + 1) * CHUNK))


def round_deviations(
    Deviations deviations not None,  # OUT
    *,
    activations,    # IN (n_neurons * stride,) tiles of float32
    sample_weight,  # IN (stride,), 0 of padding
    double total,   # IN of the weights
    int n_threads,
):
    """Means and ranges of neurons, and how far samples are from means, in integers."""
    cdef TileLayout tiles = deviations.tiles
    cdef Py_ssize_t n = deviations.n_neurons
    cdef char* a = reals("activations", activations, sizeof(float), n * tiles.stride)
    cdef skhebb_tiles weighted = tiles.c
    weighted.weights = reals(
        "sample_weight", sample_weight, sizeof(float), tiles.stride
    )
    roots = np.sqrt(sample_weight)
    cdef char* r = reals("roots", roots, sizeof(float), tiles.stride)
    cdef double largest = roots.max()
    cdef const skhebb_table* loops = table_for(sizeof(float), sizeof(int))
    cdef Py_ssize_t part
    n_threads = threads_for(8 * n * tiles.stride, n_threads)
    for part in prange((n + CHUNK - 1) // CHUNK, nogil=True, num_threads=n_threads,
                       schedule="static"):
        loops.round_deviations(a, n, &weighted, r, total, largest, &deviations.c,
                               part * CHUNK, min(n, (part + 1) * CHUNK))


def add_covariances(
    RowChunks chunks not None,
    TileLayout tiles not None,
    *,
    weights,        # IN/OUT (n_connections,)
    inputs,         # IN     (n_in * stride,) tiles, or NonZeros
    sample_weight,  # IN     (stride,), 0 of padding
    double factor,
    in_means,       # IN     (n_in,), of NonZeros those of their features only
    in_scales,      # IN     the same
    outputs,        # IN     (n_out * stride,) tiles
    out_means,      # IN     (n_out,)
    out_scales,     # IN     (n_out,)
    centred,        # (n_out * stride,) to work in
    scratch,        # (N_GROUPS, at least chunks.largest)
):
    """w_ij += factor * s_i s_j * sum_b v_b (a_i - mean a_i) (a_j - mean a_j)."""
    cdef Connections connections = chunks.connections
    cdef size_t real = tiles.real
    cdef Py_ssize_t n_in = connections.n_in, n_out = connections.n_out, distance = 0
    cdef Py_ssize_t n = connections.n_connections, work = n * tiles.stride
    cdef skhebb_connections layer = connections.with_weights(
        room("weights", weights, real, n)
    )
    cdef NonZeros nonzeros = inputs if isinstance(inputs, NonZeros) else None
    cdef bint is_sparse = nonzeros is not None
    cdef char* a = NULL
    if is_sparse:
        nonzeros.check(n_in, tiles)
        n_in, work = nonzeros.c.n_active, work_of(connections, nonzeros)
    else:
        a = reals("inputs", inputs, real, n_in * tiles.stride)
    cdef skhebb_hebbian term
    term.factor = factor
    term.in_means = reals("in_means", in_means, real, n_in)
    term.in_scales = reals("in_scales", in_scales, real, n_in)
    term.outputs = reals("outputs", outputs, real, n_out * tiles.stride)
    term.out_means = reals("out_means", out_means, real, n_out)
    term.out_scales = reals("out_scales", out_scales, real, n_out)
    cdef char* around_means = room("centred", centred, real, n_out * tiles.stride)
    cdef skhebb_tiles weighted = tiles.c
    weighted.weights = reals("sample_weight", sample_weight, real, tiles.stride)
    cdef char* sums = scratch_of(scratch, real, chunks.largest, &distance)
    cdef const skhebb_table* loops = table_for(real, connections.index)
    cdef Py_ssize_t n_groups = 1 if is_sparse else min(GROUPS, tiles.n_tiles)
    cdef Py_ssize_t per_group = (tiles.n_tiles + n_groups - 1) // n_groups
    cdef const Py_ssize_t* rows = chunks.rows
    cdef const Py_ssize_t* starts = chunks.starts
    cdef Py_ssize_t c, chunk, item, g, p, n_parts = chunks.n_threads
    cdef int n_threads = threads_for(work, chunks.n_threads)
    if not is_sparse:
        for p in prange(n_parts, nogil=True, num_threads=n_threads, schedule="static"):
            loops.centre(around_means, term.outputs, n_out, term.out_means, &weighted,
                         p * n_out // n_parts, (p + 1) * n_out // n_parts)
    with nogil:
        for c in range(chunks.n_chunks):
            chunk = c * n_parts
            for item in prange(n_groups * n_parts, num_threads=n_threads,
                               schedule="static"):
                g = item // n_parts
                p = chunk + item % n_parts
                if is_sparse:
                    loops.add_covariances_nonzeros(
                        &layer, &weighted, &nonzeros.c, &term,
                        sums + (starts[p] - starts[chunk]) * real, rows[p], rows[p + 1])
                else:
                    loops.centred_products(
                        &layer, &weighted, g * per_group,
                        min((g + 1) * per_group, tiles.n_tiles), a, &term,
                        around_means,
                        sums + (g * distance + starts[p] - starts[chunk]) * real,
                        rows[p], rows[p + 1])
            if is_sparse:
                continue
            for p in prange(chunk, chunk + n_parts, num_threads=n_threads,
                            schedule="static"):
                loops.add_covariances(
                    &layer, &term, sums + (starts[p] - starts[chunk]) * real, distance,
                    n_groups, rows[p], rows[p + 1])


def add_rounded(
    RowChunks chunks not None,
    *,
    weights,  # IN/OUT (n_connections,) float32
    double factor,
    Deviations before not None,  # IN of presynaptic neurons
    Deviations after not None,   # IN of postsynaptic ones
):
    """`add_covariances` in integers: w_ij += factor * sum_b v_b d_bi d_bj."""
    cdef Connections connections = chunks.connections
    cdef TileLayout tiles = after.tiles
    if before.tiles is not tiles or (before.n_neurons, after.n_neurons) != (
        connections.n_in, connections.n_out
    ):
        raise ValueError(
            "before and after must be of the same tiles and of "
            f"{connections.n_in} and {connections.n_out} neurons. Got "
            f"{before.n_neurons} and {after.n_neurons}."
        )
    cdef Py_ssize_t n = connections.n_connections, part
    cdef skhebb_connections layer = connections.with_weights(
        room("weights", weights, sizeof(float), n)
    )
    cdef const skhebb_table* loops = table_for(sizeof(float), connections.index)
    cdef int n_threads = threads_for(n * tiles.stride, chunks.n_threads)
    for part in prange(chunks.n_chunks * chunks.n_threads, nogil=True,
                       num_threads=n_threads, schedule="static"):
        loops.add_rounded(&layer, &tiles.c, factor, &before.c, &after.c,
                          chunks.rows[part], chunks.rows[part + 1])
