"""Whitening beside PCA and an eigendecomposition."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA

from skhebb import ZCAWhitening


class TestZCAWhitening:
    def test_against_pca(self, rng):
        """Whitened principal components, rotated back."""
        X = rng.standard_normal((300, 6)) @ rng.standard_normal((6, 6)) + 3
        pca = PCA(whiten=True).fit(X)
        white = ZCAWhitening(regularization=1e-12).fit_transform(X)
        assert_allclose(white, pca.transform(X) @ pca.components_, atol=1e-8)

    def test_regularization(self, rng):
        X = rng.standard_normal((200, 5)) * [3, 1, 0.1, 0.01, 0]
        zca = ZCAWhitening(regularization=0.1).fit(X)
        values, vectors = np.linalg.eigh(np.cov(X.T))
        expected = vectors @ np.diag((values + 0.1) ** -0.5) @ vectors.T
        assert_allclose(zca.whitening_, expected, atol=1e-10)
        assert_allclose(zca.inverse_transform(zca.transform(X)), X, atol=1e-10)

    def test_float32(self, rng):
        X = rng.standard_normal((200, 5)).astype(np.float32)
        zca = ZCAWhitening().fit(X)
        assert zca.transform(X).dtype == zca.whitening_.dtype == np.float32

    def test_more_features_than_samples(self, rng):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            white = ZCAWhitening().fit_transform(rng.standard_normal((5, 30)))
        assert np.isfinite(white).all()

    def test_mean_of_many_float32(self, rng):
        X = (rng.standard_normal((300_000, 2)) + 1000).astype(np.float32)
        zca = ZCAWhitening().fit(X)
        assert_allclose(zca.mean_, X.mean(axis=0, dtype=np.float64), rtol=1e-6)
        white = zca.transform(X).astype(np.float64)
        assert_allclose(white.mean(axis=0), 0, atol=1e-3)
        assert_allclose(np.cov(white.T), np.eye(2), atol=0.02)

    def test_overflow(self, rng):
        with pytest.raises(ValueError, match="covariance of X overflows"):
            ZCAWhitening().fit(1e200 * rng.standard_normal((50, 3)))

    def test_failed_fit_changes_nothing(self, rng):
        frame = pd.DataFrame(rng.standard_normal((50, 3)), columns=list("abc"))
        zca = ZCAWhitening().fit(frame)
        expected = zca.transform(frame)
        with pytest.raises(ValueError, match="overflows"):
            zca.fit(frame.rename(columns=str.upper) * 1e200)
        assert_array_equal(zca.transform(frame), expected)

    def test_back_from_a_frame(self, rng):
        frame = pd.DataFrame(rng.standard_normal((50, 3)), columns=list("abc"))
        zca = ZCAWhitening().fit(frame)
        assert_allclose(zca.inverse_transform(zca.transform(frame)), frame)
        with pytest.raises(ValueError, match="X must have 3 features"):
            zca.inverse_transform(np.ones((4, 2)))
