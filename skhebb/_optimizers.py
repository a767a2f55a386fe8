"""Optimisers: how gradients change parameters.

`n_arrays` is the number of state arrays that an optimiser wants for each array of
parameters; layers keep them, aligned with the connections. `step(alpha)` gives the
kernels one step, with an L2 term of strength `alpha`.
"""

from skhebb._kernels import _loops


class SGD:
    """Gradient descent with momentum, as `sklearn.neural_network` has it.

    v <- momentum v - learning_rate g, then w <- w + v or, with Nesterov's momentum,
    w <- w + momentum v - learning_rate g.
    """

    def __init__(self, learning_rate, momentum, nesterov):
        self.factors = learning_rate, momentum, nesterov
        self.n_arrays = 1 if momentum > 0 else 0

    def step(self, alpha):
        """A step from the present settings."""
        return _loops.Step("gradient descent", self.factors, self.n_arrays, alpha)
