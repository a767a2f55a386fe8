"""Optimisers' steps beside the formulas of papers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skhebb._kernels import _loops
from skhebb._training.optimizers import NO_PENALTY, Adam

from .layers import sgd, tolerance

pytestmark = pytest.mark.usefixtures("instruction_set", "all_threads")


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("n", [0, 1, 10_001])
def test_gradient_descent(dtype, rng, momentum, nesterov, n):
    weights, velocities, gradients = rng.standard_normal((3, n)).astype(dtype)
    new_velocities = momentum * velocities - 0.1 * gradients
    ahead = momentum * new_velocities - 0.1 * gradients
    expected = weights + (ahead if nesterov else new_velocities)
    states = [velocities] if momentum else []
    step = sgd(momentum, nesterov).step(0.1, NO_PENALTY, 1)
    _loops.take_step(weights, states, 4 * gradients, 4, step)
    assert_allclose(weights, expected, **tolerance(dtype))
    if momentum:
        assert_allclose(velocities, new_velocities, **tolerance(dtype))


@pytest.mark.parametrize("n", [0, 1, 1001])
def test_adam(dtype, rng, n):
    """Kingma & Ba, Algorithm 1, in the form that its Section 2 has at the end."""
    weights, means, squares = np.zeros((3, n), dtype=dtype)
    optimizer = Adam(0.9, 0.99)
    theta, m, v = np.zeros((3, n))
    for t in range(1, 6):
        gradients = rng.standard_normal(n)
        m = 0.9 * m + 0.1 * gradients
        v = 0.99 * v + 0.01 * gradients**2
        rate = 0.1 * np.sqrt(1 - 0.99**t) / (1 - 0.9**t)
        theta = theta - rate * m / (np.sqrt(v) + 1e-8)
        sums = (4.5 * gradients).astype(dtype)
        step = optimizer.step(0.1, NO_PENALTY, t)
        _loops.take_step(weights, [means, squares], sums, 4.5, step)
    for found, expected in [(weights, theta), (means, m), (squares, v)]:
        assert_allclose(found, expected, **tolerance(dtype))


def test_step_flushes_subnormal_states(dtype):
    tiny = np.finfo(dtype).tiny
    velocities = np.array([tiny, -tiny, 4 * tiny, np.nan, np.inf], dtype=dtype)
    weights, gradients = np.zeros((2, 5), dtype=dtype)
    step = sgd(0.5).step(0.1, NO_PENALTY, 1)
    _loops.take_step(weights, [velocities], gradients, 1, step)
    assert_array_equal(velocities, np.array([0, 0, 2 * tiny, np.nan, np.inf]))
