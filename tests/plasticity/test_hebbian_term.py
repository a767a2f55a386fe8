"""The Hebbian term of a whole training step against the thesis's formula."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skhebb import HebbSETClassifier, SETClassifier
from skhebb._network.buffers import Batch, tiles_for
from skhebb._plasticity import HebbianCovariance


def scaled(activations):
    """Eq. 10 of the thesis, samples in rows; constant neurons become 0."""
    low, high = activations.min(axis=0), activations.max(axis=0)
    ranges = np.where(high > low, high - low, 1)
    return (activations - low) / ranges


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("unit", ["batch", "evolution"])
def test_one_step_is_gradient_plus_covariance(rng, dtype, momentum, unit):
    X = rng.random((30, 8)).astype(dtype)
    X[:, 2] = 0.5  # a constant input
    y = rng.integers(3, size=30)
    params = {
        "hidden_layer_sizes": (10, 9),
        "epsilon": 3,
        "dropout": 0,
        "momentum": momentum,
        "batch_size": 30,
        "evolution_interval": "epoch",
        "learning_rate_init": 0.1,
        "solver": "sgd",
        "initial_graph": "erdos_renyi",
        "random_state": 0,
    }
    plain = SETClassifier(**params).partial_fit(X, y, classes=[0, 1, 2])
    hebbian = HebbSETClassifier(**params, lambda0=0.3, lambda_unit=unit).partial_fit(
        X, y, classes=[0, 1, 2]
    )
    tiny = SETClassifier(**{**params, "learning_rate_init": 1e-12})
    start = tiny.partial_fit(X, y, classes=[0, 1, 2])

    activations = [X]
    for depth, (W, b) in enumerate(zip(start.coefs_, start.intercepts_, strict=True)):
        z = activations[-1] @ W.toarray() + b
        if depth < 2:
            activations.append(np.maximum(z, 0))
        else:
            e = np.exp(z - z.max(axis=1, keepdims=True))
            activations.append(e / e.sum(axis=1, keepdims=True))
    for depth in range(3):
        before, after = scaled(activations[depth]), scaled(activations[depth + 1])
        literal = before.T @ (after - after.mean(axis=0)) / 30
        n_before = before.shape[1]
        covariance = np.cov(before.T, after.T, ddof=0)[:n_before, n_before:]
        assert_allclose(literal, covariance, atol=1e-5)

        rows, columns = plain.coefs_[depth].nonzero()
        difference = hebbian.coefs_[depth].data - plain.coefs_[depth].data
        expected = 0.3 * covariance[rows, columns]
        assert_allclose(
            difference, expected, atol=5e-5 if dtype == np.float32 else 1e-11
        )
        assert_array_equal(hebbian.intercepts_[depth], plain.intercepts_[depth])
    assert np.abs(difference).max() > 1e-3


def test_lambda_decays_with_each_evolution(rng):
    X = rng.random((20, 6))
    y = rng.integers(2, size=20)
    clf = HebbSETClassifier(
        (7,), lambda0=0.1, lambda_decay=0.5, zeta=0, learning_rate_init=1e-15,
        solver="sgd", momentum=0, epsilon=3, shuffle=False, random_state=0,
        evolution_interval="epoch",
    )  # fmt: skip
    moves, before = [], None
    for _ in range(4):
        clf.partial_fit(X, y, classes=[0, 1])
        if before is not None:
            moves.append(np.abs(clf.coefs_[0].data - before).sum())
        before = clf.coefs_[0].data.copy()
    # The inputs are the same; the hidden activations hardly change.
    assert_allclose(np.array(moves[1:]) / moves[:-1], 0.5, rtol=0.1)


def test_the_term_falls_with_the_learning_rate(rng):
    """Of four epochs, as (1 + cos(pi k / 4)) / 2 has it."""
    X, y = rng.random((20, 6)), rng.integers(2, size=20)

    def moved(learning_rate):
        clf = HebbSETClassifier(
            (7,), lambda0=1e-4, lambda_decay=1, zeta=0, learning_rate_init=1e-15,
            solver="sgd", momentum=0, epsilon=3, max_iter=4, tol=None, random_state=0,
            evolution_interval="epoch", learning_rate=learning_rate,
            initial_graph="erdos_renyi",
        )  # fmt: skip
        before = clone(clf).set_params(lambda0=0).fit(X, y).coefs_[0].data
        return clf.fit(X, y).coefs_[0].data - before

    shares = (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    assert_allclose(moved("cosine"), shares.mean() * moved("constant"), rtol=1e-3)


@pytest.mark.parametrize("interval", ["epoch", 4])
def test_batches_of_an_evolution_share_lambda(rng, interval):
    """Of three mini-batches an epoch, or of four until the topology evolves."""
    X, y = rng.random((30, 6)), rng.integers(2, size=30)
    params = {
        "evolution_interval": interval,
        "batch_size": 10,
        "solver": "sgd",
        "learning_rate_init": 1e-300,
        "momentum": 0,
        "zeta": 0,
        "epsilon": 3,
        "random_state": 0,
    }
    n = 3 if interval == "epoch" else 4
    whole = HebbSETClassifier((7,), lambda0=0.3, **params)
    shared = HebbSETClassifier((7,), lambda0=0.3 / n, lambda_unit="batch", **params)
    for _ in range(3):
        whole.partial_fit(X, y, classes=[0, 1])
        shared.partial_fit(X, y, classes=[0, 1])
    assert_allclose(whole.coefs_[0].data, shared.coefs_[0].data, rtol=1e-10)


@pytest.mark.parametrize("kind", [tuple, np.array])
def test_strength_of_each_layer(rng, kind):
    """The term is linear in it, and none goes into another layer in a single step."""
    X, y = rng.random((30, 6)), rng.integers(3, size=30)
    params = {"solver": "sgd", "zeta": 0, "epsilon": 3, "random_state": 0}
    params["evolution_interval"] = "epoch"

    def weights(lambda0):
        clf = HebbSETClassifier((9, 8), lambda0=lambda0, **params)
        return clf.partial_fit(X, y, classes=[0, 1, 2]).coefs_

    none, all_alike = weights(0), weights(0.3)
    some = weights(kind([0.6, 0.0, 0.3]))
    for one, other, expected, factor in zip(
        none, all_alike, some, (2, 0, 1), strict=True
    ):
        moved = factor * (other.data - one.data)
        assert_allclose(expected.data - one.data, moved, atol=1e-12)
    assert_array_equal(some[1].data, none[1].data)
    assert np.abs(all_alike[1].data - none[1].data).max() > 1e-3


def test_lambda0_of_zero_is_set(rng):
    X, y = rng.random((50, 12)), rng.integers(3, size=50)
    params = {"max_iter": 5, "tol": None, "epsilon": 3, "random_state": 3}
    plain = SETClassifier((20, 20), **params).fit(X, y)
    params |= {"initial_graph": "erdos_renyi", "growth": "random"}
    hebbian = HebbSETClassifier((20, 20), lambda0=0, **params).fit(X, y)
    for one, other in zip(plain.coefs_, hebbian.coefs_, strict=True):
        assert_array_equal(one.data, other.data)
        assert_array_equal(one.indices, other.indices)
    assert plain.loss_curve_ == hebbian.loss_curve_


@pytest.mark.parametrize("interval", ["epoch", 2])
@pytest.mark.parametrize("unit", ["batch", "evolution"])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_share_of_a_small_batch(rng, unit, interval, is_weighted):
    """Of ten and two samples: in proportion to their weight, but as published."""
    X, y = rng.random((12, 6)), np.arange(12) % 2
    weights = rng.uniform(0.5, 2, 12) if is_weighted else np.ones(12)
    params = {
        "dropout": 0,
        "evolution_interval": interval,
        "batch_size": 10,
        "shuffle": False,
        "solver": "sgd",
        "learning_rate_init": 1e-300,
        "density": 1.0,
        "initial_graph": "uniform",
        "random_state": 0,
    }
    lambda0 = 1e-7  # the second batch sees the network that the first one saw
    start = SETClassifier((7,), **params).partial_fit(X, y, classes=[0, 1])
    clf = HebbSETClassifier((7,), lambda0=lambda0, lambda_unit=unit, **params)
    clf.partial_fit(X, y, weights if is_weighted else None, classes=[0, 1])
    hidden = np.maximum(X @ start.coefs_[0].toarray() + start.intercepts_[0], 0)
    expected = 0
    for some in np.arange(10), np.arange(10, 12):
        both = np.hstack([scaled(X[some]), scaled(hidden[some])])
        moment = np.cov(both.T, ddof=0, aweights=weights[some])[:6, 6:]
        n_full = 2 if interval == 2 else 1.2
        share = weights[some].sum() / (weights.mean() * 10) / n_full
        expected = expected + lambda0 * moment * (1 if unit == "batch" else share)
    moved = (clf.coefs_[0] - start.coefs_[0]).toarray()
    assert_allclose(moved, expected, rtol=1e-4, atol=1e-13)


def test_copies_of_a_rule_may_look_at_batches_at_the_same_time(rng):
    """As shards do in threads."""
    tiles = tiles_for(16, np.dtype(np.float32))
    batch = Batch(tiles, tiles.ones, 16)
    rule = HebbianCovariance([1], 1, "batch")
    one, other = rng.random((2, 2, 16 * 5)).astype(np.float32)
    rule.observe(None, list(one), None, batch, 1)
    seen = rule.term(0, 0, 1).before.rows.copy()
    copy.copy(rule).observe(None, list(other), None, batch, 1)
    assert_array_equal(rule.term(0, 0, 1).before.rows, seen)
