"""The display of losses and scores."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier

from skhebb import SETClassifier
from skhebb.inspection import TrainingCurveDisplay

from .networks import NETWORK


class TestTrainingCurveDisplay:
    def test_band(self, data):
        X, y = data
        group = [
            SETClassifier(**{**NETWORK, "random_state": seed}).fit(X, y)
            for seed in range(3)
        ]
        display = TrainingCurveDisplay.from_estimators(
            {"three": group, "one": group[0]}
        )
        curves = [each.loss_curve_ for each in group]
        assert_allclose(display.lines_["three"].get_ydata(), np.mean(curves, axis=0))
        assert_allclose(display.lines_["one"].get_ydata(), curves[0])
        (band,) = display.ax_.collections
        heights = band.get_paths()[0].vertices[:, 1]
        deviation = np.mean(curves, axis=0) + np.std(curves, axis=0)
        assert set(deviation) <= set(heights)

    @pytest.mark.parametrize("metric", ["validation_loss", "validation_score"])
    def test_early_stopping(self, data, metric):
        clf = SETClassifier(**NETWORK, early_stopping=True).fit(*data)
        display = TrainingCurveDisplay.from_estimators({"SET": clf}, metric=metric)
        scores, losses = clf.validation_scores_, clf.validation_loss_curve_
        expected = scores if metric == "validation_score" else losses
        assert_allclose(display.lines_["SET"].get_ydata(), expected)

    def test_different_lengths(self):
        """A mean is over the networks that still train."""
        display = TrainingCurveDisplay({"both": [[4, 2, 1], [2]]}).plot()
        assert_allclose(display.lines_["both"].get_ydata(), [3, 2, 1])

    def test_dense_network(self, data):
        mlp = MLPClassifier(max_iter=1000, tol=1e-2, random_state=0).fit(*data)
        display = TrainingCurveDisplay.from_estimators({"MLP": mlp})
        assert_allclose(display.lines_["MLP"].get_ydata(), mlp.loss_curve_)

    def test_errors(self, fitted):
        with pytest.raises(ValueError, match="metric must be one of"):
            TrainingCurveDisplay.from_estimators({"SET": fitted}, metric="accuracy")
        with pytest.raises(ValueError, match="early_stopping=True"):
            TrainingCurveDisplay.from_estimators(
                {"a": fitted}, metric="validation_loss"
            )
        with pytest.raises(NotFittedError):
            TrainingCurveDisplay.from_estimators({"SET": SETClassifier()})
        with pytest.raises(TypeError, match="must be a dict"):
            TrainingCurveDisplay.from_estimators(fitted)
        for curves in {}, {"a": []}, {"a": [[]]}:
            with pytest.raises(ValueError, match="no epoch to draw"):
                TrainingCurveDisplay(curves).plot()
