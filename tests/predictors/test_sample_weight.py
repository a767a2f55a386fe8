"""Weights of samples."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.callback import ScoringMonitor

from skhebb import HebbSETClassifier, HebbSETRegressor, SETRegressor

from .networks import (
    REGRESSORS,
    assert_same,
    containers,
    each,
    each_classifier,
    each_regressor,
    first_call,
    make,
    multilabel,
    predictions,
    problem,
    regression,
)


class TestSampleWeight:
    """In a full batch, over several epochs with evolution."""

    FULL = {"batch_size": 1000, "shuffle": False, "alpha": 0.3, "max_iter": 6}
    CLOSE = {"rtol": 1e-7, "atol": 1e-10}

    def data(self, cls, container):
        X, y = problem(cls)
        X = np.where(np.abs(X) > 0.5, X, 0)
        return container(X), y, np.random.default_rng(1).integers(4, size=len(y))

    def model(self, cls, **params):
        scaled = {"normalize_y": True} if cls in REGRESSORS else {}
        return make(cls, **{**self.FULL, **scaled, **params})

    @each
    @containers
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_weights_are_repetitions(self, cls, container, solver):
        """With 0 for absence."""
        X, y, weights = self.data(cls, container)
        rows = np.repeat(np.arange(len(y)), weights)
        weighted = self.model(cls, solver=solver).fit(X, y, sample_weight=weights)
        repeated = self.model(cls, solver=solver).fit(X[rows], y[rows])
        assert_same(weighted, repeated, **self.CLOSE)
        assert_allclose(weighted.loss_curve_, repeated.loss_curve_)
        assert_allclose(
            predictions(weighted, X), predictions(repeated, X), **self.CLOSE
        )
        unweighted = self.model(cls, solver=solver).fit(X, y)
        assert not np.allclose(weighted.loss_curve_, unweighted.loss_curve_, rtol=1e-3)

    @each
    @containers
    def test_in_partial_fit(self, cls, container):
        X, y, weights = self.data(cls, container)
        weighted, repeated = self.model(cls), self.model(cls)
        for part in (slice(0, 50), slice(50, 90), slice(10, 70)):
            rows = np.repeat(np.arange(len(y))[part], weights[part])
            weighted.partial_fit(
                X[part], y[part], sample_weight=weights[part], **first_call(cls)
            )
            repeated.partial_fit(X[rows], y[rows], **first_call(cls))
        assert_same(weighted, repeated, **self.CLOSE)
        assert_allclose(weighted.loss_curve_, repeated.loss_curve_)

    @pytest.mark.parametrize("targets", ["numbers", "labels"])
    def test_several_outputs(self, targets):
        cls = HebbSETRegressor if targets == "numbers" else HebbSETClassifier
        X, y = regression(3) if targets == "numbers" else multilabel()
        weights = np.arange(len(y)) % 3
        weighted = self.model(cls).fit(X, y, sample_weight=weights)
        rows = np.repeat(np.arange(len(y)), weights)
        repeated = self.model(cls).fit(X[rows], y[rows])
        assert_same(weighted, repeated, **self.CLOSE)

    @each
    @pytest.mark.parametrize("batch_size", [1, 7, 1000])
    def test_absent_samples(self, cls, batch_size):
        """To the bit, with shuffling and mini-batches."""
        X, y, weights = self.data(cls, np.asarray)
        there = weights > 0
        params = {"batch_size": batch_size, "shuffle": True}
        weighted = self.model(cls, **params).fit(X, y, sample_weight=weights)
        absent = self.model(cls, **params)
        absent.fit(X[there], y[there], sample_weight=weights[there])
        assert_same(weighted, absent)
        assert weighted.t_ == absent.t_ == 6 * there.sum()

    @each_classifier
    def test_labels_of_weight_0_are_classes(self, cls):
        """As those of `classes` are that never come."""
        X, y, _ = self.data(cls, np.asarray)
        clf = self.model(cls, zeta=0.0).fit(X, y, sample_weight=y < 2)
        assert_array_equal(clf.classes_, [0, 1, 2])
        assert clf.t_ == 6 * (y < 2).sum()
        stream = self.model(cls, zeta=0.0)
        for _ in range(6):
            stream.partial_fit(X[y < 2], y[y < 2], classes=[0, 1, 2])
        assert_same(clf, stream)
        assert_array_equal(clf.predict_proba(X).shape, (len(y), 3))

    @each
    @pytest.mark.parametrize("factor", [1e-3, 8.0, 1e6])
    def test_scale(self, cls, factor):
        """The penalty is for the weight of a batch, not for the number of samples."""
        X, y, weights = self.data(cls, np.asarray)
        one = self.model(cls, alpha=0.3, weight_decay=0.01).fit(X, y, weights)
        other = self.model(cls, alpha=0.3 * factor, weight_decay=0.01)
        other.fit(X, y, factor * weights)
        assert_same(one, other, **self.CLOSE)
        assert_allclose(one.loss_curve_, other.loss_curve_)

    @each
    def test_a_number_is_for_all(self, cls):
        X, y, _ = self.data(cls, np.asarray)
        one = self.model(cls).fit(X, y, sample_weight=2.0)
        assert_same(one, self.model(cls).fit(X, y, sample_weight=np.full(len(y), 2.0)))

    def test_a_number_with_a_callback(self):
        X, y, _ = self.data(SETRegressor, np.asarray)
        reg = self.model(SETRegressor).set_callbacks(ScoringMonitor(scoring="r2"))
        assert reg.fit(X, y, sample_weight=2.0).n_iter_ == 6

    @each
    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            (np.zeros(90), "at least one"),
            (np.full(90, -1.0), "Negative values"),
            (np.ones(89), "sample_weight.shape"),
            (np.full(90, np.nan), "contains NaN"),
            (np.ones((90, 2)), "1D array or scalar"),
        ],
    )
    def test_unsound(self, cls, weights, message):
        X, y = problem(cls)
        for name in ("fit", "partial_fit"):
            model = make(cls)
            arguments = first_call(cls) if name == "partial_fit" else {}
            with pytest.raises(ValueError, match=message):
                getattr(model, name)(X, y, sample_weight=weights, **arguments)
            assert not hasattr(model, "coefs_")

    @each_regressor
    def test_scale_of_the_targets_is_weighted(self, cls):
        X, y, weights = self.data(cls, np.asarray)
        reg = self.model(cls).fit(X, 3 * y + 8, sample_weight=weights)
        repeated = np.repeat(3 * y + 8, weights)
        assert_allclose(reg.y_mean_, [repeated.mean()])
        assert_allclose(reg.y_scale_, [repeated.std()])
