"""Convolutional features as an estimator."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    SoftHebb,
    WinnerTakeAll,
    ZCAWhitening,
)

from .layers import digits_layer

CHECKED = [
    ConvolutionalFeatures(
        WinnerTakeAll(3), kernel_size=1, pooling=None, n_patches=200, random_state=0
    ),
    ConvolutionalFeatures(
        SoftHebb(3, temperature=2.0),
        kernel_size=(1, 3),
        padding=(0, 1),
        pool_size=1,
        standardize_input=True,
        standardize="channels",
        n_patches=None,
        random_state=0,
    ),
]


@parametrize_with_checks(CHECKED)
def test_sklearn_checks(estimator, check):
    check(estimator)


LAYERS = [
    digits_layer(WinnerTakeAll(8), standardize_input=True),
    digits_layer(HebbianPCA(8, density=0.5), standardize="channels"),
    digits_layer(SoftHebb(8, batch_size=360), standardize="layer", n_patches=None),
    digits_layer(
        make_pipeline(ZCAWhitening(), MiniBatchKMeans(8, n_init=1, max_iter=2)),
        activation="triangle",
        pooling="sum",
        standardize_input=True,
    ),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: str(layer.features)[:20])
class TestEstimator:
    def test_same_bits_for_any_number_of_threads(self, layer, digits, monkeypatch):
        monkeypatch.setattr("skhebb._transformers.blocks.BLOCK_BYTES", 2**16)
        monkeypatch.setattr(
            "skhebb._transformers.base_convolution.effective_n_threads",
            lambda n_jobs: n_jobs,
        )
        one, *others = (
            clone(layer).set_params(n_jobs=n).fit_transform(digits) for n in (1, 2, 3)
        )
        for other in others:
            assert_array_equal(one, other)

    def test_same_bits_for_any_number_of_blas_threads(self, layer, digits):
        found = []
        for n_threads in (1, 2):
            with threadpool_limits(n_threads, user_api="blas"):
                found.append(clone(layer).fit_transform(digits[:500]))
        assert_array_equal(*found)

    def test_pickle(self, layer, digits):
        layer = clone(layer).fit(digits)
        loaded = pickle.loads(pickle.dumps(layer))
        assert_array_equal(layer.transform(digits), loaded.transform(digits))

    def test_names(self, layer, digits):
        frame = pd.DataFrame(digits, columns=[f"p{n}" for n in range(64)])
        layer = clone(layer).set_output(transform="pandas")
        features = layer.fit_transform(frame)
        names = [f"convolutionalfeatures{n}" for n in range(3 * 3 * 8)]
        assert list(features.columns) == names
        assert layer.output_shape_ == (3, 3, 8)
        pd.testing.assert_frame_equal(features, layer.transform(frame))

    def test_parameters_are_left_alone(self, layer, digits):
        features = clone(layer.features)
        layer = clone(layer).set_params(features=features).fit(digits[:100])
        assert vars(features).keys() == vars(clone(features)).keys()
        assert layer.features is features

    def test_random_state(self, layer, digits):
        one, same, other = (
            clone(layer).set_params(random_state=seed).fit_transform(digits[:300])
            for seed in (1, 1, 2)
        )
        assert_array_equal(one, same)
        assert not np.allclose(one, other)


@pytest.mark.parametrize("activation", ["relu", "triangle"])
@pytest.mark.parametrize("pooling", ["average", None])
def test_features_that_give_frames(digits, activation, pooling):
    """Of which the arrays may be read only."""
    params = {"activation": activation, "pooling": pooling}
    layer = digits_layer(SoftHebb(4), standardize="channels", **params)
    expected = layer.fit_transform(digits)
    with config_context(transform_output="pandas"):
        frame = layer.fit_transform(digits)
    assert_array_equal(frame.to_numpy(), expected)


class TestStack:
    def test_in_a_pipeline(self, digits):
        first = digits_layer(WinnerTakeAll(6), pooling=None, standardize="channels")
        second = ConvolutionalFeatures(
            HebbianPCA(5), image_shape=(6, 6, 6), kernel_size=3, random_state=0
        )
        stack = make_pipeline(first, second)
        features = stack.fit_transform(digits)
        assert first.output_shape_ == second.image_shape
        maps = clone(first).fit_transform(digits)
        assert_array_equal(features, clone(second).fit_transform(maps))
        assert second.output_shape_ == (2, 2, 5)

    def test_better_than_pixels(self, digits):
        y = load_digits().target
        layer = digits_layer(
            SoftHebb(32, batch_size=360),
            n_patches=None,
            standardize_input=True,
            padding=1,
            max_iter=3,
        )
        clf = LogisticRegression(C=0.01, max_iter=3000)
        model = make_pipeline(layer, StandardScaler(), clf)
        model.fit(digits[:300], y[:300])
        pixels = make_pipeline(StandardScaler(), clone(clf)).fit(digits[:300], y[:300])
        score = model.score(digits[300:], y[300:])
        assert score > pixels.score(digits[300:], y[300:]) + 0.02
