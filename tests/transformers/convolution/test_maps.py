"""Maps of known kernels beside SciPy's correlation, loops and scikit-learn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import correlate2d
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    SoftHebb,
    WinnerTakeAll,
    ZCAWhitening,
)

from .layers import KERNEL, SIZES, Kernels, flat


def convolved(images, kernels, stride, padding):
    """SciPy's correlation of (n, rows, columns, channels), image by image."""
    (up, left), (down, right) = padding, stride
    images = np.pad(images, ((0, 0), (up, up), (left, left), (0, 0)))
    n_kernels = len(kernels)
    kernels = kernels.reshape(n_kernels, *KERNEL, images.shape[3])
    maps = [
        [
            sum(
                correlate2d(image[:, :, c], kernel[:, :, c], mode="valid")
                for c in range(images.shape[3])
            )
            for kernel in kernels
        ]
        for image in images
    ]
    return np.moveaxis(np.array(maps), 1, -1)[:, ::down, ::right]


def pooled(maps, kind, size, stride, padding):
    """Window by window, what of it lies within the maps."""
    n_rows, n_columns = (
        (n + 2 * margin - window) // step + 1
        for n, window, step, margin in zip(
            maps.shape[1:3], size, stride, padding, strict=True
        )
    )
    reduce = {"max": np.max, "average": np.mean, "sum": np.sum}[kind]
    result = np.empty((len(maps), n_rows, n_columns, maps.shape[3]))
    for row in range(n_rows):
        for column in range(n_columns):
            top, left = row * stride[0] - padding[0], column * stride[1] - padding[1]
            rows = slice(max(top, 0), top + size[0])
            columns = slice(max(left, 0), left + size[1])
            result[:, row, column] = reduce(maps[:, rows, columns], axis=(1, 2))
    return result


@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (3, 2)])
@pytest.mark.parametrize("padding", [(0, 0), (2, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_convolution(images, stride, padding, dtype):
    layer = ConvolutionalFeatures(
        Kernels(), **SIZES, stride=stride, padding=padding, pooling=None
    )
    features = layer.fit_transform(flat(images).astype(dtype))
    expected = convolved(images, layer.features_.kernels_, stride, padding)
    assert features.dtype == dtype
    assert layer.output_shape_ == expected.shape[1:]
    assert_allclose(
        features, flat(expected), atol=1e-12 if dtype == np.float64 else 1e-4
    )


@pytest.mark.parametrize("kind", ["max", "average", "sum"])
@pytest.mark.parametrize(
    ("size", "stride", "padding"),
    [
        ((2, 2), None, (0, 0)),
        ((2, 3), (1, 2), (0, 0)),
        ((4, 4), (2, 2), (1, 1)),
        ((3, 5), (4, 1), (2, 3)),
        ((1, 1), (2, 5), (0, 0)),
        ((7, 7), None, (0, 0)),
    ],
)
def test_pooling(images, kind, size, stride, padding):
    layer = ConvolutionalFeatures(
        Kernels(),
        **SIZES,
        pooling=kind,
        pool_size=size,
        pool_stride=stride,
        pool_padding=padding,
    )
    features = layer.fit_transform(flat(images))
    maps = convolved(images, layer.features_.kernels_, (1, 1), (0, 0))
    expected = pooled(maps, kind, size, stride or size, padding)
    assert layer.output_shape_ == expected.shape[1:]
    assert_allclose(features, flat(expected), atol=1e-12)


@pytest.mark.parametrize("kind", ["max", "average", "sum", None])
@pytest.mark.parametrize("activation", ["relu", "triangle"])
@pytest.mark.parametrize(
    "features",
    [
        Kernels(),
        WinnerTakeAll(5, random_state=0),
        HebbianPCA(5, density=0.5, random_state=0),
        make_pipeline(ZCAWhitening(), SoftHebb(5, random_state=0)),
        make_pipeline(ZCAWhitening(), KMeans(5, random_state=0)),
    ],
    ids=lambda features: str(type(features).__name__),
)
def test_activation(images, kind, activation, features):
    """Of products, whatever activation the features have of their own."""
    shared = {**SIZES, "random_state": 0}
    layer = ConvolutionalFeatures(
        features, **shared, activation=activation, power=1.4, pooling=kind
    ).fit(flat(images))
    patches = np.lib.stride_tricks.sliding_window_view(images, KERNEL, axis=(1, 2))
    patches = np.moveaxis(patches, 3, -1)
    maps = products(layer.features_, patches.reshape(-1, 18)).reshape(6, 7, 7, -1)
    if activation == "triangle":
        if not isinstance(features, Kernels) and hasattr(features, "steps"):
            maps = -maps if isinstance(features[-1], KMeans) else maps
        maps = np.maximum(maps - maps.mean(axis=-1, keepdims=True), 0) ** 1.4
    maps = np.maximum(maps, 0)
    expected = maps if kind is None else pooled(maps, kind, (2, 2), (2, 2), (0, 0))
    assert_allclose(layer.transform(flat(images)), flat(expected), atol=1e-10)


def products(features, patches):
    if hasattr(features, "steps"):
        patches, features = features[0].transform(patches), features[-1]
    if hasattr(features, "components_"):
        weights = features.components_
        weights = weights.toarray() if hasattr(weights, "toarray") else weights
        return patches @ weights.T
    return features.transform(patches)


def test_features_keep_their_own_activation(images):
    soft_hebb = SoftHebb(5, activation="triangle", power=0.7, random_state=0)
    layer = ConvolutionalFeatures(soft_hebb, **SIZES, random_state=0)
    other = ConvolutionalFeatures(
        soft_hebb, **SIZES, activation="triangle", power=0.7, random_state=0
    )
    X = flat(images)
    assert_allclose(layer.fit_transform(X), other.fit_transform(X))


class TestStandardization:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_channels(self, images, dtype):
        X = flat(images).astype(dtype)
        plain = ConvolutionalFeatures(Kernels(), **SIZES).fit_transform(X)
        layer = ConvolutionalFeatures(Kernels(), **SIZES, standardize="channels")
        found = layer.fit_transform(X)
        channels = plain.reshape(-1, 4)
        expected = StandardScaler().fit_transform(channels)
        assert_allclose(
            found.reshape(-1, 4), expected, atol=1e-4 if dtype == np.float32 else 1e-12
        )
        assert_array_equal(layer.transform(X), found)
        assert_array_equal(clone(layer).fit(X).transform(X), found)

    def test_layer(self, images):
        X = flat(images)
        plain = (
            ConvolutionalFeatures(Kernels(), **SIZES).fit_transform(X).reshape(-1, 4)
        )
        layer = ConvolutionalFeatures(Kernels(), **SIZES, standardize="layer")
        found = layer.fit_transform(X).reshape(-1, 4)
        assert_allclose(found.mean(axis=0), 0, atol=1e-12)
        assert_allclose(found.var(axis=0), plain.var(axis=0) / plain.var(axis=0).mean())

    def test_input(self, images):
        """Margins are zeros after it."""
        X = flat(images * [1, 5, 0.1] + [100, -3, 0])
        layer = ConvolutionalFeatures(
            Kernels(), **SIZES, padding=1, standardize_input=True
        )
        scaled = StandardScaler().fit_transform(X.reshape(-1, 3)).reshape(X.shape)
        expected = ConvolutionalFeatures(Kernels(), **SIZES, padding=1)
        assert_allclose(
            layer.fit_transform(X), expected.fit_transform(scaled), atol=1e-10
        )
        assert_allclose(layer.input_statistics_.mean, X.reshape(-1, 3).mean(axis=0))

    @pytest.mark.parametrize("kind", ["channels", "layer"])
    def test_what_does_not_vary(self, kind):
        layer = ConvolutionalFeatures(
            Kernels(), **SIZES, standardize=kind, standardize_input=True
        )
        X = np.full((4, 216), 0.1)
        assert_allclose(layer.fit_transform(X), np.zeros((4, 36)), atol=1e-30)

    @pytest.mark.parametrize("channels_first", [False, True])
    def test_images_are_left_alone(self, images, channels_first):
        X, before = flat(images), flat(images).copy()
        X.flags.writeable = False
        for n_channels in (1, 3):
            layer = ConvolutionalFeatures(
                Kernels(),
                image_shape=(9, 24 // n_channels, n_channels),
                channels_first=channels_first,
                standardize_input=True,
            )
            layer.fit_transform(X)
        assert_array_equal(X, before)

    def test_of_many_blocks(self, rng, monkeypatch):
        monkeypatch.setattr("skhebb._transformers.blocks.BLOCK_BYTES", 1)
        X = 1000 + rng.standard_normal((40, 216))
        params = {"standardize_input": True, "standardize": "channels"}
        layer = ConvolutionalFeatures(Kernels(), **SIZES, **params)
        found = layer.fit_transform(X)
        assert_allclose(found.reshape(-1, 4).std(axis=0), 1)
        assert_allclose(layer.input_statistics_.variance, X.reshape(-1, 3).var(axis=0))


def test_planes(images):
    """Of channels first or last the same images make the same features."""
    layer = ConvolutionalFeatures(
        WinnerTakeAll(4), **SIZES, standardize_input=True, random_state=0
    )
    planes = clone(layer).set_params(channels_first=True)
    X = flat(np.moveaxis(images, -1, 1))
    assert_array_equal(planes.fit_transform(X), layer.fit_transform(flat(images)))


@pytest.mark.parametrize("channels_first", [False, True])
def test_bytes(rng, channels_first):
    X = rng.integers(256, size=(20, 216), dtype=np.uint8)
    layer = ConvolutionalFeatures(
        WinnerTakeAll(4),
        **SIZES,
        channels_first=channels_first,
        standardize_input=True,
        random_state=0,
    )
    features = layer.fit_transform(X)
    assert features.dtype == np.float32
    expected = clone(layer).fit(X.astype(np.float32))
    assert_array_equal(features, expected.transform(X))
    assert_array_equal(features, layer.transform(X.astype(float)))
