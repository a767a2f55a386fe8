"""Remembers which connections a network has while it is trained."""

from dataclasses import dataclass, field

import numpy as np

from skhebb.inspection._monitor import NetworkMonitor


@dataclass
class TopologyHistory:
    """The connections of one network at several epochs.

    Parameters
    ----------
    epochs : list of int
        Numbers of epochs that the network was trained for, ascending.
    coefs : list of list of csr_array of shape (n_in, n_out)
        Its weights then, layer by layer.

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

    epochs: list = field(default_factory=list)
    coefs: list = field(default_factory=list)

    def record(self, estimator):
        """Add the connections that a fitted estimator has now.

        Parameters
        ----------
        estimator : estimator
            A fitted network, whose `loss_curve_` tells the epoch.
        """
        self.append(len(estimator.loss_curve_), list(estimator.coefs_))

    def append(self, epoch, coefs):
        """Add the weights of all layers after `epoch` epochs, or replace them.

        Parameters
        ----------
        epoch : int
            Not less than the last one.
        coefs : list of csr_array of shape (n_in, n_out)
            The arrays themselves are kept; nothing is copied.
        """
        if self.epochs and self.epochs[-1] == epoch:
            self.epochs.pop()
            self.coefs.pop()
        if self.epochs and self.epochs[-1] > epoch:
            raise ValueError(
                f"Epochs must ascend. Got epoch={epoch} after {self.epochs[-1]}."
            )
        self.epochs.append(epoch)
        self.coefs.append(coefs)

    def persistence(self, step=1):
        """Share of the connections of a record that are there `step` records later.

        Parameters
        ----------
        step : int, default=1
            Number of records.

        Returns
        -------
        shares : ndarray of shape (n_records - step, n_layers)
            Figure 6 of de Ranitz 2023, from `epochs[0]` to `epochs[step]` first.
        """
        if not 1 <= step < len(self.epochs):
            raise ValueError(
                f"step must be in the range [1, {len(self.epochs) - 1}], since there "
                f"are {len(self.epochs)} records. Got {step}."
            )
        pairs = zip(self.coefs[:-step], self.coefs[step:], strict=True)
        return np.array([shares(*pair) for pair in pairs])

    def share_in_final(self):
        """Share of the connections of each record that the last record has, too.

        Returns
        -------
        shares : ndarray of shape (n_records, n_layers)
            Figure 7 of de Ranitz 2023.
        """
        if not self.epochs:
            raise ValueError("There is no record yet.")
        return np.array([shares(then, self.coefs[-1]) for then in self.coefs])


class TopologyMonitor(NetworkMonitor):
    """Callback that remembers which connections networks have while they are fitted.

    Records the initial network, the network after each `every` epochs, and the one
    that `fit` leaves; those after an epoch as pruning leaves them. Networks that are
    not monitored are not slowed down. A record takes 8 bytes per connection with
    float32, 12 with float64. Set on the estimator of a search or a cross-validation it
    remembers each fit, also of those in other processes.

    Parameters
    ----------
    every : int, default=1
        Epochs between records.

    Attributes
    ----------
    histories : list of TopologyHistory
        One of each fit, in the order in which they began to be recorded.

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

    def __init__(self, every=1):
        super().__init__(every)

    def look(self, estimator):
        """The weights of a fitted network, not copied."""
        return list(estimator.coefs_)

    @property
    def histories(self):
        """The connections of each fit."""
        return [
            TopologyHistory(list(seen), list(seen.values())) for seen in self.fits()
        ]


def shares(before, after):
    """Share of the connections before that are there after, of each layer."""
    return [
        np.intersect1d(cells(one), cells(other), assume_unique=True).size / one.nnz
        for one, other in zip(before, after, strict=True)
    ]


def cells(weights):
    """Numbers of the connected cells, row by row."""
    n_in, n_out = weights.shape
    rows = np.repeat(np.arange(n_in, dtype=np.int64), np.diff(weights.indptr))
    return rows * n_out + weights.indices
