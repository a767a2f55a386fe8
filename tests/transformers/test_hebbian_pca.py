"""Hebbian PCA beside its formulas and scikit-learn's PCA."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.linalg import subspace_angles
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skhebb import HebbianPCA

from .features import dense, expected_step


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_scale_of_large_samples(digits, density, activation):
    """Components do not depend on it, and as many units live as with small ones."""
    pca = HebbianPCA(activation=activation, density=density, random_state=0)
    small, raw, bytes_, huge = (
        clone(pca).fit(scale * digits) for scale in (1, 16, 255, 1e9)
    )
    for other in bytes_, huge:
        assert_allclose(dense(other.components_), dense(raw.components_), rtol=1e-6)
    alive = [
        np.any(each.transform(digits) != 0, axis=0).mean() for each in (small, raw)
    ]
    assert min(alive) > 0.9
    assert np.abs(dense(raw.components_)).max() < 1


def test_step_of_large_samples(digits):
    """The rule as published, with the rate of samples of a mean squared norm of 500."""
    X = 16 * digits[:40]
    pca = HebbianPCA(5, learning_rate_init=0.002, batch_size=40, random_state=0)
    before = clone(pca).set_params(learning_rate_init=1e-300).partial_fit(X).components_
    excess = (X**2).sum(axis=1).mean() / 500
    assert excess > 5
    expected = before + expected_step(pca, before, X) / excess
    assert_allclose(pca.partial_fit(X).components_, expected, atol=1e-12)


def residuals(pca, X):
    """What is left of the samples after each unit, one after the other."""
    weights, left = dense(pca.components_), X.copy()
    outputs = X @ weights.T
    if pca.activation == "relu":
        outputs = np.maximum(outputs, 0)
    for y, w in zip(outputs.T, weights, strict=True):
        yield left.copy()
        left -= np.outer(y, w)
    yield left


@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize("train", ["fit", "partial_fit"])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_explained_variance(digits, density, activation, train, container, dtype):
    """The squares that each unit takes of what those before it leave."""
    X = digits[:300].astype(dtype)
    pca = HebbianPCA(6, activation=activation, density=density, learning_rate_init=0.02)
    getattr(pca, train)(container(X))
    squares = [np.square(left).sum() for left in residuals(pca, X.astype(float))]
    taken, tolerance = -np.diff(squares), 1e-4 if dtype == np.float32 else 1e-9
    assert pca.explained_variance_.dtype == dtype
    assert_allclose(pca.explained_variance_, taken / 299, rtol=tolerance, atol=1e-5)
    ratio = pca.explained_variance_ratio_
    assert_allclose(ratio, taken / squares[0], rtol=tolerance, atol=1e-6)
    assert 0 < ratio.sum() < 1
    left = X - pca.inverse_transform(pca.transform(container(X)))
    assert left.dtype == dtype
    assert_allclose(1 - np.square(left).sum() / squares[0], ratio.sum(), rtol=1e-4)


def test_inverse_transform(digits, density):
    pca = HebbianPCA(5, density=density).fit(digits)
    features = pca.transform(digits)
    expected = features @ dense(pca.components_)
    assert_allclose(pca.inverse_transform(features), expected)
    assert_allclose(pca.inverse_transform(features.tolist()), expected)
    with pytest.raises(ValueError, match=r"must have 5 features\. Got 64"):
        pca.inverse_transform(digits)
    with pytest.raises(ValueError, match="X contains NaN"):
        pca.inverse_transform(np.full((2, 5), np.nan))
    with pytest.raises(NotFittedError):
        HebbianPCA().inverse_transform(features)


def test_recovers_principal_components():
    """Eigenvalues well apart; the 5° that are asked for are 2.2° at most here."""
    rng = np.random.default_rng(0)
    values = np.r_[8, 4, 2, 1, np.full(26, 0.05)]
    axes, _ = np.linalg.qr(rng.standard_normal((30, 30)))
    X = rng.standard_normal((4000, 30)) * np.sqrt(values) @ axes.T
    X -= X.mean(axis=0)
    params = {"learning_rate_init": 0.05, "max_iter": 20, "random_state": 0}
    fitted = HebbianPCA(4, activation="identity", **params).fit(X)
    expected = PCA(4).fit(X).components_
    angles = subspace_angles(fitted.components_.T, expected.T)
    assert np.degrees(angles).max() < 5
    cosines = np.sum(fitted.components_ * expected, axis=1)
    assert (
        np.degrees(np.arccos(np.minimum(np.abs(cosines), 1))).max() < 5
    )  # each of them, in order
    assert_allclose(np.linalg.norm(fitted.components_, axis=1), 1, atol=0.02)
    expected = PCA(4).fit(X)
    for name in "explained_variance_", "explained_variance_ratio_":
        assert_allclose(getattr(fitted, name), getattr(expected, name), rtol=0.02)
    reconstructed = expected.inverse_transform(expected.transform(X))
    error = np.square(fitted.inverse_transform(fitted.transform(X)) - X).sum()
    assert_allclose(error, np.square(reconstructed - X).sum(), rtol=0.02)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_principal_components_where_squares_of_samples_overflow(
    digits, density, dtype, activation, container
):
    X = digits.astype(dtype)
    pca = HebbianPCA(5, activation=activation, density=density, random_state=0)
    scale = 1e25 if dtype == np.float32 else 1e200
    raw, huge = (
        clone(pca).fit(container(X * dtype(factor))) for factor in (255, scale)
    )
    rtol = 1e-3 if dtype == np.float32 else 1e-8
    assert_allclose(dense(huge.components_), dense(raw.components_), rtol, 1e-6)
    ratio = huge.explained_variance_ratio_
    assert ratio.dtype == huge.explained_variance_.dtype == dtype
    assert_allclose(ratio, raw.explained_variance_ratio_, rtol, 1e-6)
    with np.errstate(over="ignore"):
        factor = dtype(scale / 255)  # a unit may explain nothing, of infinity
        variance = raw.explained_variance_ * factor * factor
    assert_allclose(huge.explained_variance_, variance, rtol)


def test_initial_weights_of_a_unit_go_by_what_it_sees(digits):
    fields = np.zeros((2, 64))
    fields[0], fields[1, :4] = 1, 1
    for seed in range(20):
        pca = HebbianPCA(2, learning_rate_init=1e-300, random_state=seed)
        weights = pca.fit(digits, receptive_fields=fields).components_.toarray()
        assert 1 / 16 < np.abs(weights[0]).max() <= 1 / 8
        assert np.abs(weights[1]).max() <= 1 / 2
    assert np.abs(weights[1]).max() > 1 / 8
