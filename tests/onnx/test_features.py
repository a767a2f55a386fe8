"""ONNX Runtime computes the features that transformers compute."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import skhebb
from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    HebbianPretrainingClassifier,
    SETClassifier,
    SoftHebb,
    WinnerTakeAll,
    ZCAWhitening,
)

from .models import convert, outputs_of

FEATURES = [
    ZCAWhitening(),
    *(
        cls(10, activation=activation, random_state=0)
        for cls in (HebbianPCA, WinnerTakeAll, SoftHebb)
        for activation in ("identity", "relu")
    ),
    *(
        cls(10, activation="triangle", power=power, random_state=0)
        for cls in (WinnerTakeAll, SoftHebb)
        for power in (1, 0.7)
    ),
    HebbianPCA(10, density=0.3, random_state=0),
    SoftHebb(10, density=0.3, random_state=0),
]


def test_all_are_here():
    public = [getattr(skhebb, name) for name in skhebb.__all__ if name[0].isupper()]
    transformers = {cls for cls in public if hasattr(cls, "transform")}
    assert transformers == {type(each) for each in FEATURES} | {ConvolutionalFeatures}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("transformer", FEATURES, ids=str)
def test_features(transformer, dtype, rng):
    X = (3 + rng.standard_normal((50, 12))).astype(dtype)
    transformer.fit(X)
    (found,) = outputs_of(transformer, X)
    assert found.dtype == dtype
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    expected = transformer.transform(X)
    assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())


def test_receptive_fields_are_sparse(rng):
    X = rng.standard_normal((50, 2000)).astype(np.float32)
    pca = HebbianPCA(1000, density=0.05, max_iter=1, random_state=0).fit(X)
    assert len(convert(pca, X)) < 9 * pca.components_.nnz


def test_convolution_is_refused(rng):
    X = rng.standard_normal((40, 64))
    layer = ConvolutionalFeatures(
        SoftHebb(5), image_shape=(8, 8, 1), kernel_size=3, random_state=0
    )
    with pytest.raises(NotImplementedError, match="ConvolutionalFeatures cannot be"):
        convert(layer.fit(X), X)
    network = SETClassifier((10,), max_iter=2, random_state=0)
    clf = HebbianPretrainingClassifier(network, convolutions=[layer], random_state=0)
    clf.fit(X, np.arange(40) % 2)
    with pytest.raises(TypeError, match="Convolutions cannot be exported"):
        convert(clf, X)
