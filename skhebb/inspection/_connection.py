"""A single connection: what updates it, and its path through training."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skhebb._kernels._handles import NonZeros
from skhebb._typing import Axes, Estimator, MatrixLike
from skhebb.inspection._monitor import NetworkMonitor
from skhebb.inspection._network import layers_of
from skhebb.inspection._one_batch import one_batch
from skhebb.inspection._plotting import Display, axes_of
from skhebb.inspection._update_terms import run_batch, update_terms


class ConnectionUpdateDisplay(Display):
    """Update of one weight by each sample, over the activations at both ends.

    Figure 3 of de Ranitz 2023. Make it with `from_estimator`.

    Parameters
    ----------
    presynaptic : ndarray of shape (n_samples,)
        Activations of the neuron before the connection.
    postsynaptic : ndarray of shape (n_samples,)
        Activations of the neuron after it; of outputs those of the network, which a
        regressor with ``normalize_y=True`` scales and shifts.
    updates : ndarray of shape (n_samples,)
        What each sample contributes to the update of the weight.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import HebbSETClassifier
    >>> from skhebb.inspection import ConnectionUpdateDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = HebbSETClassifier(max_iter=20, random_state=0).fit(X / 16, y)
    >>> pre, post = (int(ends[0]) for ends in clf.coefs_[1].nonzero())
    >>> display = ConnectionUpdateDisplay.from_estimator(
    ...     clf, X[:200] / 16, y[:200], connection=(1, pre, post)
    ... )
    >>> display.updates.shape
    (200,)
    """

    def __init__(
        self, presynaptic: np.ndarray, postsynaptic: np.ndarray, updates: np.ndarray
    ) -> None:
        self.presynaptic = presynaptic
        self.postsynaptic = postsynaptic
        self.updates = updates

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: MatrixLike,
        y: ArrayLike,
        connection: Sequence[int],
        *,
        sample_weight: ArrayLike | None = None,
        ax: Axes | None = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the updates of a connection of a fitted network.

        A sample contributes ``-learning_rate * dJ/dw`` and, of HebbSET, λ(t) ã_i (ã_j
        - mean ã_j) to the update (Eq. 8), times its weight divided by the mean weight.
        The mean of these over the mini-batch is what gradient descent without momentum
        and L2 terms adds; learning rate and λ(t) are those of `update_terms`.

        Parameters
        ----------
        estimator : estimator
            A fitted network.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples of a mini-batch.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        connection : tuple of int
            Layer, presynaptic and postsynaptic neuron, as in
            ``coefs_[layer][pre, post]``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        colorbar : bool, default=True
            Whether to show what colours stand for.

        Returns
        -------
        display : ConnectionUpdateDisplay
        """
        cls._import_pyplot()
        display = cls(*updates_of(estimator, X, y, connection, sample_weight))
        return display.plot(ax, colorbar=colorbar)

    def plot(self, ax: Axes | None = None, *, colorbar: bool = True) -> Self:
        """Draw a marker for each sample: up and red for an increase, down and blue.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        colorbar : bool, default=True
            Whether to show what colours stand for.

        Returns
        -------
        self : ConnectionUpdateDisplay
        """
        self.figure_, self.ax_ = axes_of(self, ax)
        limit = np.abs(self.updates).max() or 1
        signs = {"^": self.updates > 0, "v": self.updates < 0, "o": self.updates == 0}
        for marker, some in signs.items():
            points = self.ax_.scatter(
                self.presynaptic[some],
                self.postsynaptic[some],
                c=self.updates[some],
                marker=marker,
                cmap="coolwarm",
                vmin=-limit,
                vmax=limit,
                edgecolors="0.5",
                linewidths=0.3,
            )
        if colorbar:
            self.figure_.colorbar(points, ax=self.ax_, label="Update of the weight")
        self.ax_.set(xlabel="Presynaptic activation", ylabel="Postsynaptic activation")
        return self


@dataclass(eq=False)
class ConnectionPath:
    """Course of one connection during the training of a network.

    Parameters
    ----------
    connection : tuple of int
        Layer, presynaptic and postsynaptic neuron.
    epochs : ndarray of shape (n_records,)
        How long the network had been trained.
    weights : ndarray of shape (n_records,)
        NaN while there was no connection.
    hebbian : ndarray of shape (n_records,)
        Its Hebbian term then, NaN while there was no connection.
    """

    connection: tuple[int, ...]
    epochs: np.ndarray
    weights: np.ndarray
    hebbian: np.ndarray


class ConnectionMonitor(NetworkMonitor):
    """Callback that remembers weight and Hebbian term of some connections.

    Records the initial network, and that after each `every` epochs and after the last
    one, by default as pruning leaves them. Hebbian terms are those of `update_terms`.

    Parameters
    ----------
    connections : list of tuple of int
        Layer, presynaptic and postsynaptic neuron of each, as in
        ``coefs_[layer][pre, post]``. They need not be there from the start: fit twice
        with the same `random_state` to follow those of the trained network.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The samples of a mini-batch, for which Hebbian terms are computed.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    every : int, default=1
        Epochs between records.

    Attributes
    ----------
    paths : list of list of ConnectionPath
        For each fit, those of all connections; made anew each time it is asked for.

    See Also
    --------
    ConnectionPathDisplay : Draws them.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import HebbSETClassifier
    >>> from skhebb.inspection import ConnectionMonitor, ConnectionPathDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = HebbSETClassifier(max_iter=20, random_state=0).fit(X / 16, y)
    >>> pre, post = (int(ends[0]) for ends in clf.coefs_[1].nonzero())
    >>> monitor = ConnectionMonitor([(1, pre, post)], X[:200] / 16, y[:200])
    >>> clf = clf.set_callbacks(monitor).fit(X / 16, y)
    >>> path = monitor.paths[0][0]
    >>> bool(path.weights[-1] == clf.coefs_[1][pre, post])
    True
    >>> display = ConnectionPathDisplay(path).plot()
    """

    def __init__(
        self,
        connections: Sequence[Sequence[int]],
        X: MatrixLike,
        y: ArrayLike,
        every: int = 1,
    ) -> None:
        super().__init__(every)
        for connection in connections:
            check_integers(connection)
        self.connections = connections
        self.X = X
        self.y = y

    def _look(self, estimator):
        terms = update_terms(estimator, self.X, self.y)
        rows = []
        for connection in self.connections:
            place, layer = place_of(estimator, connection), connection[0]
            if place is None:
                rows.append((np.nan, np.nan))
            else:
                weights = estimator.coefs_[layer].data
                rows.append((weights[place], terms.hebbian[layer][place]))
        return rows

    @property
    def paths(self):
        """For each fit, the paths of all connections."""
        return [paths_of(self.connections, seen) for seen in self._fits()]


class ConnectionPathDisplay(Display):
    """Hebbian term against weight of one connection, coloured by epoch.

    Figure 8 of de Ranitz 2023.

    Parameters
    ----------
    path : ConnectionPath
        One of `ConnectionMonitor.paths`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.
    """

    def __init__(self, path: ConnectionPath) -> None:
        self.path = path

    def plot(
        self, ax: Axes | None = None, *, colorbar: bool = True, **scatter_kwargs: Any
    ) -> Self:
        """Draw a point for each record.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        colorbar : bool, default=True
            Whether to show what colours stand for.
        **scatter_kwargs
            For :meth:`matplotlib.axes.Axes.scatter`.

        Returns
        -------
        self : ConnectionPathDisplay
        """
        self.figure_, self.ax_ = axes_of(self, ax)
        path = self.path
        options = {"s": 8, "linewidths": 0, **scatter_kwargs}
        points = self.ax_.scatter(path.weights, path.hebbian, c=path.epochs, **options)
        if colorbar:
            self.figure_.colorbar(points, ax=self.ax_, label="Epoch")
        layer, pre, post = path.connection
        self.ax_.set(
            title=f"Layer {layer + 1}, {pre} → {post}",
            xlabel="Weight",
            ylabel="Hebbian term",
        )
        return self


def paths_of(connections, seen):
    """A ConnectionPath of each connection, out of what was seen in a fit."""
    epochs = [epoch for epoch in seen if epoch is not None]
    rows = np.array([seen[epoch] for epoch in epochs])  # epoch, connection, figure
    return [
        ConnectionPath(connection, np.array(epochs), *rows[:, number].T)
        for number, connection in enumerate(connections)
    ]


def check_integers(connection):
    """Raise unless `connection` is three integers that are not negative."""
    is_triple = isinstance(connection, tuple | list) and len(connection) == 3
    if not is_triple or not all(isinstance(n, Integral) and n >= 0 for n in connection):
        raise ValueError(
            "A connection is three integers from 0: the layer, an index into coefs_, "
            f"the presynaptic and the postsynaptic neuron. Got {connection!r}."
        )


def place_of(estimator, connection):
    """Where a connection is stored in ``coefs_[layer].data``, None if nowhere."""
    check_integers(connection)
    layers = layers_of(estimator)
    layer, pre, post = connection
    if layer >= len(layers):
        raise ValueError(
            f"The network has {len(layers)} layers of weights. Got the connection "
            f"{connection}."
        )
    weights = layers[layer].weights
    n_in, n_out = weights.shape
    if pre >= n_in or post >= n_out:
        raise ValueError(
            f"coefs_[{layer}] has {n_in} presynaptic and {n_out} postsynaptic neurons. "
            f"Got the connection {connection}."
        )
    start, stop = weights.indptr[pre : pre + 2]
    place = start + np.searchsorted(weights.indices[start:stop], post)
    return place if place < stop and weights.indices[place] == post else None


def updates_of(estimator, X, y, connection, sample_weight):
    """Presynaptic and postsynaptic activations, and the update by each sample."""
    layers_of(estimator)  # raises if there are none
    descent = copy.copy(estimator)  # which may be in training
    place = place_of(descent, connection)
    layer, pre, post = connection
    if place is None:
        raise ValueError(
            f"connection={connection} is none: nothing is stored at "
            f"coefs_[{layer}][{pre}, {post}]."
        )
    descent.set_params(solver="sgd", momentum=0, weight_decay=0, alpha=0)
    trainer, data = one_batch(descent, X, y, sample_weight)
    samples = np.arange(len(data.y))
    activations, tiles, outputs = trainer.propagate(data, samples, 1, None)
    tiles.pack(outputs, activations[-1])
    before = activations_of(activations[layer], tiles, pre)
    after = activations_of(activations[layer + 1], tiles, post)
    weights = (
        np.ones(len(samples)) if data.sample_weight is None else data.sample_weight
    )
    updates = hebbian_updates(trainer, layer, before, after, weights)
    trainer.plasticity = None
    for sample in data.samples:
        updates[sample] += step_by(trainer, data, sample, layer, place)
    return before, after, updates * weights / weights.mean()


def activations_of(activations, tiles, neuron):
    """Return the activations of a neuron for all samples, of tiles or non-zeros."""
    values = np.zeros(tiles.batch_size)
    if isinstance(activations, NonZeros):
        (found,) = np.nonzero(activations.features == neuron)
        for place in found:
            some = slice(*activations.starts[place : place + 2])
            values[activations.columns[some]] = activations.values[some]
        return values
    for start, stop, tile in tiles.split(activations):
        values[start:stop] = tile[neuron, : stop - start]
    return values


def hebbian_updates(trainer, layer, before, after, weights):
    """λ(t) ã_i (ã_j - mean ã_j) of each sample (Eq. 7 and 8)."""
    if trainer.plasticity is None:
        return np.zeros(len(before))
    state = trainer.state
    strength = trainer.plasticity.strength(
        layer, state.counters.n_evolutions, state.progress.batches_per_evolution
    )
    pre, post = (scaled(activations, weights > 0) for activations in (before, after))
    return strength * pre * (post - np.average(post, weights=weights))


def scaled(activations, there):
    """Eq. 10: those that are `there` from 0 to 1; 0 if constant but for rounding."""
    low, high = activations[there].min(), activations[there].max()
    rounding = 4 * np.finfo(np.float64).eps * max(high, -low)
    varies = high - low > rounding
    return (activations - low) / (high - low) if varies else np.zeros_like(activations)


def step_by(trainer, data, sample, layer, place):
    """Return what gradient descent on one sample adds to a weight; undo it."""
    layers = trainer.state.network.layers
    before = [(each.weights.data.copy(), each.biases.copy()) for each in layers]
    run_batch(trainer, data, np.array([sample]))
    step = layers[layer].weights.data[place] - before[layer][0][place]
    for each, (weights, biases) in zip(layers, before, strict=True):
        each.weights.data[:] = weights
        each.biases[:] = biases
    return step
