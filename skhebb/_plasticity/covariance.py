"""The Hebbian term of HebbSET."""

import numpy as np

from skhebb._kernels._handles import Deviations, NonZeros
from skhebb._network.buffers import HebbianTerm, RoundedTerm
from skhebb._network.statistics import (
    round_deviations,
    statistics_of_nonzeros,
    statistics_of_tiles,
)
from skhebb._plasticity.rule import LocalRule


class HebbianCovariance(LocalRule):
    """Strengthen connections between neurons that are active together.

    Adds lambda(t) mean_b[ã_i (ã_j - mean_b ã_j)] to w_ij, where ã is a neuron's
    activation scaled to [0, 1] over the batch, 0 if it is constant (de Ranitz 2023,
    Eq. 7-11). This is the population covariance of ã_i and ã_j, computed as
    s_i s_j cov(a_i, a_j) with s = 1 / (max a - min a), so that scaled activations
    are never stored. A neuron that varies by rounding only counts as constant. Means
    are weighted where samples are.

    Of float32, distances to the mean are rounded to integers where inputs are dense
    (`Deviations`). The covariance, 1/4 at most, is then off by 1 / 5790 at most where
    samples weigh the same; of samples far lighter than the heaviest of the mini-batch
    little may be left.

    Parameters
    ----------
    lambda0 : list of float
        Factor before the first evolution, for each layer.
    decay : float
        lambda(t) = lambda0 decay^t, t the number of times the topology evolved.
    unit : {"evolution", "batch"}
        What lambda(t) is the factor of: a mini-batch, or all mini-batches until the
        topology evolves again, which share it by their weight.
    """

    reads_weights = False

    def __init__(self, lambda0, decay, unit):
        self.lambda0 = lambda0
        self.decay = decay
        self.unit = unit
        self._deviations = {}  # by layer

    def __getstate__(self):
        """Copies have room of their own, since they may be used at the same time."""
        parameters = ("lambda0", "decay", "unit")
        return {name: getattr(self, name) for name in parameters} | {"_deviations": {}}

    def observe(self, layers, activations, preactivations, batch, n_threads):
        """Take mean and inverse range of each neuron over the batch."""
        self._batch = batch
        self._activations = activations
        self._neurons = [
            self._look_at(depth, activities, n_threads)
            for depth, activities in enumerate(activations)
        ]

    def _look_at(self, depth, activities, n_threads):
        """Return Deviations, in which terms are faster, or means and scales."""
        batch = self._batch
        if isinstance(activities, NonZeros):
            return statistics_of_nonzeros(activities, batch)
        if activities.dtype != np.float32:
            return statistics_of_tiles(activities, batch, n_threads)
        n_neurons = activities.size // batch.tiles.stride
        known = self._deviations.get(depth)
        if known is None or not known.fits(n_neurons, batch.tiles):
            known = self._deviations[depth] = Deviations(n_neurons, batch.tiles)
        round_deviations(known, activities, batch, n_threads)
        return known

    def strength(self, depth, n_evolutions, batches_per_evolution):
        """lambda(t) of a mini-batch."""
        strength = self.lambda0[depth] * self.decay**n_evolutions
        if self.unit == "evolution":
            strength /= batches_per_evolution
        return strength

    def term(self, depth, n_evolutions, batches_per_evolution):
        """Return the term of the layer at `depth`, None if it is 0."""
        if self.lambda0[depth] == 0:
            return None
        strength = self.strength(depth, n_evolutions, batches_per_evolution)
        factor, both = strength / self._batch.total, self._neurons[depth : depth + 2]
        if all(isinstance(neurons, Deviations) for neurons in both):
            return RoundedTerm(factor, *both)
        before, after = map(means_and_scales, both)
        return HebbianTerm(factor, *before, self._activations[depth + 1], *after)


def means_and_scales(neurons):
    """Return means and inverse ranges, of Deviations or as they are."""
    if isinstance(neurons, Deviations):
        return neurons.means, neurons.scales
    return neurons
