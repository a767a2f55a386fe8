"""Activation functions, on arrays of any shape, in place.

`for_kernels` tells the kernels what they do: they apply a piecewise linear function as
soon as they have its argument, and multiply errors by the derivative of any, which
each function here has in terms of its own output; `without_dropout` is the same for
activations none of which was dropped. `apply(z)` does what the kernels leave to do.
"""

import numpy as np
from scipy.special import expit

from skhebb._kernels import _rules


class PiecewiseLinear:
    """f(z) = z for z > 0, slope z for z < 0.

    Parameters
    ----------
    depth : int
        Number of the hidden layer, from 0.
    negative_slope : float
        Of All-ReLU.
    keep_probability : float
        Probability with which dropout, if any, keeps an activation in training.
    """

    kind = "piecewise linear"

    def __init__(self, depth=0, negative_slope=0.0, keep_probability=1.0):
        self._arguments = depth, negative_slope, keep_probability
        slope = self.slope(depth, negative_slope)
        self.for_kernels = _rules.Activation(self.kind, slope, keep_probability)
        self.without_dropout = _rules.Activation(self.kind, slope)

    def __reduce__(self):
        return type(self), self._arguments

    @staticmethod
    def slope(depth, negative_slope):
        """The slope for z < 0."""
        return 0.0

    def apply(self, z):
        """Leave `z`, which the kernel made f(z)."""


class ReLU(PiecewiseLinear):
    """f(z) = max(z, 0)."""


class Identity(PiecewiseLinear):
    """f(z) = z."""

    @staticmethod
    def slope(depth, negative_slope):
        """Return 1, so that nothing is changed."""
        return 1.0


class AllReLU(PiecewiseLinear):
    """Slopes for z < 0 of alternating sign: -α z in the first hidden layer, then α z.

    S. Curci, D. C. Mocanu, M. Pechenizkiy. Truly sparse neural networks at scale, 2021.
    """

    @staticmethod
    def slope(depth, negative_slope):
        """Return a slope whose sign alternates between layers."""
        return negative_slope if depth % 2 else -negative_slope


class Tanh(PiecewiseLinear):
    """f(z) = tanh(z), f'(z) = 1 - f(z)^2."""

    kind = "tanh"

    def apply(self, z):
        """Replace `z` by f(z)."""
        np.tanh(z, out=z)


class Logistic(PiecewiseLinear):
    """f(z) = 1 / (1 + exp(-z)), f'(z) = f(z) (1 - f(z))."""

    kind = "logistic"

    def apply(self, z):
        """Replace `z` by f(z)."""
        expit(z, out=z)


class Softmax:
    """f(z)_j = exp(z_j) / sum_k exp(z_k), over the neurons of the output layer.

    It has no `for_kernels`: the log-loss gives dJ/dz directly.
    """

    def apply(self, z):
        """Replace `z` of shape (n_outputs, batch_size) by f(z)."""
        z -= z.max(axis=0)
        np.exp(z, out=z)
        z /= z.sum(axis=0)


ACTIVATIONS = {
    "all_relu": AllReLU,
    "identity": Identity,
    "logistic": Logistic,
    "relu": ReLU,
    "tanh": Tanh,
}
OUTPUT_ACTIVATIONS = {"identity": Identity, "logistic": Logistic, "softmax": Softmax}


def set_activations(network, hidden, output, negative_slope, keep_probability=1.0):
    """Give `network` the activation functions of these names."""
    network.activations = [
        *(
            ACTIVATIONS[hidden](depth, negative_slope, keep_probability)
            for depth in range(len(network.layers) - 1)
        ),
        Identity(),
    ]
    network.dropped_inputs = Identity(keep_probability=keep_probability).for_kernels
    network.output_activation = OUTPUT_ACTIVATIONS[output]()
