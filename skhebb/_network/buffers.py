"""How a batch lies in memory: tiles of samples, and arrays that are used again."""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skhebb._kernels._handles import CACHE_LINE, TILE_BYTES, Deviations, TileLayout


class Tiles(TileLayout):
    """The columns of a batch, cut into tiles.

    Tile t of n neurons holds, for one neuron after the other, their activations for
    the samples ``edges[t]`` to ``edges[t + 1] - 1``, in a flat array from
    ``n * edges[t]`` on. The last columns may be padding.

    The cut depends on nothing but the batch and the type, or else sums over the batch,
    and results with them, would depend on the number of threads.

    Parameters
    ----------
    batch_size : int
        Number of samples, at least 1.
    dtype : dtype

    Attributes
    ----------
    ones : ndarray
        The weights of columns that weigh 1 each, 0 for padding.
    """

    def __init__(self, batch_size, dtype):
        lanes = CACHE_LINE // np.dtype(dtype).itemsize
        if batch_size < lanes:
            edges = [0, 1 << (batch_size - 1).bit_length()]
        else:
            n_vectors = -(-batch_size // lanes)
            n_tiles = -(-n_vectors * CACHE_LINE // TILE_BYTES)
            edges = lanes * (np.arange(n_tiles + 1) * n_vectors // n_tiles)
        edges = np.array(edges, dtype=np.intp)
        super().__init__(edges, batch_size, dtype)
        self._spans = list(pairwise(edges.tolist()))
        self.are_narrow = self.stride <= lanes
        self.ones = self.columns(1, dtype)

    def columns(self, values, dtype):
        """An array of all columns, filled with `values`, 0 in the padding."""
        columns = np.zeros(self.stride, dtype=dtype)
        columns[: self.batch_size] = values
        return columns

    def split(self, flat):
        """Views of the tiles, each (n_neurons, columns)."""
        n_neurons = flat.size // self.stride
        for start, stop in self._spans:
            tile = flat[n_neurons * start : n_neurons * stop]
            tile = tile.reshape(n_neurons, stop - start)
            yield start, min(stop, self.batch_size), tile


@lru_cache(maxsize=32)
def tiles_for(batch_size, dtype):
    """The tiles of a batch, made once."""
    return Tiles(batch_size, dtype)


class Batch(NamedTuple):
    """A mini-batch: all that is known of it besides its activations.

    Attributes
    ----------
    tiles : Tiles
    sample_weight : ndarray
        Of the columns, 0 for padding.
    total : float
        Of the weights.
    share : float
        What this is of the weight of the mini-batch, where other shards have the rest.
    """

    tiles: Tiles
    sample_weight: np.ndarray
    total: float
    share: float = 1.0


class HebbianTerm(NamedTuple):
    """Addition to the weights: w_ij += factor s_i s_j sum_b v_b c_bi c_bj.

    c are activations less their means, s scales, v the weights of samples.

    Attributes
    ----------
    factor : float
    in_means, in_scales : ndarray of shape (n_in,)
        Of presynaptic neurons; where inputs are NonZeros, of their `features` only.
    outputs : ndarray
        Postsynaptic activities, in tiles.
    out_means, out_scales : ndarray of shape (n_out,)
    """

    factor: float
    in_means: np.ndarray
    in_scales: np.ndarray
    outputs: np.ndarray
    out_means: np.ndarray
    out_scales: np.ndarray


class RoundedTerm(NamedTuple):
    """A HebbianTerm in integers: w_ij += factor sum_b d_bi d_bj, of deviations d.

    Attributes
    ----------
    factor : float
    before, after : Deviations
        Of presynaptic and of postsynaptic neurons.
    """

    factor: float
    before: Deviations
    after: Deviations


class Backward(NamedTuple):
    """Where the errors of a layer's inputs go.

    Attributes
    ----------
    in_errors : ndarray or None
        For dJ/dz of the layer before, in tiles; None for the features, which have none.
    in_error_sums : ndarray of shape (N_GROUPS * n_in,) or None
        For the sums of these over the batch.
    activation : _rules.Activation
        Of the layer before.
    """

    in_errors: np.ndarray | None
    in_error_sums: np.ndarray | None
    activation: object


def aligned_zeros(size, dtype):
    """Zeroed array that begins at a cache line."""
    dtype = np.dtype(dtype)
    raw = np.zeros(size * dtype.itemsize + CACHE_LINE, dtype=np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + size * dtype.itemsize].view(dtype)


class BatchBuffers:
    """Arrays, one per layer, large enough for `max_batch_size` samples.

    Parameters
    ----------
    sizes : list of int
        Neurons of each layer.
    max_batch_size : int
    dtype : dtype
    """

    def __init__(self, sizes, max_batch_size, dtype):
        self.sizes = sizes
        stride = tiles_for(max_batch_size, dtype).stride
        self._flat = [aligned_zeros(size * stride, dtype) for size in sizes]
        self._arrays = {}

    def arrays(self, tiles):
        """The arrays, each flat, of as many tiles; they are the same each time."""
        if tiles.stride not in self._arrays:
            self._arrays[tiles.stride] = [
                flat[: size * tiles.stride]
                for flat, size in zip(self._flat, self.sizes, strict=True)
            ]
        return list(self._arrays[tiles.stride])
