"""Parameters that no training can go with, at any time they are set."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhebb import HebbianPCA, SETClassifier, SETRegressor, WinnerTakeAll, ZCAWhitening


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (SETClassifier, "power_t"),
        (SETRegressor, "alpha"),
        (WinnerTakeAll, "learning_rate_init"),
        (ZCAWhitening, "regularization"),
    ],
)
def test_an_integer_that_no_float_can_hold(cls, name):
    X = np.random.default_rng(0).random((20, 3))
    with pytest.raises(
        ValueError, match=rf"'{name}'.*below 1e308.*integer of 1329 bits"
    ):
        cls(**{name: 10**400}).fit(X, np.arange(20) % 2)


@pytest.mark.parametrize(
    "wrong", [{"dropout": 2}, {"zeta": -1}, {"activation": "no"}, {"batch_size": 0}]
)
def test_partial_fit_validates_at_every_call(wrong):
    X = np.random.default_rng(0).random((20, 3))
    y = np.arange(20) % 2
    clf = SETClassifier(random_state=0).partial_fit(X, y, classes=[0, 1])
    before = clf.predict_proba(X)
    (name,) = wrong
    with pytest.raises(
        ValueError, match=f"'{name}' parameter of SETClassifier must be"
    ):
        clf.set_params(**wrong).partial_fit(X, y)
    assert_array_equal(clf.predict_proba(X), before)


@pytest.mark.parametrize("cls", [SETClassifier, SETRegressor])
@pytest.mark.parametrize("sizes", [(5,), 8, (7, 7), [[7]]])
def test_partial_fit_goes_on_with_its_layers_only(cls, sizes):
    X, y = np.random.default_rng(0).random((20, 3)), np.arange(20) % 2
    known = {"classes": [0, 1]} if cls is SETClassifier else {}
    model = cls((7,), random_state=0).partial_fit(X, y, **known)
    before = model.predict(X)
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.set_params(hidden_layer_sizes=sizes).partial_fit(X, y)
    assert_array_equal(model.predict(X), before)
    for same in 7, [7], np.array([7]):
        model.set_params(hidden_layer_sizes=same).partial_fit(X, y)


@pytest.mark.parametrize("power_t", [130.0, 10**7])
def test_inverse_scaling_by_any_power(power_t):
    X = np.random.default_rng(0).random((20, 3))
    clf = SETClassifier(
        learning_rate="invscaling", power_t=power_t, max_iter=3, tol=None
    ).fit(X, np.arange(20) % 2)
    assert clf.n_iter_ == 3


def test_features_validate_what_they_are_computed_by():
    X = np.random.default_rng(0).random((20, 3))
    pca = HebbianPCA(2, random_state=0).fit(X).set_params(activation="logistic")
    for use in (pca.transform, pca.partial_fit):
        with pytest.raises(ValueError, match="'activation' parameter of HebbianPCA"):
            use(X)
