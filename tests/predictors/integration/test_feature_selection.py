"""Features chosen by what networks make of them."""

import numpy as np
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import permutation_importance

from .networks import outputs


class TestFeatures:
    def strengths(self, estimator):
        return np.abs(estimator.coefs_[0].toarray()).sum(axis=1)

    def test_select_from_model(self, estimator, data):
        X, y = data
        select = SelectFromModel(estimator, threshold="median").fit(X, y)
        strengths = self.strengths(clone(estimator).fit(X, y))
        assert_array_equal(select.get_support(), strengths >= np.median(strengths))
        assert_array_equal(select.transform(X), X[:, select.get_support()])
        few = SelectFromModel(select.estimator_, prefit=True, max_features=3)
        chosen = few.fit(X).get_support(indices=True)
        above = np.flatnonzero(strengths >= strengths.mean())
        best = above[np.argsort(-strengths[above])][:3]
        assert_array_equal(chosen, np.sort(best))

    def test_recursive_elimination(self, estimator, data):
        X, y = data
        found = RFE(estimator, n_features_to_select=7).fit(X, y)
        features, ranking = np.arange(10), np.ones(10)
        for rank in (4, 3, 2):
            strengths = self.strengths(clone(estimator).fit(X[:, features], y))
            ranking[features[strengths.argmin()]] = rank
            features = np.delete(features, strengths.argmin())
        assert_array_equal(found.ranking_, ranking)
        by_hand = clone(estimator).fit(X[:, features], y)
        assert_array_equal(
            outputs(found.estimator_, X[:, features]), outputs(by_hand, X[:, features])
        )

    def test_permutation_importance(self, estimator, data):
        """What has no connection has none; what tells the target has most."""
        X, _ = data
        y = np.where(X[:, 4] > 0, 1, 0)
        rng = np.random.default_rng(0)
        first = 0.3 * rng.standard_normal((10, 30))
        first[[2, 7]] = 0
        coefs = [first, 0.3 * rng.standard_normal((30, 1))]
        estimator.set_params(zeta=0, max_iter=20).fit(X, y, coefs_init=coefs)
        assert_array_equal(estimator.feature_importances_[[2, 7]], 0)
        found = permutation_importance(
            estimator, X, y, n_repeats=3, n_jobs=2, random_state=0
        )
        assert_array_equal(found.importances[[2, 7]], 0)
        assert found.importances_mean.argmax() == 4
        assert found.importances[4].min() > 0
