"""What gradient and Hebbian term would change, and its display."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError

from skhebb import HebbSETClassifier, HebbSETRegressor, SETClassifier
from skhebb.inspection import (
    ConnectionMonitor,
    HebbianTermDisplay,
    InputConnectivityDisplay,
    update_terms,
)

from .networks import NETWORK, PLAIN, expected_activations, expected_errors, scaled


class TestUpdateTerms:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("unit", ["batch", "evolution"])
    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, pd.DataFrame])
    def test_against_numpy(self, data, dtype, unit, container):
        X, y = data
        X = X.astype(dtype)
        clf = HebbSETClassifier(
            **{**NETWORK, **PLAIN, "batch_size": 20},
            lambda0=0.1,
            lambda_unit=unit,
            tol=None,
        ).fit(container(X), y)
        before = pickle.dumps(clf)
        terms = update_terms(clf, container(X[:40]), y[:40])
        assert pickle.dumps(clf) == before
        activations = expected_activations(clf, X[:40].astype(np.float64))
        errors = expected_errors(clf, activations, y[:40])
        strength = 0.1 * 0.98**6 / (len(y) / 20 if unit == "evolution" else 1)
        for depth, weights in enumerate(clf.coefs_):
            rows, columns = weights.nonzero()
            gradient = activations[depth].T @ errors[depth] / 40
            expected = -0.02 * gradient[rows, columns]
            assert_allclose(terms.gradient[depth], expected, atol=1e-12)
            n_in = weights.shape[0]
            after = scaled(activations[depth + 1])
            covariance = np.cov(scaled(activations[depth]).T, after.T, ddof=0)
            expected = strength * covariance[:n_in, n_in:][rows, columns]
            assert_allclose(terms.hebbian[depth], expected, atol=1e-12)
        assert np.abs(terms.hebbian[1]).max() > 1e-4

    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_is_what_partial_fit_adds(self, data, solver):
        """Where nothing is pruned or grown; the optimiser's state takes part."""
        X, y = data
        params = {**NETWORK, **PLAIN, "zeta": 0, "solver": solver}
        clf = HebbSETClassifier(**params, lambda0=0.1, tol=None).fit(X, y)
        terms = update_terms(clf, X, y)
        before = [weights.data.copy() for weights in clf.coefs_]
        clf.partial_fit(X, y)
        for depth, weights in enumerate(clf.coefs_):
            both = terms.gradient[depth] + terms.hebbian[depth]
            assert_allclose(weights.data - before[depth], both, atol=1e-12)

    def test_sample_weight(self, fitted, data):
        X, y = data
        weights = np.r_[np.ones(20), np.full(10, 2), np.zeros(5)]
        some = np.r_[:20, 20:30, 20:30]
        terms = update_terms(fitted, X[:35], y[:35], sample_weight=weights)
        expected = update_terms(fitted, X[some], y[some])
        for one, other in zip(terms, expected, strict=True):
            for depth in range(3):
                assert_allclose(one[depth], other[depth], atol=1e-12)

    def test_set_has_no_hebbian_term(self, data):
        terms = update_terms(SETClassifier(**NETWORK).fit(*data), *data)
        assert not any(layer.any() for layer in terms.hebbian)
        assert all(layer.any() for layer in terms.gradient)

    @pytest.mark.parametrize("activation", ["relu", "tanh"])
    def test_dropout_is_left_out(self, data, activation):
        X, y = data
        params = {**NETWORK, "activation": activation}
        clf = HebbSETClassifier(**params, dropout=0.5).fit(X, y)
        terms = update_terms(clf, X, y)
        expected = update_terms(clf.set_params(dropout=0), X, y)
        for one, other in zip(terms, expected, strict=True):
            for depth in range(3):
                assert_array_equal(one[depth], other[depth])

    def test_learning_rate_of_the_last_epoch(self, data):
        X, y = data
        params = {**NETWORK, **PLAIN, "learning_rate": "cosine"}
        clf = SETClassifier(**params).fit(X, y)
        errors = expected_errors(clf, expected_activations(clf, X), y)
        gradient = expected_activations(clf, X)[0].T @ errors[0] / len(y)
        rate = 0.02 * (1 + np.cos(np.pi * 5 / 6)) / 2
        expected = -rate * gradient[clf.coefs_[0].nonzero()]
        assert_allclose(update_terms(clf, X, y).gradient[0], expected, atol=1e-14)

    def test_before_the_first_epoch(self, data):
        """λ is shared by the mini-batches of training there, too."""
        X, y = data
        params = {**NETWORK, "zeta": 0, "lambda_decay": 1, "batch_size": 10}
        params |= {"learning_rate": "constant", "tol": None}
        clf = HebbSETClassifier(**params, learning_rate_init=1e-12)
        pre, post = np.argwhere(clf.fit(X, y).coefs_[0].toarray())[0].tolist()
        monitor = ConnectionMonitor([(0, pre, post)], X[:10], y[:10])
        clf.set_callbacks(monitor).fit(X, y)
        ((path,),) = monitor.paths
        assert_allclose(path.hebbian, path.hebbian[0], rtol=0.2)

    def test_class_weight(self, data):
        X, y = data
        clf = SETClassifier(**NETWORK, class_weight={0: 3, 1: 0.5}).fit(X, y)
        terms = update_terms(clf, X, y)
        weights = np.array([3, 0.5, 1])[y]
        clf.set_params(class_weight=None)
        expected = update_terms(clf, X, y, sample_weight=weights)
        assert_allclose(terms.gradient[0], expected.gradient[0], atol=1e-14)

    def test_balanced_classes(self, data):
        clf = SETClassifier(**NETWORK, class_weight="balanced").fit(*data)
        with pytest.raises(ValueError, match="wants to know all samples"):
            update_terms(clf, *data)

    @pytest.mark.parametrize("replace", ["toarray", "tocsc", "tocoo"])
    def test_replaced_weights(self, fitted, data, replace):
        other = copy.copy(fitted)
        other.coefs_ = [getattr(weights, replace)() for weights in fitted.coefs_]
        expected, terms = (update_terms(each, *data) for each in (fitted, other))
        assert_allclose(terms.hebbian[1], expected.hebbian[1], atol=1e-14)
        display = InputConnectivityDisplay.from_estimator(other)
        assert_array_equal(display.n_connections, np.diff(fitted.coefs_[0].indptr))

    def test_other_hidden_layers_are_not_looked_at(self, fitted, data):
        other = copy.copy(fitted).set_params(hidden_layer_sizes=(5,))
        expected, terms = (update_terms(each, *data) for each in (fitted, other))
        assert_array_equal(terms.hebbian[2], expected.hebbian[2])
        other.partial_fit(*data)

    def test_no_hidden_layer(self, data):
        clf = HebbSETClassifier((), max_iter=3).fit(*data)
        assert [len(layer) for layer in update_terms(clf, *data).hebbian] == [
            clf.n_connections_
        ]

    def test_loss_that_is_not_finite(self, data):
        X, _ = data
        reg = HebbSETRegressor(**NETWORK).fit(X, X[:, 0])
        with pytest.raises(ValueError, match=r"not finite\. Scale X"):
            update_terms(reg, X * 1e200, X[:, 0])

    def test_regressor(self, data, rng):
        X, _ = data
        y = X[:, 0] + rng.random(len(X))
        reg = HebbSETRegressor(**{**NETWORK, "hidden_layer_sizes": (15,)}).fit(X, y)
        assert len(update_terms(reg, X, y).hebbian) == 2

    def test_errors(self, fitted, data):
        X, y = data
        with pytest.raises(NotFittedError):
            update_terms(SETClassifier(), X, y)
        with pytest.raises(ValueError, match="12 features"):
            update_terms(fitted, X[:, :5], y)
        with pytest.raises(ValueError, match="3"):
            update_terms(fitted, X, y + 1)


class TestHebbianTermDisplay:
    def test_lines(self, fitted, data):
        display = HebbianTermDisplay.from_estimator(fitted, *data)
        terms = update_terms(fitted, *data)
        for depth, ax in enumerate(display.axes_):
            pair = terms.gradient[depth], terms.hebbian[depth]
            points = ax.collections[0].get_offsets()
            assert_allclose(points, np.transpose(pair))
            slope, _ = np.polyfit(*pair, 1)
            assert_allclose(display.slopes[depth], slope)
            assert_allclose(ax.lines[0].get_slope(), slope)
            assert_allclose(display.correlations[depth], np.corrcoef(*pair)[0, 1])

    def test_without_a_hebbian_term(self, data):
        clf = SETClassifier(**NETWORK).fit(*data)
        display = HebbianTermDisplay.from_estimator(clf, *data)
        assert_array_equal(display.slopes, 0)
        assert np.isnan(display.correlations).all()
