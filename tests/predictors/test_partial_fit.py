"""Training in parts."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skhebb import SETClassifier, SETRegressor

from .networks import (
    FAST,
    PLAIN,
    PUBLISHED,
    assert_same,
    classification,
    each,
    each_classifier,
    each_regressor,
    first_call,
    make,
    multilabel,
    predictions,
    problem,
    regression,
)


class TestPartialFit:
    @each
    @pytest.mark.parametrize("solver", [{"momentum": 0.9}, {"solver": "adam"}])
    def test_is_fit(self, cls, solver):
        """With shuffling and several mini-batches, but nothing pruned at the end."""
        X, y = problem(cls)
        params = {**PLAIN, **solver, "batch_size": 40}
        once = make(cls, **params).fit(X, y)
        stream = make(cls, **params)
        for _ in range(5):
            stream.partial_fit(X, y, **first_call(cls))
        assert_same(once, stream)
        assert once.loss_curve_ == stream.loss_curve_
        assert (stream.n_iter_, stream.t_) == (1, 5 * len(y))

    @pytest.mark.parametrize("targets", ["numbers", "labels"])
    def test_several_outputs(self, targets):
        cls = SETRegressor if targets == "numbers" else SETClassifier
        X, y = regression(3) if targets == "numbers" else multilabel()
        once = make(cls, **PLAIN).fit(X, y)
        stream = make(cls, **PLAIN)
        for _ in range(5):
            stream.partial_fit(X, y)
        assert_same(once, stream)
        assert stream.predict(X).shape == y.shape

    def test_multilabel_ignores_classes(self):
        X, Y = multilabel()
        one = make(SETClassifier).partial_fit(X, Y, classes=[0, 1, 2, 3])
        assert_same(one, make(SETClassifier).partial_fit(X, Y))

    @each
    def test_goes_on_after_fit(self, cls):
        X, y = problem(cls)
        model = make(cls, zeta=0.0, max_iter=3).fit(X, y).partial_fit(X, y)
        assert_same(model, make(cls, zeta=0.0, max_iter=4).fit(X, y))

    @each
    def test_fit_starts_anew(self, cls):
        X, y = problem(cls)
        model = make(cls).partial_fit(X, y, **first_call(cls)).fit(X, y)
        assert_same(model, make(cls).fit(X, y))
        assert model.loss_curve_ == make(cls).fit(X, y).loss_curve_

    @each_classifier
    @pytest.mark.parametrize("classes", [[1, 2], [0, 1, 2], ["0", "1"]])
    def test_other_classes_are_refused(self, cls, classes):
        X, y = classification(2)
        clf = make(cls).partial_fit(X, y, classes=[1, 0])
        before = clf.predict_proba(X)
        with pytest.raises(ValueError, match="not the same as on last call"):
            clf.partial_fit(X, y, classes=classes)
        assert_array_equal(clf.predict_proba(X), before)

    @each_classifier
    def test_labels_outside_of_classes_are_refused(self, cls):
        X, y = classification(2)
        with pytest.raises(ValueError, match=r"not in `classes`: \[0 1\]"):
            make(cls).partial_fit(X, y, classes=[2])
        clf = make(cls).partial_fit(X, y, classes=[0, 1])
        with pytest.raises(ValueError, match=r"not in `classes`: \[7\]"):
            clf.partial_fit(X[:1], [7])
        with pytest.raises(ValueError, match=r"not in `classes`: \[7\]"):
            make(cls).fit(X, y).partial_fit(X[:1], [7])

    @each_classifier
    def test_a_class_may_come_late(self, cls):
        X = np.eye(4)
        labels = ["a", "b", "c", "d"]
        clf = make(cls, hidden_layer_sizes=(20,), density=1.0, learning_rate_init=0.1)
        clf.partial_fit(X[:3], labels[:3], classes=labels)
        assert_array_equal(clf.classes_, labels)
        for _ in range(30):
            clf.partial_fit(X[3:], ["d"])
        assert_array_equal(clf.predict(X[3:]), ["d"])

    @each_regressor
    def test_other_number_of_outputs_is_refused(self, cls):
        X, y = regression(3)
        reg = make(cls).partial_fit(X, y)
        with pytest.raises(
            ValueError, match=r"must have 3 outputs, as in training\. Got 1"
        ):
            reg.partial_fit(X, y[:, 0])

    @each
    @pytest.mark.parametrize("n_features", [9, 11])
    def test_other_number_of_features_is_refused(self, cls, n_features):
        X, y = problem(cls)
        model = make(cls).fit(X, y)
        with pytest.raises(ValueError, match="is expecting 10 features"):
            model.partial_fit(np.ones((len(y), n_features)), y)

    @each
    def test_refuses_early_stopping_after_fit(self, cls):
        X, y = problem(cls)
        model = make(cls, early_stopping=True).fit(X, y)
        before = predictions(model, X)
        with pytest.raises(ValueError, match="does not support early_stopping=True"):
            model.partial_fit(X, y)
        assert_array_equal(predictions(model, X), before)

    @pytest.mark.parametrize("n_labels", [2, 3])
    def test_kind_of_targets_cannot_change(self, n_labels):
        X, y = classification(n_labels)
        Y = (y[:, np.newaxis] == np.arange(n_labels)).astype(int)
        clf = make(SETClassifier).partial_fit(X, Y)
        with pytest.raises(ValueError, match=f"{n_labels} outputs, as in training"):
            clf.partial_fit(X, y, classes=np.arange(n_labels))


def test_fit_is_repeated_partial_fit_and_a_pruning(estimator_class, data):
    X, y = data
    params = {"epsilon": 5, "learning_rate": "constant", **PUBLISHED, **FAST}
    clf = estimator_class((50,), **params).fit(X, y)
    stream = estimator_class((50,), **params)
    for _ in range(5):
        stream.partial_fit(X, y, classes=[0, 1, 2])
    for ended, going_on in zip(clf.coefs_, stream.coefs_, strict=True):
        magnitudes = np.abs(going_on.data)
        limit = np.sort(magnitudes)[going_on.nnz - ended.nnz]
        assert_array_equal(ended.data, going_on.data[magnitudes >= limit])
    assert clf.loss_curve_ == stream.loss_curve_
    # Training on fills the network up again.
    clf.partial_fit(X, y)
    assert clf.n_connections_ == stream.n_connections_


def test_no_sample_is_dropped(estimator_class, data):
    """Batches of 7 leave 6 of 300 samples for the last; one sample is enough."""
    X, y = data
    clf = estimator_class((20,), batch_size=7, shuffle=False, epsilon=30, **FAST)
    clf.fit(X, y)
    X_changed = X.copy()
    X_changed[-1] += 1
    changed = clone(clf).fit(X_changed, y)
    assert clf.loss_curve_[0] != changed.loss_curve_[0]
    single = clone(clf).partial_fit(X[:1], y[:1], classes=[0, 1, 2])
    assert single.t_ == 1
    assert single.predict(X).shape == (300,)


def test_partial_fit_errors(data):
    X, y = data
    clf = SETClassifier((20,), **FAST)
    with pytest.raises(ValueError, match="classes must be passed"):
        clf.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"not in `classes`: \[2\]"):
        clf.partial_fit(X, y, classes=[0, 1])
    assert not hasattr(clf, "classes_")
    clf.partial_fit(X, y, classes=[2, 0, 1])
    with pytest.raises(ValueError, match="not the same as on last call"):
        clf.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"classes must be array-like .* Got 3\."):
        clf.partial_fit(X, y, classes=3)
    with pytest.raises(ValueError, match="20 features"):
        clf.partial_fit(X[:, :5], y)
