"""Calls of kernels on connections and ranks, and what they must give by NumPy."""

import numpy as np
from case import Case
from numpy.testing import assert_array_equal
from random_layer import Layer
from scipy.sparse import csr_array

from skhebb._kernels import _connections, _ranking

# Of these a kernel without handles checks the sizes only.
STRUCTURE = {"indptr", "indices", "n_out"}


def transpose(rng):
    """Connections by postsynaptic neuron."""
    layer = Layer(rng)
    by_column = csr_array((layer.dense != 0).T)

    def expected(_, result):
        assert_array_equal(result[0], by_column.indptr)
        assert_array_equal(result[1], by_column.indices)

    return Case(
        _connections.transpose, expected, trusted=STRUCTURE, **layer.connections
    )


def splits(rng):
    """Where parts of neurons cut rows."""
    layer = Layer(rng)
    neurons = np.linspace(0, layer.n_out, rng.integers(2, 6)).astype(np.intp)

    def expected(_, result):
        before = [(layer.dense[:, :j] != 0).sum(axis=1) for j in neurons]
        assert_array_equal(result, layer.indptr[:-1] + before)

    return Case(
        _connections.splits,
        expected,
        trusted={*STRUCTURE, "neurons"},
        indptr=layer.indptr,
        indices=layer.indices,
        neurons=neurons,
    )


def count_kept(rng):
    """Rows of what is kept."""
    layer = Layer(rng)
    keep = rng.integers(2, size=len(layer.indices)).astype(np.uint8)

    def expected(_, result):
        counts = np.bincount(layer.rows[keep == 1], minlength=layer.n_in)
        assert_array_equal(result, np.append(0, np.cumsum(counts)))

    return Case(
        _connections.count_kept,
        expected,
        trusted=STRUCTURE,
        indptr=layer.indptr,
        keep=keep,
    )


def compress(rng):
    """What is kept."""
    layer = Layer(rng)
    keep = rng.integers(2, size=len(layer.weights)).astype(np.uint8)

    def expected(_, result):
        assert_array_equal(result, layer.weights[keep == 1])

    return Case(
        _connections.compress,
        expected,
        values=layer.weights,
        keep=keep,
        n_kept=int(keep.sum()),
    )


def insert(rng):
    """New connections at absent cells."""
    layer = Layer(rng)
    absent = np.flatnonzero(layer.dense == 0)
    n_new = rng.integers(len(absent) + 1)
    ranks = np.sort(rng.permutation(len(absent))[:n_new])

    def expected(_, result):
        cells = np.sort(np.append(np.flatnonzero(layer.dense), absent[ranks]))
        rows, columns = np.divmod(cells, layer.n_out)
        counts = np.bincount(rows, minlength=layer.n_in)
        assert_array_equal(result[0], np.append(0, np.cumsum(counts)))
        assert_array_equal(result[1], columns)
        assert_array_equal(result[2], np.isin(cells, absent[ranks]))

    return Case(
        _connections.insert,
        expected,
        trusted=STRUCTURE,
        **layer.connections,
        ranks=ranks,
    )


def merge(rng):
    """Old and new values in one array."""
    layer = Layer(rng)
    is_new = rng.integers(2, size=len(layer.weights)).astype(np.uint8)
    old, new = layer.weights[is_new == 0], layer.weights[is_new == 1]

    def expected(_, result):
        assert_array_equal(result, layer.weights)

    return Case(_connections.merge, expected, old=old, new=new, is_new=is_new)


def sort_below(rng):
    """Indices in order."""
    bound = int(rng.choice([1, 7, 513, 1 << 20, (1 << 31) - 1]))
    size = rng.integers(1, 3000)
    values = rng.integers(bound, size=size).astype(rng.choice(["i4", "i8"]))
    expected = np.sort(values)

    def compare(_, result):
        assert_array_equal(result, expected)

    return Case(_ranking.sort_below, compare, values=values, bound=bound)


def of_rank(rng, kernel, key):
    """The number that is at some place of those in order."""
    values = rng.standard_normal(rng.integers(1, 3000)).astype(rng.choice(["f4", "f8"]))
    values *= 10.0 ** rng.integers(-30, 30)
    values[rng.random(values.shape) < rng.choice([0, 0.5])] = rng.choice([0, -1])
    rank = int(rng.integers(len(values)))
    expected = np.sort(key(values))[rank]

    def compare(_, result):
        assert result.dtype == values.dtype
        assert result == expected

    return Case(kernel, compare, values=values, rank=rank)


def magnitude_of_rank(rng):
    """The same of magnitudes."""
    return of_rank(rng, _ranking.magnitude_of_rank, np.abs)


def value_of_rank(rng):
    """The same of values."""
    return of_rank(rng, _ranking.value_of_rank, np.positive)


KERNELS = [
    transpose,
    splits,
    count_kept,
    compress,
    insert,
    merge,
    sort_below,
    magnitude_of_rank,
    value_of_rank,
]
