"""Sparse Evolutionary Training: prune the weakest, grow at random."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from skhebb._network.layer import SparseLayer
from skhebb._typing import Auto, GraphName, GrowthRule, PruningRule, WeightScale
from skhebb._utils.csr import make_csr
from skhebb.topology._graphs import GRAPHS
from skhebb.topology._growth import GROWTH_RULES, checked, takes_probe
from skhebb.topology._probe import LayerProbe
from skhebb.topology._pruning import PRUNING_RULES
from skhebb.topology._results import array_of
from skhebb.topology._topology import Topology


class SparseEvolution(Topology):
    """The topology of SET (Mocanu et al. 2018; de Ranitz 2023, Algorithm 1).

    Parameters
    ----------
    graph : str
        Key of `GRAPHS`, the initial graph.
    epsilon : float or None
        The density parameter of SET; None where `density` tells the number of
        connections.
    density : float, "auto" or None
        Number of connections divided by that of a dense network; None where `epsilon`
        tells it.
    zeta : float
        Fraction of a layer's connections that pruning removes.
    pruning : str or callable
        Key of `PRUNING_RULES`, or a rule like those.
    growth : str or callable
        Key of `GROWTH_RULES`, or a rule like those.
    weight_scale : float, "glorot" or "he"
        Standard deviation of initial weights, see `new_weights`.
    growth_scale : float, "glorot" or "he"
        Standard deviation of the weights of connections that are grown.
    """

    def __init__(
        self,
        graph: GraphName,
        epsilon: float | None,
        density: float | Auto | None,
        zeta: float,
        pruning: PruningRule,
        growth: GrowthRule,
        weight_scale: WeightScale,
        growth_scale: WeightScale,
    ) -> None:
        self.graph = graph
        self.epsilon = epsilon
        self.density = density
        self.zeta = zeta
        self.pruning = pruning if callable(pruning) else PRUNING_RULES[pruning]
        self.growth = growth if callable(growth) else GROWTH_RULES[growth]
        self.weight_scale = weight_scale
        self.growth_scale = growth_scale
        self.needs_probe = takes_probe(self.growth)
        self.needs_errors = getattr(self.growth, "needs_errors", self.needs_probe)

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
        """Remove connections, chosen by the rule.

        A layer that holds all connections keeps them: there is nowhere else to grow.

        Parameters
        ----------
        layer : SparseLayer
            Changed in place.
        extent : float in (0, 1]
            Share of the fraction zeta that is removed.
        """
        zeta = extent * self.zeta
        is_full = layer.n_connections_target == layer.n_in * layer.n_out
        if zeta == 0 or is_full:
            return
        layer.clear_cache()  # because this is when memory is at its most
        keep = self.pruning(read_only(layer.weights.data), zeta)
        n = layer.n_connections
        wanted = f"The pruning rule must give a boolean array of shape ({n},)."
        layer.keep_connections(array_of(keep, "b", n, wanted))

    def grow(
        self,
        layer: SparseLayer,
        rng: np.random.Generator,
        probe: LayerProbe | None = None,
    ) -> None:
        """Fill the layer up, where the rule says.

        Parameters
        ----------
        layer : SparseLayer
            Changed in place.
        rng : numpy.random.Generator
            Where new connections and weights come from.
        probe : LayerProbe, default=None
            Where the rule wants one.
        """
        n_new = layer.n_connections_target - layer.n_connections
        if n_new > 0:
            n_absent = layer.n_in * layer.n_out - layer.n_connections
            old = layer.weights
            arrays = old.data, old.indices, old.indptr
            data, indices, indptr = map(read_only, arrays)
            weights = make_csr(data, indices, indptr, old.shape)
            seen = {"probe": probe} if self.needs_probe else {}
            ranks = self.growth(weights, n_new, rng, **seen)
            ranks = checked(ranks, n_absent, n_new)
            n = layer.n_connections_target
            fans = n / layer.n_out, n / layer.n_in
            dtype = layer.weights.dtype
            values = new_weights(n_new, self.growth_scale, *fans, dtype, rng)
            values /= layer.input_scale
            layer.add_connections(ranks, values)


def initial_weights(topology, shapes, dtype, rng, data, n_threads):
    """Normally distributed weights on the graph of a topology.

    Parameters and what is returned are those of `Topology.initial_weights`.

    Raises
    ------
    ValueError
        If a layer has no connection, so that nothing could be learned.
    """
    graph = GRAPHS[topology.graph](shapes, topology.epsilon, topology.density)
    if graph.needs_data:
        graph.look_at(data, rng, n_threads)
    layers = []
    for depth, shape in enumerate(shapes):
        indptr, indices = graph.draw(depth, rng)
        if not len(indices):
            name = "density" if topology.epsilon is None else "epsilon"
            raise ValueError(
                f"{name}={getattr(topology, name)} gives the layer of {shape[0]} x "
                f"{shape[1]} neurons no connection. Increase it."
            )
        fans = len(indices) / shape[1], len(indices) / shape[0]
        scale = topology.weight_scale
        values = new_weights(len(indices), scale, *fans, dtype, rng)
        layers.append(make_csr(values, indices, indptr, shape))
    return layers


def read_only(array):
    """A view for rules, which must not change what they judge."""
    view = array.view()
    view.flags.writeable = False
    return view


def new_weights(n, scale, fan_in, fan_out, dtype, rng):
    """Draw `n` weights of a layer from a normal distribution around 0.

    Parameters
    ----------
    n : int
    scale : float, "glorot" or "he"
        Standard deviation. "glorot" is sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio
        2010), "he" sqrt(2 / fan_in) (He et al. 2015).
    fan_in, fan_out : float
        Mean numbers of connections to a neuron after and from one before.
    dtype : dtype
    rng : numpy.random.Generator
    """
    if n == 0 or scale == 0:
        return np.zeros(n, dtype=dtype)
    if scale == "glorot":
        scale = np.sqrt(2 / (fan_in + fan_out))
    elif scale == "he":
        scale = np.sqrt(2 / fan_in)
    weights = rng.standard_normal(n, dtype=dtype)
    weights *= scale
    return weights
