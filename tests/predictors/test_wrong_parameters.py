"""Wrong parameters are named."""

import numpy as np
import pytest

from skhebb import HebbSETClassifier

PARAMETER_ERRORS = [
    ({"epsilon": 0}, "epsilon"),
    ({"epsilon": np.nan}, "epsilon"),
    ({"zeta": 1}, "zeta"),
    ({"zeta": -0.1}, "zeta"),
    ({"pruning": "random"}, "pruning"),
    ({"evolution_interval": 0}, "evolution_interval"),
    ({"loss": "mse"}, "loss"),
    ({"activation": "gelu"}, "activation"),
    ({"hidden_layer_sizes": 0}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": (10, 0)}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": (10, 2.5)}, "hidden_layer_sizes"),
    ({"batch_size": 0}, "batch_size"),
    ({"learning_rate_init": 0}, "learning_rate_init"),
    ({"momentum": 1}, "momentum"),
    ({"alpha": -1}, "alpha"),
    ({"max_iter": 0}, "max_iter"),
    ({"tol": -1}, "tol"),
    ({"n_iter_no_change": 0}, "n_iter_no_change"),
    ({"validation_fraction": 1}, "validation_fraction"),
    ({"n_jobs": 0}, "n_jobs"),
    ({"n_jobs": 1.5}, "n_jobs"),
]


@pytest.mark.parametrize(("params", "name"), PARAMETER_ERRORS)
def test_wrong_parameters(estimator_class, data, params, name):
    X, y = data
    for train in ("fit", "partial_fit"):
        clf = estimator_class(**params)
        arguments = {} if train == "fit" else {"classes": [0, 1, 2]}
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            getattr(clf, train)(X, y, **arguments)
        assert not hasattr(clf, "coefs_")


@pytest.mark.parametrize(
    "params",
    [
        {"lambda0": -1},
        {"lambda0": "auto"},
        {"lambda0": (0.1, 0.1, 0.1)},
        {"lambda0": (0.1, -0.1)},
        {"lambda0": [[0.1, 0.1]]},
        {"lambda0": (0.1, np.nan)},
        {"lambda0": ("a", "b")},
        {"lambda0": []},
        {"lambda_decay": 0},
        {"lambda_decay": 1.1},
    ],
)
def test_wrong_hebbian_parameters(data, params):
    X, y = data
    (name,) = params
    for train, arguments in ("fit", {}), ("partial_fit", {"classes": [0, 1, 2]}):
        clf = HebbSETClassifier(**params)
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            getattr(clf, train)(X, y, **arguments)
        assert not hasattr(clf, "coefs_")
