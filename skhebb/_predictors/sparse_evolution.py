"""The topology of SET and its parameters."""

from numbers import Real

from sklearn.base import clone

from skhebb._training.schedules import ZETA_SCHEDULES, EvolutionSchedule
from skhebb._utils.sklearn import Interval, StrOptions
from skhebb.topology import GROWTH_RULES, PRUNING_RULES, SparseEvolution


class SparseEvolutionMixin:
    """Prunes the weakest connections and grows others."""

    _evolution_constraints = {
        "growth_scale": [
            Interval(Real, 0, None, closed="left"),
            StrOptions({"glorot", "he"}),
        ],
        "zeta": [Interval(Real, 0, 1, closed="left")],
        "zeta_schedule": [StrOptions(set(ZETA_SCHEDULES))],
        "evolution_end": [Interval(Real, 0, 1, closed="right")],
        "pruning": [StrOptions(set(PRUNING_RULES)), callable],
        "growth": [StrOptions(set(GROWTH_RULES)), callable],
    }

    def _topology(self):
        # What users pass is never changed.
        pruning, growth = clone([self.pruning, self.growth], safe=False)
        return SparseEvolution(
            graph=self.initial_graph,
            epsilon=self.epsilon,
            density=self.density if self.epsilon is None else None,
            zeta=self.zeta,
            pruning=pruning,
            growth=growth,
            weight_scale=self.weight_scale,
            growth_scale=self.growth_scale,
        )

    def _evolution(self, interval):
        """When the topology evolves."""
        interval = None if interval == "epoch" else interval
        return EvolutionSchedule(interval, self.zeta_schedule, self.evolution_end)
