"""Rows of X that lie in several places, and who computes there."""

from itertools import pairwise

import numpy as np
from scipy.sparse import issparse, vstack

from skhebb._training.batches import (
    BatchSource,
    DenseRows,
    SparseRows,
    as_batch_source,
)


class RoundFailed(RuntimeError):
    """A round of training could not be completed; that before it is still there."""


class InProcess:
    """Computes shard after shard in this process.

    What `put` and `call` give may be passed to `call` in the place of values.
    """

    def put(self, value):
        """Return `value`, which is where it is needed."""
        return value

    def put_shards(self, values):
        """Return values, each of a shard; those of neighbours lie side by side."""
        return values

    def call(self, function, *args, shard=None, uses_up=False):
        """Return ``function(*args)``, which is about the shard of this number.

        It `uses_up` what other calls gave, if nothing else wants that.
        """
        return function(*args)

    def get(self, value):
        """Return what `call` gave."""
        return value

    def get_all(self, values):
        """Return what several calls gave, which are computed at the same time."""
        return values

    def n_summed(self, n_shards):
        """Return of how many shards at a time sums are computed as they come.

        Sums of more of them wait until what all shards train on has been freed.
        """
        return n_shards

    def complete(self, values):
        """Wait until these calls have been computed, where they are."""

    def free(self, *values):
        """Let the memory go that these take; they are made again if need be."""


class Shards(BatchSource):
    """Samples of which each shard, rows that follow each other, has its own place.

    A source of batches but for the rows themselves, for which there is `at_hand`.

    Parameters
    ----------
    executor : InProcess or one like it
    parts : list
        What its `put` or `call` gave for the rows of each shard, checked.
    lengths : list of int
        Their numbers of rows.
    n_features : int
    dtype : dtype
    is_sparse : bool
    sync_every : int or None
        Mini-batches of a round, after which the networks that shards have trained are
        averaged; None for an epoch.
    n_jobs : int or None
        Threads of a shard.
    """

    def __init__(
        self,
        executor,
        parts,
        lengths,
        n_features,
        dtype,
        is_sparse,
        sync_every,
        n_jobs,
    ):
        self.executor = executor
        self.parts = parts
        self.bounds = np.cumsum([0, *lengths])
        self.n_samples = int(self.bounds[-1])
        self.n_features = n_features
        self.dtype = np.dtype(dtype)
        self.is_sparse = is_sparse
        self.sync_every = sync_every
        self.n_jobs = n_jobs

    def batch_source(self):
        """Return itself."""
        return self

    @property
    def shape(self):
        """Numbers of all rows and of features."""
        return self.n_samples, self.n_features

    @property
    def spans(self):
        """Return for each shard which of all samples it has."""
        return [slice(*map(int, pair)) for pair in pairwise(self.bounds)]

    def tiled_sizes(self, sizes):
        """Return how many neurons of each layer want buffers; see `BatchSource`."""
        return (SparseRows if self.is_sparse else DenseRows).tiled_sizes(sizes)

    def of_shards(self, samples):
        """Return for each shard where in `samples` its own are, in the same order."""
        owners = np.searchsorted(self.bounds, samples, side="right") - 1
        order = np.argsort(owners, kind="stable")
        ends = np.searchsorted(owners[order], np.arange(len(self.parts) + 1))
        return [order[k:stop] for k, stop in pairwise(ends)]

    def at_hand(self, samples):
        """Return a source that has `samples` in this process, and its numbers of them.

        They are fetched, in this order.
        """
        places = self.of_shards(samples)
        wanted = [
            (k, samples[places[k]] - self.bounds[k])
            for k in range(len(self.parts))
            if len(places[k])
        ]
        fetched = [
            self.executor.call(rows_of, self.parts[k], rows, shard=k)
            for k, rows in wanted
        ]
        X = joined(self.executor.get_all(fetched))
        numbers = np.empty(len(samples), dtype=np.intp)
        numbers[np.concatenate(places)] = np.arange(len(samples))
        return as_batch_source(X), numbers

    def sum_of_squares(self, weights):
        """Return the weighted sum of squares of each feature, shard after shard."""
        sums = [
            self.executor.call(squares_of, part, weights[span], shard=k)
            for k, (part, span) in enumerate(zip(self.parts, self.spans, strict=True))
        ]
        squares = np.zeros(self.n_features)
        for each in self.executor.get_all(sums):
            squares += each
        return squares

    def described_by(self, describe_data):
        """Return what decides the result of a fit, as text."""
        of_parts = [
            self.executor.call(describe_data, part, shard=k)
            for k, part in enumerate(self.parts)
        ]
        parts = "; ".join(self.executor.get_all(of_parts))
        sync = "epoch" if self.sync_every is None else self.sync_every
        return f"shards, sync_every={sync}: {parts}"


def rows_of(X, rows):
    """Return some rows of a shard."""
    return X[rows]


def squares_of(X, weights):
    """Return weighted sums of squares of a shard."""
    with np.errstate(over="ignore", invalid="ignore"):
        return as_batch_source(X).sum_of_squares(weights)


def joined(parts):
    """Return one array, or sparse matrix, of the rows of several."""
    if len(parts) == 1:
        return parts[0]
    return vstack(parts, format="csr") if issparse(parts[0]) else np.concatenate(parts)
