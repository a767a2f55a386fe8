"""What a topology keeps with a layer beside its connections."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import ClassVar

import numpy as np

from skhebb._kernels import _connections
from skhebb._utils.csr import make_csr


@dataclass(eq=False)
class TopologyState(ABC):
    """Arrays of a topology that live and are saved with a layer.

    The layer does not look into it. A subclass declares its arrays as fields: those of
    numbers with a fraction, and of bool, may be changed in place; those of integers may
    be replaced only, because copies share them. It is registered in `TOPOLOGY_STATES`
    by its `kind`, by which it is found when a file is loaded.
    """

    kind: ClassVar[str | None] = None

    def copy(self):
        """Return another, which does not change with this one."""
        return replace(
            self,
            **{
                name: array.copy()
                for name, array in self.pack().items()
                if array.dtype.kind not in "iu"
            },
        )

    def astype(self, dtype):
        """Return a copy of another floating-point type."""
        return replace(
            self.copy(),
            **{
                name: array.astype(dtype)
                for name, array in self.pack().items()
                if array.dtype.kind == "f"
            },
        )

    def pack(self):
        """Return its arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @abstractmethod
    def fits(self, layer):
        """Tell whether these can be of a layer as it is now, however it was changed."""

    @abstractmethod
    def check(self, layer):
        """Raise a ValueError unless arrays that were loaded are sound for a layer."""


@dataclass(eq=False)
class MaskState(TopologyState):
    """The candidates of a Hebbian mask: connections that may be active, row by row.

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

    kind = "mask"

    @classmethod
    def begin(cls, weights):
        """Return the state in which all connections of a csr_array are active."""
        return cls(
            weights.indptr,
            weights.indices,
            weights.data.copy(),
            np.ones_like(weights.data),
            np.ones(weights.nnz, dtype=bool),
        )

    def store_active(self, weights):
        """Take over the weights of the active connections."""
        self.weights[self.is_active] = weights

    def fits(self, layer):
        """Tell whether as many are active as the layer has connections."""
        return np.count_nonzero(self.is_active) == layer.n_connections

    def check(self, layer):
        """Raise a ValueError unless the active ones are the layer's connections."""
        like = self.indices.shape
        if not (
            self.indptr.shape == (layer.n_in + 1,)
            and self.weights.shape == self.values.shape == self.is_active.shape == like
            and self.weights.dtype == self.values.dtype == layer.weights.dtype
            and self.is_active.dtype == bool
            and _connections.are_sound(self.indptr, self.indices, layer.n_out)
            and np.isfinite(self.values).all()
            and np.isfinite(self.weights).all()
        ):
            raise ValueError("the candidates of a mask lead out of their layer")
        weights = layer.weights
        shape = layer.n_in, layer.n_out
        candidates = make_csr(self.is_active, self.indices, self.indptr, shape)
        active = candidates.copy()
        active.eliminate_zeros()
        if not (
            np.array_equal(active.indptr, weights.indptr)
            and np.array_equal(active.indices, weights.indices)
        ):
            raise ValueError("the active candidates of a mask are not its layer's")


TOPOLOGY_STATES = {"mask": MaskState}
