"""Backward, gradient and step in one, beside products of NumPy."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skhebb._kernels._lag import StepHistory

from skhebb._kernels import _loops
from skhebb._network.buffers import Backward, tiles_for
from skhebb._training.optimizers import NO_PENALTY, Penalty

from .layers import (
    DERIVATIVES,
    INDEX_TYPES,
    KERNELS,
    NO_BACKWARD,
    batch_of,
    layer_of,
    nonzeros,
    scratch_of,
    sgd,
    tiled,
    tolerance,
    untiled,
)

pytestmark = pytest.mark.usefixtures("instruction_set", "all_threads")


@pytest.mark.parametrize("activation", sorted(KERNELS))
def test_update(cases, batch, dtype, activation):
    """Plain gradient descent, so that what the weights lose is the gradient."""
    for (given, a, d), index_type in product(cases, INDEX_TYPES):
        n_threads = 3
        weights = given.copy()
        before = weights.toarray()
        rows, columns = weights.nonzero()
        layer, tiles = layer_of(weights, index_type), tiles_for(batch, dtype)
        step = sgd().step(0.5, NO_PENALTY, 1)
        back = np.full(len(a) * tiles.stride, np.nan, dtype=dtype)
        sums = np.full((_loops.N_GROUPS, len(a)), np.nan, dtype=dtype)
        scratch = scratch_of(layer, n_threads).astype(dtype)
        layer.update(
            tiled(a),
            tiled(d),
            Backward(back, sums.ravel(), KERNELS[activation]),
            batch_of(tiles),
            step,
            scratch,
            n_threads,
        )
        expected = before - 0.5 / batch * (a @ d.T)
        assert_allclose(weights.data, expected[rows, columns], **tolerance(dtype))
        errors = (before @ d) * DERIVATIVES[activation](a)
        assert_allclose(untiled(back, batch), errors, **tolerance(dtype))
        assert_allclose(sums[0], errors.sum(axis=1), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("density", [0.5, 1])
def test_update_by_any_number_of_threads(batch, dtype, rng, random_weights, density):
    given = random_weights(21, 15, density, dtype, rng)
    a, d = rng.standard_normal((2, 21, batch)).astype(dtype)
    tiles, results = tiles_for(batch, dtype), []
    for n_threads in (1, 2, 5):
        layer = layer_of(given.copy())
        back = np.full(21 * tiles.stride, np.nan, dtype=dtype)
        sums = np.full((_loops.N_GROUPS, 21), np.nan, dtype=dtype)
        layer.update(
            tiled(a),
            tiled(d[:15]),
            Backward(back, sums.ravel(), KERNELS["relu"]),
            batch_of(tiles),
            sgd().step(0.5, NO_PENALTY, 1),
            scratch_of(layer, n_threads).astype(dtype),
            n_threads,
        )
        results.append(np.concatenate([layer.weights.data, back, sums[0]]))
    assert_array_equal(results[1], results[0])
    assert_array_equal(results[2], results[0])


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("momentum", [0, 0.9])
@pytest.mark.parametrize("penalty", [NO_PENALTY, Penalty(0.25), Penalty(0.2, 0.1)])
def test_update_of_the_first_layer(
    cases, batch, dtype, rng, is_sparse, momentum, penalty
):
    for weights, a, d in cases:
        n_threads = 3
        a[rng.random(a.shape) < 0.8] = 0
        before = weights.toarray()
        rows, columns = weights.nonzero()
        layer, tiles = layer_of(weights), tiles_for(batch, dtype)
        optimizer = sgd(momentum)
        layer.start_anew(optimizer.n_arrays)
        velocity = rng.standard_normal(weights.nnz).astype(dtype)
        if momentum:
            layer.weight_state = [velocity.copy()]
        inputs = nonzeros(a) if is_sparse else tiled(a)
        step = optimizer.step(0.5, penalty, 1)
        layer.update(
            inputs,
            tiled(d),
            NO_BACKWARD,
            batch_of(tiles),
            step,
            scratch_of(layer, n_threads).astype(dtype),
            n_threads,
        )
        if is_sparse:  # the rows of other features
            history = StepHistory(layer.n_in, 1)
            history.append(step, batch, inputs)
            layer.catch_up(history, None, n_threads)
        decay = penalty.alpha + penalty.weight_decay * batch
        gradient = (a @ d.T + decay * before)[rows, columns] / batch
        expected = before[rows, columns] + momentum * velocity - 0.5 * gradient
        assert_allclose(weights.data, expected, **tolerance(dtype))


def test_weights_of_absent_features_are_not_visited(rng, random_weights):
    weights = random_weights(50, 20, 0.5, np.float64, rng)
    before = weights.data.copy()
    a, d = np.zeros((50, 8)), rng.standard_normal((20, 8))
    a[[3, 30]] = 1
    layer = layer_of(weights)
    layer.start_anew(1)
    layer.update(
        nonzeros(a),
        tiled(d),
        NO_BACKWARD,
        batch_of(tiles_for(8, np.float64)),
        sgd(0.9).step(1.0, Penalty(0.1), 1),
        scratch_of(layer, 2),
        2,
    )
    moved = np.flatnonzero(before != weights.data)
    assert set(weights.nonzero()[0][moved]) == {3, 30}
