"""Initial graphs against their distribution; pruning and growth as properties."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.stats import chisquare

from skhebb._network.layer import SparseLayer
from skhebb._training.batches import DenseRows
from skhebb._training.data import FitData
from skhebb.topology import GRAPHS, PRUNING_RULES, SparseEvolution, absent_ranks
from skhebb.topology import _erdos_renyi as erdos_renyi_module
from skhebb.topology._erdos_renyi import erdos_renyi
from skhebb.topology._sampling import sample_ranks


def evolution(zeta=0.3, pruning="magnitude", growth="random", growth_scale=0.1):
    return SparseEvolution(
        "erdos_renyi", 1, None, zeta, pruning, growth, 0.1, growth_scale
    )


def make_layer(n_in, n_out, density, seed):
    rng = np.random.default_rng(seed)
    dense = np.where(
        rng.random((n_in, n_out)) < density, rng.standard_normal((n_in, n_out)), 0
    )
    weights = csr_array(dense)
    weights.indices = weights.indices.astype(np.int32)
    weights.indptr = weights.indptr.astype(np.int32)
    layer = SparseLayer(weights, np.zeros(n_out))
    layer.weight_state = [weights.data * 10]  # tells which connection it belongs to
    return layer


def as_dict(layer, values):
    rows, columns = layer.weights.nonzero()
    return dict(zip(zip(rows, columns, strict=True), values, strict=True))


layers = st.builds(
    make_layer,
    st.integers(1, 12),
    st.integers(1, 12),
    st.floats(0, 1),
    st.integers(0, 1000),
)


class TestErdosRenyi:
    @pytest.mark.parametrize("block", [64, 1 << 22])
    @pytest.mark.parametrize(
        ("n_in", "n_out", "epsilon"),
        [(784, 1000, 20), (300, 10, 20), (50, 40, 0.5), (20, 20, 100)],
    )
    def test_density(self, monkeypatch, rng, n_in, n_out, epsilon, block):
        monkeypatch.setattr(erdos_renyi_module, "DRAWS_PER_BLOCK", block)
        indptr, indices = erdos_renyi(n_in, n_out, epsilon, rng)
        graph = csr_array((np.ones(len(indices)), indices, indptr), (n_in, n_out))
        graph.check_format(full_check=True)
        assert graph.has_canonical_format
        p = epsilon * (n_in + n_out) / (n_in * n_out)
        expected = 1 - np.exp(-p)
        # The deviation of the number of different cells is below that of a
        # binomial number.
        deviation = np.sqrt(expected * (1 - expected) / (n_in * n_out))
        assert abs(graph.nnz / (n_in * n_out) - expected) <= 4 * deviation + 1e-12

    @pytest.mark.parametrize(
        ("sizes", "sparsity"),
        [
            ((784, 1000, 1000, 1000, 10), 0.956),
            ((3312, 2000, 2000, 2000, 5), 0.981),
        ],
    )
    def test_sparsity_of_the_thesis(self, rng, sizes, sparsity):
        shapes = list(pairwise(sizes))
        n_connections = sum(len(erdos_renyi(*shape, 20, rng)[1]) for shape in shapes)
        n_cells = sum(n_in * n_out for n_in, n_out in shapes)
        assert_allclose(1 - n_connections / n_cells, sparsity, atol=5e-4)

    def test_every_cell_is_equally_likely(self, rng):
        counts = np.zeros((6, 5))
        for _ in range(2000):
            indptr, indices = erdos_renyi(6, 5, 0.8, rng)
            graph = csr_array((np.ones(len(indices)), indices, indptr), (6, 5))
            counts += graph.toarray()
        assert chisquare(counts.ravel()).pvalue > 1e-3

    def test_extremes(self, rng):
        assert len(erdos_renyi(4, 5, 1e-9, rng)[1]) == 0
        for epsilon in (1000, np.inf):
            indptr, indices = erdos_renyi(4, 5, epsilon, rng)
            assert_array_equal(indices, np.tile(np.arange(5), 4))
            assert_array_equal(indptr, np.arange(0, 21, 5))

    def test_too_many_connections(self, rng):
        with pytest.raises(MemoryError, match=r"epsilon=1e\+09 .* this machine has"):
            erdos_renyi(10**6, 10**6, 1e9, rng)


class TestPruning:
    @given(layers, st.sampled_from(sorted(PRUNING_RULES)), st.floats(0, 0.99))
    def test_removes_the_weakest_and_carries_state(self, layer, rule, zeta):
        assume(layer.n_connections < layer.n_in * layer.n_out)
        before = as_dict(layer, layer.weights.data)
        evolution(zeta, rule).prune(layer, 1.0)
        layer.weights.check_format(full_check=True)
        after = as_dict(layer, layer.weights.data)
        assert after.items() <= before.items()
        state = as_dict(layer, layer.weight_state[0])
        assert state == {cell: 10 * value for cell, value in after.items()}

        removed = [value for cell, value in before.items() if cell not in after]
        groups = [np.positive] if rule == "magnitude" else [np.sign]
        for group in groups:
            for sign in {
                np.sign(v) if group is np.sign else 0 for v in before.values()
            }:

                def same(values, sign=sign):
                    return [abs(v) for v in values if sign in (0, np.sign(v))]

                assert len(same(removed)) == int(
                    zeta * len(same(before.values())) + 1e-9
                )
                assert max(same(removed), default=0) <= min(
                    same(after.values()), default=np.inf
                )

    def test_exact_fraction(self):
        for n in range(1, 50):
            keep = PRUNING_RULES["magnitude"](np.arange(10.0 * n), 0.3)
            assert_array_equal(np.flatnonzero(~keep), np.arange(3 * n))

    def test_equal_weights_fall_in_order(self):
        weights = np.array([1.0, -2, 1, -1, 1, 0.5])
        keep = PRUNING_RULES["magnitude"](weights, 0.5)
        assert_array_equal(keep, [False, True, False, True, True, False])

    def test_sign_counts_zero_as_positive(self):
        weights = np.array([0.0, 1, 2, -3, -0.1])
        keep = PRUNING_RULES["sign"](weights, 0.5)
        assert_array_equal(keep, [False, True, True, True, False])


class TestGrowth:
    @given(layers, st.integers(0, 144), st.integers(0, 100))
    def test_fills_to_capacity_and_keeps_the_rest(self, layer, n_new, seed):
        layer.n_connections_target = min(
            layer.n_connections_target + n_new, layer.n_in * layer.n_out
        )
        before = as_dict(layer, layer.weights.data)
        evolution().grow(layer, np.random.default_rng(seed))
        layer.weights.check_format(full_check=True)
        assert layer.weights.has_canonical_format
        assert layer.weights.indices.dtype == layer.weights.indptr.dtype == np.int32
        after = as_dict(layer, layer.weights.data)
        assert len(after) == layer.n_connections == layer.n_connections_target
        assert before.items() <= after.items()
        state = as_dict(layer, layer.weight_state[0])
        for cell in after:
            assert state[cell] == (10 * before[cell] if cell in before else 0)

    def test_new_weights_are_normal(self, rng):
        layer = make_layer(300, 300, 0.0, 0)
        layer.n_connections_target = 40_000
        evolution().grow(layer, rng)
        weights = layer.weights.data
        assert abs(weights.mean()) < 4 * 0.1 / 200
        assert_allclose(weights.std(), 0.1, rtol=0.02)

    def test_uniform_among_absent_cells(self):
        counts = np.zeros((5, 6))
        for seed in range(3000):
            layer = make_layer(5, 6, 0.4, 7)
            layer.n_connections_target += 5
            before = layer.weights.toarray() != 0
            evolution().grow(layer, np.random.default_rng(seed))
            counts += (layer.weights.toarray() != 0) & ~before
        assert not counts[before].any()
        assert chisquare(counts[~before]).pvalue > 1e-3

    @pytest.mark.parametrize(
        ("scale", "deviation"),
        [(0, 0), (0.5, 0.5), ("he", np.sqrt(2 / (40_000 / 300)))],
    )
    def test_scale(self, rng, scale, deviation):
        layer = make_layer(300, 300, 0.0, 0)
        layer.n_connections_target = 40_000
        evolution(growth_scale=scale).grow(layer, rng)
        assert_allclose(layer.weights.data.std(), deviation, rtol=0.02)

    def test_a_rule_of_ones_own(self):
        """The absent connection with the largest column number, row by row."""

        def last_columns(weights, n, rng):
            absent = np.argwhere(weights.toarray() == 0)
            chosen = absent[np.argsort(absent[:, 1], kind="stable")[-n:]]
            return absent_ranks(weights, *chosen.T)

        layer = make_layer(6, 7, 0.3, 3)
        before = layer.weights.toarray()
        layer.n_connections_target += 4
        evolution(growth=last_columns, growth_scale=1.0).grow(
            layer, np.random.default_rng()
        )
        grown = (layer.weights.toarray() != 0) & (before == 0)
        absent_columns = np.sort(np.nonzero(before == 0)[1])
        assert_array_equal(np.sort(np.nonzero(grown)[1]), absent_columns[-4:])
        assert_array_equal(layer.weights.toarray()[before != 0], before[before != 0])

    @pytest.mark.parametrize(
        "ranks",
        [
            [0, 1],
            [0, 0, 1],
            [2, 1, 0],
            [-1, 0, 1],
            [0, 1, 10**6],
            [0.5, 1, 2],
            [[0, 1], [2]],
            ([0, 1, 2], 1),
            None,
        ],
    )
    def test_a_wrong_rule_is_refused(self, ranks):
        layer = make_layer(6, 7, 0.3, 3)
        layer.n_connections_target += 3
        with pytest.raises(ValueError, match="growth rule must give 3 sorted ranks"):
            evolution(growth=lambda *_: ranks).grow(layer, None)

    def test_absent_ranks_refuses_present_connections(self):
        layer = make_layer(6, 7, 0.5, 3)
        row, column = (places[0] for places in layer.weights.nonzero())
        with pytest.raises(ValueError, match="must be absent"):
            absent_ranks(layer.weights, [row], [column])

    @pytest.mark.parametrize(
        ("rows", "columns"),
        [([0], [3]), ([2], [0]), ([-1], [0]), ([0.9], [0.7]), ([0], [0, 1])],
    )
    def test_absent_ranks_refuses_what_is_no_connection(self, rows, columns):
        with pytest.raises(ValueError, match=r"rows|columns"):
            absent_ranks(csr_array((2, 3)), rows, columns)

    def test_rules_cannot_change_weights(self):
        def careless(weights, *_):
            getattr(weights, "data", weights)[:] = 7

        layer = make_layer(6, 7, 0.3, 3)
        layer.n_connections_target += 3
        with pytest.raises(ValueError, match="read-only"):
            evolution(growth=careless).grow(layer, None)
        with pytest.raises(ValueError, match="read-only"):
            evolution(pruning=lambda w, _: w.fill(7)).prune(layer, 1.0)

    @pytest.mark.parametrize(
        "keep", [[True], np.ones(3), np.ones(100, dtype=bool), [[True], []], None]
    )
    def test_a_wrong_pruning_rule_is_refused(self, keep):
        layer = make_layer(6, 7, 0.3, 3)
        with pytest.raises(ValueError, match="pruning rule must give a boolean array"):
            evolution(pruning=lambda *_: keep).prune(layer, 1.0)


SHAPES = [
    [(784, 1000), (1000, 1000), (1000, 10)],
    [(4, 500), (500, 3)],
    [(30, 20), (20, 1)],
]


def made(graph, shapes, epsilon, density, rng):
    """A graph, of random samples if it looks at such."""
    graph = GRAPHS[graph](shapes, epsilon, density)
    if graph.needs_data:
        inputs = DenseRows(rng.standard_normal((50, shapes[0][0])))
        graph.look_at(FitData(inputs, None, None, None, np.arange(50)), rng, 1)
    return graph


class TestGraphs:
    @pytest.mark.parametrize("graph", sorted(GRAPHS))
    @pytest.mark.parametrize("shapes", SHAPES)
    @pytest.mark.parametrize("density", [0.02, 0.1, 0.6, 1.0])
    def test_overall_density(self, rng, graph, shapes, density):
        chosen = made(graph, shapes, None, density, rng)
        n_found = 0
        for depth, (n_in, n_out) in enumerate(shapes):
            indptr, indices = chosen.draw(depth, rng)
            layer = csr_array((np.ones(len(indices)), indices, indptr), (n_in, n_out))
            layer.check_format(full_check=True)
            assert layer.has_canonical_format
            n_found += layer.nnz
        n_cells = sum(n_in * n_out for n_in, n_out in shapes)
        margin = 3 if graph in ("erk", "uniform") else 4 * np.sqrt(density * n_cells)
        assert abs(n_found - density * n_cells) <= margin

    @pytest.mark.parametrize("shapes", SHAPES)
    def test_epsilon_gives_all_the_same_number(self, rng, shapes):
        n = {}
        for name in GRAPHS:
            chosen = made(name, shapes, 5, None, rng)
            n[name] = sum(len(chosen.draw(k, rng)[1]) for k in range(len(shapes)))
        assert abs(n["erk"] - n["uniform"]) <= 3
        assert abs(n["erdos_renyi"] - n["erk"]) <= 4 * np.sqrt(n["erk"])

    def test_uniform_and_erk(self):
        shapes = [(784, 1000), (1000, 500), (500, 10)]
        cells = np.array([n_in * n_out for n_in, n_out in shapes])
        uniform = GRAPHS["uniform"](shapes, None, 0.1).counts
        assert_allclose(uniform / cells, 0.1, rtol=1e-3)
        erk = GRAPHS["erk"](shapes, None, 0.01).counts
        assert_allclose(np.divide(erk, [1784, 1500, 510]), erk[0] / 1784, rtol=1e-3)
        # The output layer becomes dense first.
        erk = GRAPHS["erk"](shapes, None, 0.1).counts
        assert erk[2] == 5000
        assert_allclose(erk[0] / 1784, erk[1] / 1500, rtol=1e-3)


@given(st.integers(0, 300), st.floats(0, 1), st.integers(0, 100))
def test_sample_ranks_are_distinct_and_sorted(n_total, share, seed):
    n = int(share * n_total)
    ranks = sample_ranks(n_total, n, np.random.default_rng(seed))
    assert len(ranks) == n
    assert ranks.dtype == np.int64
    assert (np.diff(ranks) > 0).all()
    assert n == 0 or (ranks[0] >= 0 and ranks[-1] < n_total)
