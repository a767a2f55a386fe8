"""When training ends."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from .networks import (
    each,
    make,
    problem,
)


class TestStopping:
    @each
    @pytest.mark.parametrize("n_iter_no_change", [1, 2, 5])
    def test_n_iter_no_change(self, cls, n_iter_no_change):
        X, y = problem(cls)
        model = make(cls, tol=1e9, max_iter=100, n_iter_no_change=n_iter_no_change)
        assert model.fit(X, y).n_iter_ == n_iter_no_change + 2

    @each
    def test_endless_patience(self, cls):
        X, y = problem(cls)
        model = make(cls, tol=1e9, n_iter_no_change=np.inf, max_iter=20)
        with pytest.warns(ConvergenceWarning, match="hasn't converged"):
            model.fit(X, y)
        assert model.n_iter_ == 20

    @each
    def test_adaptive_ends_with_a_tiny_rate(self, cls):
        X, y = problem(cls)
        model = make(
            cls, learning_rate="adaptive", learning_rate_init=0.01, tol=1e9,
            n_iter_no_change=2, max_iter=1000,
        ).fit(X, y)  # fmt: skip
        # 0.01 / 5^6 is the first rate below 1e-6, and each plateau takes 3 epochs.
        assert model.n_iter_ == 1 + 7 * 3

    @each
    def test_early_stopping(self, cls):
        X, y = problem(cls)
        tol = 0.02
        model = make(
            cls, tol=tol, n_iter_no_change=3, max_iter=500, early_stopping=True,
            validation_fraction=0.3,
        ).fit(X, y)  # fmt: skip
        scores = model.validation_scores_
        assert model.n_iter_ == len(scores) < 500
        counts = [0]  # of epochs without improvement
        for k, score in enumerate(scores[1:], start=1):
            counts.append(counts[-1] + 1 if score < max(scores[:k]) + tol else 0)
        assert counts.index(4) == len(scores) - 1
        assert model.best_validation_score_ == max(scores)
        assert model.best_loss_ is None
        assert len(model.validation_loss_curve_) == len(scores)
        assert {type(score) for score in scores} == {float}

    @each
    def test_without_early_stopping(self, cls):
        X, y = problem(cls)
        model = make(cls).fit(X, y)
        assert model.validation_scores_ is None
        assert model.validation_loss_curve_ is None
        assert model.best_validation_score_ is None
        assert model.best_loss_ == min(model.loss_curve_)
