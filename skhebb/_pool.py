"""What a Hebbian mask remembers of the connections of a layer."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(eq=False)
class Pool:
    """All connections of a layer that may be active, row by row.

    Attributes
    ----------
    indptr, indices : ndarray
        Where they are, in CSR form.
    weights : ndarray of shape (n_candidates,)
        Of those that are not active, what they were when they were pruned.
    values : ndarray of shape (n_candidates,)
        Hebbian values between -1 and 1, which decide who is active.
    is_active : ndarray of bool of shape (n_candidates,)
        The active ones are the connections of the layer, in the same order.
    """

    indptr: np.ndarray
    indices: np.ndarray
    weights: np.ndarray
    values: np.ndarray
    is_active: np.ndarray

    @classmethod
    def of(cls, weights):
        """A pool of the connections of a csr_array, all of which are active."""
        return cls(
            weights.indptr,
            weights.indices,
            weights.data.copy(),
            np.ones_like(weights.data),
            np.ones(weights.nnz, dtype=bool),
        )

    def copy(self):
        """Another, which does not change with this one."""
        return replace(
            self,
            weights=self.weights.copy(),
            values=self.values.copy(),
            is_active=self.is_active.copy(),
        )

    def astype(self, dtype):
        """A copy of another floating-point type."""
        copied = self.copy()
        copied.weights = self.weights.astype(dtype)
        copied.values = self.values.astype(dtype)
        return copied

    def store_active(self, weights):
        """Take over the weights of the active connections."""
        self.weights[self.is_active] = weights
