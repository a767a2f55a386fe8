"""Where batches come from: samples and targets, loaded feature-major."""

import numpy as np
from scipy.sparse import issparse

from skhebb._kernels import _loops


class DenseRows:
    """Samples of a dense array of shape (n_samples, n_features)."""

    def __init__(self, X):
        self.X = X
        self.n_samples = X.shape[0]

    def load(self, samples, out, n_threads):
        """Write `samples` into `out`, shape (n_features, stride)."""
        X = self.X
        if X.dtype != out.dtype or not X.flags.c_contiguous:
            X = np.ascontiguousarray(X[samples], dtype=out.dtype)
            samples = np.arange(len(samples), dtype=np.intp)
        _loops.load_rows(X, samples, out, n_threads)


class SparseRows:
    """Samples of a CSR matrix or array; only a batch at a time is made dense."""

    def __init__(self, X):
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        self.X = X
        self.n_samples = X.shape[0]

    def load(self, samples, out, n_threads):
        """Write `samples` into `out`, shape (n_features, stride)."""
        batch = self.X[samples]
        columns = np.repeat(np.arange(len(samples)), np.diff(batch.indptr))
        out[:] = 0
        out[batch.indices, columns] = batch.data


def rows_of(X):
    """`X` as a source of batches."""
    return SparseRows(X) if issparse(X) else DenseRows(X)


class ClassTargets:
    """Class numbers as targets in {0, 1}: one output per class, or one for two.

    Parameters
    ----------
    classes : int ndarray of shape (n_samples,)
        Class numbers, from 0.
    n_classes : int
    """

    def __init__(self, classes, n_classes):
        self.classes = classes
        # Two classes share one output, which stands for the second.
        outputs = np.array([1]) if n_classes == 2 else np.arange(n_classes)
        self._outputs = outputs[:, np.newaxis]
        self.n_outputs = len(outputs)

    def load(self, samples, dtype):
        """Targets of `samples`, shape (n_outputs, n_samples)."""
        return (self.classes[samples] == self._outputs).astype(dtype)
