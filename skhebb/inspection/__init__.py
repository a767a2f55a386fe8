"""Tools to look into networks and their training.

Displays draw with matplotlib (``pip install "skhebb[plot]"``). Monitors are callbacks
of scikit-learn; a network that none is set on is not slowed down.
"""

from skhebb.inspection._connection import (
    ConnectionMonitor,
    ConnectionPath,
    ConnectionPathDisplay,
    ConnectionUpdateDisplay,
)
from skhebb.inspection._degree_distribution import DegreeDistributionDisplay
from skhebb.inspection._feature_maps import FeatureMapsDisplay
from skhebb.inspection._graph import to_graph, to_networkx
from skhebb.inspection._growth import (
    GrownConnections,
    GrowthDisplay,
    GrowthMonitor,
)
from skhebb.inspection._hebbian_term import HebbianTermDisplay
from skhebb.inspection._input_connectivity import InputConnectivityDisplay
from skhebb.inspection._kernels import KernelsDisplay
from skhebb.inspection._network_display import NetworkDisplay
from skhebb.inspection._topology_animation import TopologyAnimation
from skhebb.inspection._topology_monitor import TopologyHistory, TopologyMonitor
from skhebb.inspection._topology_persistence import TopologyPersistenceDisplay
from skhebb.inspection._training_curve import TrainingCurveDisplay
from skhebb.inspection._update_terms import UpdateTerms, update_terms
from skhebb.inspection._weight_distribution import WeightDistributionDisplay

__all__ = [
    "ConnectionMonitor",
    "ConnectionPath",
    "ConnectionPathDisplay",
    "ConnectionUpdateDisplay",
    "DegreeDistributionDisplay",
    "FeatureMapsDisplay",
    "GrownConnections",
    "GrowthDisplay",
    "GrowthMonitor",
    "HebbianTermDisplay",
    "InputConnectivityDisplay",
    "KernelsDisplay",
    "NetworkDisplay",
    "TopologyAnimation",
    "TopologyHistory",
    "TopologyMonitor",
    "TopologyPersistenceDisplay",
    "TrainingCurveDisplay",
    "UpdateTerms",
    "WeightDistributionDisplay",
    "to_graph",
    "to_networkx",
    "update_terms",
]
