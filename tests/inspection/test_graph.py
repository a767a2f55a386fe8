"""Networks as graphs."""

import networkx
import pandas as pd
from numpy.testing import assert_array_equal

from skhebb import SETClassifier
from skhebb.inspection import to_graph, to_networkx

from .networks import NETWORK


class TestGraph:
    def test_scipy(self, fitted):
        graph = to_graph(fitted)
        assert graph.shape == (40, 40)
        dense = graph.toarray()
        edges = [0, 12, 27, 37, 40]
        for depth, weights in enumerate(fitted.coefs_):
            rows = slice(*edges[depth : depth + 2])
            columns = slice(*edges[depth + 1 : depth + 3])
            assert_array_equal(dense[rows, columns], weights.toarray())
            dense[rows, columns] = 0
        assert not dense.any()

    def test_networkx(self, data):
        X, y = data
        frame = pd.DataFrame(X, columns=[f"gene {n}" for n in range(12)])
        clf = SETClassifier(**NETWORK).fit(frame, y)
        graph = to_networkx(clf)
        assert graph.number_of_nodes() == 40
        assert graph.number_of_edges() == clf.n_connections_
        assert graph.nodes[3] == {
            "layer": 0, "neuron": 3, "name": "gene 3"
        }  # fmt: skip
        bias = clf.intercepts_[1][4]
        assert graph.nodes[31] == {"layer": 2, "neuron": 4, "bias": bias}
        for one, other, weight in graph.edges(data="weight"):
            ends = [graph.nodes[node] for node in (one, other)]
            assert ends[1]["layer"] == ends[0]["layer"] + 1
            weights = clf.coefs_[ends[0]["layer"]]
            assert weights[ends[0]["neuron"], ends[1]["neuron"]] == weight

    def test_graph_can_be_written(self, fitted, tmp_path):
        graph, path = to_networkx(fitted), tmp_path / "graph.graphml"
        networkx.write_graphml(graph, path)
        read = networkx.read_graphml(path, node_type=int)
        assert read.nodes == graph.nodes
        assert read.edges == graph.edges
