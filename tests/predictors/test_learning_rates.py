"""Schedules of the learning rate."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from skhebb import SETRegressor

from .networks import (
    PLAIN,
    assert_same,
    each,
    each_regressor,
    make,
    problem,
    quietly,
    random_network,
    regression,
)


class TestSchedules:
    @each_regressor
    @pytest.mark.parametrize("call", ["partial_fit", "warm fit"])
    @pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive"])
    def test_rates_from_call_to_call(self, cls, call, schedule):
        """Adam without memory moves a bias by the learning rate, whatever the slope."""
        X, y = regression()
        reg = make(
            cls, hidden_layer_sizes=(), density=1.0, zeta=0.0, beta_1=0.0, beta_2=0.0,
            learning_rate=schedule, learning_rate_init=0.01, power_t=0.3, max_iter=1,
            warm_start=True, tol=1e9, n_iter_no_change=1,
        )  # fmt: skip
        rates, bias = [], 0.0
        for _ in range(6):
            if call == "partial_fit":
                reg.partial_fit(X, y + 100)
            else:
                with pytest.warns(ConvergenceWarning, match="max_iter=1"):
                    reg.fit(X, y + 100)
            rates.append(reg.intercepts_[0][0] - bias)
            bias = reg.intercepts_[0][0]
        k = np.arange(6)
        expected = np.full(6, 0.01)
        if schedule == "invscaling":
            expected /= (len(y) * k + 1) ** 0.3
        elif schedule == "adaptive" and call == "partial_fit":
            expected /= 5.0 ** np.array([0, 0, 0, 1, 1, 2])
        assert_allclose(rates, expected, rtol=1e-6)

    @pytest.mark.parametrize(
        "schedule", ["constant", "invscaling", "adaptive", "cosine"]
    )
    def test_gradient_descent(self, schedule):
        """A linear model, against a loop in NumPy."""
        X, y = regression()
        network = random_network(10, 1)
        tol = 1e9 if schedule == "adaptive" else None
        reg = make(
            SETRegressor, **PLAIN, hidden_layer_sizes=(), learning_rate=schedule,
            learning_rate_init=0.1, power_t=0.4, max_iter=7, tol=tol,
            n_iter_no_change=1, shuffle=False,
        )  # fmt: skip
        quietly(reg.fit, X, y, **network)
        k = np.arange(7)
        rates = {
            "constant": np.full(7, 0.1),
            "invscaling": 0.1 / (len(y) * k + 1) ** 0.4,
            "adaptive": 0.1 / 5.0 ** np.array([0, 0, 0, 1, 1, 2, 2]),
            "cosine": 0.05 * (1 + np.cos(np.pi * k / 7)),
        }[schedule]
        w, b = network["coefs_init"][0][:, 0], network["intercepts_init"][0][0]
        for rate in rates:
            errors = X @ w + b - y
            w, b = w - rate * X.T @ errors / len(y), b - rate * errors.mean()
        assert_allclose(reg.coefs_[0].toarray()[:, 0], w, rtol=1e-9)
        assert_allclose(reg.intercepts_[0], b, rtol=1e-9)

    def test_cosine_stays_in_partial_fit(self):
        X, y = regression()
        models = [
            make(SETRegressor, learning_rate=schedule, max_iter=2)
            for schedule in ("cosine", "constant")
        ]
        for model in models:
            for _ in range(3):
                model.partial_fit(X, y)
        assert_same(*models)

    @each
    def test_cosine_ends_by_plan(self, cls):
        """No warning, though training has not converged."""
        X, y = problem(cls)
        model = make(cls, learning_rate="cosine", tol=1e-4, max_iter=4).fit(X, y)
        assert model.n_iter_ == 4
