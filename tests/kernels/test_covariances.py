"""The Hebbian term and what it is made of, beside `numpy.cov`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from skhebb._kernels._handles import NonZeros

from skhebb._kernels import _hebbian
from skhebb._network.buffers import tiles_for
from skhebb._plasticity import HebbianCovariance

from .layers import batch_of, layer_of, nonzeros, scratch_of, tiled, tolerance

pytestmark = pytest.mark.usefixtures("instruction_set", "all_threads")


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_add_covariances(cases, batch, dtype, rng, is_sparse, is_weighted):
    for weights, a, out in cases:
        n_threads = 2
        if is_sparse:
            a[rng.random(a.shape) < 0.7] = 0
            a[0] = 5  # no zeros at all, and constant
            a[1] = rng.random(batch) + 1
        layer, tiles = layer_of(weights), tiles_for(batch, dtype)
        inputs = nonzeros(a) if is_sparse else tiled(a)
        before = weights.toarray()
        rows, columns = weights.nonzero()
        rule = HebbianCovariance([0.5], 0.9, "batch")
        sample_weight = 0.1 + rng.random(batch) if is_weighted else None
        weighed = batch_of(tiles, sample_weight)
        rule.observe(None, [inputs, tiled(out)], None, weighed, n_threads)
        scratch = scratch_of(layer, n_threads).astype(dtype)
        room = np.empty_like(tiled(out)), scratch
        layer.add_covariances(inputs, weighed, rule.term(0, 2, 1), *room, n_threads)

        neurons = np.concatenate([a, out]).astype(np.float64)
        ranges = np.ptp(neurons, axis=1, keepdims=True)
        scaled = np.divide(
            neurons, ranges, where=ranges > 0, out=np.zeros_like(neurons)
        )
        covariance = np.cov(scaled, ddof=0, aweights=sample_weight).reshape(
            len(neurons), -1
        )
        covariance = covariance[: len(a), len(a) :]
        expected = before + 0.5 * 0.9**2 * covariance
        assert_allclose(weights.data, expected[rows, columns], **tolerance(dtype))


@pytest.mark.parametrize("is_weighted", [False, True])
def test_batch_statistics(batch, dtype, rng, is_weighted):
    values = rng.standard_normal((20, batch)).astype(dtype)
    values[3] = 0.25  # a constant neuron
    values[4] = np.finfo(dtype).tiny / 2  # a range without a finite inverse
    values[4, 0] = 0
    values[5] = 1 + np.finfo(dtype).eps * rng.integers(3, size=batch)  # rounding only
    means, scales = np.empty((2, 20), dtype=dtype)
    tiles = tiles_for(batch, dtype)
    sample_weight = 0.1 + rng.random(batch) if is_weighted else None
    weighed = batch_of(tiles, sample_weight)
    _hebbian.batch_statistics(
        tiles,
        activations=tiled(values),
        sample_weight=weighed.sample_weight,
        total=weighed.total,
        means=means,
        scales=scales,
        n_threads=2,
    )
    expected = np.average(values, axis=1, weights=sample_weight)
    assert_allclose(means, expected, **tolerance(dtype))
    ranges = np.ptp(values, axis=1)
    varies = ranges >= np.finfo(dtype).tiny
    varies[5] = False
    expected = np.divide(1, ranges, where=varies, out=np.zeros_like(ranges))
    assert_allclose(scales, expected, rtol=1e-6)


def test_covariance_of_neurons_far_from_zero(rng):
    """The rounding of a mean must not pass for covariance."""
    a = (1000 + rng.random((30, 200))).astype(np.float32)
    out = (1 - 1e-4 * rng.random((20, 200))).astype(np.float32)
    layer = layer_of(csr_array(np.ones((30, 20), dtype=np.float32)))
    layer.weights.data[:] = 0
    tiles = tiles_for(200, np.dtype(np.float32))
    rule, batch = HebbianCovariance([1], 1, "batch"), batch_of(tiles)
    expected = np.cov(
        *(
            (x - x.min(axis=1, keepdims=True)) / np.ptp(x, axis=1, keepdims=True)
            for x in (a.astype(np.float64), out.astype(np.float64))
        ),
        ddof=0,
    )[:30, 30:]
    for inputs in (tiled(a), nonzeros(a)):
        inputs_are_sparse = isinstance(inputs, NonZeros)
        layer.weights.data[:] = 0
        rule.observe(None, [inputs, tiled(out)], None, batch, 1)
        scratch = scratch_of(layer, 1).astype(np.float32)
        room = np.empty_like(tiled(out)), scratch
        layer.add_covariances(inputs, batch, rule.term(0, 0, 1), *room, 1)
        # In tiles, deviations are rounded to a 2895th of their reach.
        atol = 2e-6 if inputs_are_sparse else 2e-5
        assert_allclose(layer.weights.data, expected.ravel(), atol=atol)
