"""Features in training: components, and how far they are."""

import copy
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np


class FeatureMetrics(NamedTuple):
    """Metrics of an epoch.

    Attributes
    ----------
    epoch : int
        From 1.
    change : float
        Norm of the change of all weights, relative to their norm before.
    """

    epoch: int
    change: float

    def __str__(self):
        return f"Iteration {self.epoch}, change = {self.change:.6f}"


@dataclass
class FeatureState:
    """State that a later call of training goes on from.

    Attributes
    ----------
    components : DenseComponents or SparseComponents
    rng : numpy.random.Generator
        Of the order of samples.
    n_iter, n_samples_seen : int
    change_curve : list of float
        `FeatureMetrics.change` of each epoch of `fit`.
    """

    components: object
    rng: np.random.Generator
    n_iter: int = 0
    n_samples_seen: int = 0
    change_curve: list = field(default_factory=list)

    def copy(self):
        """Return a state that does not change with this one."""
        return replace(
            self,
            components=self.components.copy(),
            rng=copy.deepcopy(self.rng),
            change_curve=list(self.change_curve),
        )

    snapshot = copy

    def restore(self, snapshot):
        """Go back to what `snapshot` gave."""
        vars(self).update(vars(snapshot))
