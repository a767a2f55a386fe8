"""What kernels are handed, checked once, when it is made.

Errors name the array, what it must be and what it is. Kernels take it for granted that
nobody changes the arrays of a handle afterwards; whoever replaces them makes another.
"""

import numpy as np

from libc.string cimport memcpy, memset

from skhebb._kernels._arrays cimport (
    data_of,
    item_of,
    matrix,
    positions,
    reals,
    size_of,
    start_of,
)
from skhebb._kernels.tile_loops cimport (
    SKHEBB_CACHE_LINE,
    SKHEBB_TILE_BYTES,
    skhebb_connections,
)

from skhebb._kernels._connections import are_sound, splits, transpose

CACHE_LINE = SKHEBB_CACHE_LINE
TILE_BYTES = SKHEBB_TILE_BYTES


cdef class Connections:
    """Where the connections of a layer are. Their weights are handed to kernels apart.

    Parameters
    ----------
    indptr : int32 or int64 ndarray of shape (n_in + 1,)
    indices : ndarray of shape (n_connections,)
        Of the type of `indptr`. Those of a row, ``indptr[i]`` to ``indptr[i + 1] - 1``,
        are the neurons that i is presynaptic to, sorted and all different.
    n_out : int
        Number of postsynaptic neurons.
    """

    def __cinit__(self, indptr, indices, Py_ssize_t n_out):
        self.index = item_of("indptr", indptr, c"i")
        self.indptr, self.indices, self.n_out = indptr, indices, n_out
        self.n_in = len(indptr) - 1
        self.n_connections = size_of("indices", indices, c"i", self.index)
        if self.n_in < 1 or n_out < 1:
            raise ValueError(
                "indptr and n_out must be those of one neuron at least on both sides. "
                f"Got n_in={self.n_in} and n_out={n_out}."
            )
        if indptr[0] != 0 or indptr[self.n_in] != self.n_connections:
            raise ValueError(
                f"indptr must go from 0 to {self.n_connections}, the size of indices. "
                f"It goes from {indptr[0]} to {indptr[self.n_in]}."
            )
        if not are_sound(indptr, indices, n_out):
            raise ValueError(
                "indptr must not descend, and in each of its rows indices must be "
                f"sorted, all different, and at least 0 and below n_out={n_out}."
            )
        self.is_full = self.n_connections == self.n_in * n_out
        self.c.n_in, self.c.n_out = self.n_in, n_out
        self.c.indptr = start_of(indptr)
        self.c.indices = start_of(indices)

    cdef skhebb_connections with_weights(self, void* weights) noexcept nogil:
        """These connections as C has them."""
        cdef skhebb_connections c = self.c
        c.weights = weights
        return c


cdef class OutputParts:
    """Parts of the postsynaptic neurons, of sizes that differ by one at most.

    Parameters
    ----------
    connections : Connections
    n_parts : int

    Attributes
    ----------
    edges : intp ndarray of shape (n_parts + 1,)
    splits : ndarray of shape (n_parts + 1, n_in), or None for one part
        Where the edges cut each row.
    """

    def __cinit__(self, Connections connections not None, Py_ssize_t n_parts):
        if n_parts < 1:
            raise ValueError(f"n_parts must be at least 1. Got {n_parts}.")
        self.connections, self.n_parts = connections, n_parts
        indptr, indices = connections.indptr, connections.indices
        self.edges = np.arange(n_parts + 1, dtype=np.intp) * connections.n_out // n_parts
        self.neurons = positions("edges", self.edges, n_parts + 1)
        if n_parts == 1:  # each row from its start to that of the next
            self.first_split = <char*>connections.c.indptr
            self.distance = connections.index
        else:
            self.splits = splits(indptr, indices, self.edges)
            self.first_split = start_of(self.splits)
            self.distance = connections.n_in * connections.index

    cdef char* split(self, Py_ssize_t part) noexcept nogil:
        """Where the first neuron of a part cuts each row."""
        return self.first_split + part * self.distance


cdef class ByPostsynaptic:
    """Connections by postsynaptic neuron, for kernels that gather.

    It has scratch, so that one kernel at a time may use it.

    Parameters
    ----------
    connections : Connections
    n_threads : int
        Threads that may gather at a time.

    Attributes
    ----------
    starts : ndarray of shape (n_out + 1,)
    presynaptic : int32 ndarray of shape (n_connections,)
    """

    def __cinit__(self, Connections connections not None, int n_threads):
        if n_threads < 1:
            raise ValueError(f"n_threads must be at least 1. Got {n_threads}.")
        indptr, indices = connections.indptr, connections.indices
        self.connections, self.n_threads = connections, n_threads
        self.starts, self.presynaptic = transpose(indptr, indices, connections.n_out)
        self.heads = np.empty((n_threads, connections.n_in), dtype=indptr.dtype)
        self.starts_data = start_of(self.starts)
        self.presynaptic_data = <const int*>start_of(self.presynaptic)
        self.first_heads = start_of(self.heads)

    cdef char* heads_of(self, int thread) noexcept nogil:
        """Scratch of a thread: for each presynaptic neuron, its next connection."""
        cdef Py_ssize_t distance = self.connections.n_in * self.connections.index
        return self.first_heads + thread * distance


cdef class RowChunks:
    """Chunks of the presynaptic neurons, each shared by all threads.

    Chunks are treated one after the other, so that scratch is bounded.

    Parameters
    ----------
    connections : Connections
    n_threads : int
    size : int
        Connections of a thread's part of a chunk, about.

    Attributes
    ----------
    edges : intp ndarray of shape (n_chunks * n_threads + 1,)
        Edges of the parts, which are of about as many connections.
    largest : int
        Connections of the largest chunk.
    widest : int
        Connections of the neuron that has most.
    """

    def __cinit__(self, Connections connections not None, int n_threads, Py_ssize_t size):
        if n_threads < 1 or size < 1:
            raise ValueError(
                f"n_threads and size must be at least 1. Got {n_threads} and {size}."
            )
        cdef Py_ssize_t n = connections.n_connections
        indptr = connections.indptr
        self.connections, self.n_threads = connections, n_threads
        self.n_chunks = 1 + max(n - 1, 0) // (size * n_threads)
        shares = np.linspace(0, n, n_threads * self.n_chunks + 1)
        edges = np.searchsorted(indptr, shares).astype(np.intp)
        edges[0], edges[len(edges) - 1] = 0, connections.n_in
        starts = indptr[edges].astype(np.intp)
        self.edges, self._starts = edges, starts
        self.rows = positions("edges", edges, len(edges))
        self.starts = positions("starts", starts, len(edges))
        self.largest = np.diff(starts[::n_threads]).max()
        self.widest = np.diff(indptr).max()


cdef class TileLayout:
    """How the columns of a batch, that is, its samples, are cut into tiles.

    Parameters
    ----------
    edges : intp ndarray of shape (n_tiles + 1,)
        The columns where tiles begin, and their end. A row of a tile is one to
        ``TILE_BYTES // CACHE_LINE`` cache lines, or the only tile has a power of two of
        columns, and less than a line.
    batch_size : int
        Number of samples; what follows them is padding.
    dtype : dtype
        Floating-point type of what lies in tiles, float32 or float64.

    Attributes
    ----------
    n_tiles : int
    stride : int
        Number of columns, padding included.
    """

    def __init__(self, edges, Py_ssize_t batch_size, dtype):
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64. Got {dtype}.")
        self.real = np.dtype(dtype).itemsize
        self.n_tiles = size_of("edges", edges, c"i", sizeof(Py_ssize_t)) - 1
        widths = np.diff(edges) * self.real
        is_narrow = (
            self.n_tiles == 1
            and 0 < widths[0] < SKHEBB_CACHE_LINE
            and int(edges[1]).bit_count() == 1
        )
        are_wide = (
            self.n_tiles >= 1
            and (widths > 0).all()
            and (widths <= SKHEBB_TILE_BYTES).all()
            and not (widths % SKHEBB_CACHE_LINE).any()
        )
        if not (is_narrow or are_wide) or edges[0] != 0:
            line = SKHEBB_CACHE_LINE // self.real
            raise ValueError(
                f"edges must go from 0 in steps that are multiples of {line} up to "
                f"{SKHEBB_TILE_BYTES // self.real}, or in one that is a power of two "
                f"below {line}. Got {edges.tolist()}."
            )
        self.stride = edges[self.n_tiles]
        if not 1 <= batch_size <= self.stride:
            raise ValueError(
                f"batch_size must be at least 1, and at most {self.stride}, the last of "
                f"edges. Got {batch_size}."
            )
        self.batch_size = batch_size
        self.edges = edges.copy()
        self.edges.flags.writeable = False
        self.c.n_tiles, self.c.batch = self.n_tiles, batch_size
        self.c.edges = positions("edges", self.edges, self.n_tiles + 1)
        self.c.weights = NULL

    def pack(self, values, flat):
        """Write `values`, (n_neurons, batch_size), into tiles; padding becomes 0."""
        values = np.ascontiguousarray(values, dtype=flat.dtype)
        self._copy(values, flat, True)

    def unpack(self, flat, values):
        """Write the tiles into `values`, (n_neurons, batch_size)."""
        self._copy(values, flat, False)

    cdef int _copy(self, values, flat, bint packs) except -1:
        """Copy between rows of samples and tiles."""
        cdef Py_ssize_t[2] shape = [0, self.batch_size]
        cdef size_t real = self.real
        cdef char* column
        cdef char* row = matrix("values", values, real, shape, not packs)
        if shape[1] != self.batch_size:
            raise ValueError(
                f"values must be of {self.batch_size} samples. Got {shape[1]}."
            )
        cdef Py_ssize_t t, i, start, width, valid, n = shape[0]
        cdef char* tile = data_of("flat", flat, c"f", real, n * self.stride, packs)
        for t in range(self.n_tiles):
            start = self.c.edges[t]
            width = self.c.edges[t + 1] - start
            valid = min(width, max(0, self.batch_size - start))
            for i in range(n):
                column = row + (i * self.batch_size + start) * real
                if packs:
                    memcpy(tile, column, valid * real)
                    memset(tile + valid * real, 0, (width - valid) * real)
                else:
                    memcpy(column, tile, valid * real)
                tile += width * real
        return 0


cdef class Deviations:
    """How far the activations of neurons are from their means, in a batch.

    Scaled to a range of 1 and multiplied by the root of their weight they are `units`
    times `rows`, rounded to integers, which take half the memory. `round_deviations`
    writes them.

    Parameters
    ----------
    n_neurons : int
    tiles : TileLayout
        Of float32.

    Attributes
    ----------
    means, scales, units : float32 ndarray of shape (n_neurons,)
        Scales are 1 / (highest - lowest), 0 of constant neurons.
    rows : int16 ndarray of shape (n_neurons * stride,)
    """

    def __cinit__(self, Py_ssize_t n_neurons, TileLayout tiles not None):
        if n_neurons < 1 or tiles.real != sizeof(float):
            raise ValueError(
                "n_neurons must be at least 1, and tiles of float32. "
                f"Got {n_neurons}, and tiles of float{8 * tiles.real}."
            )
        self.n_neurons, self.tiles = n_neurons, tiles
        self.means, self.scales, self.units = np.zeros((3, n_neurons), np.float32)
        # Vectors that cross cache lines take twice as long to load.
        rows = np.empty(n_neurons * tiles.stride + SKHEBB_CACHE_LINE // 2, np.int16)
        start = -rows.ctypes.data % SKHEBB_CACHE_LINE // 2
        self.rows = rows[start:start + n_neurons * tiles.stride]
        self.c.means, self.c.scales = start_of(self.means), start_of(self.scales)
        self.c.units, self.c.rows = start_of(self.units), start_of(self.rows)

    def fits(self, n_neurons, tiles):
        """Tell whether these are of so many neurons and of these tiles."""
        return self.n_neurons == n_neurons and self.tiles is tiles


cdef class NonZeros:
    """The non-zeros of a batch of sparse samples, by feature, then by sample.

    Parameters
    ----------
    features : intp ndarray of shape (n_active,)
        Those that are not zero in all samples, sorted and all different.
    starts : intp ndarray of shape (n_active + 1,)
        Where the values of each begin, and their end.
    columns : intp ndarray of shape (n_nonzeros,)
        Sample within the batch, sorted and all different for a feature.
    values : float32 or float64 ndarray of shape (n_nonzeros,)
    """

    def __cinit__(self, features, starts, columns, values):
        cdef Py_ssize_t r, n = size_of("features", features, c"i", sizeof(Py_ssize_t))
        cdef Py_ssize_t size = size_of("columns", columns, c"i", sizeof(Py_ssize_t))
        cdef const Py_ssize_t* first = positions("starts", starts, n + 1)
        cdef const Py_ssize_t* column = positions("columns", columns, size)
        self.real = item_of("values", values, c"f")
        self.c.values = reals("values", values, self.real, size)
        self.c.features = positions("features", features, n)
        self.c.starts, self.c.columns, self.c.n_active = first, column, n
        self.features, self.starts = features, starts
        self.columns, self.values = columns, values
        if not ascend(self.c.features, n):
            raise ValueError("features must be sorted, all different, and not negative.")
        if first[0] != 0 or first[n] != size or not ascend(first, n + 1):
            raise ValueError(
                f"starts must ascend from 0 to {size}, the size of columns. It goes from "
                f"{first[0]} to {first[n]}, or does not ascend."
            )
        self.n_columns = 0
        for r in range(n):
            if not ascend(column + first[r], first[r + 1] - first[r]):
                raise ValueError(
                    "columns must be sorted, all different, and not negative, for each "
                    "of features."
                )
            self.n_columns = max(self.n_columns, column[first[r + 1] - 1] + 1)

    def with_values(self, values):
        """Return non-zeros of these values at the same places."""
        return NonZeros(self.features, self.starts, self.columns, values)

    cdef Py_ssize_t share(self, Py_ssize_t part, Py_ssize_t n_parts) noexcept nogil:
        """The first feature of a part, of parts of about as many non-zeros."""
        cdef const Py_ssize_t* starts = self.c.starts
        cdef Py_ssize_t low = 0, high = self.c.n_active, middle
        cdef Py_ssize_t start = part * starts[high] // n_parts
        while low < high:
            middle = (low + high) // 2
            if starts[middle] < start:
                low = middle + 1
            else:
                high = middle
        return low

    cdef int check(self, Py_ssize_t n_features, TileLayout tiles) except -1:
        """Raise unless they are of so many features, and of a batch of these tiles."""
        cdef Py_ssize_t n = self.c.n_active
        if n > 0 and self.c.features[n - 1] >= n_features:
            raise ValueError(
                f"features must be below {n_features}, the number of presynaptic "
                f"neurons. Got {self.c.features[n - 1]}."
            )
        if self.n_columns > tiles.stride:
            raise ValueError(
                f"columns must be below {tiles.stride}, the number of them in tiles. "
                f"Got {self.n_columns - 1}."
            )
        reals("values", self.values, tiles.real, self.c.starts[n])
        return 0


cdef bint ascend(const Py_ssize_t* numbers, Py_ssize_t n) noexcept nogil:
    """Whether `n` numbers are sorted, without duplicates or negative ones."""
    cdef Py_ssize_t k, before = -1
    for k in range(n):
        if numbers[k] <= before:
            return False
        before = numbers[k]
    return True
