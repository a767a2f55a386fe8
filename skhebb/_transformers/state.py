"""Features in training: components, and how far they are."""

import copy
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from skhebb._transformers.persistence import check_curve, pack_weights, unpack_weights
from skhebb._utils.persistence import check_counts, generator
from skhebb._utils.validation import check_attribute


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

    def pack(self):
        """Return plain data, which shares arrays."""
        return {
            "weights": pack_weights(self.components.weights),
            "rng": self.rng.bit_generator.state,
            "n_iter": self.n_iter,
            "n_samples_seen": self.n_samples_seen,
            "change_curve": list(self.change_curve),
        }

    @classmethod
    def unpack(cls, make_components, weights, rng, **so_far):
        """Return the state that was packed, with components made of their weights.

        Raises
        ------
        ArithmeticError, AttributeError, LookupError, TypeError, ValueError
            If it is not sound.
        """
        weights = unpack_weights(weights)
        weights = check_attribute("components_", weights, weights.shape)
        state = cls(make_components(weights), generator(rng), **so_far)
        check_counts(n_iter=state.n_iter, n_samples_seen=state.n_samples_seen)
        check_curve(state.change_curve)
        return state

    snapshot = copy

    def restore(self, snapshot):
        """Go back to what `snapshot` gave."""
        vars(self).update(vars(snapshot))
