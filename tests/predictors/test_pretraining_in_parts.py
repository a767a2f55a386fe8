"""Pre-training with sample weights, and fine-tuning in a stream."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits

from skhebb import HebbianPretrainingClassifier, SETClassifier, WinnerTakeAll

# Nothing goes by the amount of data, and the topology stays.
PINNED = {
    "hidden_layer_sizes": (30, 20),
    "batch_size": 50,
    "evolution_interval": "epoch",
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "max_iter": 1,
    "random_state": 0,
    "solver": "sgd",
    "tol": None,
    "weight_decay": 0,
    "zeta": 0,
}


@pytest.fixture(scope="module")
def digits():
    """A sixth of the samples are labelled."""
    X, y = load_digits(return_X_y=True)
    return X / 16, np.where(np.arange(len(y)) % 6 == 0, y, -1)


@pytest.fixture
def clf():
    return HebbianPretrainingClassifier(
        SETClassifier(**PINNED), WinnerTakeAll(), random_state=0
    )


def initial(clf, *data):
    """What fine-tuning starts from: a network that hardly learns."""
    start = clone(clf).set_params(estimator__learning_rate_init=1e-300)
    network = start.fit(*data).estimator_
    return {"coefs_init": network.coefs_, "intercepts_init": network.intercepts_}


def assert_same_network(one, other, **options):
    for a, b in zip(one.coefs_, other.coefs_, strict=True):
        assert_allclose(a.toarray(), b.toarray(), **options)
    for a, b in zip(one.intercepts_, other.intercepts_, strict=True):
        assert_allclose(a, b, **options)


class TestSampleWeight:
    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
    def test_absent_samples(self, digits, clf, container, rng):
        X, y = digits
        weights = rng.uniform(0.5, 2, len(y)) * (rng.random(len(y)) < 0.7)
        some = weights > 0
        part = clone(clf).fit(container(X[some]), y[some], weights[some])
        clf.fit(container(X), y, sample_weight=weights)
        assert_array_equal(clf.predict_proba(X), part.predict_proba(X))
        learned = zip(clf.features_, part.features_, strict=True)
        for one, other in learned:
            assert_array_equal(one.components_.data, other.components_.data)
            assert one.n_samples_seen_ == 2 * some.sum()

    def test_in_fine_tuning(self, digits, clf, rng):
        X, y = digits
        weights, some = rng.uniform(0.1, 3, len(y)), y >= 0
        network = SETClassifier(**PINNED)
        network.fit(X[some], y[some], weights[some], **initial(clf, X, y))
        clf.fit(X, y, sample_weight=weights)
        assert_same_network(clf.estimator_, network, atol=1e-12)
        unweighted = clone(clf).fit(X, y).predict_proba(X)
        assert np.abs(clf.predict_proba(X) - unweighted).max() > 1e-4

    def test_errors(self, digits, clf):
        X, y = digits
        with pytest.raises(ValueError, match="at least one sample that has a label"):
            clf.fit(X, y, sample_weight=(y < 0).astype(float))
        with pytest.raises(ValueError, match="sample_weight"):
            clf.fit(X, y, sample_weight=np.ones(3))
        assert vars(clf).keys() == vars(clone(clf)).keys()

    def test_callbacks_are_told(self, digits, clf):
        told = []

        class Metadata:
            def setup(self, estimator, context):
                pass

            def teardown(self, estimator, context):
                pass

            def on_fit_task_begin(self, estimator, context, *, metadata):
                told.append(metadata)

            def on_fit_task_end(self, estimator, context):
                pass

        weights = np.ones(len(digits[1]))
        clf.set_callbacks(Metadata()).fit(*digits, sample_weight=weights)
        assert told[0]["sample_weight"] is weights


class TestPartialFit:
    def test_first_call(self, digits, clf, rng):
        """It is what `fit` of one epoch is."""
        X, y = digits
        weights = rng.uniform(0.5, 2, len(y))
        expected = clone(clf).fit(X, y, weights)
        clf.partial_fit(X, y, weights, classes=range(10))
        assert_same_network(clf.estimator_, expected.estimator_, atol=1e-12)
        assert_array_equal(clf.classes_, range(10))

    @pytest.mark.parametrize("begin", ["fit", "partial_fit"])
    def test_later_calls(self, digits, clf, begin):
        """They pass over the labelled samples, and change no network of before."""
        X, y = digits
        arguments = {} if begin == "fit" else {"classes": range(10)}
        getattr(clf, begin)(X[:900], y[:900], **arguments)
        before, features = clf.estimator_, clf.features_
        proba = clf.predict_proba(X)
        chunk, labels = X[900:], y[900:]
        expected = copy.copy(before)
        expected.partial_fit(chunk[labels >= 0], labels[labels >= 0])
        clf.partial_fit(chunk, labels)
        assert_same_network(clf.estimator_, expected, rtol=0, atol=0)
        assert np.abs(clf.predict_proba(X) - proba).max() > 1e-4
        assert_array_equal(before.predict_proba(X), proba)
        assert clf.features_ is features

    def test_without_labels(self, digits, clf):
        X, y = digits
        clf.partial_fit(X, y, classes=range(10))
        proba = clf.predict_proba(X)
        clf.partial_fit(X[:20], np.full(20, -1))
        assert_array_equal(clf.predict_proba(X), proba)

    def test_classes_of_later_calls(self, digits, clf):
        X, y = digits
        y = np.where(y > 5, -1, y)
        clf.partial_fit(X, y, classes=range(10))
        assert_array_equal(clf.classes_, range(10))
        assert clf.predict_proba(X).shape == (len(X), 10)
        clf.partial_fit(X[:1], [9])
        proba = clf.predict_proba(X)
        with pytest.raises(ValueError, match="77"):
            clf.partial_fit(X[:2], [9, 77])
        assert_array_equal(clf.predict_proba(X), proba)

    def test_learns(self, digits):
        X, y = digits
        network = SETClassifier((100, 50), random_state=0)
        clf = HebbianPretrainingClassifier(network, random_state=0)
        for _ in range(60):
            clf.partial_fit(X, y, classes=range(10))
        truth = load_digits().target
        assert clf.score(X[y < 0], truth[y < 0]) > 0.7

    def test_errors(self, digits, clf):
        X, y = digits
        for arguments, match in [
            ((X, y), "classes must be passed on the first call"),
            ((X, np.full(len(y), -1), None, range(10)), "y holds no label"),
            ((X, y, None, range(5)), "5"),
            ((X, y, None, np.unique(y)), "classes must not hold -1"),
        ]:
            with pytest.raises(ValueError, match=match):
                clf.partial_fit(*arguments)
        clf.set_params(estimator__early_stopping=True)
        with pytest.raises(ValueError, match="partial_fit does not support early"):
            clf.partial_fit(X, y, classes=range(10))
        assert vars(clf).keys() == vars(clone(clf)).keys()
