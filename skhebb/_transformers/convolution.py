"""Convolution by products of patches: where patches lie, pooling, channel statistics.

Images are arrays (n_images, rows, columns, channels).
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


@dataclass(frozen=True)
class PatchGrid:
    """Where the patches of images lie.

    Attributes
    ----------
    image_shape : tuple of int
        Rows, columns and channels.
    channels_first : bool
        Whether the planes of channels follow one another in the rows of samples.
    kernel_size, stride, padding : tuple of int
        Of rows and columns.
    """

    image_shape: tuple
    channels_first: bool
    kernel_size: tuple
    stride: tuple
    padding: tuple

    @property
    def map_shape(self):
        """Rows and columns of patches of an image."""
        return n_windows(
            "kernel_size",
            self.image_shape[:2],
            self.kernel_size,
            self.stride,
            self.padding,
        )

    @property
    def patch_size(self):
        """Number of features of a patch: rows, columns, channels."""
        return math.prod(self.kernel_size) * self.image_shape[2]

    def images(self, X):
        """Return samples as images, a view if they are contiguous."""
        rows, columns, channels = self.image_shape
        if self.channels_first:
            return np.moveaxis(X.reshape(-1, channels, rows, columns), 1, -1)
        return X.reshape(-1, rows, columns, channels)

    def padded(self, n_images, dtype):
        """Return images of zeros with a margin, and a view of them without it."""
        (rows, columns, channels), (above, left) = self.image_shape, self.padding
        shape = n_images, rows + 2 * above, columns + 2 * left, channels
        images = np.zeros(shape, dtype=dtype)
        return images, images[:, above : above + rows, left : left + columns]

    def windows(self, images):
        """Return a view of all patches of padded, contiguous images.

        Its shape is (n_images, rows of patches, columns of patches, rows, columns times
        channels): what lies side by side in memory is one axis.
        """
        channels = self.image_shape[2]
        rows, columns = self.kernel_size
        lines = images.reshape(*images.shape[:2], -1)
        windows = sliding_window_view(lines, (rows, columns * channels), axis=(1, 2))
        return windows[:, :: self.stride[0], :: self.stride[1] * channels]

    def patches(self, images):
        """Return all patches of padded images, an array (n_patches, patch_size)."""
        return self.windows(images).reshape(-1, self.patch_size)


@dataclass(frozen=True)
class Pooling:
    """Reduction of windows of maps; beyond the borders there is nothing.

    Attributes
    ----------
    kind : {"max", "average", "sum"} or None
        None leaves maps as they are.
    size, stride, padding : tuple of int
        Of rows and columns.
    """

    kind: str | None
    size: tuple
    stride: tuple
    padding: tuple

    def shape(self, map_shape):
        """Rows and columns of windows."""
        if self.kind is None:
            return map_shape
        return n_windows("pool_size", map_shape, self.size, self.stride, self.padding)

    def pool(self, maps):
        """Reduce the windows of (n_images, rows, columns, channels)."""
        if self.kind is None:
            return maps
        counts = []
        for axis, n in enumerate(self.shape(maps.shape[1:3])):
            counts.append(self._counts(axis, maps.shape[1 + axis], n))
            maps = self._pool_axis(maps, axis, n)
        if self.kind == "average":
            maps /= np.multiply.outer(*counts)[:, :, None].astype(maps.dtype)
        return maps

    def _counts(self, axis, n_inputs, n_windows):
        """Return how many inputs each window has along an axis."""
        begins = np.arange(n_windows) * self.stride[axis] - self.padding[axis]
        return np.minimum(begins + self.size[axis], n_inputs) - np.maximum(begins, 0)

    def _pool_axis(self, maps, axis, n_windows):
        """Reduce rows, axis 0, or columns, axis 1, place by place in the windows."""
        combine, start = (np.maximum, -np.inf) if self.kind == "max" else (np.add, 0)
        stride, n_inputs = self.stride[axis], maps.shape[1 + axis]
        shape = list(maps.shape)
        shape[1 + axis] = n_windows
        result = np.full(shape, start, dtype=maps.dtype)
        every = (slice(None),) * (1 + axis)
        for place in range(-self.padding[axis], self.size[axis] - self.padding[axis]):
            first = max(0, -(place // stride))
            end = min(n_windows, (n_inputs - 1 - place) // stride + 1)
            if first < end:
                begin, last = first * stride + place, (end - 1) * stride + place
                inputs = maps[(*every, slice(begin, last + 1, stride))]
                part = result[(*every, slice(first, end))]
                combine(part, inputs, out=part)
        return result


def n_windows(name, sizes, window, stride, padding):
    """Return how many windows fit, by rows and columns; errors name their size."""
    outer = [n + 2 * margin for n, margin in zip(sizes, padding, strict=True)]
    if any(w > n for w, n in zip(window, outer, strict=True)):
        what = "images" if name == "kernel_size" else "maps"
        padded = f" With a padding of {times(padding)} they are {times(outer)}."
        raise ValueError(
            f"{name}={window} does not fit into {what} of {times(sizes)}."
            f"{padded if any(padding) else ''}"
        )
    return tuple(
        (n - w) // s + 1 for n, w, s in zip(outer, window, stride, strict=True)
    )


def times(sizes):
    """Sizes as text."""
    return " × ".join(map(str, sizes))  # noqa: RUF001


@dataclass(frozen=True)
class ChannelStatistics:
    """Means and variances of channels over pixels of images.

    Attributes
    ----------
    n_pixels : int
    mean, variance : float64 ndarray of shape (n_channels,)
        The latter divided by the number of pixels.
    """

    n_pixels: int
    mean: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, images):
        """Return the statistics of arrays whose last axis is channels."""
        by_channel = np.moveaxis(images, -1, 0)
        channels = np.array(by_channel, dtype=np.float64, order="C")
        channels = channels.reshape(len(by_channel), -1)
        mean = channels.mean(axis=1)
        channels -= mean[:, None]
        return cls(channels.shape[1], mean, np.mean(channels**2, axis=1))

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
        """Standardise channels in place; all by their mean variance if `by_layer`."""
        varies = self.variance > (1e-12 * self.mean) ** 2
        variance = self.variance
        if by_layer:
            variance, varies = np.full_like(variance, variance.mean()), varies.any()
        scale = np.where(varies, np.sqrt(variance), 1)
        images -= self.mean.astype(images.dtype)
        images /= scale.astype(images.dtype)
