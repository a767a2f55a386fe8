"""What convolutions before a network refuse, before anything is learned."""

import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    HebbianPretrainingClassifier,
    SoftHebb,
)

from .networks import classifier, convolutions


def test_of_shapes(digits):
    X, y, _ = digits
    layers = convolutions(image_shape=(8, 8, 3))
    with pytest.raises(ValueError, match=r"convolutions\[0\]: 64 features are not 8"):
        classifier("all", layers).fit(X, y)
    layers = convolutions(image_shape=None)
    match = r"convolutions\[0\]: image_shape is missing: X has 64 .*\(8, 8, 1\)"
    with pytest.raises(ValueError, match=match):
        classifier("all", layers).fit(X, y)
    layers = convolutions()
    layers[1].set_params(image_shape=(4, 4, 11))
    match = r"convolutions\[1\]: 192 features are not 4 × 4 × 11 = 176"  # noqa: RUF001
    with pytest.raises(ValueError, match=match):
        classifier("head", layers).fit(X, y)
    layers[1].set_params(image_shape=None, kernel_size=5)
    match = r"convolutions\[1\]: kernel_size=\(5, 5\) does not fit into images of 4"
    with pytest.raises(ValueError, match=match):
        classifier("head", layers).fit(X, y)


def test_of_kinds(digits):
    X, y, _ = digits
    with pytest.raises(TypeError, match=r"Sparse data was passed for X"):
        classifier("head").fit(sparse.csr_array(X), y)
    clf = classifier("all").fit(X, y)
    with pytest.raises(TypeError, match=r"Sparse data was passed for X"):
        clf.predict(sparse.csr_array(X))
    with pytest.raises(TypeError, match=r"Got PCA\(\) in convolutions\[0\]"):
        classifier("all", [PCA()]).fit(X, y)
    with pytest.raises(TypeError, match=r"Got 'SoftHebb' in convolutions\[0\]"):
        classifier("all", ["SoftHebb"]).fit(X, y)
    layers = convolutions()
    layers[0].set_params(features=SoftHebb(12, density=0.5))
    with pytest.raises(TypeError, match=r"SoftHebb with density=0\.5"):
        classifier("all", layers).fit(X, y)
    with pytest.raises(ValueError, match="'fine_tune' parameter"):
        classifier("some").fit(X, y)


def test_before_anything_is_learned(digits, monkeypatch):
    X, y, _ = digits
    monkeypatch.setattr(
        ConvolutionalFeatures, "_fit", lambda *_: pytest.fail("something learned")
    )
    layers = convolutions()
    layers[1].set_params(features=HebbianPCA(3, learning_rate_init=-1))
    for params, layers_, match in [
        ({"zeta": 2}, None, "'zeta' parameter of SETClassifier"),
        ({"class_weight": {77: 1}}, None, "class_weight"),
        ({}, convolutions(power=-1), "'power' parameter of Convol"),
        ({}, layers, "'learning_rate_init' parameter of HebbianPCA"),
    ]:
        clf = classifier("all", layers_, **params)
        with pytest.raises(ValueError, match=match):
            clf.fit(X, y)
        assert vars(clf).keys() == vars(clone(clf)).keys()


def test_of_files(digits):
    X, y, _ = digits
    clf = classifier("all", max_iter=1).fit(X, y)
    damaged = vars(clf) | {"convolutions_": clf.convolutions_[:1]}
    state = {**clf.__getstate__(), "convolutions_": damaged["convolutions_"]}
    with pytest.raises(ValueError, match="damaged: convolutions_"):
        HebbianPretrainingClassifier().__setstate__(state)
