"""Optimisers: how gradients change parameters.

`n_arrays` is the number of state arrays that an optimiser wants for each array of
parameters; layers keep them, aligned with the connections. `step` updates one array
of parameters in place.
"""

from skhebb._kernels import _loops


class SGD:
    """Gradient descent with momentum, as `sklearn.neural_network` has it.

    v <- momentum v - learning_rate g, then w <- w + v or, with Nesterov's momentum,
    w <- w + momentum v - learning_rate g.
    """

    def __init__(self, learning_rate, momentum, nesterov):
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self.n_arrays = 1 if momentum > 0 else 0

    def step(self, parameters, gradients, state, n_threads):
        """Update `parameters` and `state` in place."""
        velocities = state[0] if state else parameters[:0]
        _loops.sgd_step(
            parameters,
            velocities,
            gradients,
            self.learning_rate,
            self.momentum,
            self.nesterov,
            n_threads,
        )
