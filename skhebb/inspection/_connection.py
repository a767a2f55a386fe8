"""A single connection: what updates it, and its path through training."""

import copy
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhebb._buffers import NonZeros
from skhebb.inspection._monitor import NetworkMonitor
from skhebb.inspection._plotting import axes_of
from skhebb.inspection._update_terms import update_terms


class ConnectionUpdateDisplay:
    """Update of one weight by each sample, over the activations at both ends.

    Figure 3 of de Ranitz 2023. Make it with `from_estimator`.

    Parameters
    ----------
    presynaptic, postsynaptic : ndarray of shape (n_samples,)
        Activations.
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
    >>> clf = HebbSETClassifier(random_state=0).fit(X / 16, y)
    >>> pre, post = (int(ends[0]) for ends in clf.coefs_[1].nonzero())
    >>> display = ConnectionUpdateDisplay.from_estimator(
    ...     clf, X[:200] / 16, y[:200], connection=(1, pre, post)
    ... )
    >>> display.updates.shape
    (200,)
    """

    def __init__(self, presynaptic, postsynaptic, updates):
        self.presynaptic = presynaptic
        self.postsynaptic = postsynaptic
        self.updates = updates

    @classmethod
    def from_estimator(cls, estimator, X, y, connection, *, ax=None):
        """Draw the updates of a connection of a fitted network.

        A sample contributes ``-learning_rate * dJ/dw`` and, of HebbSET, λ(t) ã_i (ã_j
        - mean ã_j) to the update (Eq. 8), the mean of which over the mini-batch is
        added to the weight by gradient descent without momentum and L2 terms.

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
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.

        Returns
        -------
        display : ConnectionUpdateDisplay
        """
        return cls(*updates_of(estimator, X, y, connection)).plot(ax)

    def plot(self, ax=None):
        """Draw a marker for each sample: up and red for an increase, down and blue.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.

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
        self.figure_.colorbar(points, ax=self.ax_, label="Update of the weight")
        self.ax_.set(xlabel="Presynaptic activation", ylabel="Postsynaptic activation")
        return self


@dataclass
class ConnectionPath:
    """One connection during the training of a network.

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

    connection: tuple
    epochs: np.ndarray
    weights: np.ndarray
    hebbian: np.ndarray


class ConnectionMonitor(NetworkMonitor):
    """Callback that remembers weight and Hebbian term of some connections.

    Records the initial network, the network after each `every` epochs, as pruning
    leaves it, and the one that `fit` leaves.

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
        For each fit, those of all connections.

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

    def __init__(self, connections, X, y, every=1):
        super().__init__(every)
        self.connections = connections
        self.X = X
        self.y = y

    def look(self, estimator):
        """Weights and Hebbian terms of the connections, NaN where there are none."""
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
        return [
            [
                ConnectionPath(connection, np.array(list(seen)), *np.array(path).T)
                for connection, path in zip(
                    self.connections, zip(*seen.values(), strict=True), strict=True
                )
            ]
            for seen in self.fits()
        ]


class ConnectionPathDisplay:
    """Hebbian term against weight of one connection, coloured by epoch.

    Figure 8 of de Ranitz 2023.

    Parameters
    ----------
    path : ConnectionPath
        Of `ConnectionMonitor.paths`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.
    """

    def __init__(self, path):
        self.path = path

    def plot(self, ax=None, *, colorbar=True, **scatter_kwargs):
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


def place_of(estimator, connection):
    """Where a connection is stored in ``coefs_[layer].data``, None if nowhere."""
    check_is_fitted(estimator)
    coefs = estimator.coefs_
    are_integers = len(connection) == 3 and all(
        isinstance(number, Integral) and number >= 0 for number in connection
    )
    if not are_integers or connection[0] >= len(coefs):
        raise ValueError(
            "A connection is three integers: the layer, an index into the "
            f"{len(coefs)} arrays of coefs_, the presynaptic and the postsynaptic "
            f"neuron. Got {connection}."
        )
    layer, pre, post = connection
    weights = coefs[layer]
    n_in, n_out = weights.shape
    if pre >= n_in or post >= n_out:
        raise ValueError(
            f"coefs_[{layer}] has {n_in} presynaptic and {n_out} postsynaptic neurons. "
            f"Got the connection {connection}."
        )
    start, stop = weights.indptr[pre : pre + 2]
    place = start + np.searchsorted(weights.indices[start:stop], post)
    return place if place < stop and weights.indices[place] == post else None


def updates_of(estimator, X, y, connection):
    """Presynaptic and postsynaptic activations, and the update by each sample."""
    place = place_of(estimator, connection)
    layer, pre, post = connection
    if place is None:
        raise ValueError(
            f"connection={connection} is none: nothing is stored at "
            f"coefs_[{layer}][{pre}, {post}]."
        )
    descent = copy.copy(estimator)
    descent.set_params(solver="sgd", momentum=0, weight_decay=0, alpha=0)
    trainer, data = descent._one_batch(X, y)
    activations, tiles, outputs = trainer.propagate(data, data.samples, 1, None)
    is_last = layer == len(estimator.coefs_) - 1
    before = activations_of(activations[layer], tiles, pre)
    after = activations_of(activations[layer + 1], tiles, post)
    if is_last:  # in `activations` are those before the output's own function
        after = outputs[post].copy()
    updates = np.zeros(len(before))
    if trainer.plasticity is not None:
        generations = trainer.state.generation, trainer.batches_per_generation
        strength = trainer.plasticity.strength(layer, *generations)
        active = scaled(after)
        updates += strength * scaled(before) * (active - active.mean())
    trainer.plasticity = None
    for number, sample in enumerate(data.samples):
        updates[number] += step_by(trainer, data, sample, layer, place)
    return before, after, updates


def activations_of(activations, tiles, neuron):
    """Those of one neuron for all samples, out of tiles or non-zeros."""
    values = np.zeros(tiles.batch)
    if isinstance(activations, NonZeros):
        (found,) = np.nonzero(activations.features == neuron)
        for place in found:
            some = slice(*activations.starts[place : place + 2])
            values[activations.columns[some]] = activations.values[some]
        return values
    for start, stop, tile in tiles.split(activations):
        values[start:stop] = tile[neuron, : stop - start]
    return values


def scaled(activations):
    """Eq. 10: from 0 to 1; 0 if constant."""
    low, high = activations.min(), activations.max()
    return (activations - low) / (high - low) if high > low else 0 * activations


def step_by(trainer, data, sample, layer, place):
    """What gradient descent on one sample adds to a weight; the network stays."""
    layers = trainer.state.network.layers
    before = [(each.weights.data.copy(), each.biases.copy()) for each in layers]
    trainer.run_batch(data, np.array([sample]))
    step = layers[layer].weights.data[place] - before[layer][0][place]
    for each, (weights, biases) in zip(layers, before, strict=True):
        each.weights.data[:] = weights
        each.biases[:] = biases
    return step
