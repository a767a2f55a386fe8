"""What rules that learn features without labels have in common."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np


class ComponentsUpdate(NamedTuple):
    """An update after which weights are weights + coefficientsᵀ X - decay weights.

    Attributes
    ----------
    coefficients : ndarray of shape (n_samples, n_units)
    decay : ndarray of shape (n_units,) or (n_units, n_units)
        A number for each unit or, where a unit's change goes by others, a matrix.
    """

    coefficients: np.ndarray
    decay: np.ndarray


class UnsupervisedRule(ABC):
    """Moves the weight vectors of units by mini-batches of samples.

    Attributes
    ----------
    couples_units : bool
        Whether an update has a number for each pair of units, which takes memory.
    """

    couples_units = False

    @abstractmethod
    def update_components(self, components, batch, rate):
        """Learn from a mini-batch.

        Sets: the weights of `components`, by their `update`, or by their `change` and
        `add` where the rule goes by the size of the change. `compute_update` of the
        rules of this package gives the ComponentsUpdate.

        Parameters
        ----------
        components : DenseComponents or SparseComponents
            Units with `weights`, their `norms()`, and `project(batch)`, their products
            with samples.
        batch : {ndarray, csr_array} of shape (n_samples, n_features)
        rate : floating-point scalar of the type of `batch`
            The learning rate of this epoch.
        """
