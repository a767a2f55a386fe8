"""Networks that start from given weights, and extreme ones."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError

from skhebb import HebbSETClassifier, SETClassifier

from .networks import FAST


class TestInitialWeights:
    def coefs(self, dtype=np.float64):
        rng = np.random.default_rng(0)
        return [
            sparse.random_array(shape, density=0.4, rng=rng, dtype=dtype)
            for shape in [(20, 15), (15, 3)]
        ]

    @pytest.mark.parametrize(
        "container", ["csr_array", "csc_matrix", "coo_array", "dense"]
    )
    def test_pattern_and_values(self, estimator_class, data, container):
        X, y = data
        coefs = [
            c.toarray() if container == "dense" else getattr(sparse, container)(c)
            for c in self.coefs()
        ]
        originals = copy.deepcopy(coefs)
        intercepts = [np.arange(1.0, 16.0), np.array([1.0, 2, 3])]
        clf = estimator_class(
            (15,), learning_rate_init=1e-300, lambda_decay=1, lambda0=0, zeta=0,
            momentum=0, **FAST,
        ) if estimator_class is HebbSETClassifier else estimator_class(
            (15,), learning_rate_init=1e-300, zeta=0, momentum=0, **FAST
        )  # fmt: skip
        clf.fit(X, y, coefs_init=coefs, intercepts_init=intercepts)
        for fitted, given, original in zip(clf.coefs_, coefs, originals, strict=True):
            dense = original if container == "dense" else original.toarray()
            assert_array_equal(fitted.toarray(), dense)
            unchanged = given if container == "dense" else given.toarray()
            assert_array_equal(unchanged, dense)
        assert_array_equal(clf.intercepts_[0], intercepts[0])
        assert_array_equal(clf.intercepts_[1], intercepts[1])

    def test_stored_zeros_are_connections(self, data):
        X, y = data
        coefs = self.coefs()
        coefs[0] = sparse.csr_array(coefs[0])
        coefs[0].data[:] = 0
        clf = SETClassifier((15,), zeta=0, **FAST).fit(X, y, coefs_init=coefs)
        assert clf.coefs_[0].nnz == coefs[0].nnz

    def test_errors(self, data):
        X, y = data
        good = self.coefs()
        bad_index = sparse.csr_array(good[0])
        bad_index.indices[0] = 10**6
        clf = SETClassifier((15,), **FAST)
        for coefs, message in [
            (good[:1], "coefs_init must be a list of 2 arrays.*1 of them"),
            (good[0], "coefs_init must be a list of 2 arrays"),
            ([good[0], good[0]], r"coefs_init\[1\] must have shape \(15, 3\)"),
            ([good[0] * np.nan, good[1]], r"coefs_init\[0\].* contains NaN"),
            ([bad_index, good[1]], r"coefs_init\[0\] is not a valid sparse matrix"),
            ([None, None], r"coefs_init\[0\] must be an array of numbers"),
        ]:
            with pytest.raises(ValueError, match=message):
                clf.fit(X, y, coefs_init=coefs)
        with pytest.raises(ValueError, match=r"intercepts_init\[0\] must have shape"):
            clf.fit(X, y, intercepts_init=[np.zeros(3), np.zeros(3)])
        assert not hasattr(clf, "coefs_")
        with pytest.raises(NotFittedError):
            clf.predict(X)


class TestExtremes:
    def test_dense(self, estimator_class, data):
        X, y = data
        clf = estimator_class((30,), epsilon=1e6, zeta=0, **FAST).fit(X, y)
        assert clf.density_ == 1

    def test_no_connection_at_all(self, estimator_class, data):
        X, y = data
        for params, message in [
            ({"epsilon": 1e-9}, r"epsilon=1e-09 gives the layer of 20 x 30 neurons no"),
            ({"density": 1e-4, "initial_graph": "erk"}, "density=0.0001 gives"),
        ]:
            with pytest.raises(ValueError, match=message):
                estimator_class((30,), **params, **FAST).fit(X, y)
        # But whoever gives such weights will have them.
        coefs = [np.zeros((20, 30)), np.zeros((30, 3))]
        clf = estimator_class((30,), **FAST).fit(X, y, coefs_init=coefs)
        assert clf.n_connections_ == 0
        assert len(np.unique(clf.predict_proba(X), axis=0)) == 1

    @pytest.mark.parametrize("graph", ["erdos_renyi", "erk", "uniform"])
    @pytest.mark.parametrize("n_features", [1, 2])
    def test_few_features(self, estimator_class, rng, graph, n_features):
        """The default density leaves no layer with fewer connections than neurons."""
        X = rng.uniform(-1, 1, (1000, 2))
        y = X[:, 0] * X[:, 1] > 0 if n_features == 2 else np.abs(X[:, 0]) > 0.5
        X = X[:, :n_features]
        clf = estimator_class(initial_graph=graph, random_state=0).fit(X[:500], y[:500])
        assert clf.score(X[500:], y[500:]) > 0.95

    def test_no_hidden_layer(self, estimator_class, data):
        X, y = data
        clf = estimator_class(
            (), epsilon=50, learning_rate_init=0.1, **{**FAST, "max_iter": 30}
        ).fit(X, y)
        assert clf.n_layers_ == 2
        assert clf.score(X, y) > 0.6

    def test_float_overflow_in_input(self, data):
        X, y = data
        with pytest.raises(ValueError, match="too large for dtype"):
            SETClassifier(**FAST).fit(np.full_like(X, np.inf), y)
