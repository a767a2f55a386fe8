"""Initial graphs that are drawn at random, whatever the data.

The density "auto" is 1 where a dense network is small, and elsewhere what the epsilon
of SET gives, at most a tenth. But no layer has fewer connections than neurons on its
larger side: with few features nothing else would reach the hidden neurons.
"""

import math

import numpy as np
from scipy.optimize import brentq

from skhebb._utils.csr import index_dtype
from skhebb._utils.memory import check_memory
from skhebb.topology._erdos_renyi import (
    epsilon_for,
    erdos_renyi,
    expected_connections,
)
from skhebb.topology._sampling import sample_ranks

# Of the density "auto": weights of a network that is dense, SET's epsilon, at most.
SMALL, EPSILON, SPARSE = 50_000, 20, 0.1
BYTES_PER_CONNECTION = 28  # 64-bit cells, rows and columns, and an index


def auto_density(shapes):
    """Return what the density "auto" is for layers of these shapes."""
    n_cells = sum(map(math.prod, shapes))
    if n_cells <= SMALL:
        return 1.0
    expected = sum(expected_connections(*shape, EPSILON) for shape in shapes)
    return min(SPARSE, expected / n_cells)


def csr_of_cells(cells, shape):
    """Return `indptr` and `indices` of sorted cells, counted row by row."""
    n_in, n_out = shape
    index_type = index_dtype(len(cells))
    rows, columns = np.divmod(cells, n_out)
    indptr = np.zeros(n_in + 1, dtype=index_type)
    np.cumsum(np.bincount(rows, minlength=n_in), out=indptr[1:])
    return indptr, columns.astype(index_type)


class ErdosRenyi:
    """Each layer as SET draws it (Mocanu et al. 2018): with replacement.

    With `density`, epsilon is such that this many connections are expected.
    """

    needs_data = False

    def __init__(self, shapes, epsilon, density):
        self.shapes = shapes
        if epsilon is None:
            share = auto_density(shapes) if density == "auto" else density
            epsilon = self._epsilon_for(share)
        self.epsilons = [epsilon] * len(shapes)
        if density == "auto":
            self.epsilons = [max(epsilon, epsilon_for(*s, max(s))) for s in shapes]
        pairs = zip(shapes, self.epsilons, strict=True)
        self.counts = [expected_connections(*shape, each) for shape, each in pairs]

    def _epsilon_for(self, density):
        wanted = density * sum(map(math.prod, self.shapes))

        def missing(log_epsilon):
            epsilon = math.exp(log_epsilon)
            return wanted - sum(
                expected_connections(*shape, epsilon) for shape in self.shapes
            )

        # Smaller ones draw less than that, larger ones the dense network.
        low = math.log(wanted / sum(map(sum, self.shapes)))
        high = math.log(max(map(math.prod, self.shapes)) * 100)
        if missing(low) <= 0 or missing(high) >= 0:
            return math.exp(low if missing(low) <= 0 else high)
        return math.exp(brentq(missing, low, high))

    def draw(self, depth, rng):
        """The connections of a layer."""
        return erdos_renyi(*self.shapes[depth], self.epsilons[depth], rng)


class Uniform:
    """Graph of the same density in each layer."""

    needs_data = False

    def __init__(self, shapes, epsilon, density):
        self.shapes = shapes
        n_cells = sum(map(math.prod, shapes))
        if epsilon is not None:
            wanted = sum(expected_connections(*shape, epsilon) for shape in shapes)
        else:
            wanted = n_cells * (auto_density(shapes) if density == "auto" else density)
        self.counts = self._counts(wanted)
        if density == "auto":
            self.counts = list(map(max, self.counts, map(max, shapes)))

    def _counts(self, n_connections):
        """Connections of each layer, given their sum."""
        share = n_connections / sum(map(math.prod, self.shapes))
        return [round(share * math.prod(shape)) for shape in self.shapes]

    def draw(self, depth, rng):
        """The connections of a layer, uniformly without replacement."""
        (n_in, n_out), count = self.shapes[depth], self.counts[depth]
        check_memory(
            count * BYTES_PER_CONNECTION,
            f"A layer of {n_in} x {n_out} neurons with {count:.3g} connections",
            "Lower density, epsilon or the layer sizes.",
        )
        cells = sample_ranks(n_in * n_out, count, rng)
        return csr_of_cells(cells, (n_in, n_out))


class ErdosRenyiKernel(Uniform):
    """ERK (Evci et al. 2020): densities in proportion to (n_in + n_out) / (n_in n_out).

    Layers for which this would be more than 1 are dense, and the others have what is
    left, so that the overall density is exact.
    """

    def _counts(self, n_connections):
        fan_sums = np.array([sum(shape) for shape in self.shapes], dtype=float)
        cells = np.array([math.prod(shape) for shape in self.shapes], dtype=float)
        is_dense = np.zeros(len(cells), dtype=bool)
        while not is_dense.all():
            left = max(n_connections - cells[is_dense].sum(), 0)
            factor = left / fan_sums[~is_dense].sum()
            overfull = ~is_dense & (factor * fan_sums > cells)
            if not overfull.any():
                break
            is_dense |= overfull
        counts = np.where(is_dense, cells, factor * fan_sums)
        return [round(count) for count in counts]
