"""The Hebbian term of HebbSET."""

import numpy as np

from skhebb._kernels import _loops


class HebbianCovariance:
    """Strengthen connections between neurons that are active together.

    Adds lambda(t) mean_b[ã_i (ã_j - mean_b ã_j)] to w_ij, where ã is a neuron's
    activation scaled to [0, 1] over the batch, 0 if it is constant (de Ranitz 2023,
    Eq. 7-11). This is the population covariance of ã_i and ã_j, computed as
    s_i s_j cov(a_i, a_j) with s = 1 / (max a - min a), so that scaled activations
    are never stored. A neuron that varies by rounding only counts as constant.

    Parameters
    ----------
    lambda0 : float
        Factor of the first generation.
    decay : float
        lambda(t) = lambda0 decay^t, t the number of times the topology evolved.
    """

    def __init__(self, lambda0, decay):
        self.lambda0 = lambda0
        self.decay = decay

    def observe(self, activations, batch, n_threads):
        """Take mean and inverse range of each neuron over the batch."""
        self._means, self._scales = [], []
        for activation in activations:
            means = np.empty(len(activation), dtype=activation.dtype)
            scales = np.empty_like(means)
            _loops.batch_statistics(activation, batch, means, scales, n_threads)
            self._means.append(means)
            self._scales.append(scales)

    def update(self, depth, layer, activations, batch, generation, n_threads):
        """Add the term to the weights of the layer at `depth`."""
        inputs = activations[depth]
        _loops.add_covariances(
            layer.weights.indptr,
            layer.weights.indices,
            layer.weights.data,
            inputs,
            activations[depth + 1],
            self._means[depth],
            self._scales[depth],
            self._means[depth + 1],
            self._scales[depth + 1],
            self.lambda0 * self.decay**generation / batch,
            batch,
            np.empty((n_threads, inputs.shape[1]), dtype=inputs.dtype),
            n_threads,
        )
