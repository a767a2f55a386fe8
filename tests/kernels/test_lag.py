"""Rows that were absent take the steps that they missed as if they were visited."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from skhebb._kernels._handles import Connections, NonZeros
from skhebb._kernels._lag import StepHistory, catch_up
from skhebb._kernels._rules import OptimizerStep

from skhebb._kernels import _runtime
from skhebb._training.optimizers import SGD, Adam, Penalty

N_IN, N_OUT = 300, 150
OPTIMIZERS = {
    "plain": SGD(),
    "momentum": SGD(0.9),
    "nesterov": SGD(0.9, nesterov=True),
    "adam": Adam(),
}
# Weights of batches and learning rates of steps, whose number is that of the longest.
TOTALS = 20.0 + 5 * np.arange(40)
RATES = 0.02 / (1 + np.arange(40) // 25)
NOTHING = np.zeros(0, dtype=np.intp)


@pytest.fixture(params=[np.int32, np.int64], ids=["i32", "i64"])
def layer(request, rng):
    """Connections, of which some rows have none and one has more than a block."""
    dense = rng.random((N_IN, N_OUT)) < 0.1
    dense[7], dense[9] = True, False
    where = csr_array(dense)
    index = where.indptr.astype(request.param), where.indices.astype(request.param)
    return Connections(*index, N_OUT)


def nonzeros(rows, dtype=np.float64):
    rows = np.asarray(rows, dtype=np.intp)
    n = len(rows)
    return NonZeros(rows, np.arange(n + 1), np.zeros(n, np.intp), np.ones(n, dtype))


def steps_of(optimizer, penalty, first=5):
    """The steps, of which the first is not that of arrays that are zero."""
    return [optimizer.step(rate, penalty, first + k) for k, rate in enumerate(RATES)]


def arrays_of(layer, optimizer, rng, dtype=np.float64):
    n = layer.n_connections
    weights = rng.normal(size=n).astype(dtype)
    states = [0.01 * rng.normal(size=n) for _ in range(optimizer.n_arrays)]
    if len(states) > 1:
        states[1] = np.square(0.01 + abs(states[1]))
    return weights, [state.astype(dtype) for state in states]


def rows_of(layer):
    return np.repeat(np.arange(N_IN), np.diff(layer.indptr))


def visited(optimizer, penalty, arrays, since):
    """Weights and states after all steps from `since` on, one after the other."""
    w, states = arrays[0].copy(), [state.copy() for state in arrays[1]]
    for k, (total, rate) in enumerate(zip(TOTALS, RATES, strict=True)):
        missed = since <= k
        decay = penalty.alpha / total + penalty.weight_decay
        gradient = decay * w
        if isinstance(optimizer, Adam):
            mean, square = states
            t = 5 + k
            beta_1, beta_2 = optimizer.betas
            mean[missed] = (beta_1 * mean + (1 - beta_1) * gradient)[missed]
            square[missed] = (beta_2 * square + (1 - beta_2) * gradient**2)[missed]
            corrected = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
            move = -corrected * mean / (np.sqrt(square) + 1e-8)
        elif states:
            (v,) = states
            v[missed] = (optimizer.momentum * v - rate * gradient)[missed]
            move = v
            if optimizer.nesterov:
                move = optimizer.momentum * v - rate * gradient
        else:
            move = -rate * gradient
        w[missed] += move[missed]
    return w, states


def in_parts(penalty, arrays, since, optimizer):
    """What Adam's docstring says, of each connection with an absence of its own."""
    beta_1, beta_2 = optimizer.betas
    t = 5 + np.arange(40)
    rates = RATES * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    decays = penalty.alpha / TOTALS + penalty.weight_decay
    w, m, v = arrays[0].copy(), *(state.copy() for state in arrays[1])
    if penalty == Penalty():  # all steps are one
        n = 40 - since
        for i in range(1, 41):
            late = i <= n
            root = beta_2 ** ((n - i)[late] / 2)  # v falls from there to the end
            end = np.sqrt(beta_2 ** n[late] * v[late]) + 1e-8
            rate = rates[since[late] + i - 1]
            w[late] -= rate * beta_1**i * root * m[late] / end
        return w, [beta_1**n * m, beta_2**n * v]
    for first in np.unique(since):
        k = since == first
        at, size = first, 1
        while at < 40:
            n = min(size, 40 - at)
            rate, d = rates[at : at + n].mean(), decays[at : at + n].mean()
            if n == 1:
                g = d * w[k]
                m[k] = beta_1 * m[k] + (1 - beta_1) * g
                v[k] = beta_2 * v[k] + (1 - beta_2) * g**2
                w[k] -= rate * m[k] / (np.sqrt(v[k]) + 1e-8)
            else:
                i = np.arange(1, n + 1)
                c = beta_2 ** ((n - i) / 2)
                A, B = (beta_1**i * c).sum(), ((1 - beta_1**i) * c).sum()
                v[k] = beta_2**n * v[k] + (1 - beta_2**n) * (d * w[k]) ** 2
                s = np.sqrt(v[k]) + 1e-8
                w[k] = (w[k] - rate * A * m[k] / s) / (1 + rate * B * d / s)
                m[k] = beta_1**n * m[k] + (1 - beta_1**n) * d * w[k]
            at, size = at + n, size * 2
    return w, [m, v]


def caught_up(layer, steps, arrays, since, n_threads=2, chosen=None, is_new=False):
    """Weights and states after catching up, where rows were there until `since`."""
    history = StepHistory(N_IN, len(steps), is_new)
    weights, states = arrays[0].copy(), [state.copy() for state in arrays[1]]
    for k, (step, total) in enumerate(zip(steps, TOTALS, strict=True)):
        history.append(step, total, nonzeros(np.flatnonzero(since > k)))
    given = {"weights": weights, "states": states, "n_threads": n_threads}
    for inputs in [None] if chosen is None else map(nonzeros, chosen):
        catch_up(layer, history, inputs=inputs, **given)
    return weights, states


def assert_close(found, expected, **tolerance):
    assert_allclose(found[0], expected[0], **tolerance)
    for one, other in zip(found[1], expected[1], strict=True):
        assert_allclose(one, other, **tolerance)


@pytest.mark.parametrize("penalty", [Penalty(), Penalty(0.5), Penalty(0.2, 0.05)])
@pytest.mark.parametrize("name", ["plain", "momentum", "nesterov"])
def test_gradient_descent_as_if_visited(name, penalty, layer, rng):
    optimizer, since = OPTIMIZERS[name], rng.integers(0, 41, N_IN)
    arrays = arrays_of(layer, optimizer, rng)
    found = caught_up(layer, steps_of(optimizer, penalty), arrays, since)
    expected = visited(optimizer, penalty, arrays, since[rows_of(layer)])
    assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("penalty", [Penalty(), Penalty(0.2, 0.001)])
def test_adam_as_documented(penalty, layer, rng):
    optimizer, since = OPTIMIZERS["adam"], rng.integers(0, 41, N_IN)
    arrays = arrays_of(layer, optimizer, rng)
    found = caught_up(layer, steps_of(optimizer, penalty), arrays, since)
    expected = in_parts(penalty, arrays, since[rows_of(layer)], optimizer)
    assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("penalty", "shortest", "tolerance"),
    [
        (Penalty(0.2, 0.001), 39, 1e-9),  # one step is exact
        (Penalty(), 0, 1e-6),  # but for the 1e-8
        (Penalty(0.002, 1e-5), 0, 5e-3),
    ],
)
def test_adam_nearly_as_if_visited(penalty, shortest, tolerance, layer, rng):
    optimizer = OPTIMIZERS["adam"]
    since = rng.integers(shortest, 41, N_IN)
    arrays = arrays_of(layer, optimizer, rng)
    found, _ = caught_up(layer, steps_of(optimizer, penalty), arrays, since)
    expected, _ = visited(optimizer, penalty, arrays, since[rows_of(layer)])
    assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("decay_from", [0, 3, 50])
def test_rows_whose_states_are_zero(name, decay_from, layer, rng):
    """A new optimiser spares them while there is no decay, which moves nothing."""
    optimizer, since = OPTIMIZERS[name], np.zeros(N_IN)
    weights, states = arrays_of(layer, optimizer, rng)
    states = [np.zeros_like(state) for state in states]
    steps = [
        optimizer.step(rate, Penalty(0, 0.01 * (k >= decay_from)), 5 + k)
        for k, rate in enumerate(RATES)
    ]
    since[::3] = rng.integers(4, 41, len(since[::3]))
    arrays = weights, states
    found = caught_up(layer, steps, arrays, since, is_new=True)
    late = np.maximum(since, decay_from % 50)
    assert_close(found, caught_up(layer, steps, arrays, late), rtol=1e-12)
    if decay_from == 50:
        assert_array_equal(found[0], weights)


def test_long_absence_shrinks_weights(layer, rng):
    """However strong the decay, they do not overshoot to where they are larger."""
    optimizer = OPTIMIZERS["adam"]
    weights, states = arrays_of(layer, optimizer, rng)
    states = [np.zeros_like(state) for state in states]
    since = np.zeros(N_IN)
    for decay in (1e-6, 0.1, 1e3):
        steps = steps_of(optimizer, Penalty(0, decay))
        found, _ = caught_up(layer, steps, (weights, states), since)
        large = abs(weights) > 0.02  # the rate, which steps into the void may have
        assert (abs(found[large]) < abs(weights[large])).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_same_bits_for_any_threads_and_company(name, dtype, layer, rng):
    """Whatever other rows catch up in the same call."""
    optimizer, since = OPTIMIZERS[name], rng.integers(0, 3, N_IN)
    arrays = arrays_of(layer, optimizer, rng, dtype)
    steps = steps_of(optimizer, Penalty(0.1, 0.001))
    expected = caught_up(layer, steps, arrays, since)
    thirds = np.split(np.arange(N_IN), 3)
    before = _runtime.set_grain(1)
    try:
        for n_threads, chosen in (1, None), (3, None), (2, thirds):
            found = caught_up(layer, steps, arrays, since, n_threads, chosen)
            assert_close(found, expected, rtol=0)
    finally:
        _runtime.set_grain(before)


def test_only_rows_asked_for_and_only_once(layer, rng):
    optimizer = OPTIMIZERS["momentum"]
    weights, states = arrays_of(layer, optimizer, rng)
    expected = caught_up(
        layer, steps_of(optimizer, Penalty()), (weights, states), np.zeros(N_IN)
    )
    before, chosen = weights.copy(), [3, 7, 8, 200]
    history = StepHistory(N_IN, 40)
    for step, total in zip(steps_of(optimizer, Penalty()), TOTALS, strict=True):
        history.append(step, total, nonzeros(NOTHING))
    for _ in range(2):
        catch_up(
            layer,
            history,
            weights=weights,
            states=states,
            inputs=nonzeros(chosen),
            n_threads=1,
        )
    is_chosen = np.isin(rows_of(layer), chosen)
    assert_array_equal(weights[~is_chosen], before[~is_chosen])
    assert_array_equal(weights[is_chosen], expected[0][is_chosen])
    history.clear()
    assert history.n_steps == 0
    now = weights.copy()
    catch_up(layer, history, weights=weights, states=states, inputs=None, n_threads=1)
    assert_array_equal(weights, now)


def test_refusals(layer, rng):
    def refused(words):
        return pytest.raises(ValueError, match=re.escape(words))

    step = SGD(0.9).step(0.1, Penalty(), 1)
    with refused("n_rows and longest must be at least 1. Got 0 and 1"):
        StepHistory(0, 1)
    history = StepHistory(N_IN, 2)
    with refused("features must be below 300, the number of rows. Got 300"):
        history.append(step, 1.0, nonzeros([3, 300]))
    history.append(step, 1.0, nonzeros(NOTHING))
    for other in (
        SGD(0.8).step(0.1, Penalty(), 1),
        OptimizerStep("adam", (0.1, 0.9, 0.99, 1e-8), 2, 0.0, 0.0),
    ):
        with refused("Steps must be of one rule, and but for the rate alike"):
            history.append(other, 1.0, nonzeros(NOTHING))
    history.append(SGD(0.9).step(0.2, Penalty(), 2), 1.0, nonzeros(NOTHING))
    with refused("There is room for 2 steps only"):
        history.append(step, 1.0, nonzeros(NOTHING))
    weights, states = arrays_of(layer, SGD(0.9), rng)
    given = {"weights": weights, "states": states, "inputs": None, "n_threads": 1}
    for name, wrong, words in [
        ("weights", weights[1:], "weights must be"),
        ("states", [], "states must be 1. Got 0"),
        ("states", [weights[1:]], "states must be"),
        ("inputs", nonzeros([300]), "features must be below 300"),
    ]:
        with refused(words):
            catch_up(layer, history, **{**given, name: wrong})
    other = StepHistory(N_IN + 1, 1)
    other.append(step, 1.0, nonzeros(NOTHING))
    with refused("connections must be of 301 rows. Got 300"):
        catch_up(layer, other, **given)
