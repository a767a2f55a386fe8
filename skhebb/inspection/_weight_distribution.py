"""How the weights of a network are distributed."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from skhebb._typing import Estimator, ManyAxes
from skhebb.inspection._network import layers_of
from skhebb.inspection._plotting import Display, axes_of_layers, name_of_layer


class WeightDistributionDisplay(Display):
    """Weights of each layer: a histogram, and figures of each sign.

    Figure 9 and Table III of de Ranitz 2023. Make it with `from_estimator`.

    Parameters
    ----------
    weights : list of ndarray of shape (n_connections,)
        The weights of each layer.

    Attributes
    ----------
    summary : list of dict
        For each layer its number from 1, "layer"; "n_connections"; the share of
        positive weights, "share_positive"; and mean and standard deviation of the
        positive and of the negative ones, "mean_positive", "std_positive",
        "mean_negative", "std_negative", NaN where there are none. Table III of the
        thesis; ``pandas.DataFrame(display.summary)`` shows it.
    axes_ : ndarray of matplotlib Axes of shape (n_layers,)
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import WeightDistributionDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = SETClassifier(max_iter=20, random_state=0).fit(X / 16, y)
    >>> display = WeightDistributionDisplay.from_estimator(clf)
    >>> len(display.summary)
    2
    """

    def __init__(self, weights: Sequence[np.ndarray]) -> None:
        self.weights = weights
        self.summary = [
            {"layer": depth + 1, **summary(layer)}
            for depth, layer in enumerate(weights)
        ]

    @classmethod
    def from_estimator(
        cls, estimator: Estimator, *, axes: ManyAxes | None = None, **hist_kwargs: Any
    ) -> Self:
        """Draw the weights of a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted network.
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.
        **hist_kwargs
            For :meth:`matplotlib.axes.Axes.hist`.

        Returns
        -------
        display : WeightDistributionDisplay
        """
        cls._import_pyplot()
        display = cls([layer.weights.data.copy() for layer in layers_of(estimator)])
        return display.plot(axes, **hist_kwargs)

    def plot(
        self,
        axes: ManyAxes | None = None,
        *,
        label: str | None = None,
        **hist_kwargs: Any,
    ) -> Self:
        """Draw a histogram of each layer.

        Parameters
        ----------
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure. Pass the `axes_` of one display
            to another one to compare them.
        label : str, default=None
            Name in a legend.
        **hist_kwargs
            For :meth:`matplotlib.axes.Axes.hist`.

        Returns
        -------
        self : WeightDistributionDisplay
        """
        self.figure_, self.axes_ = axes_of_layers(self, axes, len(self.weights))
        options = {"bins": 60, "density": True, "histtype": "step", **hist_kwargs}
        for depth, (ax, weights) in enumerate(
            zip(self.axes_, self.weights, strict=True)
        ):
            if weights.size:
                ax.hist(weights, label=label, **options)
            ax.set(title=name_of_layer(depth), xlabel="Weight")
            if label is not None and weights.size:
                ax.legend()
        self.axes_[0].set_ylabel("Density")
        return self


def summary(weights):
    """Figures of the weights of a layer."""
    positive, negative = weights[weights > 0], weights[weights < 0]
    figures = {
        "n_connections": weights.size,
        "share_positive": positive.size / max(weights.size, 1),
    }
    for name, values in ("positive", positive), ("negative", negative):
        values = values.astype(np.float64)
        figures[f"mean_{name}"] = values.mean() if values.size else np.nan
        figures[f"std_{name}"] = values.std() if values.size else np.nan
    return figures
