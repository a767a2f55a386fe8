"""Arrays that one mini-batch after the other is computed in."""

import numpy as np

from skhebb._kernels._loops import N_GROUPS
from skhebb._network.buffers import BatchBuffers


class Workspace:
    """Arrays that one mini-batch after the other is computed in.

    Parameters
    ----------
    network : Network
    inputs : BatchSource
        Where batches come from.
    needs_preactivations : list of bool
        Of each layer, whether a local rule wants its preactivations.
    batch_size : int
        The largest.
    n_threads : int

    Attributes
    ----------
    activations : BatchBuffers
        Of the features and of each layer.
    preactivations : BatchBuffers
        Of each layer, empty where they are not needed.
    errors : BatchBuffers
        Two, because the errors of two neighbouring layers are alive at a time.
    error_sums : list of ndarray of shape (N_GROUPS * n_neurons,)
        Of each layer.
    input_error_sums : ndarray or None
        Of the inputs, if these learn.
    scratch : ndarray of shape (N_GROUPS, n)
        For the update of the layers.
    """

    def __init__(self, network, inputs, needs_preactivations, batch_size, n_threads):
        sizes, dtype = network.layer_sizes, network.dtype
        _, *sizes_after = sizes
        with_errors = sizes if inputs.learns else sizes_after
        wanted = [
            size * needs
            for size, needs in zip(sizes_after, needs_preactivations, strict=True)
        ]
        self.activations = BatchBuffers(inputs.tiled_sizes(sizes), batch_size, dtype)
        self.preactivations = BatchBuffers(wanted, batch_size, dtype)
        self.errors = BatchBuffers([max(with_errors)] * 2, batch_size, dtype)
        self.error_sums = [np.zeros(N_GROUPS * size, dtype) for size in sizes_after]
        self.input_error_sums = None
        if inputs.learns:
            self.input_error_sums = np.zeros(N_GROUPS * sizes[0], dtype)
        chunk = max(layer.largest_chunk(n_threads) for layer in network.layers)
        self.scratch = np.empty((N_GROUPS, chunk), dtype=dtype)
        self._n_outputs = sizes[-1]
        self._of_outputs = np.empty((3, sizes[-1] * batch_size), dtype=dtype)
        self._views = {}

    def of_outputs(self, batch_size):
        """Return outputs, targets and scratch, each (n_outputs, batch_size)."""
        if batch_size not in self._views:
            shape = self._n_outputs, batch_size
            n = self._n_outputs * batch_size
            self._views[batch_size] = [f[:n].reshape(shape) for f in self._of_outputs]
        return self._views[batch_size]
