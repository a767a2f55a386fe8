"""Fine-tuning goes on, pass by pass, with kernels that users may have changed."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from .networks import both, classifier, convolutions, kernels


@both
def test_goes_on(digits, fine_tune):
    X, y, truth = digits
    clf = classifier(fine_tune, solver="sgd")
    clf.partial_fit(X, y, classes=range(10))
    before, proba = clf.convolutions_, clf.predict_proba(X)
    arrays = [array.copy() for array in kernels(clf)]
    loaded = pickle.loads(pickle.dumps(clf))
    other = clone(clf).partial_fit(X, y, classes=range(10))
    for each in clf, loaded:
        for _ in range(8):
            each.partial_fit(X, y)
    assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    assert_array_equal(other.predict_proba(X), proba)
    for layer, array in zip(before, arrays, strict=True):  # whoever reads meanwhile
        assert_array_equal(layer.features_.components_, array)
    assert clf.score(X[y < 0], truth[y < 0]) > 0.2


def test_kernels_that_users_changed(digits):
    X, y, _ = digits
    clf = classifier("all", [convolutions()[0]]).fit(X, y)
    features = clf.convolutions_[0].features_
    features.components_ = -features.components_
    changed = pickle.loads(pickle.dumps(clf)).partial_fit(X, y)
    assert np.vdot(kernels(changed)[0], features.components_) > 0
    features.components_ = features.components_[:3]
    with pytest.raises(ValueError, match=r"components_ must have shape \(12, 9\)"):
        clf.partial_fit(X, y)


def test_without_optimizer_state(digits):
    X, y, _ = digits
    clf = classifier("all", solver="adam").fit(X, y)
    proba, size = clf.predict_proba(X), len(pickle.dumps(clf))
    clf.drop_optimizer_state()
    assert_array_equal(clf.predict_proba(X), proba)
    assert len(pickle.dumps(clf)) < size
    clf.partial_fit(X, y)
