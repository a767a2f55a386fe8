"""One sparse layer: its connections, its biases, and what moves with them."""

import math
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from skhebb._kernels import _connections, _hebbian, _lag, _loops
from skhebb._kernels._handles import (
    ByPostsynaptic,
    Connections,
    NonZeros,
    OutputParts,
    RowChunks,
)
from skhebb._network.buffers import RoundedTerm
from skhebb._utils.csr import like_csr

GATHERED = 1 << 10  # presynaptic neurons of a layer at most
CHUNK = 1 << 17  # connections that a thread updates at a time, which bounds scratch


class LayerParameters(NamedTuple):
    """Parameters that a layer has learned.

    Attributes
    ----------
    weights : csr_array of shape (n_in, n_out)
    biases : ndarray of shape (n_out,)
    topology_state : TopologyState or None
    """

    weights: csr_array
    biases: np.ndarray
    topology_state: object


class SparseLayer:
    """Connections from one layer of neurons to the next, and the biases of the next.

    Parameters
    ----------
    weights : csr_array of shape (n_in, n_out)
        Sorted, free of duplicates. Explicit zeros are connections like any other.
    biases : ndarray of shape (n_out,)

    Attributes
    ----------
    n_in, n_out : int
        Numbers of presynaptic and of postsynaptic neurons.
    n_connections_target : int
        The number of connections that evolution sustains: pruning goes below it,
        growth comes back to it.
    input_scale : float
        Steps of the optimiser and Hebbian terms are those of a layer whose inputs were
        divided by it, and whose weights were multiplied by it.
    weight_state, bias_state : list of ndarray
        The optimiser's arrays, aligned with ``weights.data`` and ``biases``.
    topology_state : TopologyState or None
        What a topology keeps with the layer.
    n_threads : int
        Threads that a change of its connections may take, 1 at first.
    """

    def __init__(self, weights, biases):
        self.n_in, self.n_out = weights.shape
        self.weights = weights
        self.biases = biases
        self.n_connections_target = weights.nnz
        self.input_scale = 1.0
        self.topology_state = None
        self.n_threads = 1
        self.clear_cache()
        self.start_anew(0)

    @property
    def n_connections(self):
        """Number of connections."""
        return self.weights.nnz

    @property
    def connections(self):
        """The Connections that kernels take, made anew where the arrays are others."""
        weights, known = self.weights, self._connections
        if (
            known is None
            or known.indptr is not weights.indptr
            or known.indices is not weights.indices
        ):
            known = Connections(weights.indptr, weights.indices, self.n_out)
            self._connections, self._made = known, {}
        return known

    def _cached(self, kind, *args):
        """Return a handle of some kind for these connections, made once."""
        connections = self.connections
        key = kind, *args
        if key not in self._made:
            self._made[key] = kind(connections, *args)
        return self._made[key]

    def forward(self, inputs, outputs, tiles, activation, training, n_threads):
        """Write the activations that `inputs`, tiles or NonZeros, give.

        Only one thread at a time may do so with `training`.
        """
        arguments = {
            "weights": self.weights.data,
            "biases": self.biases,
            "inputs": inputs,
            "outputs": outputs,
            "n_threads": n_threads,
        }
        if isinstance(inputs, NonZeros):
            _loops.forward_nonzeros(self.connections, tiles, activation, **arguments)
            return
        # Threads share the tiles and, where these are few, the postsynaptic neurons.
        n_parts = n_threads // math.gcd(n_threads, tiles.n_tiles)
        if tiles.n_tiles >= 4 * n_threads:
            n_parts = 1
        # Gathering writes each output once, but wants a second index, scratch, and
        # inputs and weights from everywhere: that pays off for wide rows, many batches,
        # and inputs that a cache holds; where all are connected, no index is needed.
        gathered, is_wide = None, not tiles.are_narrow
        is_scattered = self.n_in > GATHERED or self.connections.is_full
        if training and is_wide and not is_scattered:
            gathered = self._cached(ByPostsynaptic, n_threads)
        # Between two predictions users may change what the arrays hold.
        parts = (
            self._cached(OutputParts, n_parts)
            if training
            else OutputParts(self.connections, n_parts)
        )
        _loops.forward(parts, gathered, tiles, activation, **arguments)

    def update(self, inputs, errors, backward, batch, step, scratch, n_threads):
        """Move the weights, and propagate the errors with those before.

        Where inputs are NonZeros, weights of other features stay, see `catch_up`.

        Parameters
        ----------
        inputs : ndarray or NonZeros
        errors : ndarray
            dJ/dz of this layer, in tiles, times the weight of the batch.
        backward : Backward
            Ignored where inputs are NonZeros, which have no layer before.
        batch : Batch
        step : _rules.OptimizerStep
        scratch : ndarray of shape (_loops.N_GROUPS, n)
            With n at least `largest_chunk`.
        n_threads : int
        """
        arguments = {
            "weights": self.weights.data,
            "states": self.weight_state,
            "inputs": inputs,
            "errors": errors,
            "total": batch.total,
            "scratch": scratch,
        }
        chunks = self._cached(RowChunks, n_threads, CHUNK)
        if isinstance(inputs, NonZeros):
            _loops.update_nonzeros(chunks, batch.tiles, step, **arguments)
        else:
            arguments |= backward._asdict()
            _loops.update(chunks, batch.tiles, step, **arguments)

    def catch_up(self, history, inputs, n_threads):
        """Let rows take the steps of a StepHistory that they missed.

        Those of the features of `inputs`, NonZeros, or all rows if that is None.
        """
        _lag.catch_up(
            self.connections,
            history,
            weights=self.weights.data,
            states=self.weight_state,
            inputs=inputs,
            n_threads=n_threads,
        )

    def add_covariances(self, inputs, batch, term, centred, scratch, n_threads):
        """Add a HebbianTerm or RoundedTerm to the weights.

        `centred` is an array like outputs to work in, `scratch` that of `update`.
        """
        chunks = self._cached(RowChunks, n_threads, CHUNK)
        if isinstance(term, RoundedTerm):
            _hebbian.add_rounded(chunks, weights=self.weights.data, **term._asdict())
            return
        _hebbian.add_covariances(
            chunks,
            batch.tiles,
            weights=self.weights.data,
            inputs=inputs,
            sample_weight=batch.sample_weight,
            **term._asdict(),
            centred=centred,
            scratch=scratch,
        )

    def update_biases(self, error_sums, total, step):
        """Move the biases, given the sums of dJ/dz over a batch of weight `total`."""
        _loops.take_step(self.biases, self.bias_state, error_sums, total, step)

    def sum_of_squares(self):
        """Return the sum of the squares of the weights, without the biases."""
        return _loops.sum_of_squares(self.weights.data)

    def largest_chunk(self, n_threads):
        """A bound to the connections of a chunk, when grown."""
        return min(self.n_connections_target, CHUNK * n_threads + self.n_out)

    def begin_training(self, n_arrays):
        """Prepare for an optimiser with so many arrays; tell whether it starts anew.

        Users may have changed the connections since they were last trained.
        """
        self.n_connections_target = max(self.n_connections_target, self.n_connections)
        starts_anew = len(self.weight_state) != n_arrays
        if starts_anew:
            self.start_anew(n_arrays)
        return starts_anew

    def is_sound(self):
        """Whether these are connections and biases of a layer of this shape.

        Users may have changed the arrays in place. Kernels would not survive indices
        that lead out of them.
        """
        weights, biases = self.weights, self.biases
        try:
            connections = Connections(weights.indptr, weights.indices, self.n_out)
        except ValueError:
            return False
        return (
            weights.shape == (self.n_in, self.n_out)
            and connections.n_in == self.n_in
            and weights.data.shape == weights.indices.shape
            and biases.shape == (self.n_out,)
            and biases.dtype == weights.data.dtype
            and all(array.flags.c_contiguous for array in (weights.data, biases))
            and is_finite(weights.data)
            and is_finite(biases)
        )

    def is_aligned(self):
        """Whether what moves with the connections is of as many as there are now."""
        sizes = {len(state) for state in self.weight_state}
        state = self.topology_state
        return sizes <= {self.n_connections} and (state is None or state.fits(self))

    def clear_cache(self):
        """Free what was computed from the connections, and will be again if needed."""
        self._connections, self._made = None, {}

    def start_anew(self, n_arrays):
        """Give the optimiser `n_arrays` arrays of zeros for weights and for biases."""
        self.weight_state = [np.zeros_like(self.weights.data) for _ in range(n_arrays)]
        self.bias_state = [np.zeros_like(self.biases) for _ in range(n_arrays)]

    @property
    def parameters(self):
        """LayerParameters, for `restore_parameters`; arrays are shared."""
        return LayerParameters(self.weights, self.biases, copied(self.topology_state))

    def copy(self):
        """A layer of the same arrays, its optimiser's apart; training leaves them."""
        layer = SparseLayer(self.weights, self.biases)
        layer.n_connections_target = self.n_connections_target
        layer.input_scale = self.input_scale
        layer.topology_state = copied(self.topology_state)
        layer.weight_state = [state.copy() for state in self.weight_state]
        layer.bias_state = [state.copy() for state in self.bias_state]
        return layer

    def with_weights(self, weights):
        """Return a layer of other connections and the same biases."""
        return SparseLayer(weights, self.biases)

    def cast(self, dtype):
        """Go on with arrays of their own of another floating-point type."""
        old = self.weights
        data = old.data.astype(dtype)
        self.weights = like_csr(old, data, old.indices, old.indptr)
        self.biases = self.biases.astype(dtype)
        self.weight_state = [state.astype(dtype) for state in self.weight_state]
        self.bias_state = [state.astype(dtype) for state in self.bias_state]
        if self.topology_state is not None:
            self.topology_state = self.topology_state.astype(dtype)
        self.clear_cache()

    def unshare_from(self, parameters):
        """Go on with weights and biases that are not these, but equal."""
        weights, biases, _ = parameters
        if self.weights is weights:
            data = weights.data.copy()
            self.weights = like_csr(weights, data, weights.indices, weights.indptr)
        if self.biases is biases:
            self.biases = biases.copy()

    def restore_parameters(self, parameters):
        """Go back to what `parameters` were; the optimiser starts anew."""
        self.weights, self.biases, topology_state = parameters
        self.topology_state = copied(topology_state)
        self.start_anew(len(self.weight_state))

    def scale_inputs(self, scale):
        """Let a new layer go on as if its inputs were divided by `scale`."""
        self.input_scale = scale
        self.weights.data /= scale

    def keep_connections(self, keep):
        """Drop the connections where the boolean array `keep` is False."""
        old, keep = self.weights, keep.view(np.uint8)
        indptr = _connections.count_kept(old.indptr, keep)

        def kept(values):
            return _connections.compress(values, keep, indptr[-1], self.n_threads)

        self._set_connections(kept(old.data), kept(old.indices), indptr)
        self.weight_state = [kept(state) for state in self.weight_state]

    def add_connections(self, ranks, values):
        """Add connections at absent cells.

        `ranks` are their sorted numbers among the absent cells, counted row by row.
        The optimiser's state of the new connections is zero.
        """
        old = self.weights
        indptr, indices, is_new = _connections.insert(
            old.indptr, old.indices, self.n_out, ranks, self.n_threads
        )
        del ranks  # large
        data = _connections.merge(old.data, values, is_new, self.n_threads)
        self._set_connections(data, indices, indptr)
        zeros = np.zeros_like(values)
        self.weight_state = [
            _connections.merge(state, zeros, is_new, self.n_threads)
            for state in self.weight_state
        ]

    def _set_connections(self, data, indices, indptr):
        """Replace the connections; arrays handed out before stay as they are."""
        self.weights = like_csr(self.weights, data, indices, indptr)

    def __getstate__(self):
        return {**self.__dict__, "_connections": None, "_made": {}}


def copied(topology_state):
    """Return a copy of what a topology keeps, if it keeps anything."""
    return None if topology_state is None else topology_state.copy()


def is_finite(values):
    """Whether all are; a sum tells without a mask, unless it overflows."""
    return bool(np.isfinite(_loops.sum_of_squares(values)) or np.isfinite(values).all())
