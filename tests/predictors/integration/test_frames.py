"""Frames of pandas and polars."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from .networks import assert_same_network, outputs


@pytest.mark.parametrize("library", ["pandas", "polars"])
class TestFrames:
    @pytest.fixture
    def frame_of(self, library):
        """A function that makes a frame of an array."""
        frames = pytest.importorskip(library)

        def make(X, prefix="gene"):
            columns = {f"{prefix} {n}": column for n, column in enumerate(X.T)}
            return frames.DataFrame(columns)

        return make

    @pytest.fixture
    def series_of(self, library):
        return pytest.importorskip(library).Series

    def test_same_as_arrays(self, estimator, data, weights, frame_of, series_of):
        X, y = data
        frame = frame_of(X)
        by_hand = clone(estimator).fit(X, y, sample_weight=weights)
        estimator.fit(frame, series_of(y), sample_weight=series_of(weights))
        assert_same_network(estimator, by_hand)
        assert list(estimator.feature_names_in_) == list(frame.columns)
        assert_array_equal(outputs(estimator, frame), outputs(by_hand, X))
        estimator.partial_fit(frame, series_of(y))
        assert_same_network(estimator, by_hand.partial_fit(X, y))

    def test_several_targets(self, estimator, data, frame_of):
        X, y = data
        Y = np.column_stack([y == 0, y == 1]).astype(int)
        by_hand = clone(estimator).fit(X, Y)
        estimator.fit(frame_of(X), frame_of(Y, "label"))
        assert_array_equal(outputs(estimator, frame_of(X)), outputs(by_hand, X))

    def test_other_names_are_refused(self, estimator, data, frame_of):
        X, y = data
        frame, others = frame_of(X), frame_of(X, "protein")
        validated = clone(estimator).set_params(early_stopping=True)
        estimator.fit(frame, y)
        turned = frame[list(frame.columns)[::-1]]
        for wrong, message in [(others, "names should match"), (turned, "same order")]:
            with pytest.raises(ValueError, match=message):
                estimator.predict(wrong)
            with pytest.raises(ValueError, match=message):
                estimator.partial_fit(wrong, y)
            with pytest.raises(ValueError, match=message):
                validated.fit(frame, y, X_val=wrong, y_val=y)

    def test_arrays_after_frames(self, estimator, data, frame_of):
        X, y = data
        estimator.fit(frame_of(X), y)
        expected = outputs(estimator, frame_of(X))
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            found = outputs(estimator, X)
        assert_array_equal(found, expected)

    def test_frames_after_arrays(self, estimator, data, frame_of):
        X, y = data
        estimator.fit(X, y)
        with pytest.warns(UserWarning, match="fitted without feature names"):
            estimator.predict(frame_of(X))

    def test_names_of_another_fit_are_forgotten(self, estimator, data, frame_of):
        X, y = data
        estimator.fit(frame_of(X), y).fit(X, y)
        assert not hasattr(estimator, "feature_names_in_")
