"""Dropout and L2 penalties."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax
from sklearn.base import is_classifier

from skhebb import SETRegressor

from .networks import (
    HIDDEN,
    PLAIN,
    assert_same,
    containers,
    each,
    first_call,
    forward,
    hidden_activations,
    make,
    predictions,
    problem,
    random_network,
)


class TestDropout:
    @pytest.mark.parametrize("dropout", [0.2, 0.6])
    @pytest.mark.parametrize("activation", sorted(HIDDEN))
    def test_expectation(self, activation, dropout):
        """Of what the output layer gets, and its variance over the masks."""
        X = np.random.default_rng(0).standard_normal((3000, 5))
        network = random_network(5, 20, 1)
        network["coefs_init"][1] = np.abs(network["coefs_init"][1])
        network["intercepts_init"][0] += 1
        full = forward(X, *network.values(), activation)[:, 0]
        params = {
            **PLAIN, "hidden_layer_sizes": (20,), "activation": activation,
            "negative_slope": 0.4, "batch_size": 3000, "max_iter": 1,
            "dropout": dropout,
        }  # fmt: skip
        reg = make(SETRegressor, **params, learning_rate_init=1e-300)
        reg.fit(X, full, **network)
        inputs = hidden_activations(X, *network.values(), activation)[-1]
        products = (inputs * network["coefs_init"][1][:, 0]) ** 2
        variance = dropout / (1 - dropout) * products.sum(axis=1).mean()
        assert_allclose(reg.loss_, variance / 2, rtol=0.1)
        # The output's bias moves by the mean error.
        reg = make(SETRegressor, **params, learning_rate_init=1.0)
        reg.fit(X, np.zeros(3000), **network)
        moved = network["intercepts_init"][1] - reg.intercepts_[1]
        assert_allclose(moved, full.mean(), rtol=0.1)

    @each
    @pytest.mark.parametrize("activation", sorted(HIDDEN))
    def test_nothing_is_dropped_in_prediction(self, cls, activation):
        X, y = problem(cls)
        model = make(
            cls, hidden_layer_sizes=(9, 8), activation=activation, negative_slope=0.4,
            dropout=0.5,
        ).fit(X, y)  # fmt: skip
        z = forward(X, model.coefs_, model.intercepts_, activation)
        expected = softmax(z, axis=1) if is_classifier(model) else z[:, 0]
        assert_allclose(predictions(model, X), expected, rtol=1e-9, atol=1e-12)

    @each
    def test_random_state(self, cls):
        X, y = problem(cls)
        network = random_network(10, 12, 3 if is_classifier(cls()) else 1)
        params = {"zeta": 0.0, "shuffle": False}
        fits = [
            make(cls, **params, dropout=dropout, random_state=seed).fit(X, y, **network)
            for dropout, seed in [(0.5, 0), (0.5, 0), (0.5, 1), (0.0, 0), (0.0, 1)]
        ]
        assert_same(*fits[:2])
        assert_same(*fits[3:])
        assert len({fit.loss_ for fit in fits}) == 3

    @each
    def test_draws_go_on_in_partial_fit(self, cls):
        X, y = problem(cls)
        once = make(cls, zeta=0.0, dropout=0.5).fit(X, y)
        stream = make(cls, zeta=0.0, dropout=0.5)
        for _ in range(5):
            stream.partial_fit(X, y, **first_call(cls))
        assert_same(once, stream)

    @each
    def test_validation_is_without(self, cls):
        X, y = problem(cls)
        model = make(cls, dropout=0.5, early_stopping=True).fit(X, y, X_val=X, y_val=y)
        assert_allclose(model.best_validation_score_, model.score(X, y))


class TestPenalty:
    @each
    @pytest.mark.parametrize("penalty", [{"weight_decay": 0.25}, {"alpha": 5.0}])
    def test_decay_of_a_step(self, cls, penalty):
        """By alpha / batch_size or weight_decay at unit rate; biases do not decay."""
        y = problem(cls)[1][:20]
        X = np.zeros((20, 10))
        network = random_network(10, 12, 3 if is_classifier(cls()) else 1)
        params = {**PLAIN, "learning_rate_init": 0.5, "max_iter": 1}
        model = make(cls, **params, **penalty).fit(X, y, **network)
        expected = network["coefs_init"][0] * (1 - 0.5 * 0.25)
        assert_allclose(model.coefs_[0].toarray(), expected)
        free = make(cls, **params).fit(X, y, **network)
        for a, b in zip(model.intercepts_, free.intercepts_, strict=True):
            assert_allclose(a, b)

    @each
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    @containers
    def test_alpha_is_a_weight_decay(self, cls, solver, container):
        X, y = problem(cls)
        X = container(X)
        params = {"solver": solver, "batch_size": 30}
        one = make(cls, alpha=1.5, **params).fit(X, y)
        other = make(cls, weight_decay=0.05, **params).fit(X, y)
        assert_same(one, other, rtol=1e-8, atol=1e-12)
        assert_allclose(one.loss_curve_, other.loss_curve_)

    @each
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_more_of_it_makes_smaller_weights(self, cls, solver):
        X, y = problem(cls)
        sizes = []
        for decay in (0.0, 0.5):
            model = make(cls, solver=solver, weight_decay=decay, max_iter=40, zeta=0.0)
            model.fit(X, y)
            sizes.append([np.abs(coefs.data).sum() for coefs in model.coefs_])
        assert (np.diff(sizes, axis=0) < 0).all()
