"""Local learning rules.

Those that go with gradient descent derive from `LocalRule`, those that learn features
without labels from `UnsupervisedRule`.
"""

from skhebb._plasticity.covariance import HebbianCovariance
from skhebb._plasticity.hebbian_values import MASK_RULES, HebbianValues
from skhebb._plasticity.principal_components import (
    UNIT_ACTIVATIONS,
    PrincipalComponentsRule,
)
from skhebb._plasticity.rule import LocalRule
from skhebb._plasticity.soft_hebb import SoftHebbRule
from skhebb._plasticity.unsupervised_rule import ComponentsUpdate, UnsupervisedRule
from skhebb._plasticity.winner_take_all import COMPETITIONS, WinnerTakeAllRule

__all__ = [
    "COMPETITIONS",
    "MASK_RULES",
    "UNIT_ACTIVATIONS",
    "ComponentsUpdate",
    "HebbianCovariance",
    "HebbianValues",
    "LocalRule",
    "PrincipalComponentsRule",
    "SoftHebbRule",
    "UnsupervisedRule",
    "WinnerTakeAllRule",
]
