"""What users pass as X, as shards."""

from itertools import pairwise

import dask
import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, check_consistent_length

from skhebb._predictors.data_preparation import dense_y, take_rows
from skhebb._training.batches import as_batch_source
from skhebb._training.shards import Shards, joined
from skhebb._utils.csr import make_csr
from skhebb._utils.validation import FLOATS, check_weights, validate_data


class Samples:
    """X, which estimators have checked and cut into shards.

    Parameters
    ----------
    X : array, sparse matrix, frame or Dask collection
    executor : InProcess or OnCluster
    n_shards : int
    sync_every : int or None
    n_jobs : int or None
    """

    def __init__(self, X, executor, n_shards, sync_every, n_jobs):
        self.X = X
        self.executor = executor
        self.n_shards = n_shards
        self.rest = sync_every, n_jobs

    def bounds(self, n_samples):
        """Return where shards begin and end, as even as may be."""
        if n_samples < self.n_shards:
            raise ValueError(
                f"n_shards must be at most the number of samples. Got n_shards="
                f"{self.n_shards} and n_samples={n_samples}."
            )
        return [k * n_samples // self.n_shards for k in range(self.n_shards + 1)]


class LocalSamples(Samples):
    """X in the memory of this process, or in a file that is mapped there."""

    def check_for(self, estimator, given, is_first):
        """Return what is given, checked as `estimator` does; X as Shards."""
        checked = estimator._check_data(given._replace(X=self.X), is_first)
        X = as_batch_source(checked.X).X
        bounds = self.bounds(X.shape[0])
        parts = [rows(X, *pair) for pair in pairwise(bounds)]
        shards = Shards(
            self.executor,
            self.executor.put_shards(parts),
            np.diff(bounds),
            X.shape[1],
            X.dtype,
            issparse(X),
            *self.rest,
        )
        return checked._replace(X=shards)

    def take_rows(self, samples):
        """Return some rows, as users gave them."""
        return take_rows(self.X, samples)


class DaskSamples(Samples):
    """X as a Dask array or data frame, which need not fit into one memory."""

    def check_for(self, estimator, given, is_first):
        """Return what is given, checked; X as Shards, whose workers check them."""
        X, frame = self.X, columns_of(self.X)
        y, sample_weight = given.y, given.sample_weight
        y = validate_data(estimator, "no_validation", y, **estimator._y_options)
        y = estimator._check_y(dense_y(y), "y")
        validate_data(estimator, frame, y, skip_check_array=True, reset=is_first)
        blocks = self.executor.compute_all(blocks_of(X))
        lengths = self.lengths(blocks)
        n_samples = sum(lengths)
        like = np.empty((n_samples, 0))
        check_consistent_length(like, y)
        if sample_weight is not None:
            sample_weight = check_weights("sample_weight", sample_weight, like)
        dtype = dtype_of(X)
        parts = self.parts(blocks, lengths, dtype)
        are_sparse = [self.executor.call(issparse, part) for part in parts]
        is_sparse = any(self.executor.get_all(are_sparse))
        self.executor.free(*blocks)
        self.shards = Shards(
            self.executor,
            parts,
            np.diff(self.bounds(n_samples)),
            frame.shape[1],
            dtype,
            is_sparse,
            *self.rest,
        )
        return given._replace(X=self.shards, y=y, sample_weight=sample_weight)

    def lengths(self, blocks):
        """Return the numbers of rows of all blocks, which may have to be counted."""
        known = getattr(self.X, "chunks", ((np.nan,),))[0]
        if not np.isnan(known).any():
            return list(map(int, known))
        counts = [self.executor.call(n_rows, block) for block in blocks]
        return self.executor.get_all(counts)

    def parts(self, blocks, lengths, dtype):
        """Return the rows of each shard, out of the blocks that have some of them."""
        starts = np.cumsum([0, *lengths])
        bounds = self.bounds(int(starts[-1]))
        parts = []
        for k, (low, high) in enumerate(pairwise(bounds)):
            touched = np.flatnonzero((starts[:-1] < high) & (starts[1:] > low))
            spans = [
                (max(low - start, 0), min(high - start, length))
                for start, length in (
                    (int(starts[block]), lengths[block]) for block in touched
                )
            ]
            arguments = dtype, spans, *(blocks[block] for block in touched)
            parts.append(self.executor.call(checked_rows, k, *arguments, shard=k))
        return parts

    def take_rows(self, samples):
        """Return some rows, fetched."""
        inputs, numbers = self.shards.at_hand(samples)
        return inputs.X[numbers]


def columns_of(X):
    """Return a frame or array with the columns of a Dask collection, but no rows."""
    if hasattr(X, "columns"):
        return X._meta
    if X.ndim != 2 or np.isnan(X.shape[1]):
        raise ValueError(
            "X must be a Dask array of two dimensions, the second known, or a data "
            f"frame. Got an array of shape {X.shape}."
        )
    return np.empty((0, X.shape[1]))


def blocks_of(X):
    """Return delayed blocks of rows."""
    if hasattr(X, "columns"):
        return X.to_delayed()
    return X.rechunk({1: -1}).to_delayed().ravel().tolist()


def dtype_of(X):
    """Return the type that samples of a Dask collection are to have."""
    dtype = X._meta.to_numpy().dtype if hasattr(X, "columns") else X.dtype
    return dtype if dtype in FLOATS else np.dtype(np.float64)


def n_rows(block):
    """Return the number of rows."""
    return block.shape[0]


def checked_rows(number, dtype, spans, *blocks):
    """Return a shard: rows of blocks, checked as estimators do."""
    try:
        checked = [
            check_array(
                block.iloc[low:high] if hasattr(block, "iloc") else block[low:high],
                accept_sparse="csr",
                dtype=dtype,
                order="C",
                input_name="X",
            )
            for block, (low, high) in zip(blocks, spans, strict=True)
        ]
    except ValueError as error:
        raise ValueError(f"In shard {number} of X: {error}") from error
    return as_batch_source(joined(checked)).X


def rows(X, low, high):
    """Return rows that share their memory with X."""
    if not issparse(X):
        return X[low:high]
    start, stop = X.indptr[low], X.indptr[high]
    some = slice(start, stop)
    indptr = X.indptr[low : high + 1] - start
    return make_csr(X.data[some], X.indices[some], indptr, (high - low, X.shape[1]))


def at_client(collection):
    """Return what a Dask collection has; anything else as it is."""
    return collection.compute() if dask.is_dask_collection(collection) else collection
