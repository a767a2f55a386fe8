"""What components start from: arrays that users pass, or random ones."""

import numpy as np
from scipy.sparse import csr_array

from skhebb._transformers.components import DenseComponents, SparseComponents
from skhebb._utils.csr import make_csr
from skhebb._utils.validation import check_connections, check_numbers, check_shape
from skhebb.topology import GRAPHS


def make_components(weights, n_threads):
    """Return components of these weights.

    Parameters
    ----------
    weights : {ndarray, csr_array} of shape (n_units, n_features)
        Those of a csr_array have its connections for receptive fields.
    n_threads : int
    """
    if isinstance(weights, np.ndarray):
        return DenseComponents(weights)
    fields = weights.T.tocsr()
    fields.sort_indices()
    return SparseComponents(fields, n_threads)


def check_initial(name, given, shape, dtype):
    """Return a copy of a user's array, as ndarray or csr_array of this type."""
    given = check_numbers(name, given, dtype, accept_sparse="csr")
    if isinstance(given, np.ndarray):
        check_shape(name, given.shape, shape)
        return given
    return check_connections(name, given, shape)


def check_receptive_fields(given, shape, dtype):
    """Return a csr_array of what a user's array has that is not 0."""
    fields = csr_array(check_initial("receptive_fields", given, shape, dtype))
    fields.eliminate_zeros()
    if not fields.nnz:
        raise ValueError("receptive_fields has no connection: all are zero.")
    return make_csr(fields.data, fields.indices, fields.indptr, shape)


def draw_receptive_fields(density, shape, dtype, rng):
    """Return random receptive fields, a csr_array of ones; None for all features.

    Parameters
    ----------
    density : float
    shape : tuple of int
        (n_units, n_features).
    dtype : dtype
    rng : numpy.random.Generator
    """
    if density == 1:
        return None
    graph = GRAPHS["uniform"]([shape[::-1]], None, density)
    indptr, indices = graph.draw(0, rng)
    if not len(indices):
        raise ValueError(
            f"density={density} of n_features={shape[1]} times n_components={shape[0]} "
            "leaves no connection. Increase it."
        )
    ones = np.ones(len(indices), dtype=dtype)
    return make_csr(ones, indices, indptr, shape[::-1]).T.tocsr()


def draw_uniform(shape, fields, dtype, rng):
    """Return weights uniform in ±1 / sqrt(number of features that a unit sees).

    Parameters
    ----------
    shape : tuple of int
        (n_units, n_features).
    fields : csr_array of this shape, or None
        Receptive fields, which are overwritten and returned; None for all features.
    dtype : dtype
    rng : numpy.random.Generator

    Returns
    -------
    weights : {ndarray, csr_array} of shape (n_units, n_features)
    """
    if fields is None:
        return (rng.uniform(-1, 1, shape) / np.sqrt(shape[1])).astype(dtype)
    fan_in = np.diff(fields.indptr)
    limits = np.repeat(1 / np.sqrt(np.maximum(fan_in, 1)), fan_in)
    fields.data[:] = limits * rng.uniform(-1, 1, fields.nnz)
    return fields


def draw_normal(shape, fields, norm, dtype, rng):
    """Return normal weights; `norm` is the root mean square norm of a unit's.

    The other parameters are those of `draw_uniform`.
    """
    if fields is None:
        return (rng.standard_normal(shape) * (norm / shape[1] ** 0.5)).astype(dtype)
    fan_in = np.diff(fields.indptr)
    deviations = norm / np.sqrt(np.maximum(fan_in, 1))
    fields.data[:] = np.repeat(deviations, fan_in) * rng.standard_normal(fields.nnz)
    return fields
