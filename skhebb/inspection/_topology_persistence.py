"""How long connections live."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from skhebb._typing import ManyAxes, PersistenceKind
from skhebb.inspection._plotting import (
    Display,
    axes_of_layers,
    name_of_layer,
    plot_band,
)
from skhebb.inspection._topology_monitor import TopologyHistory, TopologyMonitor

KINDS = {
    "persistence": "Share still present",
    "final": "Share present in the final network",
}


class TopologyPersistenceDisplay(Display):
    """Share of connections that stay, layer by layer.

    Figures 6 and 7 of de Ranitz 2023. Make it with `from_monitor` or `from_histories`.

    Parameters
    ----------
    epochs : array-like of shape (n_epochs,)
        Where the shares were taken.
    shares : dict of str to ndarray of shape (n_networks, n_epochs, n_layers)
        For each name in the legend the shares of one or more networks, NaN where a
        network has none at an epoch.
    kind : {"persistence", "final"}, default="persistence"
        What the shares are, see `from_histories`.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_layers,)
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import TopologyMonitor, TopologyPersistenceDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> monitor = TopologyMonitor(every=5)
    >>> clf = SETClassifier(random_state=0, max_iter=25).set_callbacks(monitor)
    >>> clf = clf.fit(X / 16, y)
    >>> display = TopologyPersistenceDisplay.from_monitor(monitor)
    >>> display.epochs
    [5, 10, 15, 20, 25]
    """

    def __init__(
        self,
        epochs: ArrayLike,
        shares: Mapping[str, np.ndarray],
        *,
        kind: PersistenceKind = "persistence",
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {sorted(KINDS)}. Got {kind!r}.")
        self.epochs = epochs
        self.shares = shares
        self.kind = kind

    @classmethod
    def from_monitor(
        cls,
        monitor: TopologyMonitor,
        *,
        kind: PersistenceKind = "persistence",
        step: int = 1,
        label: str = "Network",
        axes: ManyAxes | None = None,
    ) -> Self:
        """Draw the mean over all fits that a monitor saw.

        Parameters
        ----------
        monitor : TopologyMonitor
            After the fits.
        kind : {"persistence", "final"}, default="persistence"
            See `from_histories`.
        step : int, default=1
            See `from_histories`.
        label : str, default="Network"
            Name in the legend.
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.

        Returns
        -------
        display : TopologyPersistenceDisplay
        """
        histories = {label: monitor.histories}
        return cls.from_histories(histories, kind=kind, step=step, axes=axes)

    @classmethod
    def from_histories(
        cls,
        histories: Mapping[str, Sequence[TopologyHistory]],
        *,
        kind: PersistenceKind = "persistence",
        step: int = 1,
        axes: ManyAxes | None = None,
    ) -> Self:
        """Draw what happened to the connections of networks.

        Parameters
        ----------
        histories : dict of str to list of TopologyHistory
            By their name in the legend; several under one name make a mean and a band
            of one deviation, over those that have a record of an epoch.
        kind : {"persistence", "final"}, default="persistence"
            "persistence": of the connections `step` records ago, the share that is
            still present (Fig. 6). "final": of the connections of each record, the
            share that is present in the last one (Fig. 7).
        step : int, default=1
            Number of records that connections have to persist for.
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.

        Returns
        -------
        display : TopologyPersistenceDisplay
        """
        cls._import_pyplot()
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {sorted(KINDS)}. Got {kind!r}.")
        groups = {
            label: [shares_of(history, kind, step) for history in group]
            for label, group in histories.items()
        }
        if not groups or not all(groups.values()):
            raise ValueError("histories lacks networks. Fit them with TopologyMonitor.")
        every = [shares for group in groups.values() for shares in group]
        epochs = sorted(set().union(*every))
        if len({len(layers) for shares in every for layers in shares.values()}) > 1:
            raise ValueError("The networks must have the same number of layers.")
        shares = {label: aligned(group, epochs) for label, group in groups.items()}
        return cls(epochs, shares, kind=kind).plot(axes)

    def plot(self, axes: ManyAxes | None = None) -> Self:
        """Draw the shares of each layer over epochs.

        Parameters
        ----------
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.

        Returns
        -------
        self : TopologyPersistenceDisplay
        """
        n_layers = next(iter(self.shares.values())).shape[-1]
        self.figure_, self.axes_ = axes_of_layers(self, axes, n_layers)
        for depth, ax in enumerate(self.axes_):
            for label, shares in self.shares.items():
                plot_band(ax, self.epochs, shares[:, :, depth], label)
            ax.set(title=name_of_layer(depth), xlabel="Epoch", ylim=(0, 1.02))
        self.axes_[0].set_ylabel(KINDS[self.kind])
        self.axes_[0].legend()
        return self


def shares_of(history, kind, step):
    """Shares of the layers, by epoch."""
    if kind == "final":
        return dict(zip(history.epochs, history.share_in_final(), strict=True))
    return dict(zip(history.epochs[step:], history.persistence(step), strict=True))


def aligned(group, epochs):
    """Array of shape (n_networks, n_epochs, n_layers), NaN where nothing is known."""
    unknown = np.full_like(next(iter(group[0].values())), np.nan)
    return np.array([[each.get(epoch, unknown) for epoch in epochs] for each in group])
