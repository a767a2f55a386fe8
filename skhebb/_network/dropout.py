"""Dropout of hidden neurons."""

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

    def apply(self, activations, activation):
        """Drop some of the `activations`, a flat array, in place."""
        draws = self.rng.random(activations.size, dtype=activations.dtype)
        _loops.drop(activations, draws, activation)
