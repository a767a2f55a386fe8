"""A random layer with a batch on both sides, for calls of kernels."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.sparse import csr_array, random_array
from skhebb._kernels._handles import Connections, RowChunks

from skhebb._kernels import _loops, _rules
from skhebb._network.buffers import tiles_for


class Layer:
    """Random connections with a batch on both sides, and NumPy's view of them."""

    def __init__(self, rng, dtype=None):
        self.dtype = np.dtype(dtype or rng.choice(["f4", "f8"]))
        self.index = np.dtype(rng.choice(["i4", "i8"]))
        self.n_in, self.n_out = rng.integers(1, 40, 2)
        density = rng.choice([0, 0.1, 0.5, 1])
        weights = csr_array(
            random_array((self.n_in, self.n_out), density=density, rng=rng)
        )
        weights.sum_duplicates()
        self.indptr = weights.indptr.astype(self.index)
        self.indices = weights.indices.astype(self.index)
        self.weights = self.normal(rng, weights.nnz)
        self.rows = np.repeat(np.arange(self.n_in), np.diff(self.indptr))
        self.dense = np.zeros((self.n_in, self.n_out))
        self.dense[self.rows, self.indices] = self.weights
        self.batch = int(rng.choice([1, 2, 5, 16, rng.integers(1, 300)]))
        self.tiles = tiles_for(self.batch, self.dtype)
        self.n_threads = int(rng.integers(1, 4))
        self.inputs = self.normal(rng, (self.n_in, self.batch))
        self.inputs[rng.random(self.inputs.shape) < rng.choice([0, 0.7, 1])] = 0
        self.outputs = self.normal(rng, (self.n_out, self.batch))
        self.biases = self.normal(rng, self.n_out)

    def normal(self, rng, shape):
        """Random numbers of the layer's type."""
        return rng.standard_normal(shape).astype(self.dtype)

    @property
    def connections(self):
        """What makes Connections."""
        return {"indptr": self.indptr, "indices": self.indices, "n_out": self.n_out}

    @property
    def layout(self):
        """What makes a TileLayout, but for the type."""
        return {"edges": self.tiles.edges, "batch_size": self.batch}

    def tiled(self, values):
        """An array of tiles."""
        flat = np.empty(len(values) * self.tiles.stride, dtype=self.dtype)
        self.tiles.pack(values, flat)
        return flat

    def blank(self, n):
        """Tiles to be written."""
        return np.full(n * self.tiles.stride, np.nan, dtype=self.dtype)

    def untiled(self, flat):
        """Values of shape (n_neurons, batch_size)."""
        values = np.empty((flat.size // self.tiles.stride, self.batch), self.dtype)
        self.tiles.unpack(flat, values)
        return values

    def nonzeros(self):
        """The inputs by feature."""
        sparse = csr_array(self.inputs)
        features = np.flatnonzero(np.diff(sparse.indptr))
        starts = np.append(sparse.indptr[features], sparse.nnz).astype(np.intp)
        return features, starts, sparse.indices.astype(np.intp), sparse.data

    def close(self, found, expected):
        """Raise if they differ by more than rounding."""
        kinds = self.dtype, np.asarray(found).dtype  # where a spoiled array decides
        tolerance = 2e-3 if np.float32 in kinds else 1e-9
        assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

    def scratch(self, size):
        """Room for the products of a chunk of so many connections for a thread."""
        chunks = RowChunks(Connections(**self.connections), self.n_threads, size)
        return np.full((_loops.N_GROUPS, chunks.largest), np.nan, self.dtype)

    def step(self, rng):
        """A step of an optimiser, its states, and the same by NumPy."""
        rate, total = 0.1, float(rng.choice([1, self.batch]))
        alpha, decay = rng.choice([0, 0.1], 2)
        momentum, nesterov = rng.choice([0, 0.9]), bool(rng.integers(2))
        is_adam = bool(rng.integers(2))
        if is_adam:
            step = _rules.OptimizerStep(
                "adam", (rate, 0.9, 0.99, 1e-8), 2, alpha, decay
            )
        else:
            factors = rate, momentum, nesterov
            n_states = int(momentum > 0)
            step = _rules.OptimizerStep(
                "gradient descent", factors, n_states, alpha, decay
            )

        def expected(weights, states, sums):
            weights, sums = weights.astype(float), sums.astype(float)
            gradient = sums / total + (alpha / total + decay) * weights
            if is_adam:
                mean = 0.9 * states[0] + 0.1 * gradient
                square = 0.99 * states[1] + 0.01 * gradient**2
                return weights - rate * mean / (np.sqrt(square) + 1e-8)
            velocity = -rate * gradient
            if momentum:
                velocity = momentum * states[0] - rate * gradient
                if nesterov:
                    velocity = momentum * velocity - rate * gradient
            return weights + velocity

        n_states = 2 if is_adam else int(momentum > 0)
        return step, n_states, total, expected
