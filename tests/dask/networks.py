"""Small networks and data for training on shards."""

import numpy as np

import skhebb

SMALL = {
    "hidden_layer_sizes": (12, 10),
    "density": 0.4,
    "batch_size": 16,
    "max_iter": 5,
    "random_state": 0,
    "tol": None,
}
SGD = SMALL | {"solver": "sgd", "momentum": 0.9}
NETWORKS = {
    "SET, sgd, dropout": skhebb.SETClassifier(
        **SGD, dropout=0.2, evolution_interval="epoch", alpha=0.1
    ),
    "SET, adam, cuts": skhebb.SETRegressor(
        **SMALL | {"tol": 0.05}, n_iter_no_change=1, learning_rate="adaptive"
    ),
    "SET, gradients": skhebb.SETClassifier(
        **SMALL, growth="gradient", evolution_interval=3, class_weight="balanced"
    ),
    "HebbSET, early stopping": skhebb.HebbSETClassifier(
        **SMALL, early_stopping=True, validation_fraction=0.3, evolution_interval=2
    ),
    "mask": skhebb.HebbianMaskClassifier(**SMALL | SGD, evolution_interval=3),
}


def data(n_samples=60, n_features=8):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, n_features))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


def trained(estimator):
    """All that training leaves of a network, as arrays."""
    arrays = [np.array(estimator.loss_curve_)]
    for layer in estimator._state.network.layers:
        weights, kept = layer.weights, layer.topology_state
        arrays += weights.indptr, weights.indices, weights.data, layer.biases
        arrays += [*layer.weight_state, *layer.bias_state]
        arrays += [] if kept is None else list(kept.pack().values())
    return arrays


def assert_same(one, other):
    """Two networks have the same bits."""
    for pair in zip(trained(one), trained(other), strict=True):
        np.testing.assert_array_equal(*pair)
