"""Networks in ensembles, calibration and other meta-estimators of classifiers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.semi_supervised import SelfTrainingClassifier

from .networks import CLASSIFIERS, NETWORK, assert_same_network, outputs


class TestEnsembles:
    def test_calibration(self, classifier, binary):
        X, y = binary
        folds = KFold(2)
        calibrated = CalibratedClassifierCV(classifier, method="isotonic", cv=folds)
        calibrated.fit(X, y)
        expected = []
        for train, test in folds.split(X):
            by_hand = clone(classifier).fit(X[train], y[train])
            map_ = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1)
            map_.fit(by_hand.predict_proba(X[test])[:, 1], y[test])
            expected.append(map_.predict(by_hand.predict_proba(X)[:, 1]))
        found = calibrated.predict_proba(X)
        assert_allclose(found[:, 1], np.mean(expected, axis=0), atol=1e-6)
        assert_allclose(found.sum(axis=1), 1)

    def test_calibration_passes_weights(self, classifier, binary, weights):
        X, y = binary
        folds = KFold(2)
        calibrated = CalibratedClassifierCV(classifier, cv=folds)
        calibrated.fit(X, y, sample_weight=weights)
        for n, (train, _) in enumerate(folds.split(X)):
            by_hand = clone(classifier).fit(X[train], y[train], weights[train])
            assert_same_network(
                calibrated.calibrated_classifiers_[n].estimator, by_hand
            )

    def test_frozen(self, classifier, binary):
        """Calibration of a network that stays as it is."""
        X, y = binary
        classifier.fit(X[:60], y[:60])
        expected = classifier.predict_proba(X)
        frozen = FrozenEstimator(classifier)
        assert_array_equal(clone(frozen).fit(X, 1 - y).predict_proba(X), expected)
        calibrated = CalibratedClassifierCV(frozen, method="isotonic")
        calibrated.fit(X[60:], y[60:])
        map_ = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1)
        map_.fit(expected[60:, 1], y[60:])
        assert_allclose(
            calibrated.predict_proba(X)[:, 1], map_.predict(expected[:, 1]), atol=1e-6
        )

    @pytest.mark.parametrize("weighted", [False, True])
    def test_bagging(self, estimator, data, weights, weighted):
        X, y = data
        is_classifier = type(estimator) in CLASSIFIERS
        cls = BaggingClassifier if is_classifier else BaggingRegressor
        bag = cls(estimator, n_estimators=3, n_jobs=2, random_state=0)
        bag.fit(X, y, sample_weight=weights if weighted else None)
        members = []
        for member, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
            counts = np.bincount(rows, minlength=len(X))
            assert not (weighted and counts[weights == 0].any())
            by_hand = clone(estimator).set_params(random_state=member.random_state)
            by_hand.fit(X, y, sample_weight=counts)
            assert_same_network(member, by_hand)
            members.append(outputs(by_hand, X))
        assert_allclose(outputs(bag, X), np.mean(members, axis=0))

    def test_stacking(self, classifier, data):
        X, y = data
        folds = KFold(2)
        stack = StackingClassifier(
            [("network", classifier), ("linear", LogisticRegression())],
            final_estimator=LogisticRegression(C=0.1),
            cv=folds,
        ).fit(X, y)
        columns = np.empty((len(X), 6))
        for train, test in folds.split(X):
            for start, each in enumerate([classifier, LogisticRegression()]):
                by_hand = clone(each).fit(X[train], y[train])
                columns[test, 3 * start : 3 * start + 3] = by_hand.predict_proba(
                    X[test]
                )
        final = LogisticRegression(C=0.1).fit(columns, y)
        assert_allclose(stack.final_estimator_.coef_, final.coef_, atol=1e-6)
        assert_same_network(stack.named_estimators_["network"], classifier.fit(X, y))

    def test_voting(self, data):
        X, y = data
        members = [cls(**NETWORK) for cls in CLASSIFIERS]
        names = [("set", members[0]), ("hebb", members[1])]
        vote = VotingClassifier(names, voting="soft", weights=[3, 1]).fit(X, y)
        proba = [clone(each).fit(X, y).predict_proba(X) for each in members]
        expected = (3 * proba[0] + proba[1]) / 4
        assert_allclose(vote.predict_proba(X), expected)

    def test_one_versus_rest(self, classifier, data):
        X, y = data
        each = OneVsRestClassifier(classifier, n_jobs=2).fit(X, y)
        positive = np.column_stack(
            [clone(classifier).fit(X, y == c).predict_proba(X)[:, 1] for c in range(3)]
        )
        assert_array_equal(each.predict(X), positive.argmax(axis=1))
        totals = positive.sum(axis=1, keepdims=True)
        assert_allclose(each.predict_proba(X), positive / totals)

    def test_self_training(self, classifier, data):
        X, y = data
        some = np.where(np.arange(len(y)) % 4 == 0, y, -1)
        both = SelfTrainingClassifier(classifier, threshold=0.8, max_iter=1)
        both.fit(X, some)
        known = some >= 0
        first = clone(classifier).fit(X[known], y[known])
        proba = first.predict_proba(X)
        adopted = ~known & (proba.max(axis=1) > 0.8)
        assert 0 < adopted.sum() < (~known).sum()
        labels = np.where(adopted, proba.argmax(axis=1), some)
        assert_array_equal(both.transduction_, labels)
        second = clone(classifier).fit(X[labels >= 0], labels[labels >= 0])
        assert_same_network(both.estimator_, second)

    def test_threshold(self, classifier, binary):
        X, y = binary
        strict = FixedThresholdClassifier(classifier, threshold=0.7).fit(X, y)
        proba = clone(classifier).fit(X, y).predict_proba(X)[:, 1]
        assert_array_equal(strict.predict(X), proba >= 0.7)
        assert (strict.predict(X) != (proba >= 0.5)).any()
