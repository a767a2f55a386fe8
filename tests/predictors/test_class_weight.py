"""Weights of classes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.utils.class_weight import compute_sample_weight

from skhebb import HebbSETClassifier, SETClassifier

from .networks import assert_same, classification, each_classifier, make, multilabel


class TestClassWeight:
    @each_classifier
    @pytest.mark.parametrize("is_weighted", [False, True])
    @pytest.mark.parametrize("labels", [[0, 1, 2], ["b", "c", "a"]])
    def test_dict(self, cls, is_weighted, labels):
        """The class that is left out weighs 1."""
        X, y = classification()
        by_number = np.array([2.5, 1.0, 0.3])
        labels = np.array(labels)
        class_weight = {labels[0]: 2.5, labels[2]: 0.3}
        weights = np.linspace(0.5, 2, len(y)) if is_weighted else np.ones(len(y))
        clf = make(cls, class_weight=class_weight, batch_size=20)
        clf.fit(X, labels[y], sample_weight=weights if is_weighted else None)
        by_hand = make(cls, class_weight=None, batch_size=20)
        by_hand.fit(X, labels[y], sample_weight=weights * by_number[y])
        assert_same(clf, by_hand)
        assert clf.loss_curve_ == by_hand.loss_curve_

    @each_classifier
    @pytest.mark.parametrize(
        "labels", [np.arange(3), np.array(["b", "c", "a"]), np.array([*"bca"], object)]
    )
    def test_balanced(self, cls, labels):
        X, y = classification()
        rows = np.flatnonzero((y != 1) | (np.arange(len(y)) % 3 == 0))
        X, y = X[rows], labels[y[rows]]
        clf = make(cls, class_weight="balanced").fit(X, y)
        weights = compute_sample_weight("balanced", y)
        by_hand = make(cls, class_weight=None).fit(X, y, sample_weight=weights)
        assert_same(clf, by_hand, rtol=1e-10)

    @each_classifier
    def test_balanced_sample_weights(self, cls):
        """All classes weigh the same, and together as much as without."""
        X, y = classification()
        weights = np.arange(len(y)) % 4 / 2
        clf = make(cls, class_weight="balanced").fit(X, y, sample_weight=weights)
        sums = np.bincount(y, weights)
        balanced = weights * (sums.sum() / 3 / sums)[y]
        assert_allclose(np.bincount(y, balanced), sums.sum() / 3)
        by_hand = make(cls, class_weight=None).fit(X, y, sample_weight=balanced)
        assert_same(clf, by_hand, rtol=1e-10)

    @each_classifier
    def test_in_partial_fit(self, cls):
        X, y = classification()
        clf = make(cls, class_weight={1: 3.0})
        by_hand = make(cls, class_weight=None)
        for part in (slice(0, 40), slice(40, 90)):
            weights = np.where(y[part] == 1, 3.0, 1.0)
            clf.partial_fit(X[part], y[part], classes=[0, 1, 2])
            by_hand.partial_fit(
                X[part], y[part], classes=[0, 1, 2], sample_weight=weights
            )
        assert_same(clf, by_hand)

    @each_classifier
    def test_balanced_is_refused_in_partial_fit(self, cls):
        X, y = classification()
        clf = make(cls, class_weight="balanced")
        with pytest.raises(ValueError, match="does not support class_weight='balanced"):
            clf.partial_fit(X, y, classes=[0, 1, 2])
        assert not hasattr(clf, "coefs_")

    @each_classifier
    @pytest.mark.parametrize(
        ("class_weight", "message"),
        [
            ({0: 2}, "a list of 4 dicts"),
            ([{0: 2}], "a list of 4 dicts"),
            ([0.5, 1, 2, 3], "a list of 4 dicts"),
            ([{2: 2.0}] * 4, r"\[2\] that are no classes"),
            ([{1: -1}] * 4, "'class_weight' parameter"),
            ([{1: None}] * 4, "'class_weight' parameter"),
            ([{0: 0, 1: 0}] * 4, "no label"),
        ],
    )
    def test_unsound_for_several_labels(self, cls, class_weight, message):
        X, Y = multilabel()
        clf = make(cls, class_weight=class_weight)
        with pytest.raises(ValueError, match=message):
            clf.fit(X, Y)
        assert not hasattr(clf, "coefs_")

    @each_classifier
    @pytest.mark.parametrize(
        ("class_weight", "message"),
        [
            ({7: 2.0}, "not in class_weight"),
            ({0: 0, 1: 0, 2: 0}, "no sample"),
            ([{0: 2.0}] * 3, "a list of dicts is for several labels"),
            ({0: "2"}, "'class_weight' parameter"),
            ("equal", "'class_weight' parameter"),
        ],
    )
    def test_unsound(self, cls, class_weight, message):
        X, y = classification()
        with pytest.raises(ValueError, match=message):
            make(cls, class_weight=class_weight).fit(X, y)

    @pytest.mark.parametrize("weight", [-1.0, np.nan])
    def test_weights_that_are_none(self, weight):
        X, y = classification()
        with pytest.raises(ValueError, match="class_weight"):
            make(SETClassifier, class_weight={0: weight}).fit(X, y)

    @pytest.mark.parametrize(
        ("cls", "batch_size"), [(SETClassifier, 1), (HebbSETClassifier, 1000)]
    )
    def test_weight_0(self, cls, batch_size):
        """Stands for absent samples: in mini-batches, and in Hebbian ranges."""
        X, y = classification()
        X = X + 9 * (y == 0)[:, np.newaxis]
        params = {"shuffle": False, "batch_size": batch_size}
        clf = make(cls, class_weight={0: 0.0}, **params)
        clf.partial_fit(X, y, classes=[0, 1, 2])
        absent = make(cls, class_weight=None, **params)
        absent.partial_fit(X[y > 0], y[y > 0], classes=[0, 1, 2])
        assert_same(clf, absent, rtol=1e-9)
