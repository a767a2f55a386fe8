"""Dropout of hidden neurons."""

import numpy as np

from skhebb._kernels import _loops


class Dropout:
    """Inverted dropout (Srivastava et al. 2014).

    Each activation of a hidden layer is kept with the probability that the layer's
    activation function knows, and divided by it; else it is zero for this batch.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng):
        self.rng = rng

    def apply(self, activations, activation, n_threads):
        """Drop some of the `activations`, a flat array, in place.

        One draw makes the mask, by a hash of each place: that many draws would take
        longer than the products of a sparse layer.
        """
        key = self.rng.integers(1 << 64, dtype=np.uint64)
        _loops.drop(activations, key, activation, n_threads)
