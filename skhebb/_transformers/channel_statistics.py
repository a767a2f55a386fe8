"""Means and variances of the channels of images, by which they are standardised."""

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

ignores_overflow = np.errstate(over="ignore", invalid="ignore")  # which is an error


@dataclass(frozen=True)
class ChannelStatistics:
    """Means and variances of channels over pixels of images.

    Attributes
    ----------
    n_pixels : int
    mean, variance : float64 ndarray of shape (n_channels,)
        The latter divided by the number of pixels.

    Raises
    ------
    ValueError
        If a variance is not finite.
    """

    n_pixels: int
    mean: np.ndarray
    variance: np.ndarray

    def __post_init__(self):
        is_finite = np.isfinite(self.variance)
        if not is_finite.all():
            raise ValueError(
                f"The variance of {np.count_nonzero(~is_finite)} of {len(is_finite)} "
                "channels is not finite, so that they cannot be standardised: X is too "
                "large, or features returned NaN or infinity."
            )

    @classmethod
    @ignores_overflow
    def of(cls, images):
        """Return the statistics of arrays whose last axis is channels."""
        by_channel = np.moveaxis(images, -1, 0)
        channels = np.array(by_channel, dtype=np.float64, order="C")
        channels = channels.reshape(len(by_channel), -1)
        mean = channels.mean(axis=1)
        channels -= mean[:, None]
        return cls(channels.shape[1], mean, np.mean(channels**2, axis=1))

    @ignores_overflow
    def merge(self, other):
        """Return the statistics of both (Chan, Golub & LeVeque 1983)."""
        n_pixels = self.n_pixels + other.n_pixels
        share = other.n_pixels / n_pixels
        distance = other.mean - self.mean
        between = share * (1 - share) * distance**2
        variance = self.variance + share * (other.variance - self.variance) + between
        return replace(
            self,
            n_pixels=n_pixels,
            mean=self.mean + share * distance,
            variance=variance,
        )

    def standardize(self, images, by_layer=False):
        """Standardise channels of images in place.

        Parameters
        ----------
        images : ndarray of shape (..., n_channels)
        by_layer : bool
            Whether all are divided by the root of their mean variance.
        """
        images -= self.mean.astype(images.dtype)
        images /= self.scale(by_layer).astype(images.dtype)

    def scale(self, by_layer=False):
        """Return what channels are divided by, 1 where they are constant."""
        varies = self.variance > (1e-12 * self.mean) ** 2
        variance = self.variance
        if by_layer:
            variance, varies = np.full_like(variance, variance.mean()), varies.any()
        return np.where(varies, np.sqrt(variance), 1)


def merged(statistics):
    """Return the statistics of all blocks, None if there are none."""
    statistics = [each for each in statistics if each is not None]
    return reduce(ChannelStatistics.merge, statistics) if statistics else None
