"""Errors and warnings name what users wrote: their class, and their line."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import skhebb
from skhebb import HebbianPCA, SETClassifier, SETRegressor

ESTIMATORS = [
    value for name in skhebb.__all__ if isinstance(value := getattr(skhebb, name), type)
]
METHODS = [
    *("fit", "partial_fit", "predict", "predict_proba", "predict_log_proba"),
    *("transform", "inverse_transform", "responses"),
]


@pytest.mark.parametrize(
    ("estimator_class", "method"),
    [(cls, name) for cls in ESTIMATORS for name in METHODS if hasattr(cls, name)],
)
def test_errors_about_arguments_name_the_class(estimator_class, method):
    called = getattr(estimator_class(), method)
    name = rf"^{estimator_class.__name__}\.{method}\(\)"
    X, y = np.eye(3), [0, 1, 1]
    with pytest.raises(TypeError, match=f"{name} got an unexpected .* 'eval_set'"):
        called(X, y=y, eval_set=[(X, y)]) if "fit" in method else called(X, eval_set=X)
    # scikit-learn calls `transform` itself, and does not know the class.
    name = name if method != "transform" else r"^(ZCAWhitening\.)?transform\(\)"
    with pytest.raises(TypeError, match=f"{name} missing .* 'X'"):
        called()


@pytest.mark.parametrize(
    "estimator",
    [
        SETClassifier((3,), learning_rate_init=1e300),
        SETRegressor((3,), learning_rate_init=1e300),
        HebbianPCA(2, learning_rate_init=1e300),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_warnings_point_at_the_call(estimator, method, rng):
    X, y = 1e3 * rng.random((20, 4)), np.arange(20) % 2
    is_classifier = isinstance(estimator, SETClassifier) and method == "partial_fit"
    options = {"classes": [0, 1]} if is_classifier else {}
    with pytest.warns(ConvergenceWarning) as caught:
        getattr(estimator, method)(X, y, **options)
    assert caught[0].filename == __file__


def test_a_warning_about_constant_targets_points_at_the_call(rng):
    with pytest.warns(UserWarning, match="constant") as caught:
        SETRegressor((3,)).partial_fit(rng.random((9, 2)), np.ones(9))
    assert caught[0].filename == __file__
