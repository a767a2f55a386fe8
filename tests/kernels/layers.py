"""Small layers, and the arrays around them as kernels take them."""

import numpy as np
from scipy.sparse import csr_array
from skhebb._kernels._handles import NonZeros

from skhebb._kernels import _loops, _rules
from skhebb._network.buffers import Backward, Batch, tiles_for
from skhebb._network.layer import SparseLayer
from skhebb._network.network import LINEAR
from skhebb._training.optimizers import SGD
from skhebb._utils.csr import make_csr

NO_BACKWARD = Backward(None, None, LINEAR)


DTYPES = [np.float32, np.float64]


BATCHES = [1, 2, 7, 16, 33, 200, 270]


INDEX_TYPES = [np.int32, np.int64]


SHAPES = [(5, 7, 0.0), (13, 9, 0.3), (40, 61, 1.0), (200, 3, 0.1)]


DERIVATIVES = {
    "relu": lambda a: a > 0,
    "tanh": lambda a: 1 - a**2,
    "logistic": lambda a: a * (1 - a),
    "leaky": lambda a: np.where(a > 0, 1, 0.25),
    "all-relu": lambda a: np.where(last_bits(a), -0.25, 1),
}


KERNELS = {
    "relu": _rules.Activation("piecewise linear", 0),
    "leaky": _rules.Activation("piecewise linear", 0.25),
    "all-relu": _rules.Activation("piecewise linear", -0.25),
    "tanh": _rules.Activation("tanh"),
    "logistic": _rules.Activation("logistic"),
}


def last_bits(a):
    return a.view(f"i{a.itemsize}") & 1


def tolerance(dtype):
    return {
        "rtol": 2e-4 if dtype == np.float32 else 1e-11,
        "atol": 1e-4 * (dtype == np.float32) + 1e-12,
    }


def sgd(momentum=0.0, nesterov=False):
    return SGD(momentum, nesterov)


def batch_of(tiles, weights=None):
    if weights is None:
        return Batch(tiles, tiles.ones, tiles.batch_size)
    return Batch(tiles, tiles.columns(weights, tiles.ones.dtype), weights.sum())


def tiled(values, tiles=None):
    """`values` of shape (n_neurons, batch_size) in tiles."""
    tiles = tiles or tiles_for(values.shape[1], values.dtype)
    flat = np.full(len(values) * tiles.stride, np.nan, dtype=values.dtype)
    tiles.pack(values, flat)
    return flat


def untiled(flat, batch):
    tiles = tiles_for(batch, flat.dtype)
    values = np.empty((flat.size // tiles.stride, batch), dtype=flat.dtype)
    tiles.unpack(flat, values)
    return values


def layer_of(weights, index_type=np.int32, biases=None):
    index = weights.indices.astype(index_type), weights.indptr.astype(index_type)
    if biases is None:
        biases = np.zeros(weights.shape[1], dtype=weights.dtype)
    return SparseLayer(make_csr(weights.data, *index, weights.shape), biases)


def nonzeros(a):
    """The rows of `a`, (n_neurons, batch_size), that are not zero everywhere."""
    sparse = csr_array(a)
    active = np.flatnonzero(np.diff(sparse.indptr))
    return NonZeros(
        active.astype(np.intp),
        np.append(sparse.indptr[active], sparse.nnz).astype(np.intp),
        sparse.indices.astype(np.intp),
        sparse.data,
    )


def scratch_of(layer, n_threads):
    return np.full((_loops.N_GROUPS, layer.largest_chunk(n_threads)), np.nan)
