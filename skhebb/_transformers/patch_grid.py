"""Where the patches of images lie: sizes, checked, and what follows from them.

Images are arrays (n_images, rows, columns, channels).
"""

import math
from dataclasses import dataclass
from numbers import Integral

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


def check_sizes(name, value, n, at_least=1):
    """Return `n` integers as a tuple, made of one number if they are two."""
    sizes = [value] * n if n == 2 and isinstance(value, Integral) else [*value]
    are_integers = all(
        isinstance(size, Integral) and not isinstance(size, bool) for size in sizes
    )
    if len(sizes) != n or not are_integers or min(sizes) < at_least:
        alone = "an integer or two" if n == 2 else "three integers"
        raise ValueError(
            f"The {name!r} parameter must be {alone} of at least {at_least}. Got "
            f"{value!r}."
        )
    return tuple(map(int, sizes))


def check_image_shape(image_shape, n_features):
    """Return rows, columns and channels; None is one row of one channel."""
    shape = (1, n_features, 1) if image_shape is None else image_shape
    shape = check_sizes("image_shape", shape, 3)
    if math.prod(shape) != n_features:
        n_pixels = math.prod(shape[:2])
        hint = ""
        if n_features % n_pixels == 0:
            hint = f" They are {times((*shape[:2], n_features // n_pixels))}."
        raise ValueError(
            f"{n_features} features are not {times(shape)} = {math.prod(shape)}, "
            f"the rows, columns and channels of image_shape={shape}.{hint}"
        )
    return shape


def check_one_row(n_features, **sizes):
    """Raise unless windows of these sizes have one row, as images without a shape do.

    Parameters
    ----------
    n_features : int
    **sizes : int or array-like of int
        Of windows, by name of the parameter.
    """
    for name, size in sizes.items():
        rows, _ = check_sizes(name, size, 2)
        if rows == 1:
            continue
        squares = (n_features / n_channels for n_channels in (1, 3))
        sides = [math.isqrt(int(square)) for square in squares if square.is_integer()]
        shapes = [(n, n, n_features // n**2) for n in sides if n_features % n**2 == 0]
        example = f", such as {shapes[0]}" if shapes else ""
        raise ValueError(
            f"image_shape is missing: X has {n_features} features, which without it "
            f"are one row of one channel, but {name}={size} has {rows} rows. Set "
            f"image_shape to rows, columns and channels of the images{example}."
        )
