"""Sparse Evolutionary Training: prune the weakest, grow at random."""

import numpy as np

from skhebb._csr import connections
from skhebb.topology._erdos_renyi import erdos_renyi
from skhebb.topology._pruning import PRUNING_RULES

WEIGHT_SCALE = 0.1


class SparseEvolution:
    """The topology of SET (Mocanu et al. 2018; de Ranitz 2023, Algorithm 1).

    Parameters
    ----------
    epsilon : float
        Density of the initial Erdős-Rényi graphs.
    zeta : float
        Fraction of a layer's connections that pruning removes.
    pruning : str
        Key of `PRUNING_RULES`.
    """

    def __init__(self, epsilon, zeta, pruning):
        self.epsilon = epsilon
        self.zeta = zeta
        self.rule = PRUNING_RULES[pruning]

    def initial_weights(self, n_in, n_out, dtype, rng):
        """Weights N(0, 0.1^2) on an Erdős-Rényi graph, as csr_array."""
        indptr, indices = erdos_renyi(n_in, n_out, self.epsilon, rng)
        data = new_weights(len(indices), dtype, rng)
        return connections(data, indices, indptr, (n_in, n_out))

    def prune(self, layer):
        """Remove the fraction zeta of the connections, chosen by the rule."""
        if self.zeta > 0:
            layer.keep_connections(self.rule(layer.weights.data, self.zeta))

    def grow(self, layer, rng):
        """Fill the layer up to its capacity, uniformly among the absent cells."""
        n_new = layer.capacity - layer.n_connections
        if n_new > 0:
            n_absent = layer.n_in * layer.n_out - layer.n_connections
            layer.add_connections(
                sample_ranks(n_absent, n_new, rng),
                new_weights(n_new, layer.weights.dtype, rng),
            )


def new_weights(n, dtype, rng):
    """Draw `n` weights from N(0, 0.1^2)."""
    weights = rng.standard_normal(n, dtype=dtype)
    weights *= WEIGHT_SCALE
    return weights


def sample_ranks(n_total, n, rng):
    """A uniformly drawn sorted subset of `n` of range(n_total), as int64."""
    if n > n_total // 2:
        kept = np.ones(n_total, dtype=bool)
        kept[sample_ranks(n_total, n_total - n, rng)] = False
        return np.flatnonzero(kept)
    ranks = sorted_unique(rng.integers(n_total, size=n))
    while n_missing := n - len(ranks):
        # Drawing only what is missing never overshoots, so that no draw has to be
        # discarded: this is drawing one by one until there are n different ones.
        more = sorted_unique(rng.integers(n_total, size=n_missing))
        places = np.searchsorted(ranks, more)
        known = np.append(ranks, -1)[places] == more
        ranks = np.insert(ranks, places[~known], more[~known])
    return ranks


def sorted_unique(values):
    """Sort `values` in place; return what is left without repetitions."""
    values.sort()
    return values[np.append(True, values[1:] != values[:-1])[: len(values)]]
