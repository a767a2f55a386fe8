"""Fits that go on from where the one before ended."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning

from skhebb import SETClassifier

from .networks import (
    assert_same,
    classification,
    each,
    each_classifier,
    each_regressor,
    forward,
    make,
    predictions,
    problem,
    regression,
)


class TestWarmStart:
    @each
    def test_is_longer_training(self, cls):
        X, y = problem(cls)
        model = make(cls, warm_start=True, max_iter=2, batch_size=40).fit(X, y)
        model.set_params(max_iter=3).fit(X, y)
        longer = make(cls, max_iter=5, batch_size=40).fit(X, y)
        assert_same(model, longer)
        assert model.loss_curve_ == longer.loss_curve_
        assert (model.n_iter_, model.t_) == (3, longer.t_)

    @each
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_without_convergence(self, cls, solver):
        X, y = problem(cls)
        model = make(
            cls, solver=solver, warm_start=True, tol=1e-4, n_iter_no_change=np.inf
        )
        for max_iter in (4, 7):
            model.set_params(max_iter=max_iter)
            with pytest.warns(ConvergenceWarning, match=rf"max_iter={max_iter}\)"):
                model.fit(X, y)
            assert model.n_iter_ == max_iter

    @each
    def test_each_fit_has_its_patience(self, cls):
        X, y = problem(cls)
        model = make(cls, warm_start=True, tol=1e9, n_iter_no_change=2, max_iter=50)
        for _ in range(3):
            assert model.fit(X, y).n_iter_ == 4

    @each_classifier
    def test_same_classes_of_other_samples(self, cls):
        X, y = classification()
        clf = make(cls, warm_start=True).fit(X, y).fit(X, np.sort(y))
        assert len(clf.loss_curve_) == 10

    @each_classifier
    @pytest.mark.parametrize("labels", [[0, 1, 1], [0, 1, 3], [1, 2, 3]])
    def test_other_classes_are_refused(self, cls, labels):
        X, y = classification()
        clf = make(cls, warm_start=True).fit(X, y)
        other = np.array(labels)[y]
        message = (
            "warm_start can only be used where `y` has the same classes as in the "
            f"previous call to fit. Previously got [0 1 2], `y` has {np.unique(other)}"
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            clf.fit(X, other)
        assert clf.fit(X, y).n_iter_ == 5

    @each_regressor
    def test_other_number_of_outputs_is_refused(self, cls):
        X, y = regression(3)
        reg = make(cls, warm_start=True).fit(X, y)
        with pytest.raises(ValueError, match="same number of outputs"):
            reg.fit(X, y[:, :2])

    @each
    def test_early_stopping(self, cls):
        """What it begins with counts, too, here before training with wrong targets."""
        X, y = problem(cls)
        params = {"learning_rate_init": 0.1, "batch_size": 30, "max_iter": 30}
        model = make(cls, warm_start=True, early_stopping=True, **params)
        first = model.fit(X, y, X_val=X, y_val=y).validation_scores_[:]
        before = predictions(model, X)
        wrong = (y + 1) % 3 if is_classifier(model) else -y
        model.set_params(max_iter=6, learning_rate_init=1e-3)
        model.fit(X, wrong, X_val=X, y_val=y)
        assert model.validation_scores_[:30] == first
        assert len(model.validation_scores_) == len(model.loss_curve_) == 36
        assert_allclose(model.best_validation_score_, max(model.validation_scores_))
        assert max(model.validation_scores_[30:]) <= max(first)
        assert_array_equal(predictions(model, X), before)
        assert_allclose(model.score(X, y), model.best_validation_score_)

    @each_regressor
    def test_keeps_the_scale_of_the_targets(self, cls):
        X, y = regression()
        reg = make(cls, normalize_y=True, warm_start=True).fit(X, y)
        reg.fit(X, 10 * y + 5)
        assert_allclose(reg.y_mean_, y.mean())
        assert_allclose(reg.y_scale_, y.std())
        z = forward(X, reg.coefs_, reg.intercepts_, "relu")[:, 0]
        assert_allclose(reg.predict(X), z * y.std() + y.mean())

    def test_what_cannot_change(self):
        X, y = classification()
        clf = make(SETClassifier, warm_start=True).fit(X, y)
        with pytest.raises(ValueError, match="coefs_init"):
            clf.fit(X, y, coefs_init=[])
        with pytest.raises(ValueError, match="hidden_layer_sizes=20"):
            clf.set_params(hidden_layer_sizes=20).fit(X, y)
