"""Connections as arrays of SciPy."""

import numpy as np
from scipy.sparse import csr_array


def make_csr(data, indices, indptr, shape):
    """A csr_array of sorted indices without duplicates, taken as they are."""
    weights = csr_array(shape, dtype=data.dtype)
    weights.data, weights.indices, weights.indptr = data, indices, indptr
    weights.has_canonical_format = True
    return weights


def index_dtype(n_connections):
    """The integers that can count so many connections."""
    fits = n_connections <= np.iinfo(np.int32).max
    return np.dtype(np.int32 if fits else np.int64)
