"""Networks learn, in any order of samples."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from .networks import (
    assert_same,
    each,
    each_classifier,
    each_regressor,
    make,
    multilabel,
    problem,
    regression,
)


class TestLearning:
    @each_classifier
    def test_digits(self, cls):
        X, y = load_digits(n_class=2, return_X_y=True)
        X = X[:200] / 16
        clf = make(cls, hidden_layer_sizes=(50,), max_iter=20, batch_size=50)
        clf.fit(X[:150], y[:150])
        assert roc_auc_score(y[150:200], clf.predict_proba(X[150:])[:, 1]) > 0.99
        assert clf.score(X[150:], y[150:200]) > 0.95

    @each_classifier
    def test_several_labels(self, cls):
        X, Y = multilabel()
        clf = make(cls, hidden_layer_sizes=(80,), zeta=0.1, batch_size=10, max_iter=60)
        assert (clf.fit(X, Y).predict(X) == Y).mean() > 0.85

    @each_regressor
    @pytest.mark.parametrize("n_targets", [1, 3])
    def test_regression(self, cls, n_targets):
        X, y = regression(n_targets)
        reg = make(
            cls, hidden_layer_sizes=(50,), max_iter=150, batch_size=30,
            normalize_y=True,
        ).fit(X, 100 * y + 1000)  # fmt: skip
        assert reg.predict(X).shape == y.shape
        assert reg.score(X, 100 * y + 1000) > 0.95

    @each_regressor
    def test_feature_importances(self, cls):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((200, 12))
        y = 2 * X[:, 2] - 2 * X[:, 5] + 2 * X[:, 7]
        reg = make(cls, density=1.0, zeta=0.1, weight_decay=0.02, max_iter=100)
        ranks = np.argsort(reg.fit(X, y).feature_importances_)
        assert set(ranks[-3:]) == {2, 5, 7}


class TestShuffle:
    @each
    def test_order(self, cls):
        X, y = problem(cls)
        X, y = X[:40], y[:40]

        def fit(shuffle, batch_size, order=slice(None)):
            model = make(cls, shuffle=shuffle, batch_size=batch_size)
            return model.fit(X[order], y[order])

        for shuffle in (False, True):
            assert_same(fit(shuffle, 1), fit(shuffle, 1))
        assert fit(False, 1).loss_ != fit(True, 1).loss_
        assert fit(False, 1).loss_ != fit(False, 1, slice(None, None, -1)).loss_
        # In a full batch it changes nothing but rounding.
        assert_same(fit(False, 40), fit(True, 40), rtol=1e-6, atol=1e-9)
