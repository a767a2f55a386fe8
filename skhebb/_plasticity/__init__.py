"""Local learning rules.

Those that go with gradient descent derive from `LocalRule`.

A rule of unsupervised features has `step(components, projections, norms_of_samples,
rate)`, which gives `coefficients`, (n_samples, n_units), and `decay`, a number for each
unit or a matrix of units: weights become weights + coefficientsᵀ X - decay weights.
`SoftHebbRule` has a step without a rate, and `rates` by what that step would change.
"""

from skhebb._plasticity.covariance import HebbianCovariance
from skhebb._plasticity.hebbian_values import MASK_RULES, HebbianValues
from skhebb._plasticity.principal_components import (
    UNIT_ACTIVATIONS,
    PrincipalComponentsRule,
)
from skhebb._plasticity.rule import LocalRule
from skhebb._plasticity.soft_hebb import SoftHebbRule
from skhebb._plasticity.winner_take_all import COMPETITIONS, WinnerTakeAllRule

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
