"""Where connections are: initial graphs, pruning and growth.

A topology has `initial_weights(n_in, n_out, dtype, rng)`, which gives the weights
of a new layer, `prune(layer)` and `grow(layer, rng)`.
"""

from skhebb.topology._pruning import PRUNING_RULES
from skhebb.topology._set import SparseEvolution

__all__ = ["PRUNING_RULES", "SparseEvolution"]
