"""Optimisers: how gradients change parameters.

`n_arrays` is the number of state arrays that an optimiser wants for each array of
parameters; layers keep them, aligned with the connections. `step(rate, decays,
t)` gives the kernels step number t, from 1, with L2 terms of strengths `decays`, of
which the first is divided by the weight of the batch.
"""

import math

from skhebb._kernels import _loops


class SGD:
    """Gradient descent with momentum, as `sklearn.neural_network` has it.

    v <- momentum v - learning_rate g, then w <- w + v or, with Nesterov's momentum,
    w <- w + momentum v - learning_rate g.
    """

    def __init__(self, momentum, nesterovs_momentum, beta_1, beta_2):
        self.momentum = momentum
        self.nesterov = nesterovs_momentum
        self.n_arrays = 1 if momentum > 0 else 0

    def step(self, learning_rate, decays, t):
        """Return the kernels' step, the same for any t."""
        factors = learning_rate, self.momentum, self.nesterov
        return _loops.OptimizerStep("gradient descent", factors, self.n_arrays, *decays)


class Adam:
    """Adam (Kingma & Ba 2015), as `sklearn.neural_network` has it.

    m <- beta_1 m + (1 - beta_1) g and v <- beta_2 v + (1 - beta_2) g^2, then
    w <- w - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + 1e-8).
    """

    n_arrays = 2

    def __init__(self, momentum, nesterovs_momentum, beta_1, beta_2):
        self.betas = beta_1, beta_2

    def step(self, learning_rate, decays, t):
        """Step t, from 1, which corrects the bias of the zeros at the beginning."""
        beta_1, beta_2 = self.betas
        learning_rate *= math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        return _loops.OptimizerStep(
            "adam", (learning_rate, beta_1, beta_2, 1e-8), 2, *decays
        )


OPTIMIZERS = {"adam": Adam, "sgd": SGD}
