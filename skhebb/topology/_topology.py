"""What topologies have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from skhebb._network.layer import SparseLayer
from skhebb.topology._probe import LayerProbe


class Topology(ABC):
    """Decides where the connections of a network are.

    It may keep something with each layer, see `TopologyState`. When it evolves is
    decided elsewhere.

    Attributes
    ----------
    needs_probe, needs_errors : bool
        Whether `grow` looks at what the layer does with some samples, and at the errors
        that it has there.
    """

    needs_probe = needs_errors = False

    @abstractmethod
    def initial_weights(
        self,
        shapes: Sequence[tuple[int, int]],
        dtype: np.dtype,
        rng: np.random.Generator,
        data: Any,
        n_threads: int,
    ) -> list[csr_array]:
        """Draw the weights of a new network.

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

    @abstractmethod
    def prune(self, layer: SparseLayer, extent: float) -> None:
        """Remove connections, by `layer.keep_connections`.

        Parameters
        ----------
        layer : SparseLayer
            Changed in place.
        extent : float in (0, 1]
            Share of what evolution usually removes.
        """

    @abstractmethod
    def grow(
        self,
        layer: SparseLayer,
        rng: np.random.Generator,
        probe: LayerProbe | None = None,
    ) -> None:
        """Add connections, by `layer.add_connections`.

        There are to be `layer.n_connections_target` of them then. Several layers may
        grow at once, in threads.

        Parameters
        ----------
        layer : SparseLayer
            Changed in place.
        rng : numpy.random.Generator
            Where new connections and weights come from.
        probe : LayerProbe, default=None
            Of the layer, if the topology `needs_probe`.
        """
