"""Kernels, sizes and layers that tests of convolution share."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from skhebb import ConvolutionalFeatures


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


KERNEL = 3, 2
SHAPE = 9, 8, 3
SIZES = {"image_shape": SHAPE, "kernel_size": KERNEL}


def flat(images):
    return images.reshape(len(images), -1)


def digits_layer(features, **params):
    shape = {"image_shape": (8, 8, 1), "kernel_size": 3, "random_state": 0}
    return ConvolutionalFeatures(features, **{"n_patches": 2000, **shape, **params})
