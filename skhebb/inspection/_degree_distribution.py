"""How many connections neurons have."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from skhebb._typing import Estimator, ManyAxes
from skhebb.inspection._network import layers_of
from skhebb.inspection._plotting import Display, axes_of_layers


class DegreeDistributionDisplay(Display):
    """Share of the neurons of each layer that have at least so many connections.

    On logarithmic axes a straight line is a power law, which the degrees of networks
    trained by SET are said to approach (Mocanu et al. 2018). Make it with
    `from_estimator`.

    Parameters
    ----------
    in_degrees : list of ndarray of shape (n_neurons,)
        Numbers of connections from the layer before, of the neurons of each layer:
        inputs, which have none (an array of zeros), hidden layers, and outputs.
    out_degrees : list of ndarray of shape (n_neurons,)
        Numbers of connections to the next layer; outputs have none.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_layers,)
        One for each layer of neurons. Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import DegreeDistributionDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = SETClassifier(max_iter=20, random_state=0).fit(X / 16, y)
    >>> display = DegreeDistributionDisplay.from_estimator(clf)
    >>> int(display.out_degrees[0].sum()) == clf.coefs_[0].nnz
    True
    """

    def __init__(
        self, in_degrees: Sequence[np.ndarray], out_degrees: Sequence[np.ndarray]
    ) -> None:
        self.in_degrees = in_degrees
        self.out_degrees = out_degrees

    @classmethod
    def from_estimator(
        cls, estimator: Estimator, *, axes: ManyAxes | None = None
    ) -> Self:
        """Draw the degrees of a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted network.
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            One for each layer of neurons; by default a new figure.

        Returns
        -------
        display : DegreeDistributionDisplay
        """
        cls._import_pyplot()
        coefs = [layer.weights for layer in layers_of(estimator)]
        inward = [np.bincount(each.indices, minlength=each.shape[1]) for each in coefs]
        outward = [np.diff(each.indptr) for each in coefs]
        in_degrees = [np.zeros(coefs[0].shape[0], dtype=int), *inward]
        out_degrees = [*outward, np.zeros(coefs[-1].shape[1], dtype=int)]
        return cls(in_degrees, out_degrees).plot(axes)

    def plot(self, axes: ManyAxes | None = None) -> Self:
        """Draw the complementary cumulative distributions.

        Parameters
        ----------
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            One for each layer of neurons; by default a new figure.

        Returns
        -------
        self : DegreeDistributionDisplay
        """
        n_layers = len(self.in_degrees)
        self.figure_, self.axes_ = axes_of_layers(self, axes, n_layers)
        names = ["Inputs", *(f"Hidden {n}" for n in range(1, n_layers - 1)), "Outputs"]
        for depth, (ax, name) in enumerate(zip(self.axes_, names, strict=True)):
            if depth > 0:
                plot_degrees(ax, self.in_degrees[depth], "in")
            if depth < n_layers - 1:
                plot_degrees(ax, self.out_degrees[depth], "out")
            ax.set(title=name, xlabel="Connections", xscale="log", yscale="log")
            ax.minorticks_off()
            ax.legend()
        self.axes_[0].set_ylabel("Share of neurons with as many or more")
        return self


def plot_degrees(ax, degrees, label):
    """Draw P(degree >= k); neurons without connections have no place in it."""
    values, counts = np.unique(degrees, return_counts=True)
    shares = counts[::-1].cumsum()[::-1] / len(degrees)
    ax.plot(values[values > 0], shares[values > 0], ".", label=label)
