"""Tools to look into networks and their training.

Displays draw what they show with matplotlib (``pip install "skhebb[plot]"``).
"""

from skhebb.inspection._topology_monitor import TopologyHistory, TopologyMonitor
from skhebb.inspection._weight_distribution import WeightDistributionDisplay

__all__ = [
    "TopologyHistory",
    "TopologyMonitor",
    "WeightDistributionDisplay",
]
