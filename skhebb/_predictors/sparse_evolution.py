"""The topology of SET and its parameters."""

import inspect
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

    def _validate_params(self):
        super()._validate_params()
        check_call("pruning", self.pruning, "weights, fraction")
        check_call("growth", self.growth, "weights, n, rng", "probe")

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


def check_call(name, rule, arguments, optional=None):
    """Raise a TypeError if a callable does not take these arguments.

    That named `optional` is given by name, if there is a parameter of this name.
    """
    if not callable(rule):
        return
    if isinstance(rule, type):
        raise TypeError(
            f"The '{name}' parameter must be a name or a rule that can be called as "
            f"{name}({arguments}). Got the class {rule.__name__}; give an instance."
        )
    try:
        signature = inspect.signature(rule)
    except ValueError:  # there are functions in C that do not tell
        return
    named = {optional: None} if optional in signature.parameters else {}
    try:
        signature.bind(*arguments.split(", "), **named)
    except TypeError as error:
        raise TypeError(
            f"The '{name}' parameter must be a name or a rule that can be called as "
            f"{name}({arguments}). Got {rule!r}: {error}."
        ) from error
