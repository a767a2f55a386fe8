"""Convolutions that learn with a network: errors go back through them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import approx_fprime

from skhebb import ConvolutionalFeatures, HebbianPCA, SoftHebb, WinnerTakeAll
from skhebb._network.buffers import tiles_for
from skhebb._transformers.convolutional_front import LearningImages

SHAPE = 7, 6, 2
POOLINGS = {
    "none": {"pooling": None},
    "max": {"pooling": "max", "pool_size": 2},
    "overlapping max": {
        "pooling": "max",
        "pool_size": (3, 2),
        "pool_stride": 1,
        "pool_padding": 1,
    },
    "average": {"pooling": "average", "pool_size": 3, "pool_stride": 2},
    "average with margin": {"pooling": "average", "pool_size": 2, "pool_padding": 1},
    "sum": {"pooling": "sum", "pool_size": (2, 3)},
}
ACTIVATIONS = {
    "identity": HebbianPCA(3, activation="identity"),
    "relu": HebbianPCA(3),
    "triangle": SoftHebb(3),
    "triangle to a power": WinnerTakeAll(3, activation="triangle", power=1.4),
}


@pytest.fixture
def images(rng):
    return rng.standard_normal((5, 84))


def layers(images, features, **params):
    """Two convolutions, each fitted."""
    first = ConvolutionalFeatures(
        features,
        image_shape=SHAPE,
        kernel_size=(2, 3),
        padding=(0, 1),
        n_patches=50,
        random_state=0,
        **{"standardize_input": True, **params},
    )
    maps = first.fit_transform(images)
    second = ConvolutionalFeatures(
        SoftHebb(4, activation="relu"),
        image_shape=first.output_shape_,
        kernel_size=2,
        stride=(2, 1),
        pooling=None,
        standardize="layer",
        n_patches=30,
        random_state=0,
    ).fit(maps)
    return [first, second]


def front_of(images, convolutions):
    return LearningImages(images, convolutions, n_jobs=1).batch_source()


def gradients_and_loss(front, weights, n_threads=1):
    """Of the sum of weighted maps; and the loss as a function of all kernels."""
    n_images, n_features = weights.shape
    tiles = tiles_for(n_images, np.dtype(np.float64))
    out = np.empty(n_features * tiles.stride)
    front.load_to_learn(np.arange(n_images), tiles, out, n_threads)
    tiles.pack(weights.T, out)
    gradients = front.gradients(out, tiles, n_threads)
    shapes = [kernels.shape for kernels in front.X.kernels.arrays]
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]

    def loss(flat):
        parts = np.split(flat, ends)
        front.X.kernels.arrays = [
            part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)
        ]
        return np.sum(weights * front.X[:])

    return gradients, loss


@pytest.mark.parametrize("standardize", [None, "channels", "layer"])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_against_finite_differences(images, activation, pooling, standardize, rng):
    params = {**POOLINGS[pooling], "standardize": standardize}
    front = front_of(images, layers(images, ACTIVATIONS[activation], **params))
    gradients, loss = gradients_and_loss(front, rng.standard_normal(front.X.shape))
    start = np.concatenate([k.ravel() for k in front.X.kernels.arrays])
    numeric = approx_fprime(start, loss, 1e-7)
    found = np.concatenate([gradient.ravel() for gradient in gradients])
    assert_allclose(found, numeric, atol=2e-5 * np.abs(numeric).max())
    assert np.abs(gradients[0]).max() > 1e-3


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("override", [None, "triangle"])
def test_maps_are_those_of_transform(images, activation, pooling, override):
    both = layers(
        images,
        ACTIVATIONS[activation],
        activation=override,
        power=0.7,
        standardize="channels",
        **POOLINGS[pooling],
    )
    front = front_of(images, both)
    expected = both[1].transform(both[0].transform(images))
    assert_allclose(front.X[:], expected, atol=1e-12)
    tiles = tiles_for(5, np.dtype(np.float64))
    out = np.empty(front.X.shape[1] * tiles.stride)
    values = np.empty((front.X.shape[1], 5))
    tiles.unpack(front.load(np.arange(5), tiles, out, 1), values)
    assert_allclose(values.T, expected, atol=1e-12)


def test_planes_of_bytes(images, rng):
    """Channels first; a convolution without padding, nothing standardised."""
    bytes_ = rng.integers(256, size=images.shape).astype(np.uint8)
    layer = ConvolutionalFeatures(
        WinnerTakeAll(3),
        image_shape=SHAPE,
        channels_first=True,
        kernel_size=3,
        n_patches=50,
        random_state=0,
    ).fit(bytes_)
    front = front_of(bytes_, [layer])
    assert front.X.dtype == np.float32
    assert_allclose(front.X[:], layer.transform(bytes_), rtol=1e-5)


def test_errors_of_images(images, rng):
    """Those that a convolution hands to the one before, for overlapping patches."""
    (layer, _), kernels = differentiable(images)
    weights = rng.standard_normal((5, layer.forward(images, kernels)[0].shape[1]))

    def loss(flat):
        maps, _ = layer.forward(flat.reshape(images.shape), kernels)
        return np.sum(weights * maps)

    _, trace = layer.forward(images, kernels)
    _, errors = layer.backward(trace, kernels, weights, True)
    numeric = approx_fprime(images.ravel(), loss, 1e-7)
    assert_allclose(errors.ravel(), numeric, atol=1e-5 * np.abs(numeric).max())


def differentiable(images):
    front = front_of(images, layers(images, SoftHebb(3), channels_first=True))
    return front.X.differentiable, front.X.kernels.arrays[0]


def test_threads(rng, monkeypatch):
    """Gradients add up in an order that does not depend on threads."""
    monkeypatch.setattr("skhebb._transformers.blocks.BLOCK_BYTES", 2000)
    images = rng.standard_normal((23, 84))
    front = front_of(images, layers(images, SoftHebb(3)))
    _, traces = front.X.convolve(images, 1, is_traced=True)
    assert min(map(len, traces)) > 4
    weights = rng.standard_normal(front.X.shape)
    one, _ = gradients_and_loss(front, weights, n_threads=1)
    many, _ = gradients_and_loss(front, weights, n_threads=3)
    for a, b in zip(one, many, strict=True):
        assert_array_equal(a, b)
    monkeypatch.undo()
    whole, _ = gradients_and_loss(front, weights)
    for a, b in zip(one, whole, strict=True):
        assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_first_of_equal_maxima():
    """An image of one number: all patches are equal, one of each window gets errors."""
    images = np.ones((2, 84))
    front = front_of(images, [layers(np.eye(84)[:5], HebbianPCA(3))[0]])
    layer, kernels = front.X.differentiable[0], np.ones((3, 12))
    maps, trace = layer.forward(images, kernels)
    errors = layer.pooling.errors_of_winners(
        np.ones(trace.winners.shape), trace.winners, layer.source.grid.map_shape
    )
    assert errors.sum() == trace.winners.size
    assert maps.shape == (2, trace.winners[0].size)
