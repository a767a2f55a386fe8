"""Hebbian values of connections, which a mask judges them by."""

import numpy as np

from skhebb._kernels import _loops
from skhebb._kernels._handles import NonZeros
from skhebb._network.buffers import HebbianTerm
from skhebb._network.statistics import statistics_of_nonzeros, statistics_of_tiles
from skhebb._network.topology_state import MaskState
from skhebb._plasticity.rule import LocalRule
from skhebb._utils.csr import make_csr


def contribution(mask, coactivity):
    """Return the contribution of a connection, times the sum of its neuron."""
    return coactivity * mask.weights


def sign(mask, coactivity):
    """Whether both neurons have the same sign."""
    return coactivity


# What coactivity is the sum of, activities or their signs, and what becomes of it.
MASK_RULES = {"contribution": contribution, "sign": sign}


# Mean square of samples, in units of the layer's `input_scale`, up to which the rule
# "contribution" is as published: above that of standardised features.
LARGEST = 2


class HebbianValues(LocalRule):
    """Raises and lowers the Hebbian value P_ij of each connection, active or not.

    With a_i the activation before and z_j the sum before the activation function of the
    neuron after the connection, a mini-batch changes it by

    - "contribution": P <- P + rate w_ij sum_b a_bi z_bj, as the published code does;
    - "sign": P <- P + rate sum_b sign(a_bi) sign(z_bj), as its README has it;

    and P stays between -1 and 1. Both may be centred: a and z less their means over the
    mini-batch. Contributions grow with the square of the scale of the samples. Where
    the mean square of these is above `LARGEST`, the rate is divided by the excess.

    Parameters
    ----------
    rule : {"contribution", "sign"}
    rate : float
    center : bool
    layers : container of int
        Which layers have values.
    """

    def __init__(self, rule, rate, center, layers):
        self.rule = rule
        self.rate = rate
        self.center = center
        self.layers = layers

    def needs_preactivations(self, depth):
        """Tell whether `observe` wants the preactivations of a layer."""
        return depth in self.layers

    def begin(self, layers):
        """Give layers values that have none yet."""
        for depth in self.layers:
            if layers[depth].topology_state is None:
                layers[depth].topology_state = MaskState.begin(layers[depth].weights)

    def observe(self, layers, activations, preactivations, batch, n_threads):
        """Change the values by a mini-batch."""
        rate = self.rate / self._excess(layers[0], activations[0], batch, n_threads)
        rate /= batch.share  # changes are sums over the mini-batch
        self.begin(layers)
        for depth, layer in enumerate(layers):
            if depth in self.layers:
                mask = layer.topology_state
                mask.store_active(layer.weights.data)
                both = activations[depth], preactivations[depth]
                coactivity = self._coactivity(layer, *both, batch, n_threads)
                change = rate * MASK_RULES[self.rule](mask, coactivity)
                mask.values += change.astype(mask.values.dtype, copy=False)
                np.clip(mask.values, -1, 1, out=mask.values)

    def _excess(self, layer, samples, batch, n_threads):
        """How many times as large as `LARGEST` the mean square is, at least 1."""
        if self.rule == "sign":
            return 1
        if isinstance(samples, NonZeros):
            squares = samples.with_values(np.square(samples.values))
        else:
            squares = np.square(samples)
        means = means_of(squares, layer.n_in, batch, True, n_threads)
        mean_square = float(means.sum(dtype=np.float64)) / layer.n_in
        return max(1, mean_square / layer.input_scale**2 / LARGEST)

    def _coactivity(self, layer, before, after, batch, n_threads):
        """Sum over the batch of the products of both neurons, for each candidate."""
        if self.rule == "sign":
            before = signs(before, batch, self.center, n_threads)
            after = signs(after, batch, self.center, n_threads)
        of_pair = (before, layer.n_in), (after, layer.n_out)
        centred = self.center and self.rule != "sign"
        means = [means_of(*each, batch, centred, n_threads) for each in of_pair]
        ones = [np.ones_like(each) for each in means]
        term = HebbianTerm(1.0, means[0], ones[0], after, means[1], ones[1])
        mask = layer.topology_state
        zeros = np.zeros_like(mask.weights)
        shape = layer.n_in, layer.n_out
        candidates = layer.with_weights(
            make_csr(zeros, mask.indices, mask.indptr, shape)
        )
        scratch_size = candidates.largest_chunk(n_threads)
        scratch = np.empty((_loops.N_GROUPS, scratch_size), dtype=after.dtype)
        room = np.empty_like(after), scratch
        candidates.add_covariances(before, batch, term, *room, n_threads)
        return candidates.weights.data


def means_of(activities, n_neurons, batch, are_wanted, n_threads):
    """Weighted means over the batch, or zeros."""
    if isinstance(activities, NonZeros):
        if are_wanted:
            return statistics_of_nonzeros(activities, batch)[0]
        return np.zeros(len(activities.features), dtype=activities.values.dtype)
    if are_wanted:
        return statistics_of_tiles(activities, batch, n_threads)[0]
    return np.zeros(n_neurons, dtype=activities.dtype)


def signs(activities, batch, center, n_threads):
    """1, 0 or -1, of the activities or of their distance to the mean."""
    if isinstance(activities, NonZeros):
        if center:
            raise ValueError(
                "mask_rule='sign' with centred activations would make sparse X dense. "
                "Set mask_center=False or leave layer 0 out of masked_layers."
            )
        return activities.with_values(np.sign(activities.values))
    result = np.empty_like(activities)
    n_neurons = activities.size // batch.tiles.stride
    means = means_of(activities, n_neurons, batch, center, n_threads)
    rounding = 4 * np.finfo(means.dtype).eps * np.abs(means)
    pairs = zip(batch.tiles.split(activities), batch.tiles.split(result), strict=True)
    for (_, _, tile), (_, _, signs_of_tile) in pairs:
        distances = tile - means[:, None]
        distances[np.abs(distances) <= rounding[:, None]] = 0
        np.sign(distances, out=signs_of_tile)
    return result
