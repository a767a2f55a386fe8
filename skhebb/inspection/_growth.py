"""Why connections were grown, and what became of them."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from sklearn.callback import CallbackContext

from skhebb._training.batches import as_batch_source
from skhebb._training.data import FitData
from skhebb._training.probing import probe_network
from skhebb._typing import Estimator, FateName, ManyAxes, MatrixLike
from skhebb._utils.csr import make_csr
from skhebb._utils.sklearn import send
from skhebb._utils.sparse import check_sparse
from skhebb._utils.validation import validate_data
from skhebb.inspection._monitor import NetworkMonitor, fit_of
from skhebb.inspection._network import layers_of
from skhebb.inspection._plotting import Display, axes_of_layers, name_of_layer
from skhebb.inspection._topology_monitor import cells
from skhebb.topology import LayerProbe
from skhebb.topology._random_graphs import csr_of_cells


class GrownConnections(NamedTuple):
    """Connections of a layer that were grown while a network was fitted.

    Attributes
    ----------
    epochs : int ndarray of shape (n_grown,)
        After how many epochs each was seen first, ascending.
    correlations : ndarray of shape (n_grown,)
        Absolute correlations of the activations of both neurons before that.
    stayed : bool ndarray of shape (n_grown,)
        Whether each was never pruned again.
    weights : ndarray of shape (n_grown,)
        Weights of those that stayed, 0 of the others.
    """

    epochs: np.ndarray
    correlations: np.ndarray
    stayed: np.ndarray
    weights: np.ndarray


class Record(NamedTuple):
    """Cells, weights, and what is new of each layer, at a look of a GrowthMonitor."""

    cells: list
    weights: list
    grown: list
    correlations: list


class Before(NamedTuple):
    """A layer as it was at the last look."""

    cells: np.ndarray
    shape: tuple
    probe: LayerProbe


class GrowthMonitor(NetworkMonitor):
    """Callback that remembers how correlated neurons were before they were connected.

    Looks at the initial network, at that after each `every` epochs and at the final
    one. What is new since the look before was grown; its score is the absolute
    correlation, over given samples, of the activations of both neurons in the network
    of the look before. So it is known for any rule of growth, and the more exactly the
    less often the topology evolves in between; with ``evolution_interval="epoch"`` and
    ``every=1``, in the very network that grew. Connections that are grown and pruned
    between two looks are never seen.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Samples as the network sees them, some hundreds.
    every : int, default=1
        Epochs between looks.

    Attributes
    ----------
    grown : list of list of GrownConnections
        For each fit those of each layer.

    See Also
    --------
    GrowthDisplay : Draws what became of them.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import GrowthMonitor
    >>> X, y = load_digits(return_X_y=True)
    >>> monitor = GrowthMonitor(X[:300])
    >>> clf = SETClassifier(density=0.1, max_iter=20, growth="hebbian", random_state=0)
    >>> clf = clf.set_callbacks(monitor).fit(X, y)
    >>> first_layer = monitor.grown[0][0]
    >>> bool(0 <= first_layer.correlations.min() <= first_layer.correlations.max() <= 1)
    True
    """

    def __init__(self, X: MatrixLike, every: int = 1) -> None:
        super().__init__(every)
        self.X = X
        self._before: dict[tuple[int, ...], Before] = {}

    def on_fit_task_end(
        self,
        estimator: Estimator,
        context: CallbackContext,
        *,
        fitted_estimator: Estimator | None = None,
    ) -> None:
        """Look at the network of an epoch, or at the one that fit leaves.

        Parameters
        ----------
        estimator : estimator
            The network that is fitted.
        context : sklearn.callback.CallbackContext
            The task that ends, an epoch or the whole fit.
        fitted_estimator : estimator, default=None
            A copy that is fitted as far as training is.
        """
        if context.task_name == "epoch":
            super().on_fit_task_end(
                estimator, context, fitted_estimator=fitted_estimator
            )
        else:  # nothing is new in the network of the last epoch, or of the best one
            fit = fit_of(context)
            self._before.pop(fit, None)
            send(self._listener, (fit, None, self._look(fitted_estimator)))

    def _tell(self, context, fitted_estimator, is_best=False):
        fit, record = fit_of(context), self._look(fitted_estimator)
        for now, before in zip(record.cells, self._before.get(fit, ()), strict=False):
            new = np.setdiff1d(now, before.cells, assume_unique=True)
            record.grown.append(new)
            record.correlations.append(correlations_of(new, before.shape, before.probe))
        shapes = [weights.shape for weights in fitted_estimator.coefs_]
        probes = probes_of(fitted_estimator, self.X)
        self._before[fit] = list(map(Before, record.cells, shapes, probes))
        send(self._listener, (fit, len(fitted_estimator.loss_curve_), record))

    def _look(self, estimator):
        all_weights = [layer.weights for layer in layers_of(estimator)]
        of_layers = list(map(cells, all_weights))
        return Record(of_layers, [w.data.copy() for w in all_weights], [], [])

    @property
    def grown(self):
        """The connections that were grown, of each fit and layer."""
        return [grown_in(records) for records in self._fits()]

    def __getstate__(self):
        return {**super().__getstate__(), "_before": {}}


def probes_of(estimator, X):
    """Return what each layer of a fitted network does with samples."""
    network = estimator._fitted_state().network
    X = validate_data(
        estimator,
        check_sparse("X", X),
        accept_sparse="csr",
        dtype=network.dtype,
        order="C",
        reset=False,
    )
    samples = np.arange(X.shape[0], dtype=np.intp)
    data = FitData(as_batch_source(X), None, None, None, samples)
    return probe_network(network, data, samples, None, with_errors=False, n_threads=1)


def correlations_of(new, shape, probe):
    """Return the absolute correlations at cells of a layer of this shape."""
    indptr, indices = csr_of_cells(new, shape)
    there = np.ones(len(new), dtype=bool)
    return np.abs(probe.correlations(make_csr(there, indices, indptr, shape)))


def grown_in(records):
    """Return the GrownConnections of each layer of a fit."""
    final = records.pop(None)
    return [grown_in_layer(records, final, depth) for depth in range(len(final.cells))]


def grown_in_layer(records, final, depth):
    """Return the GrownConnections of a layer."""
    there, weights = final.cells[depth], final.weights[depth]
    none = np.zeros(0)
    parts = [(none.astype(int), none, none.astype(bool), none)]
    (_, *epochs) = records
    for number, epoch in enumerate(epochs, 1):
        new = records[epoch].grown[depth]
        stayed = np.isin(new, there, assume_unique=True)
        for later in epochs[number:]:
            stayed &= np.isin(new, records[later].cells[depth], assume_unique=True)
        of_new = np.zeros(len(new))
        of_new[stayed] = weights[np.searchsorted(there, new[stayed])]
        correlations = records[epoch].correlations[depth]
        parts.append((np.full(len(new), epoch), correlations, stayed, of_new))
    return GrownConnections(*map(np.concatenate, zip(*parts, strict=True)))


FATES = {
    "stayed": "Share that stayed",
    "weight": "Mean absolute weight in the end",
}


class GrowthDisplay(Display):
    """Fate of grown connections, over the correlation before they were grown.

    Connections of each layer are sorted by the absolute correlation that the
    activations of their neurons had before they were grown, and cut into bins of as
    many. Where growth is worth its rule, the line rises. Make it with `from_monitor`.

    Parameters
    ----------
    correlations : list of ndarray of shape (n_bins,)
        Mean correlation in each bin, for each layer.
    fates : list of ndarray of shape (n_bins,)
        What became of them.
    fate : {"stayed", "weight"}, default="stayed"
        What that is, see `from_monitor`.

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
    >>> from skhebb.inspection import GrowthDisplay, GrowthMonitor
    >>> X, y = load_digits(return_X_y=True)
    >>> monitor = GrowthMonitor(X[:300])
    >>> clf = SETClassifier(density=0.1, max_iter=20, random_state=0)
    >>> clf = clf.set_callbacks(monitor).fit(X, y)
    >>> display = GrowthDisplay.from_monitor(monitor, n_bins=5)
    >>> [len(of_layer) for of_layer in display.fates]
    [5, 5]
    """

    def __init__(
        self,
        correlations: Sequence[np.ndarray],
        fates: Sequence[np.ndarray],
        *,
        fate: FateName = "stayed",
    ) -> None:
        self.correlations = correlations
        self.fates = fates
        self.fate = fate

    @classmethod
    def from_monitor(
        cls,
        monitor: GrowthMonitor,
        *,
        fate: FateName = "stayed",
        n_bins: int = 8,
        axes: ManyAxes | None = None,
    ) -> Self:
        """Draw what a monitor saw in all fits.

        Parameters
        ----------
        monitor : GrowthMonitor
            After the fits.
        fate : {"stayed", "weight"}, default="stayed"
            "stayed": the share that was never pruned again. "weight": the mean absolute
            weight in the end, that of pruned connections being 0.
        n_bins : int, default=8
            Number of bins, each of as many connections but for one.
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.

        Returns
        -------
        display : GrowthDisplay
        """
        cls._import_pyplot()
        if fate not in FATES:
            raise ValueError(f"fate must be one of {sorted(FATES)}. Got {fate!r}.")
        fits = monitor.grown
        if not any(len(layer.epochs) for layers in fits for layer in layers):
            raise ValueError("monitor saw no growth. Set it on a network and fit that.")
        if len({len(layers) for layers in fits}) > 1:
            raise ValueError("The networks must have the same number of layers.")
        binned = [
            binned_fates(layers, fate, n_bins) for layers in zip(*fits, strict=True)
        ]
        return cls(*map(list, zip(*binned, strict=True)), fate=fate).plot(axes)

    def plot(self, axes: ManyAxes | None = None) -> Self:
        """Draw the fates of each layer over correlations.

        Parameters
        ----------
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.

        Returns
        -------
        self : GrowthDisplay
        """
        self.figure_, self.axes_ = axes_of_layers(self, axes, len(self.fates))
        triples = zip(self.axes_, self.correlations, self.fates, strict=True)
        for depth, (ax, correlations, fates) in enumerate(triples):
            ax.plot(correlations, fates, marker="o")
            ax.set(title=name_of_layer(depth), xlabel="Correlation before growth")
            ax.set_ylim(bottom=0)
        self.axes_[0].set_ylabel(FATES[self.fate])
        return self


def binned_fates(grown, fate, n_bins):
    """Means in bins of the correlations and of the fates, over networks."""
    correlations = np.concatenate([layer.correlations for layer in grown])
    parts = [
        layer.stayed if fate == "stayed" else np.abs(layer.weights) for layer in grown
    ]
    fates = np.concatenate(parts)
    order = np.argsort(correlations, kind="stable")
    bins = [part for part in np.array_split(order, n_bins) if len(part)]
    means = [[values[part].mean() for part in bins] for values in (correlations, fates)]
    return np.array(means[0]), np.array(means[1])
