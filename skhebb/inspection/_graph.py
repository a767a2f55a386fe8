"""A network as a graph for other libraries."""

from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from skhebb._typing import Estimator
from skhebb.inspection._network import layers_of


def to_graph(estimator: Estimator) -> csr_array:
    """Adjacency matrix of all neurons of a fitted network.

    Parameters
    ----------
    estimator : estimator
        A fitted network.

    Returns
    -------
    graph : csr_array of shape (n_neurons, n_neurons)
        The weight of the connection from one neuron to another, as
        :mod:`scipy.sparse.csgraph` takes it. Neurons are numbered layer by layer,
        inputs first. Biases are left out.

    Examples
    --------
    >>> from scipy.sparse.csgraph import breadth_first_order
    >>> from sklearn.datasets import load_iris
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import to_graph
    >>> clf = SETClassifier((20,), density=1, random_state=0)
    >>> graph = to_graph(clf.fit(*load_iris(return_X_y=True)))
    >>> graph.shape
    (27, 27)
    >>> reached = breadth_first_order(graph, 0)[0]  # from the first input
    >>> int(reached.max()) >= 24  # an output
    True
    """
    layers = [layer.weights.tocoo() for layer in layers_of(estimator)]
    starts = layer_starts(estimator)
    rows = [layer.row + first for layer, first in zip(layers, starts[:-2], strict=True)]
    cols = [
        layer.col + first for layer, first in zip(layers, starts[1:-1], strict=True)
    ]
    data = np.concatenate([layer.data for layer in layers])
    cells = np.concatenate(rows), np.concatenate(cols)
    return coo_array((data, cells), shape=(starts[-1], starts[-1])).tocsr()


def to_networkx(estimator: Estimator) -> Any:
    """A fitted network as a directed graph of NetworkX.

    Parameters
    ----------
    estimator : estimator
        A fitted network.

    Returns
    -------
    graph : networkx.DiGraph
        Nodes are numbered layer by layer, inputs first, and have the attributes
        `layer`, 0 for inputs; `neuron`, the number within the layer; and `bias`, but
        for inputs, which have `name` instead where there are feature names. Edges have
        `weight`.

    Raises
    ------
    ImportError
        If networkx is missing (``pip install "skhebb[graph]"``).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import to_networkx
    >>> clf = SETClassifier((20,), random_state=0).fit(*load_iris(return_X_y=True))
    >>> graph = to_networkx(clf)
    >>> graph.number_of_edges() == clf.n_connections_
    True
    """
    layers_of(estimator)  # raises if there are none
    try:
        import networkx
    except ImportError as error:
        raise ImportError(
            "to_networkx requires networkx. Install it with `pip install networkx` or "
            '`pip install "skhebb[graph]"`.'
        ) from error
    graph = networkx.from_scipy_sparse_array(
        to_graph(estimator), create_using=networkx.DiGraph
    )
    starts = layer_starts(estimator)
    for layer, (first, end) in enumerate(pairwise(starts)):
        for neuron in range(end - first):
            graph.nodes[first + neuron].update(layer=layer, neuron=neuron)
    for first, biases in zip(starts[1:-1], estimator.intercepts_, strict=True):
        for neuron, bias in enumerate(biases.tolist()):
            graph.nodes[first + neuron]["bias"] = bias
    for neuron, name in enumerate(getattr(estimator, "feature_names_in_", ())):
        graph.nodes[neuron]["name"] = name
    return graph


def layer_starts(estimator):
    """Number of the first neuron of each layer, and of all neurons."""
    return [0, *accumulate(estimator._fitted_state().network.layer_sizes)]
