"""Remembers which connections a network has while it is trained."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from skhebb._typing import Estimator
from skhebb._utils.csr import make_csr
from skhebb.inspection._monitor import NetworkMonitor
from skhebb.inspection._network import layers_of


@dataclass(eq=False)
class TopologyHistory:
    """The connections of one network at several epochs.

    Attributes
    ----------
    epochs : list of int
        Numbers of epochs that the network was trained for, ascending.
    connections : list of list of csr_array of bool of shape (n_in, n_out)
        The connections of its layers then, which share their indices with `coefs_`.
    final : list of csr_array of bool or None
        Those of the best network, which early stopping went back to; None without it,
        when the last record has the final network.

    See Also
    --------
    TopologyMonitor : Makes one of each fit.
    TopologyPersistenceDisplay : Draws how they change.

    Examples
    --------
    `partial_fit` has no callbacks; record what it leaves:

    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import TopologyHistory
    >>> X, y = load_digits(return_X_y=True)
    >>> clf, history = SETClassifier(random_state=0), TopologyHistory()
    >>> for _ in range(3):
    ...     history.record(clf.partial_fit(X, y, classes=range(10)))
    >>> history.epochs
    [1, 2, 3]
    >>> history.persistence().shape  # from record to record, for both layers
    (2, 2)
    """

    epochs: list[int] = field(default_factory=list, init=False)
    connections: list[list[csr_array]] = field(default_factory=list, init=False)
    final: list[csr_array] | None = field(default=None, init=False)

    def record(self, estimator: Estimator) -> None:
        """Add the connections that a fitted estimator has now.

        Parameters
        ----------
        estimator : estimator
            A fitted network, whose `loss_curve_` tells the epoch. It must have trained
            since the last record.
        """
        layers = layers_of(estimator)
        self.append(len(estimator.loss_curve_), [layer.weights for layer in layers])

    def append(self, epoch: int, coefs: Sequence[csr_array]) -> None:
        """Add the connections after `epoch` epochs.

        Parameters
        ----------
        epoch : int
            More than the last one.
        coefs : list of csr_array of shape (n_in, n_out)
            What is stored in them are the connections, zeros included.
        """
        if self.epochs and self.epochs[-1] >= epoch:
            raise ValueError(
                f"Epochs must ascend. Got epoch={epoch} after {self.epochs[-1]}. "
                "Another training wants a history of its own."
            )
        self.epochs.append(epoch)
        self.connections.append([pattern(weights) for weights in coefs])

    def persistence(self, step: int = 1) -> np.ndarray:
        """Share of the connections of a record that are there `step` records later.

        Parameters
        ----------
        step : int, default=1
            Number of records.

        Returns
        -------
        shares : ndarray of shape (n_records - step, n_layers)
            Figure 6 of de Ranitz 2023, from `epochs[0]` to `epochs[step]` first. NaN
            where there were no connections.
        """
        n_records = len(self.epochs)
        if step not in range(1, n_records):
            raise ValueError(
                f"step must be an integer in the range [1, {n_records - 1}], since "
                f"there are {n_records} records. Got {step}."
            )
        pairs = zip(self.connections[:-step], self.connections[step:], strict=True)
        return np.array([shares(*pair) for pair in pairs])

    def share_in_final(self) -> np.ndarray:
        """Share of the connections of each record that the final network has, too.

        Returns
        -------
        shares : ndarray of shape (n_records, n_layers)
            Figure 7 of de Ranitz 2023.
        """
        if not self.epochs:
            raise ValueError("There is no record yet.")
        final = self.connections[-1] if self.final is None else self.final
        return np.array([shares(then, final) for then in self.connections])


class TopologyMonitor(NetworkMonitor):
    """Callback that remembers which connections networks have while they are fitted.

    Records the initial network, the network after each `every` epochs and the one after
    the last epoch: by default as pruning leaves them, so that connections which are
    grown and pruned in one epoch are never seen. Networks that are not monitored are
    not slowed down. A record takes 5 bytes per connection. Set on the network in a
    pipeline, a search or a cross-validation, the monitor remembers each fit, also of
    those in other processes. Pickling an estimator pickles its callbacks and what they
    remember; ``set_callbacks()`` removes them.

    Parameters
    ----------
    every : int, default=1
        Epochs between records.

    Attributes
    ----------
    histories : list of TopologyHistory
        One of each fit, in the order in which they began to be recorded; made anew
        each time it is asked for.

    See Also
    --------
    TopologyPersistenceDisplay : Draws how the connections change.
    sklearn.callback : What callbacks are.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import TopologyMonitor
    >>> X, y = load_digits(return_X_y=True)
    >>> monitor = TopologyMonitor(every=10)
    >>> clf = SETClassifier(random_state=0, max_iter=30).set_callbacks(monitor)
    >>> clf = clf.fit(X, y)
    >>> history = monitor.histories[0]
    >>> history.epochs
    [0, 10, 20, 30]
    >>> history.share_in_final().shape
    (4, 2)
    """

    def __init__(self, every: int = 1) -> None:
        super().__init__(every)

    def _look(self, estimator):
        return [pattern(layer.weights) for layer in layers_of(estimator)]

    @property
    def histories(self):
        """The connections of each fit."""
        return [history_of(seen) for seen in self._fits()]


def history_of(seen):
    """The TopologyHistory of a fit."""
    history = TopologyHistory()
    history.final = seen.pop(None, None)
    history.epochs, history.connections = list(seen), list(seen.values())
    return history


def pattern(weights):
    """Return where the connections of a layer are, as a csr_array of True."""
    there = np.ones(weights.nnz, dtype=bool)
    return make_csr(there, weights.indices, weights.indptr, weights.shape)


def shares(before, after):
    """Share of the connections before that are there after, of each layer."""
    return [share(*pair) for pair in zip(before, after, strict=True)]


def share(before, after):
    """Return the share of one layer; NaN without connections."""
    if not before.nnz:
        return np.nan
    common = np.intersect1d(cells(before), cells(after), assume_unique=True)
    return common.size / before.nnz


def cells(weights):
    """Numbers of the connected cells, row by row."""
    n_in, n_out = weights.shape
    rows = np.repeat(np.arange(n_in, dtype=np.int64), np.diff(weights.indptr))
    return rows * n_out + weights.indices
