"""Targets that are transformed, several or sparse, and who deals with them."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
)
from sklearn.preprocessing import StandardScaler

from .networks import assert_same_network


class TestTargets:
    def test_transformed(self, regressor, data):
        X, y = data
        y = np.exp(X[:, 0] + 0.5 * y)
        both = TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)
        both.fit(X, y)
        by_hand = clone(regressor).fit(X, np.log(y))
        assert_same_network(both.regressor_, by_hand)
        assert_allclose(both.predict(X), np.exp(by_hand.predict(X)))
        assert both.predict(X).shape == y.shape

    def test_transformed_columns(self, regressor, data):
        X, _ = data
        Y = 100 * X[:, :2] - 7
        both = TransformedTargetRegressor(regressor, transformer=StandardScaler())
        scaled = (Y - Y.mean(axis=0)) / Y.std(axis=0)
        by_hand = clone(regressor).fit(X, scaled)
        expected = by_hand.predict(X) * Y.std(axis=0) + Y.mean(axis=0)
        assert_allclose(both.fit(X, Y).predict(X), expected, rtol=1e-4, atol=1e-4)

    def test_several_numbers(self, regressor, data):
        X, _ = data
        Y = X[:, :3] ** 2
        regressor.fit(X, Y)
        assert regressor.predict(X).shape == Y.shape
        residuals, spread = Y - regressor.predict(X), Y - Y.mean(axis=0)
        each = 1 - (residuals**2).sum(axis=0) / (spread**2).sum(axis=0)
        assert_allclose(regressor.score(X, Y), each.mean())
        apart = MultiOutputRegressor(regressor).fit(X, Y)
        expected = [clone(regressor).fit(X, column).predict(X) for column in Y.T]
        assert_array_equal(apart.predict(X), np.transpose(expected))

    def test_sparse_numbers(self, regressor, data):
        X, _ = data
        Y = np.maximum(X[:, :2], 0)
        from_dense = clone(regressor).fit(X, Y)
        assert_same_network(regressor.fit(X, sparse.csr_array(Y)), from_dense)

    def test_several_classes(self, classifier, data):
        X, y = data
        Y = np.column_stack([y, X[:, 0] > 0])
        apart = MultiOutputClassifier(classifier).fit(X, Y)
        for n, proba in enumerate(apart.predict_proba(X)):
            by_hand = clone(classifier).fit(X, Y[:, n])
            assert_array_equal(proba, by_hand.predict_proba(X))

    def test_chain(self, classifier, data):
        X, y = data
        Y = np.column_stack([y == 0, y != 1]).astype(int)
        chain = ClassifierChain(classifier).fit(X, Y)
        first = clone(classifier).fit(X, Y[:, 0])
        second = clone(classifier).fit(np.column_stack([X, Y[:, 0]]), Y[:, 1])
        expected = np.column_stack([X, first.predict(X)])
        assert_array_equal(chain.predict(X)[:, 1], second.predict(expected))
