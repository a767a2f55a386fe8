"""scikit-learn's ScoringMonitor."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.callback import ScoringMonitor
from sklearn.model_selection import GridSearchCV, KFold

from skhebb import SETClassifier

from .hooks import CLASSIFIERS, NETWORK, score_of


class TestScoringMonitor:
    def scores(self, monitor, name, task="epoch"):
        rows = monitor.get_logs().data
        return [row[name] for row in rows if row["task_name"] == task]

    @pytest.mark.parametrize("solver", ["adam", "sgd"])
    def test_scores_of_epochs(self, estimator_class, data, solver):
        X, y = data
        params = {**NETWORK, "solver": solver}
        scoring = "accuracy" if estimator_class in CLASSIFIERS else "r2"
        monitor = ScoringMonitor(scoring=scoring)
        estimator = estimator_class(**params).set_callbacks(monitor).fit(X, y)
        shorter = [
            estimator_class(**{**params, "max_iter": n}).fit(X, y) for n in range(1, 6)
        ]
        expected = [score_of(each, X, y) for each in shorter]
        assert len(set(expected)) > 1
        assert_allclose(self.scores(monitor, scoring), expected)
        (of_fit,) = self.scores(monitor, scoring, "fit")
        assert_allclose(of_fit, score_of(estimator, X, y))

    def test_several_scores_and_weights(self, data):
        X, y = data
        weights = np.where(y == 0, 5.0, 1.0)
        monitor = ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
        clf = SETClassifier(**NETWORK).set_callbacks(monitor)
        clf.fit(X, y, sample_weight=weights)
        shorter = [
            SETClassifier(**{**NETWORK, "max_iter": n}).fit(X, y, sample_weight=weights)
            for n in range(1, 6)
        ]
        expected = [score_of(each, X, y, sample_weight=weights) for each in shorter]
        assert_allclose(self.scores(monitor, "accuracy"), expected)
        expected = [
            np.average(each.predict_log_proba(X)[np.arange(len(y)), y], weights=weights)
            for each in shorter
        ]
        assert_allclose(self.scores(monitor, "neg_log_loss"), expected)

    def test_early_stopping(self, data):
        X, y = data
        monitor = ScoringMonitor(scoring="accuracy")
        clf = SETClassifier(**NETWORK, early_stopping=True).set_callbacks(monitor)
        clf.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
        best = int(np.argmax(clf.validation_scores_))
        scores = self.scores(monitor, "accuracy")
        assert self.scores(monitor, "accuracy", "fit") == [scores[best]]
        assert_allclose(scores[best], score_of(clf, X[:60], y[:60]))

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_in_a_search(self, data, n_jobs):
        X, y = data
        monitor = ScoringMonitor(scoring="accuracy")
        clf = SETClassifier(**NETWORK).set_callbacks(monitor)
        folds, grid = KFold(2), {"zeta": [0.1, 0.4]}
        GridSearchCV(clf, grid, cv=folds, n_jobs=n_jobs, refit=False).fit(X, y)
        expected = []
        for zeta in grid["zeta"]:
            for train, _ in folds.split(X):
                for n in range(1, 6):
                    params = {**NETWORK, "zeta": zeta, "max_iter": n}
                    shorter = SETClassifier(**params).fit(X[train], y[train])
                    expected.append(score_of(shorter, X[train], y[train]))
        assert_allclose(self.scores(monitor, "accuracy"), expected)

    def test_frames(self, data):
        X, y = data
        monitor = ScoringMonitor(scoring="accuracy")
        clf = SETClassifier(**NETWORK).set_callbacks(monitor)
        frame = pd.DataFrame(X, columns=[f"gene {n}" for n in range(12)])
        clf.fit(frame, y)
        assert_allclose(self.scores(monitor, "accuracy")[-1], score_of(clf, frame, y))
