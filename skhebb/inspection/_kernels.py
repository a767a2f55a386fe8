"""Weight vectors of units as images."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted

from skhebb._transformers.convolutional_features import ConvolutionalFeatures
from skhebb._transformers.patch_encoder import last_step
from skhebb._typing import Axes, Estimator
from skhebb.inspection._plotting import Display, axes_of, side_by_side


class KernelsDisplay(Display):
    """Kernels, which units look for, as images side by side.

    Each unit has a grey or coloured image, in which what is darkest or brightest is its
    largest weight by absolute value, and 0 is in the middle. Make it with
    `from_estimator`.

    Parameters
    ----------
    kernels : ndarray of shape (n_units, rows, columns, channels)
        One or three channels.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.
    im_ : matplotlib AxesImage
        All kernels.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import WinnerTakeAll
    >>> from skhebb.inspection import KernelsDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> wta = WinnerTakeAll(30, init="samples", random_state=0).fit(X)
    >>> display = KernelsDisplay.from_estimator(wta, image_shape=(8, 8))
    >>> display.kernels.shape
    (30, 8, 8, 1)
    """

    def __init__(self, kernels: np.ndarray) -> None:
        self.kernels = kernels

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        *,
        image_shape: Sequence[int] | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the weight vectors of fitted features.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`~skhebb.ConvolutionalFeatures`, or any transformer with
            `components_` or `cluster_centers_`, sparse or dense; of a Pipeline the last
            step, whose samples are what the steps before it return.
        image_shape : tuple of int, default=None
            Rows and columns, and channels if there are several, of what a unit sees;
            that of patches is known.
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        **kwargs
            For `plot`.

        Returns
        -------
        display : KernelsDisplay
        """
        cls._import_pyplot()
        check_is_fitted(estimator)
        estimator = last_step(estimator)
        if isinstance(estimator, ConvolutionalFeatures):
            grid, estimator = estimator._grid, estimator.features_
            if image_shape is None:
                image_shape = *grid.kernel_size, grid.image_shape[2]
        weights = weights_of(estimator)
        shape = check_shape(image_shape, weights.shape[1])
        return cls(weights.reshape(-1, *shape)).plot(ax, **kwargs)

    def plot(
        self, ax: Axes | None = None, *, max_kernels: int = 100, **kwargs: Any
    ) -> Self:
        """Draw the kernels, row by row.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        max_kernels : int, default=100
            How many to draw, from the first.
        **kwargs
            For :meth:`matplotlib.axes.Axes.imshow`.

        Returns
        -------
        self : KernelsDisplay
        """
        n_channels = self.kernels.shape[3]
        if n_channels not in (1, 3):
            raise ValueError(
                f"kernels must have one or three channels to be seen. Got {n_channels}."
                " Choose some: KernelsDisplay(kernels[..., [0]]).plot()."
            )
        self.figure_, self.ax_ = axes_of(self, ax)
        image = side_by_side(centred_in_grey(self.kernels[:max_kernels]), 1)
        if n_channels == 1:
            kwargs = {"cmap": "gray", "vmin": 0, "vmax": 1, **kwargs}
            image = image[:, :, 0]
        self.im_ = self.ax_.imshow(image, **kwargs)
        self.ax_.set(xticks=[], yticks=[])
        return self


def weights_of(estimator):
    """Return the weight vectors of units, dense."""
    estimator = last_step(estimator)
    for name in ("components_", "cluster_centers_"):
        if hasattr(estimator, name):
            weights = getattr(estimator, name)
            return weights.toarray() if issparse(weights) else np.asarray(weights)
    raise TypeError(
        "Give fitted features that have components_ or cluster_centers_, such as "
        f"WinnerTakeAll or ConvolutionalFeatures. Got {type(estimator).__name__}."
    )


def check_shape(shape, n_features):
    """Return rows, columns and channels; raise unless they are as many features."""
    sizes = tuple(shape) if np.ndim(shape) == 1 else ()
    are_sizes = all(isinstance(n, Integral) and n > 0 for n in sizes)
    if not are_sizes or len(sizes) not in (2, 3) or math.prod(sizes) != n_features:
        raise ValueError(
            "image_shape must be rows and columns, and channels if there are several, "
            f"whose product is the number of features of a unit, {n_features}. Got "
            f"{shape!r}."
        )
    return sizes if len(sizes) == 3 else (*sizes, 1)


def centred_in_grey(kernels):
    """Return kernels scaled to [0, 1], each by its largest weight; 0 becomes 0.5."""
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    return 0.5 + kernels / (2 * np.where(largest > 0, largest, 1))
