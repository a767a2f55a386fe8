"""A convolution through which errors go back: activations, and their derivatives."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skhebb._transformers.channel_statistics import ChannelStatistics
from skhebb._transformers.feature_activations import rectify, slopes
from skhebb._transformers.patch_source import PatchSource
from skhebb._transformers.pooling import Pooling


class Trace(NamedTuple):
    """Record of `DifferentiableConvolution.forward` that `backward` goes by.

    Attributes
    ----------
    X : ndarray of shape (n_images, n_features)
        The inputs.
    slopes : ndarray or None
        Derivatives of the activation function; with maxima at these only.
    winners : ndarray or None
        Places of the maxima.
    """

    X: np.ndarray
    slopes: np.ndarray | None
    winners: np.ndarray | None


@dataclass(frozen=True)
class DifferentiableConvolution:
    """Products of patches with kernels, activation, pooling, standardisation.

    Kernels are passed to each call. Statistics stay what they are, and so count as
    constants for the derivatives.

    Attributes
    ----------
    source : PatchSource
    activation : {"identity", "relu", "triangle"}
    power : float
        Of positive numbers; 1 unless the activation is "triangle".
    pooling : Pooling
    statistics : ChannelStatistics or None
        By which pooled maps are standardised.
    by_layer : bool
        Whether all channels are divided by the same number.
    """

    source: PatchSource
    activation: str
    power: float
    pooling: Pooling
    statistics: ChannelStatistics | None
    by_layer: bool

    def bytes_of_image(self, n_kernels):
        """Return what patches and maps of an image take at a time."""
        rows, columns = self.source.grid.map_shape
        n_numbers = rows * columns * (2 * self.source.grid.patch_size + 2 * n_kernels)
        return n_numbers * self.source.dtype.itemsize

    @property
    def pools_first(self):
        """Whether maxima are taken before the activation, which then has less to do."""
        return self.pooling.kind == "max"

    def forward(self, X, kernels, is_traced=True):
        """Return what becomes of images, and what errors go back by.

        Parameters
        ----------
        X : ndarray of shape (n_images, n_features)
        kernels : ndarray of shape (n_kernels, patch_size)
        is_traced : bool
            Whether errors will go back.

        Returns
        -------
        maps : ndarray of shape (n_images, n_features_out)
        trace : Trace or None
            None unless `is_traced`.
        """
        products = self.source.patches(X) @ kernels.T
        if self.activation == "triangle":
            products -= products.mean(axis=1, keepdims=True)
        maps = products.reshape(len(X), *self.source.grid.map_shape, -1)
        winners = None
        if self.pools_first and is_traced:
            maps, winners = self.pooling.pool_with_winners(maps)
        elif self.pools_first:
            maps = self.pooling.pool(maps)
        trace = None
        if is_traced:
            trace = Trace(X, slopes(maps, self.activation, self.power), winners)
        if self.activation != "identity":
            maps = rectify(maps, self.power)
        if not self.pools_first:
            maps = self.pooling.pool(maps)
        if self.statistics is not None:
            self.statistics.standardize(maps, self.by_layer)
        return maps.reshape(len(X), -1), trace

    def backward(self, trace, kernels, errors, wants_input_errors):
        """Return dJ/dkernels, summed over images, and dJ/dX if that is wanted.

        Parameters
        ----------
        trace : Trace
        kernels : ndarray of shape (n_kernels, patch_size)
        errors : ndarray of shape (n_images, n_features_out)
            dJ/dmaps, of the maps that `forward` returned.
        wants_input_errors : bool

        Returns
        -------
        gradient : ndarray of shape (n_kernels, patch_size)
        errors : ndarray of shape (n_images, n_features) or None
        """
        source, map_shape = self.source, self.source.grid.map_shape
        shape = len(errors), *self.pooling.shape(map_shape), len(kernels)
        errors = errors.reshape(shape)
        if self.statistics is not None:
            errors = errors / self.statistics.scale(self.by_layer).astype(errors.dtype)
        if self.pools_first:
            errors = with_slopes(errors, trace.slopes)
            errors = self.pooling.errors_of_winners(errors, trace.winners, map_shape)
        else:
            errors = self.pooling.errors_of_sums(errors, map_shape)
            errors = with_slopes(errors, trace.slopes)
        errors = errors.reshape(-1, len(kernels))
        if self.activation == "triangle":
            errors = errors - errors.mean(axis=1, keepdims=True)
        gradient = errors.T @ source.patches(trace.X)
        if not wants_input_errors:
            return gradient, None
        return gradient, source.add_up(errors @ kernels, trace.X.shape)


def with_slopes(errors, slopes):
    """Return errors times slopes, which are None where they are 1."""
    return errors if slopes is None else errors * slopes
