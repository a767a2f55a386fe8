"""Where connections are: initial graphs, pruning and growth.

A topology has `initial_weights(shapes, dtype, rng)`, which gives the weights of all
layers of a new network, `prune(layer, extent)` and `grow(layer, rng)`; and
`evolves_after_epoch`, whether both happen at the end of an epoch, too, so that what is
left behind is up to date.
"""

from skhebb.topology._graphs import GRAPHS
from skhebb.topology._growth import GROWTH_RULES, absent_ranks
from skhebb.topology._hebbian_mask import HebbianMask
from skhebb.topology._pruning import PRUNING_RULES
from skhebb.topology._set import SparseEvolution

__all__ = [
    "GRAPHS",
    "GROWTH_RULES",
    "PRUNING_RULES",
    "HebbianMask",
    "SparseEvolution",
    "absent_ranks",
]
