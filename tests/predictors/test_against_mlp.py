"""A dense network that does not evolve is scikit-learn's MLPClassifier."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from skhebb import SETClassifier

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize(
    "solver",
    [
        {"solver": "sgd", "momentum": 0.0, "alpha": 0.0},
        {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True, "alpha": 0.3},
        {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False, "alpha": 0.0},
        {"solver": "adam", "alpha": 0.3},
        {"solver": "adam", "beta_1": 0.5, "beta_2": 0.9, "alpha": 0.0},
    ],
)
def test_same_weights_and_losses(n_classes, activation, solver):
    X, y = make_classification(
        130, 12, n_informative=6, n_classes=n_classes, random_state=0
    )
    shared = {
        "hidden_layer_sizes": (15, 10),
        "activation": activation,
        "batch_size": 32,  # the last batch has 2 samples
        "learning_rate_init": 0.05,
        "shuffle": False,
        "max_iter": 8,
        "n_iter_no_change": 1000,
        "random_state": 0,
        **solver,
    }
    # A step too small to change a bit gives the weights that MLPClassifier starts from.
    start = MLPClassifier(**{**shared, "learning_rate_init": 1e-300})
    start.set_params(max_iter=1).fit(X, y)
    mlp = MLPClassifier(**shared).fit(X, y)
    clf = SETClassifier(
        zeta=0, weight_decay=0, learning_rate="constant", tol=0, **shared
    )
    clf.fit(X, y, coefs_init=start.coefs_, intercepts_init=start.intercepts_)

    assert_allclose(clf.loss_curve_, mlp.loss_curve_, rtol=1e-10)
    for ours, theirs in zip(clf.coefs_, mlp.coefs_, strict=True):
        assert_allclose(ours.toarray(), theirs, rtol=1e-8, atol=1e-12)
    for ours, theirs in zip(clf.intercepts_, mlp.intercepts_, strict=True):
        assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)
    assert_allclose(clf.predict_proba(X), mlp.predict_proba(X), rtol=1e-8)
    attributes = ["out_activation_", "n_layers_", "n_outputs_", "n_iter_", "t_"]
    for attribute in attributes:
        assert getattr(clf, attribute) == getattr(mlp, attribute), attribute
    assert np.isclose(clf.best_loss_, mlp.best_loss_)
