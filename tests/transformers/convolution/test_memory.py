"""Memory of convolutional features."""

import tracemalloc

import numpy as np
import pytest

from skhebb import ConvolutionalFeatures, WinnerTakeAll


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
