"""Connections as arrays of SciPy."""

from copy import copy

import numpy as np
from scipy.sparse import csr_array


def make_csr(data, indices, indptr, shape):
    """A csr_array of sorted indices without duplicates, taken as they are."""
    weights = csr_array(shape, dtype=data.dtype)
    weights.data, weights.indices, weights.indptr = data, indices, indptr
    weights.has_canonical_format = True
    return weights


def like_csr(weights, data, indices, indptr):
    """A csr_array of the shape of `weights`, made without a constructor's checks."""
    new = copy(weights)  # no array with it
    new.data, new.indices, new.indptr = data, indices, indptr
    new.has_canonical_format = True
    return new


def index_dtype(n_connections):
    """The integers that can count so many connections."""
    fits = n_connections <= np.iinfo(np.int32).max
    return np.dtype(np.int32 if fits else np.int64)
