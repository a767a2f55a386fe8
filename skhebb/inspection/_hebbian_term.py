"""The Hebbian term beside the gradient."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skhebb._typing import Estimator, ManyAxes, MatrixLike
from skhebb.inspection._plotting import (
    Display,
    axes_of_layers,
    name_of_layer,
)
from skhebb.inspection._update_terms import update_terms

MAX_POINTS = 5000  # of a layer, since a figure shows no more


class HebbianTermDisplay(Display):
    """Hebbian term against gradient-descent term of the update of each weight.

    Figure 4 of de Ranitz 2023. Make it with `from_estimator`.

    Parameters
    ----------
    gradient : list of ndarray of shape (n_connections,)
        The step of the optimiser in each layer, see `update_terms`.
    hebbian : list of ndarray of shape (n_connections,)
        The Hebbian term in each layer, likewise.

    Attributes
    ----------
    slopes : ndarray of shape (n_layers,)
        Slopes of the lines of best fit of `hebbian` to `gradient`, NaN where all
        gradients are equal.
    correlations : ndarray of shape (n_layers,)
        Correlations of `hebbian` with `gradient`, NaN where one does not vary.
    axes_ : ndarray of matplotlib Axes of shape (n_layers,)
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import HebbSETClassifier
    >>> from skhebb.inspection import HebbianTermDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = HebbSETClassifier(max_iter=20, random_state=0).fit(X / 16, y)
    >>> display = HebbianTermDisplay.from_estimator(clf, X[:200] / 16, y[:200])
    >>> display.correlations.shape
    (2,)
    """

    def __init__(
        self, gradient: Sequence[np.ndarray], hebbian: Sequence[np.ndarray]
    ) -> None:
        self.gradient = gradient
        self.hebbian = hebbian
        fits = [fit(*pair) for pair in zip(gradient, hebbian, strict=True)]
        self.slopes, self.correlations = np.array(fits).T

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: MatrixLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        axes: ManyAxes | None = None,
        **scatter_kwargs: Any,
    ) -> Self:
        """Draw the terms of an update of a fitted network, see `update_terms`.

        Parameters
        ----------
        estimator : estimator
            A fitted network. A callback gets that of each epoch as
            `fitted_estimator`.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples of a mini-batch.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.
        **scatter_kwargs
            For :meth:`matplotlib.axes.Axes.scatter`.

        Returns
        -------
        display : HebbianTermDisplay
        """
        cls._import_pyplot()
        terms = update_terms(estimator, X, y, sample_weight)
        return cls(*terms).plot(axes, **scatter_kwargs)

    def plot(self, axes: ManyAxes | None = None, **scatter_kwargs: Any) -> Self:
        """Draw a point for each connection, and the line of best fit.

        In layers with more than 5000 connections so many are drawn, evenly spaced.

        Parameters
        ----------
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.
        **scatter_kwargs
            For :meth:`matplotlib.axes.Axes.scatter`.

        Returns
        -------
        self : HebbianTermDisplay
        """
        self.figure_, self.axes_ = axes_of_layers(self, axes, len(self.gradient))
        color = {} if "c" in scatter_kwargs else {"facecolor": "C1"}
        options = {"s": 2, "linewidths": 0, **color, **scatter_kwargs}
        for depth, ax in enumerate(self.axes_):
            gradient, hebbian = self.gradient[depth], self.hebbian[depth]
            some = slice(None, None, 1 + len(gradient) // (MAX_POINTS + 1))
            ax.scatter(gradient[some], hebbian[some], **options)
            if np.isfinite(self.slopes[depth]):
                center = gradient.mean(), hebbian.mean()
                ax.axline(center, slope=self.slopes[depth], color="C0")
            ax.set(title=name_of_layer(depth), xlabel="Gradient term")
            ax.ticklabel_format(style="sci", scilimits=(0, 0))
        self.axes_[0].set_ylabel("Hebbian term")
        return self


def fit(gradient, hebbian):
    """Slope of the line of best fit, and correlation."""
    if not len(gradient):
        return np.nan, np.nan
    gradient, hebbian = gradient - gradient.mean(), hebbian - hebbian.mean()
    variance, covariance = gradient @ gradient, gradient @ hebbian
    product = variance * (hebbian @ hebbian)
    slope = covariance / variance if variance > 0 else np.nan
    return slope, covariance / np.sqrt(product) if product > 0 else np.nan
