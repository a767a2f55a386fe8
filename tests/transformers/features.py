"""Features to test, and what a step of theirs does, by loops."""

import numpy as np
from scipy import sparse

from skhebb import HebbianPCA, SoftHebb, WinnerTakeAll

FEATURES = [
    WinnerTakeAll(7, learning_rate_init=0.3, random_state=0),
    WinnerTakeAll(7, competition="hard", learning_rate_init=0.3, random_state=0),
    HebbianPCA(5, learning_rate_init=0.03, random_state=0),
    HebbianPCA(5, activation="identity", learning_rate_init=0.03, random_state=0),
    SoftHebb(7, initial_norm=2.0, learning_rate_init=0.02, power=0.7, random_state=0),
]


def dense(weights):
    return weights.toarray() if sparse.issparse(weights) else weights


def expected_step(transformer, weights, X):
    """What a mini-batch adds to the weights, sample by sample and unit by unit."""
    n_samples, rate = len(X), transformer.learning_rate_init
    change = np.zeros_like(weights)
    if isinstance(transformer, HebbianPCA):
        for x in X:
            y = weights @ x
            if transformer.activation == "relu":
                y = np.maximum(y, 0)
            for unit in range(len(weights)):
                left = x - sum(y[k] * weights[k] for k in range(unit + 1))
                change[unit] += rate / n_samples * y[unit] * left
        return change
    if isinstance(transformer, SoftHebb):
        for x in X:
            u = weights @ x
            y = -np.exp(u) / np.exp(u).sum()
            y[u.argmax()] *= -1
            for unit in range(len(weights)):
                change[unit] += y[unit] * (x - u[unit] * weights[unit])
        change *= weights != 0
        norms = np.linalg.norm(weights, axis=1)
        return rate * np.sqrt(abs(norms - 1))[:, None] * change / abs(change).max()
    totals = np.zeros(len(weights))
    for x in X:
        norms = np.linalg.norm(weights, axis=1) * np.linalg.norm(x)
        scores = ((weights @ x / norms + 1) / 2) ** 2
        if transformer.competition == "hard":
            responses = np.eye(len(weights))[scores.argmax()]
        else:
            exponentials = np.exp(scores / transformer.temperature)
            responses = exponentials / exponentials.sum()
        totals += responses
        change += rate * responses[:, None] ** 2 * (x - weights)
    return change / np.where(totals > 0, totals, 1)[:, None]


class Recorder:
    """Remembers epochs; stops after some."""

    def __init__(self, stop_after=None, error=None):
        self.fitted, self.stop_after, self.error = [], stop_after, error

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if self.error and context.task_name == "epoch" and context.task_id == 2:
            raise self.error

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name == "epoch":
            self.fitted.append(fitted_estimator.transform(X))
        return len(self.fitted) == self.stop_after
