"""Where batches come from: the rows of X."""

import numpy as np
from scipy.sparse import issparse

from skhebb._kernels import _loops
from skhebb._kernels._handles import NonZeros


class DenseRows:
    """Samples of a dense array of shape (n_samples, n_features)."""

    is_sparse = False

    def __init__(self, X):
        self.X = X
        self.n_samples = X.shape[0]

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


class SparseRows:
    """Samples of a CSR matrix or array, never made dense."""

    is_sparse = True

    def __init__(self, X):
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        self.X = X
        self.n_samples = X.shape[0]

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


def as_batch_source(X):
    """`X` as a source of batches."""
    return SparseRows(X) if issparse(X) else DenseRows(X)
