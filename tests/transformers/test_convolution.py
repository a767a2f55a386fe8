"""Convolutional features beside SciPy's correlation, loops and scikit-learn."""
# ruff: noqa: RUF001

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import correlate2d
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    SoftHebb,
    WinnerTakeAll,
    ZCAWhitening,
)

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


class Kernels(TransformerMixin, BaseEstimator):
    """Products with kernels that are drawn, and not learned."""

    def __init__(self, n_kernels=4):
        self.n_kernels = n_kernels

    def fit(self, X, y=None):
        rng = np.random.default_rng(0)
        self.kernels_ = rng.standard_normal((self.n_kernels, X.shape[1]))
        return self

    def transform(self, X):
        return X @ self.kernels_.T.astype(X.dtype)


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


KERNEL = 3, 2
SHAPE = 9, 8, 3
SIZES = {"image_shape": SHAPE, "kernel_size": KERNEL}


@pytest.fixture
def images(rng):
    return rng.standard_normal((6, *SHAPE))


def flat(images):
    return images.reshape(len(images), -1)


@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (3, 2)])
@pytest.mark.parametrize("padding", [(0, 0), (1, 2)])
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
        monkeypatch.setattr(
            "skhebb._transformers.convolutional_features.BLOCK_BYTES", 1
        )
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


def digits_layer(features, **params):
    shape = {"image_shape": (8, 8, 1), "kernel_size": 3, "random_state": 0}
    return ConvolutionalFeatures(features, **{"n_patches": 2000, **shape, **params})


@pytest.fixture(scope="module")
def digits():
    return load_digits().data


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
        monkeypatch.setattr(
            "skhebb._transformers.convolutional_features.BLOCK_BYTES", 2**16
        )
        monkeypatch.setattr(
            "skhebb._transformers.convolutional_features.effective_n_threads",
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
            ({"pool_size": 40}, r"pool_size=\(40, 40\) does not fit into maps of 28"),
            ({"pool_padding": 2}, r"pool_padding=\(2, 2\) must be below pool_size="),
            ({"image_shape": (32, 96)}, "'image_shape' parameter must be three"),
            ({"image_shape": (32, 32, 3.0)}, "'image_shape' parameter"),
            ({"kernel_size": 0}, "'kernel_size' parameter must be an integer or two"),
            ({"kernel_size": (3, 3, 3)}, "'kernel_size' parameter"),
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
        original, calls = SoftHebb._train, []

        def interrupted(self, *args):
            calls.append(args)
            if len(calls) == 3:
                raise KeyboardInterrupt
            original(self, *args)

        monkeypatch.setattr(SoftHebb, "_train", interrupted)
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


def test_more_than_there_is_memory(rng, monkeypatch):
    X = rng.integers(256, size=(100, 784), dtype=np.uint8)
    sizes = {"image_shape": (28, 28, 1), "n_patches": 1000}
    layer = ConvolutionalFeatures(WinnerTakeAll(8), **sizes).fit(X)
    monkeypatch.setattr("skhebb._utils.memory.memory", lambda: 400_000)
    with pytest.raises(MemoryError, match="1152 features of 100 images needs"):
        layer.transform(X)


def test_memory(rng):
    """Neither a float copy of the images nor all maps: these would be 118 MB."""
    X = rng.integers(256, size=(2000, 784), dtype=np.uint8)
    layer = ConvolutionalFeatures(
        WinnerTakeAll(32),
        image_shape=(28, 28, 1),
        kernel_size=5,
        pool_size=12,
        standardize_input=True,
        standardize="channels",
        n_patches=2000,
        n_jobs=2,
    )
    layer.fit(X)
    for call in layer.transform, layer.fit_transform:
        tracemalloc.start()
        try:
            features = call(X)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak - features.nbytes < 60e6
