"""Hebbian masks: a value of its own decides whether a connection is active."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from skhebb._network.layer import SparseLayer
from skhebb._typing import Auto, GraphName, WeightScale
from skhebb.topology._growth import absent_ranks
from skhebb.topology._probe import LayerProbe
from skhebb.topology._set import initial_weights
from skhebb.topology._topology import Topology


class HebbianMask(Topology):
    """Connections are active while their Hebbian value is above a threshold.

    Those that are pruned keep their weights and come back when their value rises again.

    Parameters
    ----------
    graph : str
        Key of `GRAPHS`, the connections that may be active.
    epsilon : float or None
        The density parameter of SET; None where `density` tells the number of
        connections.
    density : float, "auto" or None
        Number of connections divided by that of a dense network; None where `epsilon`
        tells it.
    weight_scale : float, "glorot" or "he"
        Standard deviation of initial weights.
    threshold : float
        Value above which a connection is active.
    """

    def __init__(
        self,
        graph: GraphName,
        epsilon: float | None,
        density: float | Auto | None,
        weight_scale: WeightScale,
        threshold: float,
    ) -> None:
        self.graph = graph
        self.epsilon = epsilon
        self.density = density
        self.weight_scale = weight_scale
        self.threshold = threshold

    def initial_weights(
        self,
        shapes: Sequence[tuple[int, int]],
        dtype: np.dtype,
        rng: np.random.Generator,
        data: Any,
        n_threads: int,
    ) -> list[csr_array]:
        """Draw normally distributed weights on the initial graph.

        Parameters
        ----------
        shapes : list of tuple of int
            Numbers of neurons before and after each layer of connections.
        dtype : dtype
            Type of the weights.
        rng : numpy.random.Generator
            Where graphs and weights come from.
        data : FitData
            What graphs may look at.
        n_threads : int

        Returns
        -------
        weights : list of csr_array of shape (n_in, n_out)
            The weights of each layer.
        """
        return initial_weights(self, shapes, dtype, rng, data, n_threads)

    def prune(self, layer: SparseLayer, extent: float) -> None:
        """Remove connections whose value is not above the threshold.

        Parameters
        ----------
        layer : SparseLayer
            Changed in place.
        extent : float
            Not used: values decide how many there are.
        """
        mask = layer.topology_state
        if mask is not None:
            mask.store_active(layer.weights.data)
            keep = mask.values[mask.is_active] > self.threshold
            if not keep.all():
                layer.clear_cache()
                layer.keep_connections(keep)
                mask.is_active[mask.is_active] = keep

    def grow(
        self,
        layer: SparseLayer,
        rng: np.random.Generator,
        probe: LayerProbe | None = None,
    ) -> None:
        """Bring back removed connections whose value is above the threshold.

        Parameters
        ----------
        layer : SparseLayer
            Changed in place.
        rng : numpy.random.Generator
            Not used: nothing is drawn.
        probe : LayerProbe, default=None
            Not used.
        """
        mask = layer.topology_state
        if mask is not None:
            (back,) = np.nonzero(~mask.is_active & (mask.values > self.threshold))
            if not len(back):
                return
            rows = np.searchsorted(mask.indptr, back, side="right") - 1
            ranks = absent_ranks(layer.weights, rows, mask.indices[back])
            layer.add_connections(ranks, mask.weights[back])
            mask.is_active[back] = True
