"""Networks in searches and cross-validation."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    StratifiedKFold,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import HebbSETClassifier, SETClassifier

from .networks import CLASSIFIERS, NETWORK, REGRESSORS, assert_same_network


class TestSearch:
    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_grid(self, data, n_jobs):
        X, y = data
        pipe = make_pipeline(StandardScaler(), HebbSETClassifier(**NETWORK))
        grid = {
            "hebbsetclassifier__lambda0": [0.0, 0.3],
            "hebbsetclassifier__density": [0.02, 0.7],
        }
        folds = StratifiedKFold(2)
        search = GridSearchCV(pipe, grid, cv=folds, n_jobs=n_jobs).fit(X, y)
        assert len(search.cv_results_["params"]) == 4
        for n, params in enumerate(search.cv_results_["params"]):
            for fold, (train, test) in enumerate(folds.split(X, y)):
                by_hand = clone(pipe).set_params(**params).fit(X[train], y[train])
                score = np.mean(by_hand.predict(X[test]) == y[test])
                found = search.cv_results_[f"split{fold}_test_score"][n]
                assert_allclose(found, score)
        assert len(set(search.cv_results_["mean_test_score"])) > 1
        best = clone(pipe).set_params(**search.best_params_).fit(X, y)
        assert_same_network(search.best_estimator_[-1], best[-1])

    def test_halving_over_epochs(self, data):
        X, y = data
        clf, folds = SETClassifier(**NETWORK), KFold(2)
        search = HalvingGridSearchCV(
            clf, {"zeta": [0.0, 0.1, 0.2, 0.3]}, resource="max_iter", factor=2,
            min_resources=2, max_resources=8, cv=folds, n_jobs=2, random_state=0,
        ).fit(X, y)  # fmt: skip
        assert search.n_resources_ == [2, 4, 8]
        assert search.n_candidates_ == [4, 2, 1]
        results = search.cv_results_
        for n, params in enumerate(results["params"]):
            assert params["max_iter"] == results["n_resources"][n]
            for fold, (train, test) in enumerate(folds.split(X)):
                by_hand = clone(clf).set_params(**params).fit(X[train], y[train])
                score = np.mean(by_hand.predict(X[test]) == y[test])
                assert_allclose(results[f"split{fold}_test_score"][n], score)
        assert search.best_estimator_.n_iter_ == 8

    def test_cross_validate(self, estimator, data):
        X, y = data
        folds = KFold(2)
        found = cross_validate(
            estimator, X, y, cv=folds, n_jobs=2, return_estimator=True,
            return_train_score=True,
        )  # fmt: skip
        for n, (train, test) in enumerate(folds.split(X)):
            by_hand = clone(estimator).fit(X[train], y[train])
            assert_same_network(found["estimator"][n], by_hand)
            residuals = y[test] - by_hand.predict(X[test])
            score = np.mean(residuals == 0)
            if type(estimator) in REGRESSORS:
                spread = y[test] - y[test].mean()
                score = 1 - residuals @ residuals / (spread @ spread)
            assert_allclose(found["test_score"][n], score)
            train_score = by_hand.score(X[train], y[train])
            assert_allclose(found["train_score"][n], train_score)

    @pytest.mark.parametrize("incremental", [False, True])
    def test_learning_curve(self, estimator, data, incremental):
        X, y = data
        train, test = np.arange(80), np.arange(80, 120)
        sizes, train_scores, test_scores = learning_curve(
            estimator, X, y, train_sizes=[20, 50, 80], cv=[(train, test)],
            exploit_incremental_learning=incremental,
        )  # fmt: skip
        assert_array_equal(sizes, [20, 50, 80])
        by_hand, start = clone(estimator), 0
        labels = {"classes": [0, 1, 2]} if type(estimator) in CLASSIFIERS else {}
        for n, size in enumerate(sizes):
            if incremental:
                by_hand.partial_fit(X[start:size], y[start:size], **labels)
                start = size
            else:
                by_hand = clone(estimator).fit(X[:size], y[:size])
            assert_allclose(train_scores[n, 0], by_hand.score(X[:size], y[:size]))
            assert_allclose(test_scores[n, 0], by_hand.score(X[test], y[test]))


def test_scores_of_probabilities(classifier, data):
    X, y = data
    scoring = ["neg_log_loss", "roc_auc_ovr", "accuracy"]
    found = cross_validate(classifier, X, y, cv=KFold(2), scoring=scoring)
    for n, (train, test) in enumerate(KFold(2).split(X)):
        by_hand = clone(classifier).fit(X[train], y[train])
        proba = by_hand.predict_proba(X[test])
        assert_allclose(
            found["test_neg_log_loss"][n], -log_loss(y[test], proba), rtol=1e-6
        )
        expected = accuracy_score(y[test], proba.argmax(axis=1))
        assert_allclose(found["test_accuracy"][n], expected)
        # The share of pairs that the probability of a class puts in order.
        shares = []
        for c in range(3):
            inside, outside = proba[y[test] == c, c], proba[y[test] != c, c]
            shares.append(np.mean(inside[:, np.newaxis] > outside))
        assert_allclose(found["test_roc_auc_ovr"][n], np.mean(shares))


def test_warnings_reach_the_user_of_a_search(data):
    X, y = data
    clf = SETClassifier(**{**NETWORK, "tol": 0})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        GridSearchCV(clf, {"zeta": [0.1]}, cv=2).fit(X, y)
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == 3
    assert all("max_iter=5) reached" in message for message in messages)
