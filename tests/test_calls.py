"""Errors and warnings name what users wrote: their class, and their line."""

import inspect

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import skhebb
from skhebb import HebbianPCA, SETClassifier, SETRegressor

ESTIMATORS = [
    value for name in skhebb.__all__ if isinstance(value := getattr(skhebb, name), type)
]
# Public methods, inherited ones included; scikit-learn's own descriptors say themselves
# what they want.
CALLS = [
    (cls, name)
    for cls in ESTIMATORS
    for name in dir(cls)
    if name[0] != "_" and inspect.isfunction(inspect.getattr_static(cls, name))
]


@pytest.mark.parametrize(("estimator_class", "method"), CALLS)
def test_errors_about_arguments_name_the_class(estimator_class, method):
    called = getattr(estimator_class(), method)
    name = rf"^{estimator_class.__name__}\.{method}\(\)"
    wants_X = "X" in inspect.signature(called).parameters
    takes_any = method in ("set_params", "fit_transform")
    if not takes_any:
        X, y = np.eye(3), [0, 1, 1]
        wanted = inspect.signature(called).parameters
        given = {n: value for n, value in {"X": X, "y": y}.items() if n in wanted}
        with pytest.raises(TypeError, match=f"{name} got an unexpected .* 'eval_set'"):
            called(**given, eval_set=[(X, y)])
    if wants_X:
        with pytest.raises(TypeError, match=f"{name} missing .* 'X'"):
            called()
    if method != "set_callbacks":
        with pytest.raises(TypeError, match=f"{name} too many positional arguments"):
            called(*range(20))


def test_those_that_are_looked_for_are_there():
    assert {
        *((SETClassifier, name) for name in ("score", "drop_optimizer_state", "fit")),
        *((HebbianPCA, name) for name in ("transform", "get_feature_names_out")),
        *((skhebb.ZCAWhitening, name) for name in ("fit_transform", "transform")),
        (skhebb.HebbianPretrainingClassifier, "predict_proba"),
    } <= set(CALLS)


def test_methods_of_subclasses_of_users():
    class Mine(SETClassifier):
        def look(self, X):
            return X

    with pytest.raises(TypeError, match=r"^Mine\.look\(\) missing .* 'X'"):
        Mine().look()
    with pytest.raises(TypeError, match=r"^Mine\.predict\(\) missing .* 'X'"):
        Mine().predict()
    assert Mine().look(3) == 3


@pytest.mark.parametrize(
    "estimator",
    [
        SETClassifier((3,), learning_rate_init=1e300, random_state=0),
        SETRegressor((3,), learning_rate_init=1e300, random_state=0),
        HebbianPCA(2, learning_rate_init=1e300, random_state=0),
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
