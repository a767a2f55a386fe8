"""Local learning rules.

What a connection adds to its weight from the activity of the two neurons it joins.

A rule that goes with gradient descent has `observe(layers, activations,
preactivations, batch, n_threads)`, called once per batch after the forward pass;
`needs_preactivations(depth)`, whether it wants those of a layer; and `term(depth,
n_evolutions, batches_per_evolution)`, which gives the kernels what they add to the
weights of a layer, a scaled covariance of the neurons that a connection joins.

A rule of unsupervised features has `step(components, projections, norms_of_samples,
rate)`, which gives `coefficients`, (n_samples, n_units), and `decay`, a number for each
unit or a matrix of units: weights become weights + coefficientsᵀ X - decay weights.
"""

from skhebb.plasticity._covariance import HebbianCovariance
from skhebb.plasticity._hebbian_values import MASK_RULES, HebbianValues
from skhebb.plasticity._principal_components import (
    UNIT_ACTIVATIONS,
    PrincipalComponentsRule,
)
from skhebb.plasticity._winner_take_all import COMPETITIONS, WinnerTakeAllRule

__all__ = [
    "COMPETITIONS",
    "MASK_RULES",
    "UNIT_ACTIVATIONS",
    "HebbianCovariance",
    "HebbianValues",
    "PrincipalComponentsRule",
    "WinnerTakeAllRule",
]
