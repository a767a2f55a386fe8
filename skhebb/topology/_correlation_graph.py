"""The initial graph that connects features that are correlated."""

import math

import numpy as np

from skhebb._kernels import _connections
from skhebb._utils.memory import check_memory
from skhebb.topology._correlation import columns_of, most_correlated, n_samples_for
from skhebb.topology._erdos_renyi import erdos_renyi
from skhebb.topology._random_graphs import ErdosRenyi, csr_of_cells
from skhebb.topology._sampling import sample_ranks

BYTES_PER_CONNECTION = 40  # partners, scores, cells, rows, columns and an index
OWN = 2.0  # score of a feature with itself, above that of any other


class CorrelationGraph(ErdosRenyi):
    """Graph of as many connections as SET draws, where features are correlated most.

    After Cannistraci-Hebb training (Zhang et al. 2024): each neuron of a hidden layer
    stands for a feature. Its inputs are the feature itself and those, or the neurons
    that stand for those, whose absolute correlation with it is largest. All neurons of
    a layer have as many inputs, but for one more where the next correlation is among
    the largest.

    Features that are constant have no neurons and, at first, no connections. Layers
    wider than the features are many repeat them; chance decides which have one neuron
    more, or, in narrower layers, one at all, for all layers alike. The neurons of the
    output layer stand for no features: it is drawn as SET does, and so are connections
    of neurons that are correlated with too few.
    """

    needs_data = True

    def look_at(self, data, rng, n_threads):
        """Find the features that are correlated most with each.

        Parameters
        ----------
        data : FitData
        rng : numpy.random.Generator
            Draws samples to look at, and which features have a neuron more or less.
        n_threads : int
        """
        ranked = [k for k in range(len(self.shapes) - 1) if not self._is_full(k)]
        if not ranked:
            return
        n_features = self.shapes[0][0]
        n_pairs = max(
            math.prod(min(n, n_features) for n in self.shapes[depth])
            for depth in ranked
        )
        n_samples = n_samples_for(len(data.samples), n_features, n_pairs)
        samples = np.sort(rng.choice(data.samples, n_samples, replace=False))
        data = data.at_hand(samples)
        columns = columns_of(data.inputs.X, data.samples, data.sample_weight, n_threads)
        self._varying = columns.varying
        self._order = rng.permutation(len(columns.varying))
        wanted = {}
        for depth in ranked:
            key = self._features(depth), self._features(depth + 1)
            n = min(self._fan_in(depth) + 1, key[0])
            wanted[key] = max(n, wanted.get(key, 1))
        self._best = {
            key: most_correlated(columns, *map(self._places_of, key), n, rng, n_threads)
            for key, n in wanted.items()
        }

    def draw(self, depth, rng):
        """The connections of a layer."""
        shape, count = self.shapes[depth], self._count(depth)
        if self._is_full(depth):
            return erdos_renyi(*shape, math.inf, rng)
        if depth == len(self.shapes) - 1:
            return super().draw(depth, rng)
        check_memory(
            count * BYTES_PER_CONNECTION,
            f"A layer of {shape[0]} x {shape[1]} neurons with {count:.3g} connections",
            "Lower density, epsilon or the layer sizes.",
        )
        cells = np.sort(self._cells(depth, rng))
        indptr, indices = csr_of_cells(cells, shape)
        if len(cells) < count:
            n_absent = math.prod(shape) - len(cells)
            ranks = sample_ranks(n_absent, count - len(cells), rng)
            indptr, indices, _ = _connections.insert(indptr, indices, shape[1], ranks)
        return indptr, indices

    def _count(self, depth):
        """Number of connections of a layer."""
        return round(self.counts[depth])

    def _fan_in(self, depth):
        """Return how many inputs each neuron after a layer has at least."""
        return self._count(depth) // self.shapes[depth][1]

    def _is_full(self, depth):
        """Whether a layer is dense."""
        return self._count(depth) >= math.prod(self.shapes[depth])

    def _features(self, depth):
        """Return for how many features the neurons before a layer stand."""
        width = self.shapes[depth][0] if depth else len(self._varying)
        return min(width, len(self._varying))

    def _places_of(self, n_features):
        """Return which features those are, by their places among those that vary."""
        return np.sort(self._order[:n_features])

    def _places(self, depth):
        """Return for which feature each neuron before a layer stands; -1 is none."""
        width, n_varying = self.shapes[depth][0], len(self._varying)
        places = np.full(width, -1)
        if depth == 0:
            places[self._varying] = np.arange(n_varying)
        elif n_varying:
            n_over = width % n_varying
            places[: width - n_over] = np.arange(width - n_over) % n_varying
            places[width - n_over :] = self._places_of(n_over)
        return places

    def _cells(self, depth, rng):
        """Return the cells of a layer that correlations tell."""
        n_features = self._features(depth), self._features(depth + 1)
        if not n_features[0]:
            return np.empty(0, dtype=np.intp)
        n_out, fan_in = self.shapes[depth][1], self._fan_in(depth)
        partners, scores = self._best[n_features]
        others = self._places_of(n_features[1])
        own = np.where(np.isin(others, self._places_of(n_features[0])), others, -1)
        partners = np.column_stack([own, partners])
        scores = np.column_stack([np.full(len(own), OWN), scores])
        inputs, scores = neurons_of(partners, scores, self._places(depth), fan_in + 1)
        # Neurons that stand for the same feature have the same inputs.
        which = np.searchsorted(others, self._places(depth + 1))
        inputs, scores = inputs[which], scores[which]
        is_one = inputs >= 0
        # One more for those with the best ones.
        more = rng.permutation(np.flatnonzero(is_one[:, fan_in]))
        more = more[np.argsort(-scores[more, fan_in], kind="stable")]
        is_one[:, fan_in] = False
        is_one[more[: self._count(depth) - fan_in * n_out], fan_in] = True
        return inputs[is_one] * n_out + np.nonzero(is_one)[0]


def neurons_of(partners, scores, places, n):
    """Return the first neurons that stand for the partners of a feature.

    Parameters
    ----------
    partners : ndarray of int of shape (n_features, n_partners)
        Places, -1 for none.
    scores : ndarray of shape (n_features, n_partners)
    places : ndarray of int
        For which feature each neuron stands, -1 for none.
    n : int

    Returns
    -------
    neurons : ndarray of int of shape (n_features, n)
        In the order of the partners, -1 where there are no more.
    scores : ndarray of shape (n_features, n)
        Of what they stand for.
    """
    order = np.argsort(places, kind="stable")[np.count_nonzero(places < 0) :]
    counts = np.bincount(places[order], minlength=partners.max() + 1)
    starts = np.cumsum(counts) - counts
    feature, which = np.nonzero(partners >= 0)
    partner = partners[feature, which]
    n_neurons = counts[partner]
    feature, which = np.repeat(feature, n_neurons), np.repeat(which, n_neurons)
    number = np.arange(len(feature))
    copy = number - np.repeat(np.cumsum(n_neurons) - n_neurons, n_neurons)
    neuron = order[np.repeat(starts[partner], n_neurons) + copy]
    rank = number - np.searchsorted(feature, np.arange(len(partners)))[feature]
    kept = rank < n
    feature, which, rank = feature[kept], which[kept], rank[kept]
    first, of_first = np.full((len(partners), n), -1), np.zeros((len(partners), n))
    first[feature, rank] = neuron[kept]
    of_first[feature, rank] = scores[feature, which]
    return first, of_first
