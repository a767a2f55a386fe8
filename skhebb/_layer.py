"""One sparse layer: its connections, its biases, and what moves with them."""

import numpy as np
from scipy.sparse import csr_array

from skhebb._kernels import _connections, _loops


class SparseLayer:
    """Connections from one layer of neurons to the next, and the biases of the next.

    Parameters
    ----------
    weights : csr_array of shape (n_in, n_out)
        Sorted, free of duplicates, with 32-bit indices. Explicit zeros are
        connections like any other.
    biases : ndarray of shape (n_out,)

    Attributes
    ----------
    capacity : int
        The number of connections that evolution sustains: pruning goes below it,
        growth comes back to it.
    weight_state, bias_state : list of ndarray
        The optimiser's arrays, aligned with ``weights.data`` and ``biases``.
    """

    def __init__(self, weights, biases):
        self.weights = weights
        self.biases = biases
        self.capacity = weights.nnz
        self._by_postsynaptic = self._transposed = None
        self.reset_state(0)

    @property
    def n_in(self):
        """Number of presynaptic neurons."""
        return self.weights.shape[0]

    @property
    def n_out(self):
        """Number of postsynaptic neurons."""
        return self.weights.shape[1]

    @property
    def n_connections(self):
        """Number of connections."""
        return self.weights.nnz

    def forward(self, inputs, outputs, n_threads):
        """Write the pre-activations of feature-major `inputs` into `outputs`."""
        weights = self.weights
        # Users may change `coefs_`, which are these weights; SciPy then replaces the
        # array of indices.
        if self._by_postsynaptic is None or self._transposed is not weights.indices:
            self._by_postsynaptic = _connections.transpose(
                weights.indptr, weights.indices, self.n_out
            )
            self._transposed = weights.indices
        _loops.forward(
            *self._by_postsynaptic,
            weights.data,
            self.biases,
            inputs,
            outputs,
            n_threads,
        )

    def backward(self, inputs, deltas, products, input_deltas, n_threads):
        """Write sum_b a_i d_j of each connection, and W d into `input_deltas` if any.

        `deltas` is dJ/dz of this layer, `input_deltas` becomes dJ/da of the one
        before.
        """
        weights = self.weights
        if input_deltas is None:
            _loops.sampled_product(
                weights.indptr, weights.indices, inputs, deltas, products, n_threads
            )
        else:
            _loops.backward(
                weights.indptr,
                weights.indices,
                weights.data,
                inputs,
                deltas,
                products,
                input_deltas,
                n_threads,
            )

    def prepare_training(self, n_arrays):
        """Take over what was done to the arrays since they were last trained.

        Loading may have made them read-only, users may have changed the connections.
        """
        if not self.weights.data.flags.writeable:
            self.weights, self.biases = self.copy_parameters()
            self.reset_state(len(self.weight_state))
        self.weights.sum_duplicates()
        self.capacity = max(self.capacity, self.n_connections)
        sizes = {len(state) for state in self.weight_state}
        if len(self.weight_state) != n_arrays or sizes - {self.n_connections}:
            self.reset_state(n_arrays)

    def reset_state(self, n_arrays):
        """Give the optimiser `n_arrays` zeroed arrays for weights and for biases."""
        self.weight_state = [np.zeros_like(self.weights.data) for _ in range(n_arrays)]
        self.bias_state = [np.zeros_like(self.biases) for _ in range(n_arrays)]

    def copy_parameters(self):
        """A copy of weights and biases, for `restore_parameters`."""
        weights = self.weights
        copied = csr_array(
            (weights.data.copy(), weights.indices, weights.indptr), shape=weights.shape
        )
        return copied, self.biases.copy()

    def restore_parameters(self, parameters):
        """Go back to what `copy_parameters` gave; the optimiser starts anew."""
        self.weights, self.biases = parameters
        self._by_postsynaptic = None
        self.reset_state(len(self.weight_state))

    def keep_connections(self, keep):
        """Drop the connections where the boolean array `keep` is False."""
        old = self.weights
        kept_before = np.zeros(len(keep) + 1, dtype=np.int32)
        np.cumsum(keep, out=kept_before[1:])
        self._set_connections(
            old.data[keep], old.indices[keep], kept_before[old.indptr]
        )
        self.weight_state = [state[keep] for state in self.weight_state]

    def add_connections(self, cells, values):
        """Add connections at sorted absent cells, row-major positions i * n_out + j.

        Their optimiser state is zero.
        """
        old = self.weights
        indptr, indices, is_new = _connections.insert(
            old.indptr, old.indices, self.n_out, cells
        )
        is_old = ~is_new

        def merge(old_values, new_values):
            merged = np.empty(len(indices), dtype=old_values.dtype)
            merged[is_old] = old_values
            merged[is_new] = new_values
            return merged

        self._set_connections(merge(old.data, values), indices, indptr)
        self.weight_state = [merge(state, 0) for state in self.weight_state]

    def _set_connections(self, data, indices, indptr):
        """Replace the connections; arrays handed out before stay as they are."""
        self.weights = csr_array((data, indices, indptr), shape=self.weights.shape)
        self._by_postsynaptic = None

    def __getstate__(self):
        # The view by postsynaptic neuron is twice the size of the weights and is
        # made again when needed.
        return {**self.__dict__, "_by_postsynaptic": None, "_transposed": None}
