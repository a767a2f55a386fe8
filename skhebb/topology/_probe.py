"""What growth rules may look at: a layer on some of the training samples."""

from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from skhebb._kernels import _hebbian, _loops, _rules
from skhebb._kernels._handles import Connections, NonZeros, RowChunks
from skhebb._network.buffers import Batch
from skhebb._network.layer import CHUNK
from skhebb._network.network import LINEAR
from skhebb._network.statistics import statistics_of_nonzeros, statistics_of_tiles
from skhebb._utils.csr import make_csr

ADD_GRADIENT = _rules.OptimizerStep("gradient descent", (-1.0, 0.0, False), 0, 0.0, 0.0)


class LayerProbe:
    """A layer of connections on a probe, which is a batch of training samples.

    A growth rule with a parameter named `probe` gets one, of the network as pruning has
    left it and without dropout. Arrays have a row for each neuron and a column for each
    sample; they are made when they are asked for, and may be changed.

    Parameters
    ----------
    before : Activity
        Of the presynaptic neurons.
    after : Activity
        Of the postsynaptic neurons.
    errors : ndarray or None
        Of the postsynaptic neurons, in tiles, if the rule wants them.

    Attributes
    ----------
    presynaptic : {ndarray, csr_array} of shape (n_in, n_samples)
        Activations before the connections, of the first layer the features.
    postsynaptic : ndarray of shape (n_out, n_samples)
        Activations after the connections, of the last layer the outputs.
    errors : ndarray of shape (n_out, n_samples)
        Derivatives of the loss by the preactivations.
    sample_weight : ndarray of shape (n_samples,)
        Weights of the samples.
    """

    def __init__(
        self, before: "Activity", after: "Activity", errors: np.ndarray | None
    ) -> None:
        self._before = before
        self._after = after
        self._errors = errors

    @property
    def presynaptic(self):
        """Activations before the connections; of sparse features a csr_array."""
        return self._before.to_array()

    @property
    def postsynaptic(self):
        """Activations after the connections."""
        return self._after.to_array()

    @property
    def errors(self):
        """Derivatives of the loss of each sample, times its weight."""
        self._check_errors()
        return unpacked(self._errors, self._after.n_neurons, self._after.batch.tiles)

    @property
    def sample_weight(self):
        """Weights of the samples, those of their classes included."""
        batch = self._after.batch
        return batch.sample_weight[: batch.tiles.batch_size].copy()

    def correlations(self, candidates: csr_array) -> np.ndarray:
        """Return the Pearson correlations of the activations of pairs of neurons.

        Parameters
        ----------
        candidates : csr_array of shape (n_in, n_out)
            What it stores are the pairs, sorted and without duplicates.

        Returns
        -------
        correlations : ndarray of shape (n_candidates,)
            Weighted by the samples; 0 where a neuron is constant.
        """
        before, after = self._before, self._after
        connections = self._connections(candidates)
        of_both = before.statistics, after.statistics
        return covariances(connections, before, after, *of_both)

    def gradients(self, candidates: csr_array) -> np.ndarray:
        """Return the derivatives of the mean loss by the weights of connections.

        Parameters
        ----------
        candidates : csr_array of shape (n_in, n_out)
            What it stores are the connections, sorted and without duplicates.

        Returns
        -------
        gradients : ndarray of shape (n_candidates,)
            Weighted by the samples.
        """
        connections = self._connections(candidates)
        self._check_errors()
        before, after = self._before, self._after
        chunks, gradients, scratch = zeros_for(connections, after)
        arguments = {
            "weights": gradients,
            "states": [],
            "inputs": before.values,
            "errors": self._errors,
            "total": after.batch.total,
            "scratch": scratch,
        }
        tiles = after.batch.tiles
        if isinstance(before.values, NonZeros):
            _loops.update_nonzeros(chunks, tiles, ADD_GRADIENT, **arguments)
        else:
            arguments |= {"in_errors": None, "in_error_sums": None}
            _loops.update(chunks, tiles, ADD_GRADIENT, activation=LINEAR, **arguments)
        return gradients

    def _check_errors(self):
        """Raise unless there are errors."""
        if self._errors is None:
            raise ValueError(
                "This probe has no errors, because the growth rule has "
                "needs_errors=False. Set it to True."
            )

    def _connections(self, candidates):
        """Return candidates as kernels take them; raise unless they fit the layer."""
        shape = self._before.n_neurons, self._after.n_neurons
        try:
            if not isinstance(candidates, csr_array) or candidates.shape != shape:
                raise ValueError("type or shape")
            return Connections(candidates.indptr, candidates.indices, shape[1])
        except ValueError as error:
            raise ValueError(
                f"candidates must be a csr_array of shape {shape} with sorted indices "
                f"and no duplicates. Got {candidates!r}."
            ) from error


class Activity:
    """Activations of neurons on a batch.

    Parameters
    ----------
    values : ndarray or NonZeros
        In tiles, or of the features of sparse samples.
    n_neurons : int
    batch : Batch
    n_threads : int
    """

    def __init__(
        self,
        values: np.ndarray | NonZeros,
        n_neurons: int,
        batch: Batch,
        n_threads: int,
    ) -> None:
        self.values = values
        self.n_neurons = n_neurons
        self.batch = batch
        self.n_threads = n_threads

    @cached_property
    def statistics(self):
        """Means and inverse standard deviations, which of constant neurons are 0.

        Where values are NonZeros, of their `features` only.
        """
        if isinstance(self.values, NonZeros):
            means, inverse_ranges = statistics_of_nonzeros(self.values, self.batch)
            variances = variances_of_nonzeros(self.values, means, self.batch)
        else:
            means, inverse_ranges = statistics_of_tiles(
                self.values, self.batch, self.n_threads
            )
            variances = variances_of_tiles(self, means)
        varies = (inverse_ranges > 0) & (variances >= np.finfo(means.dtype).tiny)
        inverses = np.zeros_like(means)
        inverses[varies] = 1 / np.sqrt(variances[varies])
        return means, inverses

    def to_array(self) -> np.ndarray:
        """Return an array of shape (n_neurons, n_samples)."""
        values, tiles = self.values, self.batch.tiles
        if not isinstance(values, NonZeros):
            return unpacked(values, self.n_neurons, tiles)
        starts = np.searchsorted(values.features, np.arange(self.n_neurons + 1))
        return make_csr(
            values.values.copy(),
            values.columns.copy(),
            values.starts[starts],
            (self.n_neurons, tiles.batch_size),
        )


def unpacked(values, n_neurons, tiles):
    """Return what is in tiles as an array of shape (n_neurons, n_samples)."""
    array = np.empty((n_neurons, tiles.batch_size), dtype=values.dtype)
    tiles.unpack(values, array)
    return array


def variances_of_tiles(activity, means):
    """Return the covariance of each neuron with itself."""
    n, ones = activity.n_neurons, np.ones_like(means)
    indptr = np.arange(n + 1, dtype=np.int32)
    itself = Connections(indptr, indptr[:-1], n)
    return covariances(itself, activity, activity, (means, ones), (means, ones))


def variances_of_nonzeros(inputs, means, batch):
    """Return the variances of the features that are not zero everywhere."""
    starts = inputs.starts[:-1]
    if not len(starts):
        return means
    weights = batch.sample_weight[inputs.columns].astype(np.float64)
    centred = inputs.values - np.repeat(means, np.diff(inputs.starts))
    squares = np.add.reduceat(weights * np.square(centred, dtype=np.float64), starts)
    of_zeros = batch.total - np.add.reduceat(weights, starts)
    squares += np.square(means, dtype=np.float64) * np.maximum(of_zeros, 0)
    return (squares / batch.total).astype(means.dtype)


def covariances(connections, before, after, of_before, of_after):
    """Return the covariances of pairs of neurons, times the scales of both.

    `of_before` and `of_after` are means and scales.
    """
    chunks, result, scratch = zeros_for(connections, after)
    _hebbian.add_covariances(
        chunks,
        after.batch.tiles,
        weights=result,
        inputs=before.values,
        sample_weight=after.batch.sample_weight,
        factor=1 / after.batch.total,
        in_means=of_before[0],
        in_scales=of_before[1],
        outputs=after.values,
        out_means=of_after[0],
        out_scales=of_after[1],
        centred=np.empty_like(after.values),
        scratch=scratch,
    )
    return result


def zeros_for(connections, after):
    """Return chunks of connections, a zero for each, and scratch for sums."""
    chunks = RowChunks(connections, after.n_threads, CHUNK)
    dtype = after.values.dtype
    scratch = np.empty((_loops.N_GROUPS, chunks.largest), dtype=dtype)
    return chunks, np.zeros(connections.n_connections, dtype=dtype), scratch
