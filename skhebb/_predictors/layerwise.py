"""Layer by layer, weights that are learned without labels.

What hidden layers make of many samples is computed where it is wanted, so that memory
does not grow with their number.
"""

import numpy as np
from sklearn.preprocessing import StandardScaler

from skhebb._network.activations import Identity
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._training.batches import as_batch_source
from skhebb._training.computed_rows import ComputedRows
from skhebb._transformers.blocks import blocks


class HiddenActivations(ComputedRows):
    """Activations of the last of some layers.

    Parameters
    ----------
    X : {ndarray, csr_array, ComputedRows} of shape (n_samples, n_features)
        Checked.
    layers : list of SparseLayer
        The first layers of a network.
    activations : list
        Their activation functions.
    n_threads : int
    """

    def __init__(self, X, layers, activations, n_threads):
        self.X = X
        self.network = Network(layers, activations, Identity())
        self.n_threads = n_threads
        self.shape = X.shape[0], layers[-1].n_out
        self.dtype = X.dtype

    def __getitem__(self, rows):
        return self.network.outputs(as_batch_source(self.X[rows]), self.n_threads)


class Centred(ComputedRows):
    """Samples less their mean.

    Parameters
    ----------
    rows : ComputedRows
    """

    def __init__(self, rows):
        self.rows = rows
        self.shape, self.dtype = rows.shape, rows.dtype
        self.mean = statistics_of(rows, with_std=False).mean_.astype(rows.dtype)

    def __getitem__(self, some):
        samples = self.rows[some]
        samples -= self.mean
        return samples


def statistics_of(rows, with_std):
    """Return a StandardScaler that has seen all of ComputedRows, block by block."""
    scaler = StandardScaler(with_std=with_std)
    n_samples, n_neurons = rows.shape
    with np.errstate(over="ignore", invalid="ignore"):
        for block in blocks(n_samples, n_neurons * rows.dtype.itemsize):
            scaler.partial_fit(rows[block])
    return scaler


def pretrain(layers, activations, X, learn, n_threads):
    """Let the hidden layers learn, each from what X becomes in those before it.

    The neurons' preactivations over X then have mean 0 and variance 1, as batch
    normalisation would have it, so that no layer is silent or loud. What hidden layers
    learn from is centred, because activations that are never negative all point the
    same way.

    Parameters
    ----------
    layers : list of SparseLayer
        A new network.
    activations : list
        Activation functions of the hidden layers.
    X : {ndarray, csr_array, ComputedRows} of shape (n_samples, n_features)
    learn : callable
        ``learn(inputs, weights)`` returns the new weights of a layer, on the
        connections of `weights`; inputs are X or ComputedRows.
    n_threads : int

    Returns
    -------
    layers : list of SparseLayer
        Those that learned, and the last one as it was.
    """
    learned = []
    for depth, layer in enumerate(layers[:-1]):
        before, inputs = activations[:depth], X
        if learned:
            inputs = HiddenActivations(X, learned, before, n_threads)
        if isinstance(inputs, ComputedRows):
            inputs = Centred(inputs).whole_if_small()
        new = SparseLayer(learn(inputs, layer.weights), layer.biases.copy())
        learned = [*learned, new]
        standardize(
            new, HiddenActivations(X, learned, [*before, Identity()], n_threads)
        )
    return [*learned, layers[-1]]


def standardize(layer, preactivations):
    """Scale the weights and set the biases of a layer so that these are standard.

    Sets: weights and biases of `layer`.

    Parameters
    ----------
    layer : SparseLayer
        With biases of 0.
    preactivations : HiddenActivations
        Of this layer.
    """
    scaler = statistics_of(preactivations, with_std=True)
    if not np.isfinite(scaler.scale_).all():
        raise ValueError(
            "The sums of hidden neurons overflow in pre-training. Scale X."
        )
    scales = scaler.scale_.astype(layer.biases.dtype)
    layer.weights.data /= scales[layer.weights.indices]
    layer.biases[:] = -scaler.mean_ / scaler.scale_
