"""What layers of convolutional features make of one image."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skhebb._transformers.convolutional_features import ConvolutionalFeatures
from skhebb._typing import Estimator, ManyAxes
from skhebb.inspection._plotting import (
    Display,
    axes_of_layers,
    name_of_layer,
    side_by_side,
)


class FeatureMapsDisplay(Display):
    """An image, and its pooled maps layer by layer, side by side.

    All maps of a layer have one scale of grey, from their smallest to their largest
    number, so that it shows which units respond. Make it with `from_estimator`.

    Parameters
    ----------
    image : ndarray of shape (rows, columns, channels)
        What the first layer sees: grey or coloured; of other numbers of channels each
        is drawn as a map is.
    maps : list of ndarray of shape (rows, columns, n_units)
        One for each layer.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        Axes of the image and of each layer; set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.
    ims_ : list of matplotlib AxesImage
        The image and the maps of each layer.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import ConvolutionalFeatures
    >>> from skhebb.inspection import FeatureMapsDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> layer = ConvolutionalFeatures(
    ...     image_shape=(8, 8, 1), kernel_size=3, n_patches=1000, random_state=0
    ... ).fit(X)
    >>> display = FeatureMapsDisplay.from_estimator(layer, X[0])
    >>> display.maps[0].shape
    (3, 3, 100)
    """

    def __init__(self, image: np.ndarray, maps: Sequence[np.ndarray]) -> None:
        self.image = image
        self.maps = maps

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        image: ArrayLike,
        *,
        axes: ManyAxes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the maps of an image.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`~skhebb.ConvolutionalFeatures`, or a Pipeline that has
            some. Its steps after the last of these are left out.
        image : array-like of shape (n_features,)
            One sample.
        axes : array-like of matplotlib Axes, default=None
            What to draw on, one for the image and one for each layer; by default a new
            figure.
        **kwargs
            For `plot`.

        Returns
        -------
        display : FeatureMapsDisplay
        """
        cls._import_pyplot()
        check_is_fitted(estimator)
        steps = [estimator]
        if isinstance(estimator, Pipeline):
            steps = [step for _, step in estimator.steps if hasattr(step, "fit")]
        are_layers = [isinstance(step, ConvolutionalFeatures) for step in steps]
        if not any(are_layers):
            raise TypeError(
                "Give ConvolutionalFeatures or a Pipeline that has some. Got "
                f"{estimator!r:.80}."
            )
        if np.ndim(image) != 1:
            raise ValueError(
                "image must be one sample, an array of shape (n_features,). Got shape "
                f"{np.shape(image)}."
            )
        X = seen = np.asarray(image)[None]
        maps: list[np.ndarray] = []
        for step, is_layer in zip(steps, are_layers, strict=True):
            if sum(are_layers) == len(maps):
                break
            before, X = X, step.transform(X)  # raises what is wrong
            if is_layer and not maps:
                seen = step._grid.images(np.asarray(before))[0]
            if is_layer:
                maps.append(np.asarray(X).reshape(step.output_shape_))
        return cls(seen, maps).plot(axes, **kwargs)

    def plot(
        self, axes: ManyAxes | None = None, *, max_maps: int = 64, **kwargs: Any
    ) -> Self:
        """Draw the image and the maps of each layer, those of its first units.

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            What to draw on, one for the image and one for each layer; by default a new
            figure.
        max_maps : int, default=64
            How many maps of each layer to draw.
        **kwargs
            For :meth:`matplotlib.axes.Axes.imshow`.

        Returns
        -------
        self : FeatureMapsDisplay
        """
        self.figure_, self.axes_ = axes_of_layers(self, axes, 1 + len(self.maps))
        is_coloured = self.image.shape[2] == 3
        drawn = [scaled(self.image) if is_coloured else as_maps(self.image, max_maps)]
        drawn += [as_maps(maps, max_maps) for maps in self.maps]
        names = ["Image", *map(name_of_layer, range(len(self.maps)))]
        self.ims_ = []
        for ax, pixels, name in zip(self.axes_, drawn, names, strict=True):
            self.ims_.append(ax.imshow(pixels, **{"cmap": "gray", **kwargs}))
            ax.set(title=name, xticks=[], yticks=[])
        return self


def as_maps(maps, max_maps):
    """Return maps, (rows, columns, n_units), as one image with gaps of NaN."""
    first = np.moveaxis(maps[..., :max_maps], -1, 0)[..., None]
    return side_by_side(first, np.nan)[..., 0]


def scaled(image):
    """Return an image with its numbers scaled to [0, 1], as colours are."""
    low, high = float(image.min()), float(image.max())
    return (image - low) / ((high - low) or 1)
