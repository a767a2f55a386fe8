"""Tiles, and activations of layers, beside products of NumPy."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from skhebb._kernels._handles import ByPostsynaptic, OutputParts

from skhebb._kernels import _loops, _rules, _runtime
from skhebb._network.buffers import tiles_for
from skhebb._network.network import LINEAR

from .layers import (
    DTYPES,
    INDEX_TYPES,
    last_bits,
    layer_of,
    nonzeros,
    tiled,
    tolerance,
    untiled,
)

pytestmark = pytest.mark.usefixtures("instruction_set", "all_threads")


def test_forward(cases, batch, dtype, rng):
    """Gathered, scattered, and from non-zeros: the product, and the same bits."""
    for case, index_type, n_threads in product(cases, INDEX_TYPES, [1, 5]):
        weights, a = case[0], case[1].copy()
        a[:, rng.random(batch) < 0.2] = 0
        biases = rng.standard_normal(weights.shape[1]).astype(dtype)
        layer = layer_of(weights, index_type, biases)
        tiles = tiles_for(batch, dtype)
        outputs = []
        for training, inputs in [
            (True, tiled(a)),
            (False, tiled(a)),
            (False, nonzeros(a)),
        ]:
            out = np.full(len(biases) * tiles.stride, np.nan, dtype=dtype)
            layer.forward(inputs, out, tiles, LINEAR, training, n_threads)
            outputs.append(untiled(out, batch))
        expected = weights.toarray().T @ a + biases[:, np.newaxis]
        assert_allclose(outputs[0], expected, **tolerance(dtype))
        assert_array_equal(outputs[0], outputs[1])
        assert_array_equal(outputs[0], outputs[2])


def test_gather_of_every_width(batch, dtype, rng, random_weights):
    """Training gathers from wide rows only; the kernel takes any."""
    weights = random_weights(30, 20, 0.3, dtype, rng)
    a = rng.standard_normal((30, batch)).astype(dtype)
    layer, tiles = layer_of(weights), tiles_for(batch, dtype)
    out = np.empty(20 * tiles.stride, dtype=dtype)
    _loops.forward(
        OutputParts(layer.connections, 3),
        ByPostsynaptic(layer.connections, 2),
        tiles,
        LINEAR,
        weights=weights.data,
        biases=layer.biases,
        inputs=tiled(a),
        outputs=out,
        n_threads=2,
    )
    assert_allclose(untiled(out, batch), weights.toarray().T @ a, **tolerance(dtype))


@pytest.mark.parametrize("slope", [0, 0.5, 1])
def test_activation_keeps_nan(dtype, slope):
    z = np.array([-1.5, 2.5, np.nan, np.inf, -np.inf, 0.0, -0.0, 3.0], dtype=dtype)
    weights = csr_array((8, 8), dtype=dtype)
    out = np.empty(8, dtype=dtype)
    layer = layer_of(weights, biases=z)
    activation = _rules.Activation("piecewise linear", slope)
    layer.forward(
        np.zeros(8, dtype=dtype),
        out,
        tiles_for(1, np.dtype(dtype)),
        activation,
        True,
        1,
    )
    below = -np.inf if slope else 0
    assert_array_equal(out, [-1.5 * slope, 2.5, np.nan, np.inf, below, 0, 0, 3])


def test_negative_slope_tells_what_was_negative(dtype):
    z = np.array([-1.5, 2.5, -1e-3, 0.0, -0.0, np.nan, 7.1], dtype=dtype)
    layer = layer_of(csr_array((1, 7), dtype=dtype), biases=z)
    out, tiles = np.empty(7, dtype=dtype), tiles_for(1, np.dtype(dtype))
    activation = _rules.Activation("piecewise linear", -0.6)
    layer.forward(np.zeros(1, dtype=dtype), out, tiles, activation, True, 1)
    expected = np.where(z < 0, dtype(-0.6) * z, z)
    assert_allclose(out, expected, rtol=2 * np.finfo(dtype).eps)
    assert_array_equal(last_bits(out), z < 0)


def test_nan_and_infinity_reach_the_output(cases, dtype, batch):
    for weights, a, _ in cases:
        a[0, 0], a[1, 0] = np.inf, np.nan
        layer, tiles = layer_of(weights), tiles_for(batch, dtype)
        touched = np.zeros(weights.shape[1], dtype=bool)
        touched[weights.indices[: weights.indptr[2]]] = True
        for training in (True, False):
            out = np.empty(layer.n_out * tiles.stride, dtype=dtype)
            layer.forward(tiled(a), out, tiles, LINEAR, training, 1)
            assert_array_equal(~np.isfinite(untiled(out, batch)[:, 0]), touched)


@pytest.mark.parametrize("n_features", [1, 15, 16, 50])
def test_load_rows(batch, dtype, rng, n_features):
    X = rng.standard_normal((40, n_features)).astype(dtype)
    samples = rng.integers(40, size=batch)
    tiles = tiles_for(batch, dtype)
    out = np.full(n_features * tiles.stride, np.nan, dtype=dtype)
    _loops.load_rows(X, samples, tiles, out, 2)
    assert_array_equal(out, tiled(X[samples].T))


@pytest.mark.parametrize("dtype", DTYPES)
def test_tiles_cover_the_batch(dtype):
    lanes = 64 // np.dtype(dtype).itemsize
    for batch in range(1, 400):
        tiles = tiles_for(batch, dtype)
        widths = np.diff(tiles.edges)
        assert tiles.edges[0] == 0
        assert widths.max() <= 4 * lanes
        assert batch <= tiles.stride < max(2 * batch, batch + lanes)
        if not tiles.are_narrow:
            assert not (widths % lanes).any()


def test_unknown_instruction_set_is_refused():
    with pytest.raises(ValueError, match=r"'mmx' does not run here.*baseline"):
        _runtime.use_instruction_set("mmx")
