"""Memory of convolutional features."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skhebb import ConvolutionalFeatures, WinnerTakeAll
from skhebb._transformers.convolved_images import ConvolvedImages


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


def test_maps_between_convolutions(rng, monkeypatch):
    """Those of few images at a time: of all of them they would be 28 MB."""
    monkeypatch.setattr("skhebb._transformers.convolved_images.MAPS_BYTES", 10**6)
    X = rng.integers(256, size=(60, 4096), dtype=np.uint8)
    units = WinnerTakeAll(30, max_iter=1)
    first = ConvolutionalFeatures(
        units, image_shape=(64, 64, 1), kernel_size=3, pooling=None, n_patches=200
    )
    second = ConvolutionalFeatures(
        WinnerTakeAll(4, max_iter=1),
        image_shape=(62, 62, 30),
        kernel_size=5,
        stride=4,
        pool_size=15,
        n_patches=200,
    )
    expected = second.fit_transform(first.fit_transform(X))
    images = ConvolvedImages(X, [first, second])
    tracemalloc.start()
    try:
        maps = images[:]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert_allclose(maps, expected, rtol=1e-5)
    assert peak < 10e6
