"""When training ends."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skhebb import SETClassifier

from .networks import each, make, problem


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


class TestEarlyStopping:
    def test_stops(self, data):
        X, y = data
        clf = SETClassifier(
            (40,), early_stopping=True, n_iter_no_change=3, tol=0.5, random_state=0
        ).fit(X, y)
        assert clf.n_iter_ == 5

    def test_partial_fit_refuses(self, data):
        X, y = data
        with pytest.raises(ValueError, match="early_stopping=True"):
            SETClassifier(early_stopping=True).partial_fit(X, y, classes=[0, 1, 2])


def test_convergence(data):
    X, y = data
    with pytest.warns(ConvergenceWarning, match=r"max_iter=2\) reached"):
        SETClassifier((20,), max_iter=2, learning_rate="constant", tol=0).fit(X, y)
    params = {"tol": 10, "n_iter_no_change": 4, "max_iter": 30}
    clf = SETClassifier((20,), learning_rate="constant", **params).fit(X, y)
    assert clf.n_iter_ == 6
    # What falls by a plan is not cut short by the loss, only by validation.
    assert SETClassifier((20,), **params).fit(X, y).n_iter_ == 30
    assert SETClassifier((20,), early_stopping=True, **params).fit(X, y).n_iter_ == 6
    with pytest.raises(ValueError, match=r"tol=None\. Set tol to a number"):
        SETClassifier(learning_rate="adaptive", tol=None).fit(X, y)
