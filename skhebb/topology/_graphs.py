"""Initial graphs: how many connections each layer has, and where.

A graph is made for the shapes of all layers, and either SET's `epsilon` or an overall
`density`, the other being None. `counts` are the connections of each layer, exact or
expected, and `draw(depth, rng)` gives these of a layer as the `indptr` and `indices` of
a csr_array. One whose `needs_data` is true is told by `look_at(data, rng, n_threads)`
what it is drawn for.
"""

from skhebb.topology._correlation_graph import CorrelationGraph
from skhebb.topology._random_graphs import ErdosRenyi, ErdosRenyiKernel, Uniform

GRAPHS = {
    "correlation": CorrelationGraph,
    "erdos_renyi": ErdosRenyi,
    "erk": ErdosRenyiKernel,
    "uniform": Uniform,
}
