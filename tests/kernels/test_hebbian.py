"""The Hebbian term in integers: what is rounded, and that nothing overflows."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skhebb._kernels._handles import Connections, Deviations, RowChunks

from skhebb._kernels import _hebbian
from skhebb._network.buffers import tiles_for

pytestmark = pytest.mark.usefixtures("instruction_set", "all_threads")


def deviations_of(values, weights=None, n_threads=2):
    """Those of `values`, (n_neurons, batch_size)."""
    n_neurons, batch_size = values.shape
    tiles = tiles_for(batch_size, values.dtype)
    weights = tiles.ones if weights is None else tiles.columns(weights, values.dtype)
    activations = np.full(n_neurons * tiles.stride, np.nan, dtype=values.dtype)
    tiles.pack(values, activations)
    deviations = Deviations(n_neurons, tiles)
    _hebbian.round_deviations(
        deviations,
        activations=activations,
        sample_weight=weights,
        total=float(weights.sum()),
        n_threads=n_threads,
    )
    return deviations


def unrounded(deviations, batch_size):
    """What the rows stand for, (n_neurons, batch_size): blocks of up to four tiles."""
    tiles, n = deviations.tiles, deviations.n_neurons
    edges = [*tiles.edges[:-1:4], tiles.edges[-1]]
    blocks = [
        deviations.rows[n * start : n * end].reshape(n, -1)
        for start, end in pairwise(edges)
    ]
    return deviations.units[:, None] * np.hstack(blocks)[:, :batch_size]


def scaled(values, weights=None):
    """Distances to the means in units of the ranges; constant neurons become 0."""
    values = values.astype(float)
    ranges = np.ptp(values, axis=1, keepdims=True)
    centred = values - np.average(values, 1, weights)[:, None]
    return np.divide(centred, ranges, where=ranges > 0, out=np.zeros_like(values))


@pytest.mark.parametrize("batch_size", [1, 3, 16, 200, 257, 300])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_deviations_are_rounded(rng, batch_size, is_weighted):
    values = rng.standard_normal((70, batch_size)).astype(np.float32)
    values[3] = 7  # constant
    values[4] = 1000 + values[4] ** 9  # far from zero, and with outliers
    weights = rng.uniform(0.1, 3, batch_size) if is_weighted else None
    deviations = deviations_of(values, weights)
    roots = np.sqrt(np.ones(batch_size) if weights is None else weights)
    expected = roots * scaled(values, weights)
    error = np.abs(unrounded(deviations, batch_size) - expected)
    assert (error <= 0.501 * deviations.units[:, None] + 1e-5).all()
    assert (deviations.units <= roots.max() / 2895 * (1 + 1e-6)).all()
    assert deviations.units[3] == 0


@pytest.mark.parametrize("size", [1e-37, 1e-30, 1e30])
def test_any_range_is_scaled(rng, size):
    """The largest rounded deviation divided by a tiny range is no float32."""
    values = (size * rng.random((5, 40))).astype(np.float32)
    deviations = deviations_of(values)
    error = np.abs(unrounded(deviations, 40) - scaled(values))
    assert (error <= 0.501 * deviations.units[:, None] + 1e-5).all()


def test_infinite_ranges_count_as_constant(rng):
    values = rng.random((3, 40)).astype(np.float32)
    values[0, 7] = np.inf
    values[1, :20], values[1, 20:] = 3e38, -3e38
    deviations = deviations_of(values)
    assert_array_equal(deviations.units == 0, [True, True, False])
    assert (unrounded(deviations, 40)[:2] == 0).all()


def test_nan_shows(rng):
    values = rng.random((2, 40)).astype(np.float32)
    values[1, 7] = np.nan
    assert_array_equal(np.isnan(deviations_of(values).units), [False, True])


@pytest.mark.parametrize("batch_size", [256, 300, 1000])
@pytest.mark.parametrize("index_type", [np.int32, np.int64])
def test_no_sum_overflows(batch_size, index_type):
    """Neurons at both ends of their range, which all deviate as far as they can."""
    values = np.zeros((2, batch_size), dtype=np.float32)
    values[0, ::2] = values[1, 1::2] = 5
    deviations = deviations_of(values)
    indices = np.array([0, 1, 0, 1], dtype=index_type)
    connections = Connections(np.array([0, 2, 4], dtype=index_type), indices, 2)
    weights = np.zeros(4, dtype=np.float32)
    _hebbian.add_rounded(
        RowChunks(connections, 2, 1),
        weights=weights,
        factor=1 / batch_size,
        before=deviations,
        after=deviations,
    )
    assert_allclose(weights, [0.25, -0.25, -0.25, 0.25], rtol=1e-6)


def test_threads_and_chunks_give_the_same_bits(rng):
    values = rng.random((50, 300)).astype(np.float32)
    indptr = np.arange(51, dtype=np.int32) * 50
    connections = Connections(indptr, np.tile(np.arange(50, dtype=np.int32), 50), 50)
    found = []
    for n_threads, size in [(1, 10_000), (2, 100), (3, 7)]:
        deviations = deviations_of(values, n_threads=n_threads)
        weights = np.ones(2500, dtype=np.float32)
        both = {"before": deviations, "after": deviations}
        chunks = RowChunks(connections, n_threads, size)
        _hebbian.add_rounded(chunks, weights=weights, factor=0.1, **both)
        found.append(weights)
    assert_array_equal(found[1:], found[:1] * 2)
    expected = 1 + 0.1 * scaled(values) @ scaled(values).T
    assert_allclose(found[0], expected.ravel(), atol=1e-3)


def test_deviations_of_other_neurons_or_tiles_are_refused(rng):
    indptr = np.array([0, 1, 2, 3], dtype=np.int32)
    chunks = RowChunks(Connections(indptr, np.zeros(3, np.int32), 2), 1, 10)
    values = rng.random((3, 20)).astype(np.float32)
    three, two = deviations_of(values), deviations_of(values[:2])
    arguments = {"weights": np.ones(3, np.float32), "factor": 1.0}
    _hebbian.add_rounded(chunks, before=three, after=two, **arguments)
    other = deviations_of(values[:2, :5])
    for before, after in [(two, two), (three, three), (three, other)]:
        with pytest.raises(ValueError, match=r"same tiles and of 3 and 2 neurons"):
            _hebbian.add_rounded(chunks, before=before, after=after, **arguments)
    arguments["weights"] = np.ones(3)
    with pytest.raises(ValueError, match=r"weights must be a writable.*float32"):
        _hebbian.add_rounded(chunks, before=three, after=two, **arguments)
    with pytest.raises(ValueError, match=r"tiles of float32.*float64"):
        Deviations(3, tiles_for(5, np.float64))
