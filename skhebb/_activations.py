"""Activation functions, on arrays of any shape, in place.

`kernel` tells the kernels what they do: they apply a piecewise linear function as
soon as they have its argument, and multiply errors by the derivative of any, which
each function here has in terms of its own output. `apply(z)` does what the kernels
leave to do.
"""

import numpy as np
from scipy.special import expit

from skhebb._kernels import _loops


class Identity:
    """f(z) = z."""

    kernel = _loops.Activation("piecewise linear", 1)

    def apply(self, z):
        """Leave `z` as it is."""


class ReLU:
    """f(z) = max(z, 0)."""

    kernel = _loops.Activation("piecewise linear", 0)

    def apply(self, z):
        """Leave `z`, which the kernel made f(z)."""


class Tanh:
    """f(z) = tanh(z), f'(z) = 1 - f(z)^2."""

    kernel = _loops.Activation("tanh")

    def apply(self, z):
        """Replace `z` by f(z)."""
        np.tanh(z, out=z)


class Logistic:
    """f(z) = 1 / (1 + exp(-z)), f'(z) = f(z) (1 - f(z))."""

    kernel = _loops.Activation("logistic")

    def apply(self, z):
        """Replace `z` by f(z)."""
        expit(z, out=z)


class Softmax:
    """f(z)_j = exp(z_j) / sum_k exp(z_k), over the neurons of the output layer.

    It has no `kernel`: the log-loss gives dJ/dz directly.
    """

    def apply(self, z):
        """Replace `z` of shape (n_outputs, batch) by f(z)."""
        z -= z.max(axis=0)
        np.exp(z, out=z)
        z /= z.sum(axis=0)


ACTIVATIONS = {
    "identity": Identity,
    "logistic": Logistic,
    "relu": ReLU,
    "tanh": Tanh,
}
OUTPUT_ACTIVATIONS = {"logistic": Logistic, "softmax": Softmax}
