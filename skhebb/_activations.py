"""Activation functions, in place on feature-major arrays.

`apply(z, n_threads)` replaces pre-activations by activations; `backward(deltas,
activations, n_threads)` multiplies `deltas` by the derivative, which each function
here gives in terms of its own output.
"""

import numpy as np
from scipy.special import expit

from skhebb._kernels import _loops


class Identity:
    """f(z) = z."""

    def apply(self, z, n_threads):
        """Leave `z` as it is."""

    def backward(self, deltas, activations, n_threads):
        """Multiply by 1."""


class ReLU:
    """f(z) = max(z, 0)."""

    def apply(self, z, n_threads):
        """Replace `z` by f(z)."""
        _loops.relu(z, n_threads)

    def backward(self, deltas, activations, n_threads):
        """Multiply `deltas` by f'(z)."""
        _loops.relu_backward(deltas, activations, n_threads)


class Tanh:
    """f(z) = tanh(z)."""

    def apply(self, z, n_threads):
        """Replace `z` by f(z)."""
        np.tanh(z, out=z)

    def backward(self, deltas, activations, n_threads):
        """Multiply `deltas` by f'(z) = 1 - f(z)^2."""
        deltas *= 1 - activations**2


class Logistic:
    """f(z) = 1 / (1 + exp(-z))."""

    def apply(self, z, n_threads):
        """Replace `z` by f(z)."""
        expit(z, out=z)

    def backward(self, deltas, activations, n_threads):
        """Multiply `deltas` by f'(z) = f(z) (1 - f(z))."""
        deltas *= activations * (1 - activations)


class Softmax:
    """f(z)_j = exp(z_j) / sum_k exp(z_k), over the neurons of the output layer.

    It has no `backward`: the log-loss gives dJ/dz directly.
    """

    def apply(self, z, n_threads):
        """Replace `z` by f(z)."""
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
