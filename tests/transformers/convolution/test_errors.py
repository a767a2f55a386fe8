"""What convolutional features refuse."""
# ruff: noqa: RUF001

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from skhebb import ConvolutionalFeatures, HebbianPCA, WinnerTakeAll

from .layers import digits_layer


class TestErrors:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            (
                {"image_shape": (32, 32, 1)},
                r"3072 features are not 32 × 32 × 1 = 1024, the rows, columns and "
                r"channels of image_shape=\(32, 32, 1\)\. They are 32 × 32 × 3\.",
            ),
            ({"image_shape": (30, 30, 3)}, r"3072 features are not 30 × 30 × 3 = 2700"),
            (
                {"kernel_size": 40},
                r"kernel_size=\(40, 40\) does not fit into images of 32 × 32\.$",
            ),
            (
                {"kernel_size": 40, "padding": 1},
                r"images of 32 × 32\. With a padding of 1 × 1 they are 34 × 34\.",
            ),
            ({"padding": 5}, r"padding=\(5, 5\) must be below kernel_size=\(5, 5\)"),
            (
                {
                    "image_shape": None,
                    "kernel_size": (1, 5),
                    "pool_size": 1,
                    "padding": 2,
                },
                r"padding=\(2, 2\) must be below kernel_size=\(1, 5\)",
            ),
            ({"pool_size": 40}, r"pool_size=\(40, 40\) does not fit into maps of 28"),
            ({"pool_padding": 2}, r"pool_padding=\(2, 2\) must be below pool_size="),
            (
                {"image_shape": None},
                "image_shape is missing: X has 3072 features, which without it are one "
                r"row of one channel, but kernel_size=5 has 5 rows.*\(32, 32, 3\)\.$",
            ),
            (
                {"image_shape": None, "kernel_size": (1, 5)},
                r"image_shape is missing.* pool_size=2 has 2 rows",
            ),
            ({"image_shape": (32, 96)}, "'image_shape' parameter must be three"),
            ({"image_shape": (32, 32, 3.0)}, "'image_shape' parameter"),
            ({"kernel_size": 0}, "'kernel_size' parameter must be an integer or two"),
            ({"kernel_size": (3, 3, 3)}, "'kernel_size' parameter"),
            ({"kernel_size": np.array(3.0)}, "'kernel_size' parameter"),
            ({"image_shape": np.array(3)}, "'image_shape' parameter"),
            ({"stride": 0}, "'stride' parameter"),
            ({"padding": -1}, "'padding' parameter .* at least 0"),
            ({"pool_size": True}, "'pool_size' parameter"),
            ({"pool_stride": (0, 1)}, "'pool_stride' parameter"),
            ({"activation": "tanh"}, "'activation' parameter"),
            ({"power": 0}, "'power' parameter"),
            ({"pooling": "median"}, "'pooling' parameter"),
            ({"standardize": True}, "'standardize' parameter"),
            ({"n_patches": 0}, "'n_patches' parameter"),
            ({"n_jobs": 0}, "'n_jobs' parameter"),
            ({"features": LogisticRegression()}, "'features' parameter"),
            ({"features": WinnerTakeAll(0)}, "'n_components' parameter"),
        ],
    )
    def test_parameters(self, rng, params, message):
        layer = ConvolutionalFeatures(
            **{"features": WinnerTakeAll(3), "image_shape": (32, 32, 3), **params}
        )
        with pytest.raises(ValueError, match=message):
            layer.fit(rng.random((3, 3072)))
        assert not hasattr(layer, "n_features_in_")

    def test_sparse_features(self, digits):
        layer = digits_layer(FunctionTransformer(__import__("scipy").sparse.csr_array))
        with pytest.raises(TypeError, match="features must return dense arrays"):
            layer.fit(digits)

    @pytest.mark.parametrize("function", [np.ravel, np.transpose, lambda X: X[:-1]])
    def test_features_of_another_shape(self, digits, function):
        layer = digits_layer(FunctionTransformer(function))
        with pytest.raises(ValueError, match=r"a row for each patch\. .* made"):
            layer.fit(digits[:9])
        assert not hasattr(layer, "features_")

    @pytest.mark.parametrize("train", ["fit", "fit_transform", "partial_fit"])
    @pytest.mark.parametrize("standardize", ["standardize_input", "standardize"])
    def test_variances_that_overflow(self, digits, standardize, train):
        """Divided by infinity all pixels would be 0."""
        given = {"standardize_input": True, "standardize": "channels"}[standardize]
        layer = digits_layer(HebbianPCA(3), **{standardize: given})
        getattr(layer, train)(digits * 1e50)
        with pytest.raises(ValueError, match=r"variance of . of . channels is not"):
            getattr(clone(layer), train)(digits * 1e160)

    def test_not_fitted(self, digits):
        with pytest.raises(NotFittedError):
            digits_layer(WinnerTakeAll(3)).transform(digits)

    @pytest.mark.parametrize("train", ["fit", "partial_fit"])
    def test_failure_changes_nothing(self, digits, train):
        layer = digits_layer(WinnerTakeAll(3)).fit(digits)
        expected = layer.transform(digits)
        layer.set_params(features=WinnerTakeAll(3), n_patches=50)
        bad = np.where(digits > 10, np.nan, digits)
        with pytest.raises(ValueError, match="NaN"):
            getattr(layer, train)(bad)
        assert_array_equal(layer.transform(digits), expected)
