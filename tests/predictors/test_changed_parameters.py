"""Parameters that change between two trainings and concern new models only."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import issparse
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV

from skhebb import (
    HebbianMaskRegressor,
    HebbianPCA,
    HebbSETClassifier,
    SETClassifier,
    SETRegressor,
    WinnerTakeAll,
)

FAST = {"max_iter": 2, "random_state": 0, "warm_start": True}
NETWORKS = [
    HebbSETClassifier(5, **FAST),
    SETRegressor(5, **FAST),
    HebbianMaskRegressor(5, mask_rate=0.01, **FAST),
]
FEATURES = [WinnerTakeAll(3, random_state=0), HebbianPCA(3, random_state=0)]
CHANGES = {
    "initial_graph": "erk",
    "density": 0.7,
    "epsilon": 3,
    "weight_scale": 0.2,
    "random_state": 1,
    "normalize_y": False,
    "init": "samples",
    "n_components": 4,
}
X = np.random.default_rng(0).random((40, 6))
Y = np.arange(40) % 2


def of(estimators, names):
    """Pairs of an estimator and a change that makes sense for it."""
    return [
        pytest.param(e, {n: CHANGES[n]}, id=f"{type(e).__name__}-{n}")
        for e in estimators
        for n in names
        if hasattr(e, n)
    ]


def go_on(estimator, how="partial_fit"):
    is_first = is_classifier(estimator) and how == "partial_fit"
    return getattr(estimator, how)(X, Y, **({"classes": [0, 1]} if is_first else {}))


def weights(estimator):
    all_weights = getattr(estimator, "coefs_", None) or [estimator.components_]
    return [w.toarray() if issparse(w) else w for w in all_weights]


@pytest.mark.parametrize("how", ["fit", "partial_fit"])
@pytest.mark.parametrize("copied", [lambda e: e, copy.copy, copy.deepcopy, pickle])
@pytest.mark.parametrize(("estimator", "change"), of(NETWORKS, CHANGES))
@pytest.mark.filterwarnings("ignore:After .* epochs the loss")
def test_networks_warn(estimator, change, copied, how):
    (name,) = change
    fitted = clone(estimator).fit(X, Y)
    same = go_on(copy.deepcopy(fitted), how)
    if copied is pickle:
        fitted = pickle.loads(pickle.dumps(fitted))
    else:
        fitted = copied(fitted)
    old, new = getattr(fitted, name), change[name]
    fitted.set_params(**change)
    advice = "Set warm_start=False" if how == "fit" else "Use fit"
    text = rf"^{name} \(now {new!r}, then {old!r}\) changed .* no effect .* {advice}"
    with pytest.warns(UserWarning, match=text) as caught:
        go_on(fitted, how)
    assert [w.filename for w in caught] == [__file__]
    for one, other in zip(weights(fitted), weights(same), strict=True):
        assert_array_equal(one, other)
    fitted.set_params(**{name: old})
    go_on(fitted, how)
    fitted.set_params(**change, warm_start=False).fit(X, Y)
    fitted.set_params(warm_start=True)
    go_on(fitted, how)  # with a network of these parameters


@pytest.mark.parametrize(
    ("estimator", "change"),
    of(FEATURES, ["n_components", "density", "random_state", "init"]),
)
def test_features_warn(estimator, change):
    (name,) = change
    fitted = pickle.loads(pickle.dumps(clone(estimator).partial_fit(X)))
    fitted.set_params(**change)
    with pytest.warns(UserWarning, match=rf"^{name} \(now .* Use fit") as caught:
        fitted.partial_fit(X)
    assert [w.filename for w in caught] == [__file__]
    fitted.fit(X).partial_fit(X)


def test_all_changes_are_in_one_warning():
    clf = SETClassifier(5, **FAST).fit(X, Y)
    clf.set_params(density=0.5, random_state=3)
    with pytest.warns(
        UserWarning, match=r"density \(.*'auto'\), random_state"
    ) as caught:
        clf.fit(X, Y)
    assert len(caught) == 1


@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_what_takes_effect_does_not_warn(how):
    params = {"learning_rate_init": 0.1, "zeta": 0.1, "solver": "sgd", "lambda0": 0.1}
    clf = HebbSETClassifier(5, **FAST).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        go_on(clf.set_params(**params, growth_scale=1, batch_size=7, n_jobs=1), how)
        for _ in range(2):  # which changes with use
            go_on(clf.set_params(random_state=0), how)
        clf = clone(clf).set_params(random_state=np.random.RandomState(0)).fit(X, Y)
        go_on(pickle.loads(pickle.dumps(clf)), how)


def test_clones_and_searches_do_not_warn():
    clf = SETClassifier(5, **FAST).fit(X, Y)
    clone(clf).set_params(density=0.9, random_state=7).fit(X, Y)
    search = GridSearchCV(clf, {"density": [0.3, 0.9], "random_state": [1, 2]}, cv=2)
    search.fit(X, Y)
