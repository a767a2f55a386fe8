"""Handles refuse arrays that do not fit, and say which and why."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array, random_array
from skhebb._kernels._handles import (
    ByPostsynaptic,
    Connections,
    NonZeros,
    OutputParts,
    RowChunks,
    TileLayout,
)
from skhebb._kernels._rules import Activation, OptimizerStep

from skhebb._network.buffers import Tiles

INDPTR = np.array([0, 2, 2, 5], dtype=np.int32)
INDICES = np.array([0, 3, 1, 2, 3], dtype=np.int32)


def refused(*words):
    """A context in which an error has these words in this order."""
    pattern = ".*".join(re.escape(word) for word in words)
    return pytest.raises(ValueError, match=rf"(?s){pattern}")


def changed(array, place, value):
    array = array.copy()
    array[place] = value
    return array


CONNECTIONS = {
    "indptr of floats": (INDPTR * 1.0, INDICES, 4, "indptr must be", "int32 or int64"),
    "indptr of lists": ([0, 2], INDICES, 4, "indptr must be", "Got list"),
    "indptr of 16 bits": (INDPTR.astype("i2"), INDICES, 4, "indptr must", "Got int16"),
    "unsigned indptr": (INDPTR.astype("u4"), INDICES, 4, "indptr must", "Got uint32"),
    "swapped indptr": (INDPTR.astype(">i4"), INDICES, 4, "indptr must", "Got >i4"),
    "two axes": (INDPTR[None], INDICES, 4, "indptr must", "shape (1, 4)"),
    "no rows": (INDPTR[:1], INDICES[:0], 4, "n_in=0 and n_out=4"),
    "no columns": (INDPTR, INDICES, 0, "n_in=3 and n_out=0"),
    "other type": (
        INDPTR,
        INDICES.astype("i8"),
        4,
        "indices must be",
        "int32",
        "int64",
    ),
    "strided": (INDPTR, np.repeat(INDICES, 2)[::2], 4, "indices", "Got not contiguous"),
    "too short": (INDPTR, INDICES[:4], 4, "indptr must go from 0 to 4", "from 0 to 5"),
    "begins late": (INDPTR + 1, INDICES, 4, "indptr must go from 0", "from 1 to 6"),
    "descends": (changed(INDPTR, 1, 3), INDICES, 4, "indptr must not descend"),
    "unsorted": (INDPTR, INDICES[::-1].copy(), 4, "indices must be sorted"),
    "twice": (INDPTR, changed(INDICES, 3, 1), 4, "all different"),
    "negative": (INDPTR, changed(INDICES, 0, -1), 4, "at least 0"),
    "too large": (INDPTR, INDICES, 3, "below n_out=3"),
}


@pytest.mark.parametrize("case", CONNECTIONS)
def test_connections(case):
    indptr, indices, n_out, *words = CONNECTIONS[case]
    with refused(*words):
        Connections(indptr, indices, n_out)


LAYOUTS = {
    "dtype": (np.array([0, 4]), 4, np.float16, "dtype must be float32", "float16"),
    "type": (np.array([0, 4], dtype="i4"), 4, "f4", "edges must be", "int64", "int32"),
    "empty": (np.array([], dtype=int), 1, "f4", "edges must go from 0", "Got []"),
    "one edge": (np.array([0]), 1, "f4", "edges must go from 0", "Got [0]"),
    "late": (np.array([16, 32]), 4, "f4", "edges must go from 0", "Got [16, 32]"),
    "no power of two": (np.array([0, 6]), 4, "f4", "a power of two below 16"),
    "two narrow ones": (np.array([0, 4, 8]), 4, "f4", "multiples of 16 up to 64"),
    "too wide": (np.array([0, 80]), 70, "f4", "multiples of 16 up to 64", "[0, 80]"),
    "too wide of doubles": (np.array([0, 40]), 33, "f8", "multiples of 8 up to 32"),
    "descending": (np.array([0, 32, 16]), 4, "f4", "edges must go", "[0, 32, 16]"),
    "no samples": (np.array([0, 4]), 0, "f4", "batch_size must be at least 1", "Got 0"),
    "too many": (np.array([0, 4]), 5, "f4", "batch_size must be", "at most 4", "Got 5"),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts(case):
    edges, batch_size, dtype, *words = LAYOUTS[case]
    with refused(*words):
        TileLayout(edges, batch_size, dtype)


NONZEROS = {
    "features": np.array([0, 2]),
    "starts": np.array([0, 2, 3]),
    "columns": np.array([0, 3, 2]),
    "values": np.ones(3, dtype=np.float32),
}
UNSOUND = [
    ("features", [-1, 2], "features must be sorted"),
    ("features", [2, 0], "features must be sorted"),
    ("features", [2, 2], "features must be sorted"),
    ("starts", [1, 2, 3], "starts must ascend from 0 to 3"),
    ("starts", [0, 4, 3], "starts must ascend from 0 to 3"),
    ("starts", [0, -1, 3], "starts must ascend from 0 to 3"),
    ("starts", [0, 2, 2], "starts must ascend from 0 to 3"),
    ("starts", [0, 3], "starts must be a contiguous array, int64 of shape (3,)"),
    ("columns", [-1, 3, 2], "columns must be sorted"),
    ("columns", [3, 0, 2], "columns must be sorted"),
    ("columns", [3, 3, 2], "columns must be sorted"),
    ("values", [1.0, 1.0], "values must be a contiguous array, float64 of shape (3,)"),
    ("values", [1, 1, 1], "values must be", "float32 or float64", "Got int64"),
]


@pytest.mark.parametrize("case", UNSOUND, ids=str)
def test_nonzeros(case):
    name, array, *words = case
    with refused(*words):
        NonZeros(**{**NONZEROS, name: np.array(array)})


def connections():
    return Connections(INDPTR, INDICES, 4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: OutputParts(connections(), 0), ("n_parts", "Got 0")),
        (lambda: ByPostsynaptic(connections(), 0), ("n_threads", "Got 0")),
        (lambda: RowChunks(connections(), 0, 1), ("n_threads", "Got 0 and 1")),
        (lambda: RowChunks(connections(), 1, 0), ("size", "Got 1 and 0")),
        (lambda: Activation("relu"), ("kind must be one of", "'tanh'", "'relu'")),
        (lambda: OptimizerStep("sgd", (), 0, 0, 0), ("rule must be one of", "'sgd'")),
        (lambda: OptimizerStep("adam", (1, 2), 2, 0, 0), ("factors", "4", "Got 2")),
        (lambda: OptimizerStep("adam", (1,) * 4, 1, 0, 0), ("n_states", "2", "Got 1")),
    ],
)
def test_other_handles(make, words):
    with refused(*words):
        make()


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_are_of_about_as_many_connections(rng, n_threads, size):
    weights = csr_array(random_array((50, 20), density=0.3, rng=rng))
    chunks = RowChunks(
        Connections(weights.indptr, weights.indices, 20), n_threads, size
    )
    assert chunks.edges[0] == 0
    assert chunks.edges[-1] == 50
    assert (np.diff(chunks.edges) >= 0).all()
    counts = np.diff(weights.indptr[chunks.edges])
    assert counts.max() < size + 20
    assert chunks.largest == counts.reshape(-1, n_threads).sum(axis=1).max()


@pytest.mark.parametrize("n_parts", [1, 2, 5])
def test_parts_cut_rows(rng, n_parts):
    weights = csr_array(random_array((30, 17), density=0.4, rng=rng))
    parts = OutputParts(Connections(weights.indptr, weights.indices, 17), n_parts)
    widths = np.diff(parts.edges)
    assert (parts.edges[0], parts.edges[-1], len(widths)) == (0, 17, n_parts)
    assert np.ptp(widths) <= 1
    if n_parts > 1:
        dense = weights.toarray() != 0
        before = [dense[:, :edge].sum(axis=1) for edge in parts.edges]
        assert_array_equal(parts.splits, weights.indptr[:-1] + before)


def test_edges_of_tiles_stay_as_they_are():
    tiles = Tiles(40, np.float32)
    with pytest.raises(ValueError, match="read-only"):
        tiles.edges[0] = 1
    edges = np.array([0, 16])
    layout = TileLayout(edges, 10, np.float32)
    edges[1] = 1 << 40
    assert layout.edges[1] == 16
