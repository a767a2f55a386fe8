"""Where connections are: initial graphs, pruning and growth.

A topology derives from `Topology`; graphs, pruning rules and growth rules are parts of
that of SET.
"""

from skhebb.topology._candidates import CandidateRule
from skhebb.topology._graphs import GRAPHS
from skhebb.topology._growth import GROWTH_RULES, absent_ranks
from skhebb.topology._hebbian_mask import HebbianMask
from skhebb.topology._probe import Activity, LayerProbe
from skhebb.topology._pruning import PRUNING_RULES
from skhebb.topology._set import SparseEvolution
from skhebb.topology._topology import Topology

__all__ = [
    "GRAPHS",
    "GROWTH_RULES",
    "PRUNING_RULES",
    "Activity",
    "CandidateRule",
    "HebbianMask",
    "LayerProbe",
    "SparseEvolution",
    "Topology",
    "absent_ranks",
]
