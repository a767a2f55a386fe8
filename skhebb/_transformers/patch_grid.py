"""Where the patches of images lie, and what follows from that.

Images are arrays (n_images, rows, columns, channels).
"""

import math
from dataclasses import dataclass

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
        """Numbers of rows and columns of patches of an image."""
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

    def add_up(self, patches, images):
        """Add patches to the images, with their margins, that they were taken from.

        What lies in several patches gets a sum: the transpose of taking patches.

        Parameters
        ----------
        patches : ndarray of shape (n_patches, patch_size)
        images : ndarray of shape (n_images, padded rows, padded columns, channels)
            Changed in place.
        """
        (rows, columns), channels = self.map_shape, self.image_shape[2]
        shape = len(images), rows, columns, *self.kernel_size, channels
        patches = patches.reshape(shape)
        down, right = self.stride
        for row, column in np.ndindex(*self.kernel_size):
            ends = row + down * (rows - 1) + 1, column + right * (columns - 1) + 1
            part = images[:, row : ends[0] : down, column : ends[1] : right]
            part += patches[:, :, :, row, column]


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
    """Return sizes as text, such as 32 × 32."""
    return " × ".join(map(str, sizes))  # noqa: RUF001
