"""Numbers that are not finite, in data and in training."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from skhebb import HebbSETClassifier, SETClassifier, SETRegressor

from .networks import FAST, PLAIN, each, first_call, make, problem


class TestNonFinite:
    @each
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_huge_samples(self, cls, early_stopping):
        """A loss that overflows at once leaves the initial network, and a warning."""
        X, y = problem(cls)
        X = np.finfo(np.float64).max * np.random.default_rng(0).random(X.shape)
        model = make(cls, early_stopping=early_stopping)
        with pytest.warns(ConvergenceWarning, match="after 0 complete epochs"):
            model.fit(X, y)
        assert all(np.isfinite(coefs.data).all() for coefs in model.coefs_)
        assert model.n_iter_ == len(model.loss_curve_) == 0
        fresh = make(cls)
        with pytest.warns(ConvergenceWarning, match="after 0 complete epochs"):
            fresh.partial_fit(X, y, **first_call(cls))
        assert fresh.n_iter_ == 0

    @each
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_samples_and_targets(self, cls, value):
        X, y = problem(cls)
        bad = X.copy()
        bad[3, 4] = value
        model = make(cls).fit(X, y)
        for method in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=r"NaN|infinity"):
                method(bad, y)
            with pytest.raises(ValueError, match=r"NaN|infinity"):
                method(X, np.where(np.arange(len(y)) == 3, value, y))
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            model.predict(bad)

    @pytest.mark.parametrize(
        ("error", "factor"),
        [
            (1e-10, 1e160),  # finite squares, then infinite weights
            (1.0, 1e100),
        ],
    )
    def test_divergence_with_early_stopping(self, error, factor):
        """The errors of a linear model grow by `factor` in each epoch."""
        reg = make(
            SETRegressor, **PLAIN, hidden_layer_sizes=(), early_stopping=True,
            learning_rate_init=factor / 2, max_iter=20,
        )  # fmt: skip
        with pytest.warns(ConvergenceWarning, match="non-finite"):
            reg.fit(
                np.ones((10, 1)),
                np.zeros(10),
                X_val=[[1.0], [1.0]],
                y_val=[0.5, -0.5],
                coefs_init=[[[error]]],
            )
        assert 1 <= len(reg.validation_scores_) == reg.n_iter_ <= 2
        assert_allclose(reg.predict([[1.0]]), [-error * factor])
        assert reg.best_validation_score_ == reg.validation_scores_[0]


class TestDivergence:
    def test_last_finite_weights_are_kept(self, estimator_class, data):
        X, y = data
        clf = estimator_class((30,), solver="sgd", learning_rate_init=1e30, **FAST)
        with pytest.warns(ConvergenceWarning, match="non-finite.*learning_rate_init"):
            clf.fit(X, y)
        assert all(np.isfinite(c.data).all() for c in clf.coefs_)
        assert np.isfinite(clf.predict_proba(X)).all()

    def test_names_lambda0(self, data):
        X, y = data
        with pytest.warns(
            ConvergenceWarning, match=r"Lower lambda0 \(1e\+300\), learning_rate_init"
        ):
            HebbSETClassifier((30,), lambda0=1e300, **FAST).fit(X, y)

    def test_partial_fit_is_undone(self, data):
        X, y = data
        clf = SETClassifier((30,), **FAST).partial_fit(X, y, classes=[0, 1, 2])
        before = [c.data.copy() for c in clf.coefs_]
        clf.set_params(solver="sgd", learning_rate_init=1e200, zeta=0)
        with pytest.warns(ConvergenceWarning, match="after 0 complete epochs"):
            clf.partial_fit(X, y)
        for coefs, data_before in zip(clf.coefs_, before, strict=True):
            assert_array_equal(coefs.data, data_before)
