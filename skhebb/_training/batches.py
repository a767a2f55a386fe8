"""Where batches come from: the rows of X."""

import numpy as np
from scipy.sparse import issparse

from skhebb._kernels import _loops
from skhebb._kernels._handles import NonZeros

BLOCK = 1000  # samples whose squares are in memory


class BatchSource:
    """Where batches come from.

    Attributes
    ----------
    X : {ndarray, csr_array, ComputedRows} of shape (n_samples, n_features)
    n_samples, n_features : int
    dtype : dtype
    are_hidden : bool
        Whether samples are activations of neurons before the network, which dropout
        drops as it drops those of hidden layers.
    learns : bool
        Whether these neurons learn with the network: `bind` makes its kernels theirs,
        and `gradients` of these come from the errors of a batch.
    """

    are_hidden = learns = False

    is_sparse = False

    def __init__(self, X):
        self.X = X
        self.n_samples, self.n_features = X.shape
        self.dtype = X.dtype

    @staticmethod
    def tiled_sizes(sizes):
        """Return how many neurons of each layer want buffers: all."""
        return sizes

    def at_hand(self, samples):
        """Return a source that has `samples` in this process, and its numbers of them.

        Returns
        -------
        inputs : BatchSource
        samples : ndarray
        """
        return self, samples

    def load_to_learn(self, samples, tiles, out, n_threads):
        """Load a batch as `load` does, of which errors will be known."""
        return self.load(samples, tiles, out, n_threads)

    def new_kernels(self):
        """Return the Kernels that a new network begins with, None if none learn."""

    def sum_of_squares(self, weights):
        """Return the weighted sum of squares of each feature, (n_features,)."""
        squares = np.zeros(self.n_features)
        for start in range(0, self.n_samples, BLOCK):
            some = slice(start, start + BLOCK)
            block = self._squares(some, weights[some, np.newaxis])
            squares += np.asarray(block.sum(axis=0)).ravel()  # no BLAS: same bits
        return squares

    def _squares(self, some, weights):
        """Return the squares of some samples, each row times its weight."""
        return np.square(self.X[some]) * weights


class DenseRows(BatchSource):
    """Samples of a dense array of shape (n_samples, n_features)."""

    def load(self, samples, tiles, out, n_threads):
        """Write `samples` into `out`, n_features neurons in tiles, and return it."""
        X = self.X
        if X.dtype != out.dtype or not X.flags.c_contiguous:
            return load_dense(X[samples], tiles, out, n_threads)
        _loops.load_rows(X, samples, tiles, out, n_threads)
        return out


class HiddenRows(DenseRows):
    """Samples that neurons before the network have made of others, or make of them."""

    are_hidden = True

    def load(self, samples, tiles, out, n_threads):
        """Write `samples` into `out`, n_features neurons in tiles, and return it."""
        return load_dense(self.X[samples], tiles, out, n_threads)


class SparseRows(BatchSource):
    """Samples of a CSR matrix or array, never made dense."""

    is_sparse = True

    def __init__(self, X):
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        super().__init__(X)

    @staticmethod
    def tiled_sizes(sizes):
        """Return how many neurons of each layer want buffers: features want none."""
        return [0, *sizes[1:]]

    def load(self, samples, tiles, out, n_threads):
        """Return NonZeros of `samples`; time grows with these, not with n_features."""
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


def load_dense(X, tiles, out, n_threads):
    """Write all of an array into `out`, n_features neurons in tiles, and return it."""
    X = np.ascontiguousarray(X, dtype=out.dtype)
    _loops.load_rows(X, np.arange(len(X), dtype=np.intp), tiles, out, n_threads)
    return out


def as_batch_source(X):
    """Return an array, sparse matrix, ComputedRows or Shards as a source of batches."""
    if issparse(X):
        return SparseRows(X)
    return DenseRows(X) if isinstance(X, np.ndarray) else X.batch_source()
