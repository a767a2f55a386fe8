"""Predictions of Dask collections, block by block when they are computed."""

import dask
import dask.array as da
import numpy as np


def lazily(estimator, method, X):
    """Return what a method of a fitted estimator gives for X.

    Returns
    -------
    predictions : ndarray, or Dask collection
        An array for a Dask array; a series or frame of the same index for a frame.
    """
    if not dask.is_dask_collection(X):
        return getattr(estimator, method)(X)
    dtype, shape = like(estimator, method)
    fitted = dask.delayed(estimator, pure=False)
    if hasattr(X, "columns"):
        meta = framed(np.empty((0, *shape), dtype), None)
        return X.map_partitions(of_frame, fitted, method, meta=meta)
    options = {"drop_axis": 1} if not shape else {"chunks": (X.chunks[0], shape)}
    return da.map_blocks(
        of_block,
        X.rechunk({1: -1}),
        fitted=fitted,
        method=method,
        dtype=dtype,
        meta=np.empty((0, *shape), dtype),
        **options,
    )


def like(estimator, method):
    """Return type and shape of what a sample gives."""
    names = getattr(estimator, "feature_names_in_", None)
    X = np.zeros((1, estimator.n_features_in_))
    X = X if names is None else framed(X, None, names)
    given = getattr(estimator, method)(X)
    return given.dtype, given.shape[1:]


def of_block(X, fitted, method):
    """Return an array of predictions; there may be no rows."""
    if not X.shape[0]:
        dtype, shape = like(fitted, method)
        return np.empty((0, *shape), dtype)
    return getattr(fitted, method)(X)


def of_frame(X, fitted, method):
    """Return a series or frame of predictions."""
    return framed(of_block(X, fitted, method), X.index)


def framed(values, index, columns=None):
    """Return a series, or a frame where there are columns."""
    import pandas as pd  # which is there where frames are

    if values.ndim == 1:
        return pd.Series(values, index=index)
    return pd.DataFrame(values, index=index, columns=columns)
