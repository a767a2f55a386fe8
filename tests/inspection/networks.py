"""Networks to look into, and what is to be seen, by NumPy and sets."""

import numpy as np

NETWORK = {
    "hidden_layer_sizes": (15, 10),
    "density": 0.4,
    "zeta": 0.3,
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
    "batch_size": 200,
    "max_iter": 6,
    "random_state": 0,
}
PLAIN = {
    "solver": "sgd",
    "momentum": 0,
    "weight_decay": 0,
    "dropout": 0,
    "learning_rate": "constant",
    "learning_rate_init": 0.02,
}


class Snapshots:
    """Copies of the weights of each epoch, by a callback of its own."""

    def __init__(self):
        self.coefs = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, fitted_estimator):
        if context.task_name == "epoch" and context.task_id == 0:
            self.coefs.append([w.copy() for w in fitted_estimator.coefs_])

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name == "epoch":
            self.coefs.append([w.copy() for w in fitted_estimator.coefs_])


def cells_of(weights):
    stored = weights.tocoo()  # zeros are connections, too
    return set(zip(stored.row.tolist(), stored.col.tolist(), strict=True))


def shares_of(before, after):
    """Of connections that stay, with sets."""
    pairs = [map(cells_of, pair) for pair in zip(before, after, strict=True)]
    return [len(one & other) / len(one) for one, other in pairs]


def expected_activations(clf, X):
    """Of each layer, samples in rows, by NumPy: ReLU and softmax."""
    activations = [X]
    for depth, (W, b) in enumerate(zip(clf.coefs_, clf.intercepts_, strict=True)):
        z = activations[-1] @ W.toarray() + b
        if depth < len(clf.coefs_) - 1:
            activations.append(np.maximum(z, 0))
        else:
            e = np.exp(z - z.max(axis=1, keepdims=True))
            activations.append(e / e.sum(axis=1, keepdims=True))
    return activations


def expected_errors(clf, activations, y):
    """The derivatives of the cross-entropy of each sample to all preactivations."""
    errors = [activations[-1] - np.eye(3)[y]]
    for weights, active in zip(clf.coefs_[:0:-1], activations[-2:0:-1], strict=True):
        errors.insert(0, (errors[0] @ weights.toarray().T) * (active > 0))
    return errors


def scaled(activations):
    low, high = activations.min(axis=0), activations.max(axis=0)
    return (activations - low) / np.where(high > low, high - low, 1)


def connection_of(clf, layer):
    """One that there is."""
    return layer, *(int(ends[3]) for ends in clf.coefs_[layer].nonzero())
