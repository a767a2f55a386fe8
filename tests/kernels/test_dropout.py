"""What dropout does to activations and errors, and that its masks are random."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from skhebb._kernels import _loops, _rules, _runtime
from skhebb._network.buffers import Backward, tiles_for
from skhebb._training.optimizers import NO_PENALTY

from .layers import DERIVATIVES, KERNELS, batch_of, layer_of, scratch_of, sgd

pytestmark = pytest.mark.usefixtures("instruction_set", "all_threads")


@pytest.mark.parametrize("activation", sorted(KERNELS))
def test_dropout(dtype, rng, activation):
    """What is dropped is 0 and passes no error back; the rest is divided by `keep`."""
    slope = {"leaky": 0.25, "all-relu": -0.25}.get(activation, 0)
    kind = activation if activation in ("tanh", "logistic") else "piecewise linear"
    kernel = _rules.Activation(kind, slope, 0.75)
    z = rng.standard_normal((1, 64)).astype(dtype)
    layer = layer_of(csr_array((1, 64), dtype=dtype), biases=z[0])
    a, tiles = np.empty(64, dtype=dtype), tiles_for(1, np.dtype(dtype))
    layer.forward(np.zeros(1, dtype=dtype), a, tiles, kernel, True, 1)
    if kind == "tanh":
        np.tanh(a, out=a)
    elif kind == "logistic":
        a[:] = 1 / (1 + np.exp(-a))
    before = a.copy()
    _loops.drop(a, 5, kernel, 1)
    kept = ~((a == 0) & np.signbit(a))
    assert 32 < kept.sum() < 64
    assert_allclose(a, np.where(kept, before / 0.75, 0), rtol=1e-6)

    weights = csr_array(np.ones((64, 1), dtype=dtype))
    after = layer_of(weights)
    errors, sums = np.empty(64, dtype=dtype), np.empty(64 * _loops.N_GROUPS, dtype)
    after.update(
        a,
        np.ones(1, dtype=dtype),
        Backward(errors, sums, kernel),
        batch_of(tiles),
        sgd().step(0.0, NO_PENALTY, 1),
        scratch_of(after, 1).astype(dtype),
        1,
    )
    expected = np.where(kept, DERIVATIVES[activation](before) / 0.75, 0)
    assert_allclose(errors, expected, rtol=1e-5)


def mask_of(key, n, dtype, n_threads=1):
    a = np.ones(n, dtype=dtype)
    _loops.drop(a, key, _rules.Activation("piecewise linear", 0, 0.75), n_threads)
    return a > 0


def test_dropout_masks_are_random(dtype):
    """As often as they should be, whatever neighbours, rows of tiles and masks do."""
    n, deviation = 1 << 18, math.sqrt(0.75 * 0.25)
    mask = mask_of(1 << 40 | 7, n, dtype)
    assert abs(mask.mean() - 0.75) < 4 * deviation / math.sqrt(n)
    centred = mask - 0.75
    others = [np.roll(centred, lag) for lag in (1, 2, 3, 16, 48, 64, 256, 1000)]
    others += [mask_of(key, n, dtype) - 0.75 for key in (0, 6, 1 << 40, 1 << 63 | 7)]
    for other in others:
        assert abs(np.mean(centred * other)) < 4 * deviation**2 / math.sqrt(n)


def test_dropout_masks_for_any_number_of_threads(dtype):
    before = _runtime.set_grain(1)
    try:
        masks = [mask_of(3, 1000, dtype, n_threads) for n_threads in (1, 2, 3)]
    finally:
        _runtime.set_grain(before)
    assert_array_equal(masks[1], masks[0])
    assert_array_equal(masks[2], masks[0])
