"""What networks predict, beside forward passes in NumPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import accuracy_score, log_loss
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier, SETRegressor
from skhebb._predictors import fitted_network

from .networks import (
    HIDDEN,
    assert_same,
    classification,
    each,
    each_classifier,
    each_regressor,
    forward,
    make,
    multilabel,
    predictions,
    problem,
    random_network,
    regression,
)


class TestForward:
    @each
    @pytest.mark.parametrize("activation", sorted(HIDDEN))
    def test_predictions(self, cls, activation):
        X, y = problem(cls)
        model = make(
            cls, hidden_layer_sizes=(11, 9, 8), activation=activation,
            negative_slope=0.4,
        ).fit(X, y)  # fmt: skip
        z = forward(X, model.coefs_, model.intercepts_, activation)
        expected = softmax(z, axis=1) if is_classifier(model) else z[:, 0]
        assert_allclose(predictions(model, X), expected, rtol=1e-9, atol=1e-12)

    @each_regressor
    @pytest.mark.parametrize("n_targets", [1, 3])
    def test_standardised_targets(self, cls, n_targets):
        X, y = regression(n_targets)
        y = 50 * y + 7
        reg = make(cls, hidden_layer_sizes=(11, 9), normalize_y=True).fit(X, y)
        z = forward(X, reg.coefs_, reg.intercepts_, "relu")
        expected = z * y.std(axis=0) + y.mean(axis=0)
        assert_allclose(reg.predict(X), expected.reshape(y.shape), rtol=1e-9)

    @each
    def test_feature_importances(self, cls):
        X, y = problem(cls)
        model = make(cls).fit(X, y)
        expected = np.abs(model.coefs_[0].toarray()).sum(axis=1)
        assert_allclose(model.feature_importances_, expected)

    @each
    def test_first_loss(self, cls):
        """Weighted mean before the update, and both penalties."""
        X, y = problem(cls)
        weights = np.linspace(0, 2, len(y))
        n_outputs = 3 if is_classifier(cls()) else 1
        network = random_network(10, 12, n_outputs)
        model = make(cls, alpha=0.7, weight_decay=0.04, max_iter=1)
        model.fit(X, y, sample_weight=weights, **network)
        z = forward(X, *network.values(), "relu")
        if is_classifier(model):
            loss = log_loss(y, softmax(z, axis=1), sample_weight=weights)
        else:
            loss = np.average((z[:, 0] - y) ** 2, weights=weights) / 2
        squares = sum((W**2).sum() for W in network["coefs_init"])
        penalty = (0.7 / weights.sum() + 0.04) * squares / 2
        assert_allclose(model.loss_, loss + penalty)


def test_normalize_y_is_a_transformed_target():
    X, y = regression()
    y = 50 * y + 7
    reg = make(SETRegressor, normalize_y=True).fit(X, y)
    outside = TransformedTargetRegressor(
        make(SETRegressor), transformer=StandardScaler()
    )
    assert_allclose(reg.predict(X), outside.fit(X, y).predict(X), rtol=1e-9)


class TestProbabilities:
    @each_classifier
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_of_classes(self, cls, n_classes):
        X, y = classification(n_classes)
        clf = make(cls).fit(X, y)
        found = clf.predict_proba(X)
        assert found.shape == (90, n_classes)
        assert_allclose(found.sum(axis=1), 1)
        z = forward(X, clf.coefs_, clf.intercepts_, "relu")
        if n_classes == 2:
            expected = np.hstack([expit(-z), expit(z)])
        else:
            expected = softmax(z, axis=1)
        assert_allclose(found, expected, rtol=1e-9)
        assert_allclose(clf.predict_log_proba(X), np.log(found))
        assert_array_equal(clf.predict(X), found.argmax(axis=1))
        assert clf.score(X, y) == accuracy_score(y, found.argmax(axis=1))

    @each_classifier
    def test_of_several_labels(self, cls):
        X, Y = multilabel()
        clf = make(cls, max_iter=20).fit(X, Y)
        found = clf.predict_proba(X)
        z = forward(X, clf.coefs_, clf.intercepts_, "relu")
        assert_allclose(found, expit(z), rtol=1e-9)
        assert_allclose(clf.predict_log_proba(X), np.log(found))
        assert_array_equal(clf.predict(X), z > 0)
        assert np.abs(found.sum(axis=1) - 1).max() > 0.1
        assert_array_equal(clf.classes_, [[0, 1]] * 4)

    @each_classifier
    def test_sparse_indicators(self, cls):
        X, Y = multilabel()
        clf = make(cls).fit(X, Y)
        for container in (sparse.csr_array, sparse.csc_matrix):
            assert_same(clf, make(cls).fit(X, container(Y)))

    @pytest.mark.parametrize("values", [(-1, 1), (0, 2)])
    def test_indicators_that_are_not_zeros_and_ones(self, values):
        X, Y = multilabel()
        with pytest.raises(ValueError, match="zeros and ones"):
            make(SETClassifier).fit(X, np.array(values)[Y])

    @each_classifier
    def test_certain_classes(self, cls):
        """Probability 0 in single precision is a log-probability of -inf, silently."""
        X, y = classification(2)
        network = random_network(10, 12, 1)
        network["coefs_init"] = [100 * coefs for coefs in network["coefs_init"]]
        clf = make(cls).fit(X.astype(np.float32), y, **network)
        found = clf.predict_proba(X)
        assert (found == 0).any()
        assert_array_equal(np.isneginf(clf.predict_log_proba(X)), found == 0)


@each
def test_predictions_do_not_depend_on_blocks(cls, monkeypatch):
    X, y = problem(cls)
    model = make(cls).fit(X, y)
    expected = model.predict(X)
    monkeypatch.setattr(fitted_network, "MOST_OUTPUTS", 40)
    assert_array_equal(model.predict(X), expected)
    X = np.where(np.arange(len(X))[:, np.newaxis] % 30 == 29, 1e308, X)
    n_large = len(X) // 30
    with pytest.raises(ValueError, match=f"for {n_large} of {len(X)} samples"):
        model.predict(X)


@each
def test_few_samples_are_checked_like_many(cls, monkeypatch):
    """Arrays that need no conversion are looked at by ourselves."""
    X, y = problem(cls)
    model = make(cls).fit(X, y)
    bad = np.where(np.arange(X.size).reshape(X.shape) == 3, np.nan, X)
    wrong = [bad, X[:, 1:], X[0], X[:0], X[np.newaxis], np.array(1.0)]
    messages = []
    for most in fitted_network.FEW, 0:
        monkeypatch.setattr(fitted_network, "FEW", most)
        assert_array_equal(model.predict(X[:5]), model.predict(X)[:5])
        for samples in wrong:
            with pytest.raises(ValueError, match=r".+") as error:
                model.predict(samples)
            messages.append(str(error.value))
    assert messages[: len(wrong)] == messages[len(wrong) :]
