"""Where batches come from: the rows of X.

A source has, besides what the classes here have in common, ``load(samples, tiles, out,
n_threads)`` and `X`, unless its rows are elsewhere: `at_hand` gives one that has.
"""

from abc import ABC, abstractmethod

import numpy as np
from scipy.sparse import issparse

from skhebb._kernels import _loops
from skhebb._kernels._handles import NonZeros

BLOCK = 1000  # samples whose squares are in memory


class Rows(ABC):
    """Samples that are in this process.

    Parameters
    ----------
    X : {ndarray, csr_matrix, csr_array} of shape (n_samples, n_features)
    """

    def __init__(self, X):
        self.X = X
        self.n_samples, self.n_features = X.shape
        self.dtype = X.dtype

    def at_hand(self, samples):
        """Return a source that has `samples` in this process, and its numbers of them.

        Returns
        -------
        inputs : DenseRows or SparseRows
        samples : ndarray
        """
        return self, samples

    def sum_of_squares(self, weights):
        """Return that of each feature, weighted, ndarray of shape (n_features,)."""
        squares = np.zeros(self.n_features)
        for start in range(0, self.n_samples, BLOCK):
            some = slice(start, start + BLOCK)
            block = self._squares(some, weights[some, np.newaxis])
            squares += np.asarray(block.sum(axis=0)).ravel()  # no BLAS: same bits
        return squares

    @abstractmethod
    def _squares(self, some, weights):
        """Return the squares of some samples, each row times its weight."""


class DenseRows(Rows):
    """Samples of a dense array of shape (n_samples, n_features)."""

    @staticmethod
    def tiled_sizes(sizes):
        """The numbers of neurons that want buffers, of each layer."""
        return sizes

    def load(self, samples, tiles, out, n_threads):
        """Write `samples` into `out`, n_features neurons in tiles, and return it."""
        X = self.X
        if X.dtype != out.dtype or not X.flags.c_contiguous:
            X = np.ascontiguousarray(X[samples], dtype=out.dtype)
            samples = np.arange(len(samples), dtype=np.intp)
        _loops.load_rows(X, samples, tiles, out, n_threads)
        return out

    def _squares(self, some, weights):
        return np.square(self.X[some]) * weights


class SparseRows(Rows):
    """Samples of a CSR matrix or array, never made dense."""

    def __init__(self, X):
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        super().__init__(X)

    @staticmethod
    def tiled_sizes(sizes):
        """The numbers of neurons that want buffers: the features want none."""
        return [0, *sizes[1:]]

    def load(self, samples, tiles, out, n_threads):
        """The non-zeros of `samples`; time grows with them, not with n_features."""
        batch = self.X[samples]
        columns = np.repeat(np.arange(len(samples)), np.diff(batch.indptr))
        order = np.argsort(batch.indices, kind="stable")
        features, starts = np.unique(batch.indices[order], return_index=True)
        return NonZeros(
            features.astype(np.intp),
            np.append(starts, len(order)).astype(np.intp),
            columns[order],
            batch.data[order].astype(out.dtype, copy=False),
        )

    def _squares(self, some, weights):
        return self.X[some].power(2).multiply(weights).tocsr()


def as_batch_source(X):
    """`X` as a source of batches; itself if it is one already."""
    if hasattr(X, "at_hand"):
        return X
    return SparseRows(X) if issparse(X) else DenseRows(X)
