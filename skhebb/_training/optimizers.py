"""Optimisers: how gradients change parameters."""

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

from skhebb._kernels import _rules


class Penalty(NamedTuple):
    """Strengths of the two L2 terms of a layer.

    Attributes
    ----------
    alpha : float
        Divided by the weight of the batch.
    weight_decay : float
        Whatever the batch.
    """

    alpha: float = 0.0
    weight_decay: float = 0.0

    def scaled(self, factor):
        """Return the Penalty of weights in units whose squares are `factor` larger."""
        return Penalty(self.alpha * factor, self.weight_decay * factor)


NO_PENALTY = Penalty()
LONGEST_LAG = 1024  # batches that rows of sparse samples may lag behind


class Optimizer(ABC):
    """How gradients change parameters.

    An optimiser is made anew by each training; what outlasts it are arrays, which
    layers keep, aligned with connections and biases.

    Attributes
    ----------
    n_arrays : int
        Number of state arrays for each array of parameters.
    longest_lag : int
        Mini-batches of sparse samples that the weights of a feature that is not there
        may lag behind; 1 where they are not to.
    """

    n_arrays = 0
    longest_lag = LONGEST_LAG

    @classmethod
    @abstractmethod
    def from_estimator(cls, estimator):
        """Return the optimiser that the parameters of an estimator describe."""

    @abstractmethod
    def step(self, learning_rate, penalty, t, input_scale=1.0):
        """Return what the kernels do in a step.

        Parameters
        ----------
        learning_rate : float
        penalty : Penalty
        t : int
            Number of the step since the state arrays were zero, from 1.
        input_scale : float, default=1
            Scale s of the inputs of a layer of weights w, which are to move as s w
            would if the inputs were divided by s.

        Returns
        -------
        step : _rules.OptimizerStep
        """


class SGD(Optimizer):
    """Gradient descent with momentum, as `sklearn.neural_network` has it.

    v <- momentum v - learning_rate g, then w <- w + v or, with Nesterov's momentum,
    w <- w + momentum v - learning_rate g.

    Without a gradient but that of L2 terms these are linear in w and v, and a feature
    that was absent takes all steps that it missed as one, exactly.
    """

    def __init__(self, momentum=0.0, nesterov=False):
        self.momentum = momentum
        self.nesterov = nesterov
        self.n_arrays = 1 if momentum > 0 else 0

    @classmethod
    def from_estimator(cls, estimator):
        """Return the one of `momentum` and `nesterovs_momentum`."""
        return cls(estimator.momentum, estimator.nesterovs_momentum)

    def step(self, learning_rate, penalty, t, input_scale=1.0):
        """Return the kernels' step, the same for any t."""
        factors = learning_rate / input_scale**2, self.momentum, self.nesterov
        penalty = penalty.scaled(input_scale**2)
        return _rules.OptimizerStep(
            "gradient descent", factors, self.n_arrays, *penalty
        )


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015), as `sklearn.neural_network` has it.

    m <- beta_1 m + (1 - beta_1) g and v <- beta_2 v + (1 - beta_2) g^2, then
    w <- w - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + 1e-8).

    Without L2 terms a feature that was absent, so that g is 0, takes all steps that it
    missed as one, exactly but for the 1e-8, which counts once. Else g is d w, with
    the strength d of L2 terms, and it takes them in parts of 1, 2, 4, ... steps, the
    last of what is left. The first is exact. In one of n > 1 steps, with their mean d
    and mean rate r,

    v <- beta_2^n v + (1 - beta_2^n) (d w)^2,
    w <- (w - r A m / s) / (1 + r B d / s) with s = sqrt(v) + 1e-8, and
    m <- beta_1^n m + (1 - beta_1^n) d w,

    where A is the sum of beta_1^i c_i over i = 1, ..., n, B that of (1 - beta_1^i) c_i,
    and c_i = beta_2^((n - i) / 2) stands for how v falls meanwhile. No rows lag where
    beta_1^2 >= beta_2: what momentum moves need not fall then.
    """

    n_arrays = 2

    def __init__(self, beta_1=0.9, beta_2=0.999):
        self.betas = beta_1, beta_2
        self.longest_lag = LONGEST_LAG if beta_1**2 < beta_2 else 1

    @classmethod
    def from_estimator(cls, estimator):
        """Return the one of `beta_1` and `beta_2`."""
        return cls(estimator.beta_1, estimator.beta_2)

    def step(self, learning_rate, penalty, t, input_scale=1.0):
        """Return step t, which corrects the bias of the zeros at the beginning."""
        beta_1, beta_2 = self.betas
        learning_rate *= math.sqrt(1 - beta_2**t) / (1 - beta_1**t) / input_scale
        penalty = penalty.scaled(input_scale**2)
        factors = learning_rate, beta_1, beta_2, 1e-8
        return _rules.OptimizerStep("adam", factors, self.n_arrays, *penalty)


OPTIMIZERS = {"adam": Adam, "sgd": SGD}
