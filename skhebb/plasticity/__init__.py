"""Local learning rules.

Those that go with gradient descent derive from `LocalRule`.

A rule of unsupervised features has `step(components, projections, norms_of_samples,
rate)`, which gives `coefficients`, (n_samples, n_units), and `decay`, a number for each
unit or a matrix of units: weights become weights + coefficientsᵀ X - decay weights.
`SoftHebbRule` has a step without a rate, and `rates` by what that step would change.
"""

from skhebb.plasticity._covariance import HebbianCovariance
from skhebb.plasticity._hebbian_values import MASK_RULES, HebbianValues
from skhebb.plasticity._principal_components import (
    UNIT_ACTIVATIONS,
    PrincipalComponentsRule,
)
from skhebb.plasticity._rule import LocalRule
from skhebb.plasticity._soft_hebb import SoftHebbRule
from skhebb.plasticity._winner_take_all import COMPETITIONS, WinnerTakeAllRule

__all__ = [
    "COMPETITIONS",
    "MASK_RULES",
    "UNIT_ACTIVATIONS",
    "HebbianCovariance",
    "HebbianValues",
    "LocalRule",
    "PrincipalComponentsRule",
    "SoftHebbRule",
    "WinnerTakeAllRule",
]
