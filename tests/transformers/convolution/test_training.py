"""Which patches features are trained on, in parts and to an early end."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.exceptions import ConvergenceWarning

from skhebb import ConvolutionalFeatures, HebbianPCA, SoftHebb, WinnerTakeAll
from skhebb._transformers.trainer import FeatureTrainer

from .layers import KERNEL, SIZES, digits_layer, flat


class Memory(TransformerMixin, BaseEstimator):
    """Remembers the patches of each call."""

    def partial_fit(self, X, y=None):
        self.calls_ = [*getattr(self, "calls_", []), X]
        return self

    def fit(self, X, y=None):
        self.calls_ = [X]
        return self

    def transform(self, X):
        return X


def rows_sorted(X):
    return X[np.lexsort(X.T)]


class TestPatches:
    def all_patches(self, images):
        windows = np.lib.stride_tricks.sliding_window_view(images, KERNEL, axis=(1, 2))
        return np.moveaxis(windows, 3, -1).reshape(-1, 18)

    def test_some(self, images):
        layer = ConvolutionalFeatures(Memory(), **SIZES, n_patches=100, random_state=0)
        (patches,) = layer.fit(flat(images)).features_.calls_
        every = {tuple(patch) for patch in self.all_patches(images)}
        assert patches.shape == (100, 18)
        assert len({tuple(patch) for patch in patches} & every) == 100

    @pytest.mark.parametrize("n_patches", [6 * 49, 1000])
    def test_all_at_once(self, images, n_patches):
        layer = ConvolutionalFeatures(Memory(), **SIZES, n_patches=n_patches)
        (patches,) = layer.fit(flat(images)).features_.calls_
        assert_array_equal(patches, self.all_patches(images))

    def test_passes(self, images):
        layer = ConvolutionalFeatures(
            Memory(), **SIZES, n_patches=None, batch_size=4, max_iter=3, random_state=0
        )
        calls = layer.fit(flat(images)).features_.calls_
        assert [len(call) // 49 for call in calls] == [4, 2] * 3
        expected = rows_sorted(self.all_patches(images))
        for epoch in range(3):
            patches = np.vstack(calls[2 * epoch : 2 * epoch + 2])
            assert_array_equal(rows_sorted(patches), expected)
        assert (calls[0] != calls[2]).any()

    def test_all_of_what_has_no_partial_fit(self, images):
        layer = ConvolutionalFeatures(PCA(3), **SIZES, n_patches=None)
        layer.fit(flat(images))
        expected = PCA(3).fit(self.all_patches(images)).components_
        assert_allclose(layer.features_.components_, expected, atol=1e-10)
        assert not hasattr(layer, "partial_fit")

    def test_one_mini_batch_for_each_batch_of_images(self, images):
        """Passes are partial fits of all patches of some images."""
        soft_hebb = SoftHebb(4, batch_size=1000, shuffle=False, random_state=0)
        layer = ConvolutionalFeatures(
            soft_hebb, **SIZES, n_patches=None, batch_size=6, random_state=0
        )
        found = layer.fit(flat(images)).features_.components_
        expected = clone(soft_hebb).partial_fit(self.all_patches(images)).components_
        assert_allclose(found, expected, rtol=1e-10)


class TestPartialFit:
    def test_goes_on(self, digits):
        layer = digits_layer(SoftHebb(8, batch_size=360), n_patches=None)
        whole = clone(layer).set_params(batch_size=2000).fit(digits)
        assert whole.features_.n_iter_ == 1
        layer.partial_fit(digits[:1000])
        first = layer.features_
        before = first.components_.copy()
        layer.partial_fit(digits[1000:])
        assert layer.features_.n_samples_seen_ == 36 * len(digits)
        assert_array_equal(first.components_, before)  # for whoever reads meanwhile

    def test_of_patches_that_are_drawn(self, digits):
        layer = digits_layer(IncrementalPCA(4), n_patches=500)
        layer.partial_fit(digits).partial_fit(digits)
        assert layer.features_.n_samples_seen_ == 1000

    def test_statistics(self, digits):
        """Of images: all seen; of maps: those of the last call."""
        layer = digits_layer(
            WinnerTakeAll(5), standardize_input=True, standardize="channels"
        )
        layer.partial_fit(digits[:700]).partial_fit(digits[700:])
        assert_allclose(layer.input_statistics_.mean, digits.mean())
        assert_allclose(layer.input_statistics_.variance, digits.var())
        channels = layer.transform(digits[700:]).reshape(-1, 5)
        assert_allclose(channels.mean(axis=0), 0, atol=1e-10)
        assert_allclose(channels.std(axis=0), 1)

    def test_changed_parameters(self, digits):
        layer = digits_layer(SoftHebb(4), stride=2).partial_fit(digits)
        layer.set_params(stride=1)
        with pytest.warns(UserWarning, match=r"stride \(now 1, then 2\) changed since"):
            layer.partial_fit(digits)
        assert layer.output_shape_ == (1, 1, 4)


DIVERGING = HebbianPCA(3, activation="identity", learning_rate_init=1e100)


class TestEarlyEnds:
    def test_warnings_of_features(self, digits):
        with pytest.warns(ConvergenceWarning, match="components became non-finite"):
            digits_layer(DIVERGING).fit(digits)

    def test_divergence_at_once(self, digits):
        at_once = clone(DIVERGING).set_params(learning_rate_init=1e200)
        layer = digits_layer(at_once, n_patches=None)
        with pytest.raises(ValueError, match="non-finite in their first mini-batch"):
            layer.fit(digits)
        assert vars(layer).keys() == vars(clone(layer)).keys()

    def test_interrupted_passes(self, digits, monkeypatch):
        layer = digits_layer(SoftHebb(4, batch_size=360), n_patches=None, max_iter=5)
        original, calls = FeatureTrainer.train, []

        def interrupted(self, *args):
            calls.append(args)
            if len(calls) == 3:
                raise KeyboardInterrupt
            original(self, *args)

        monkeypatch.setattr(FeatureTrainer, "train", interrupted)
        with pytest.warns(UserWarning, match="interrupted by user; those of the last"):
            layer.fit(digits)
        assert layer.features_.n_iter_ == 2
        assert len(calls) == 3

        calls[:] = [0, 0]
        with pytest.raises(KeyboardInterrupt):
            clone(layer).fit(digits)


class Recorder:
    """Remembers tasks, estimators and features; stops after some."""

    def __init__(self, stop_after=None):
        self.tasks, self.fitted, self.stop_after = [], [], stop_after
        self.estimators = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.tasks.append(context.task_name)
        self.estimators.append(estimator)

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if fitted_estimator is not None:
            self.fitted.append(fitted_estimator.transform(X))
        return len(self.fitted) == self.stop_after


class TestCallbacks:
    def test_passes(self, digits):
        layer = digits_layer(
            SoftHebb(4, batch_size=360),
            n_patches=None,
            max_iter=3,
            standardize="channels",
        )
        recorder = Recorder()
        seen = clone(layer).set_callbacks(recorder).fit(digits)
        assert recorder.tasks == ["fit", "epoch", "epoch", "epoch"]
        assert all(estimator is seen for estimator in recorder.estimators)
        for n, features in enumerate(recorder.fitted[:3], start=1):
            shorter = clone(layer).set_params(max_iter=n).fit(digits)
            assert_array_equal(features, shorter.transform(digits))
        assert_array_equal(recorder.fitted[2], recorder.fitted[3])
        stopped = clone(layer).set_callbacks(Recorder(stop_after=2)).fit(digits)
        expected = clone(layer).set_params(max_iter=2).fit(digits)
        assert_array_equal(stopped.transform(digits), expected.transform(digits))

    def test_of_features(self, digits):
        recorder = Recorder()
        features = WinnerTakeAll(4, max_iter=2).set_callbacks(recorder)
        digits_layer(features).fit(digits)
        assert recorder.tasks == ["fit", "epoch", "epoch"]
