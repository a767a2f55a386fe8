"""Where patches and windows of images lie, by parameters of a convolution, checked."""

import math
from numbers import Integral

import numpy as np

from skhebb._transformers.patch_grid import PatchGrid, times
from skhebb._transformers.pooling import Pooling


def geometry(convolution, n_features):
    """Return the PatchGrid and the Pooling for samples of so many features.

    Raises
    ------
    ValueError
        If sizes do not fit together.
    """
    sizes = {"kernel_size": convolution.kernel_size}
    if convolution.pooling is not None:
        sizes["pool_size"] = convolution.pool_size
    if convolution.image_shape is None:
        check_one_row(n_features, **sizes)
    shape = check_image_shape(convolution.image_shape, n_features)
    return geometry_of(convolution, shape)


def geometry_of(convolution, image_shape):
    """Return the PatchGrid and the Pooling for images of this shape."""
    grid = PatchGrid(
        image_shape,
        convolution.channels_first,
        check_sizes("kernel_size", convolution.kernel_size, 2),
        check_sizes("stride", convolution.stride, 2),
        check_sizes("padding", convolution.padding, 2, at_least=0),
    )
    if any(m >= n for m, n in zip(grid.padding, grid.kernel_size, strict=True)):
        raise ValueError(
            f"padding={grid.padding} must be below kernel_size={grid.kernel_size}: "
            "patches beyond the border would have nothing but zeros."
        )
    size = check_sizes("pool_size", convolution.pool_size, 2)
    stride = convolution.pool_stride
    pooling = Pooling(
        convolution.pooling,
        size,
        check_sizes("pool_stride", size if stride is None else stride, 2),
        check_sizes("pool_padding", convolution.pool_padding, 2, at_least=0),
    )
    if any(m >= n for m, n in zip(pooling.padding, pooling.size, strict=True)):
        raise ValueError(
            f"pool_padding={pooling.padding} must be below pool_size={size}: there "
            "is nothing to pool beyond the border."
        )
    pooling.shape(grid.map_shape)  # raises if no window fits
    return grid, pooling


def check_sizes(name, value, n, at_least=1):
    """Return `n` integers as a tuple, made of one number if they are two."""
    sizes = [value] * n if np.ndim(value) == 0 else [*value]
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
