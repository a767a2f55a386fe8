"""Loss and score of networks while they were trained."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhebb._typing import Axes, CurveName, Estimator
from skhebb.inspection._plotting import Display, axes_of, plot_band

CURVES = {
    "loss": "loss_curve_",
    "validation_loss": "validation_loss_curve_",
    "validation_score": "validation_scores_",
}


class TrainingCurveDisplay(Display):
    """A figure of each epoch: means over networks, with bands of one deviation.

    Figure 2 of de Ranitz 2023. Make it with `from_estimators`, or of curves of your
    own.

    Parameters
    ----------
    curves : dict of str to list of array-like of shape (n_epochs,)
        For each name in the legend the curves of one or more networks, which may have
        trained for different numbers of epochs.
    name : str, default="Loss"
        Name of what the curves show.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The means. Set by `plot`.
    ax_ : matplotlib Axes
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import HebbSETClassifier, SETClassifier
    >>> from skhebb.inspection import TrainingCurveDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> fitted = {
    ...     estimator.__name__: [
    ...         estimator(max_iter=10, random_state=seed).fit(X / 16, y)
    ...         for seed in range(3)
    ...     ]
    ...     for estimator in (SETClassifier, HebbSETClassifier)
    ... }
    >>> display = TrainingCurveDisplay.from_estimators(fitted)
    >>> list(display.lines_)
    ['SETClassifier', 'HebbSETClassifier']
    """

    def __init__(
        self,
        curves: Mapping[str, Sequence[Sequence[float] | np.ndarray]],
        *,
        name: str = "Loss",
    ) -> None:
        self.curves = curves
        self.name = name

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Estimator | Sequence[Estimator]],
        *,
        metric: CurveName = "loss",
        ax: Axes | None = None,
    ) -> Self:
        """Draw a curve of fitted networks.

        Parameters
        ----------
        estimators : dict of str to estimator or list of estimators
            Fitted networks by their name in the legend; several under one name make
            a mean and a band. scikit-learn's `MLPClassifier` and `MLPRegressor` will
            do, too, but have no "validation_loss".
        metric : {"loss", "validation_loss", "validation_score"}, default="loss"
            `loss_curve_`, or what early stopping measured, `validation_loss_curve_`
            or `validation_scores_`.
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.

        Returns
        -------
        display : TrainingCurveDisplay
        """
        if metric not in CURVES:
            raise ValueError(f"metric must be one of {sorted(CURVES)}. Got {metric!r}.")
        cls._import_pyplot()
        if not isinstance(estimators, dict):
            raise TypeError(
                "estimators must be a dict of names to fitted networks, such as "
                f"{{'SET': clf}}. Got {type(estimators).__name__}."
            )
        curves = {
            label: [curve(each, metric) for each in as_list(group)]
            for label, group in estimators.items()
        }
        return cls(curves, name=metric.replace("_", " ").capitalize()).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.

        Returns
        -------
        self : TrainingCurveDisplay
        """
        empty = [
            label
            for label, runs in self.curves.items()
            if not max(map(len, runs), default=0)
        ]
        if empty or not self.curves:
            raise ValueError(f"There is no epoch to draw of {empty or 'anything'}.")
        self.figure_, self.ax_ = axes_of(self, ax)
        self.lines_ = {}
        for label, runs in self.curves.items():
            rows = np.array(list(zip_longest(*runs, fillvalue=np.nan))).T
            epochs = np.arange(1, rows.shape[1] + 1)
            self.lines_[label] = plot_band(self.ax_, epochs, rows, label)
        self.ax_.set(xlabel="Epoch", ylabel=self.name)
        self.ax_.legend()
        return self


def curve(estimator, metric):
    """A figure of each epoch of a fitted network."""
    check_is_fitted(estimator)
    values = getattr(estimator, CURVES[metric], None)
    if values is None:
        hint = "" if metric == "loss" else " Fit it with early_stopping=True."
        raise ValueError(
            f"metric={metric!r}: {estimator} has no {CURVES[metric]}.{hint}"
        )
    return values


def as_list(estimators):
    """Return a list of estimators, also of one."""
    return estimators if isinstance(estimators, list | tuple) else [estimators]
