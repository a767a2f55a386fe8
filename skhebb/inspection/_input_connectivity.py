"""How many connections each input has."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np

from skhebb._typing import Axes, Estimator
from skhebb.inspection._network import layers_of
from skhebb.inspection._plotting import Display, axes_of, with_defaults


class InputConnectivityDisplay(Display):
    """Number of connections of each input neuron.

    Figure 5 of de Ranitz 2023. Make it with `from_estimator`.

    Parameters
    ----------
    n_connections : ndarray of shape (n_features,)
        Connections from each input to the first hidden layer.
    image_shape : tuple of int, default=None
        Height and width, where the inputs are the pixels of an image, row by row.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.
    im_ : matplotlib AxesImage or None
        The image, if there is one.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import InputConnectivityDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = SETClassifier(max_iter=20, random_state=0).fit(X / 16, y)
    >>> display = InputConnectivityDisplay.from_estimator(clf, image_shape=(8, 8))
    >>> int(display.n_connections.sum()) == clf.coefs_[0].nnz
    True
    """

    def __init__(
        self, n_connections: np.ndarray, *, image_shape: Sequence[int] | None = None
    ) -> None:
        self.n_connections = n_connections
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        *,
        image_shape: Sequence[int] | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the connections per input of a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted network.
        image_shape : tuple of int, default=None
            Height and width, where the inputs are the pixels of an image, row by row.
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        **kwargs
            For `plot`.

        Returns
        -------
        display : InputConnectivityDisplay
        """
        cls._import_pyplot()
        n_connections = np.diff(layers_of(estimator)[0].weights.indptr)
        return cls(n_connections, image_shape=image_shape).plot(ax, **kwargs)

    def plot(
        self, ax: Axes | None = None, *, colorbar: bool = True, **kwargs: Any
    ) -> Self:
        """Draw an image, or one point for each input.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        colorbar : bool, default=True
            Whether an image gets one.
        **kwargs
            For :meth:`matplotlib.axes.Axes.imshow` or
            :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        self : InputConnectivityDisplay
        """
        check_image_shape(self.image_shape, len(self.n_connections))
        self.figure_, self.ax_ = axes_of(self, ax)
        self.im_ = None
        if self.image_shape is None:
            from matplotlib.lines import Line2D

            options = with_defaults(kwargs, Line2D, marker=".", linestyle="none")
            self.ax_.plot(self.n_connections, **options)
            self.ax_.set(xlabel="Input", ylabel="Connections")
            return self
        image = np.reshape(self.n_connections, self.image_shape)
        self.im_ = self.ax_.imshow(image, **kwargs)
        self.ax_.set(xticks=[], yticks=[])
        if colorbar:
            self.figure_.colorbar(self.im_, ax=self.ax_, label="Connections")
        return self


def check_image_shape(shape, n_inputs):
    """Raise unless `shape` is None or that of an image of so many pixels."""
    if shape is None:
        return
    is_pair = isinstance(shape, tuple | list) and len(shape) == 2
    are_sizes = is_pair and all(isinstance(n, Integral) and n > 0 for n in shape)
    if not are_sizes or math.prod(shape) != n_inputs:
        raise ValueError(
            "image_shape must be a height and a width, two integers whose product is "
            f"the number of inputs, {n_inputs}. Got {shape!r}."
        )
