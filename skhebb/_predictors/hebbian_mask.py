"""What the estimators whose connections live by a Hebbian value share."""

from numbers import Real

import numpy as np

from skhebb._plasticity import MASK_RULES, HebbianValues
from skhebb._training.schedules import EvolutionSchedule
from skhebb._utils.sklearn import Interval, StrOptions
from skhebb._utils.validation import check_layers
from skhebb.topology import HebbianMask


class HebbianMaskMixin:
    """The mask and its parameters."""

    _suspects: tuple[str, ...] = ("mask_rate", "learning_rate_init", "momentum")

    _mask_constraints = {
        "mask_rule": [StrOptions(set(MASK_RULES))],
        "mask_rate": [Interval(Real, 0, None, closed="left")],
        "mask_threshold": [Interval(Real, -1, 1, closed="left")],
        "mask_center": ["boolean", StrOptions({"auto"})],
        "masked_layers": [StrOptions({"all"}), "array-like"],
    }

    def _topology(self):
        return HebbianMask(
            graph=self.initial_graph,
            epsilon=self.epsilon,
            density=self.density if self.epsilon is None else None,
            weight_scale=self.weight_scale,
            threshold=self.mask_threshold,
        )

    def _plasticity(self, n_layers):
        layers = check_layers("masked_layers", self.masked_layers, n_layers)
        center = self.mask_center
        if center == "auto":
            center = self.mask_rule == "sign"
        return HebbianValues(self.mask_rule, self.mask_rate, center, layers)

    def _evolution(self, interval):
        # Who is active must not lag behind the values, and who returns is trained.
        interval = None if interval == "epoch" else interval
        return EvolutionSchedule(interval, "constant", 1.0, grows_after_epoch=True)

    def _fitted(self, state, encoder, recipe, n_before):
        sizes = [candidates_of(layer) for layer in state.network.layers]
        counts = np.array(state.history.connection_counts).reshape(-1, len(sizes))
        # Who replaces `coefs_` may have had more connections before.
        pruned = np.maximum(1 - counts / np.maximum(sizes, 1), 0)
        fitted = super()._fitted(state, encoder, recipe, n_before)
        return {**fitted, "pruned_shares_": pruned}


def candidates_of(layer):
    """Return how many connections of a layer may be active."""
    mask = layer.topology_state
    return layer.n_connections if mask is None else len(mask.values)
