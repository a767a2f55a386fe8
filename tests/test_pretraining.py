"""Hebbian pre-training on all samples, fine-tuning on labelled ones."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhebb import (
    HebbianMaskClassifier,
    HebbianPCA,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    SETClassifier,
    WinnerTakeAll,
)

NETWORK = {"hidden_layer_sizes": (30, 20), "max_iter": 40, "random_state": 0}


def expected_failures(estimator):
    """As SelfTrainingClassifier, which scikit-learn excepts by its name."""
    return {"check_classifiers_classes": "-1 marks samples without a label"}


@parametrize_with_checks(
    [HebbianPretrainingClassifier(SETClassifier(20, max_iter=40), random_state=0)],
    expected_failed_checks=expected_failures,
)
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    """A sixth of the samples are labelled."""
    X, y = load_digits(return_X_y=True)
    return X / 16, np.where(np.arange(len(y)) % 6 == 0, y, -1), y


@pytest.mark.parametrize("rule", [HebbianPCA(), WinnerTakeAll()], ids=str)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_by_hand(digits, rule, container):
    """Each rule sees what all samples became before; the labelled ones fine-tune."""
    X, y, _ = digits
    rule.set_params(random_state=0)
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), rule)
    clf.fit(container(X), y)
    start = SETClassifier(**{**NETWORK, "learning_rate_init": 1e-300}, zeta=0)
    start.partial_fit(X[y >= 0], y[y >= 0], classes=range(10))
    coefs, activations = [], X
    for depth, part in enumerate(clf.features_):
        initial, learned = start.coefs_[depth], part.components_.T.tocsr()
        assert_array_equal(learned.indices, initial.indices)
        assert part.n_samples_seen_ == 2 * len(X)
        scale = np.linalg.norm(initial.data) / np.linalg.norm(learned.data)
        coefs.append(learned * scale)
        products = activations @ coefs[-1].toarray()
        expected = part.transform(activations) * scale
        assert_allclose(expected, np.maximum(products, 0), atol=1e-12)
        activations = expected
    network = SETClassifier(**NETWORK)
    network.fit(X[y >= 0], y[y >= 0], coefs_init=[*coefs, start.coefs_[-1]])
    for one, other in zip(clf.estimator_.coefs_, network.coefs_, strict=True):
        assert_allclose(one.toarray(), other.toarray(), atol=1e-8)


def test_unlabelled_samples_matter(digits):
    X, y, _ = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    whole = clone(clf).fit(X, y).features_[0].components_
    part = clone(clf).fit(X[y >= 0], y[y >= 0]).features_[0].components_
    assert np.abs((whole - part).data).max() > 1e-3


@pytest.mark.parametrize(
    "network",
    [
        SETClassifier(**NETWORK),
        HebbSETClassifier(**NETWORK, density=1),
        HebbianMaskClassifier(**NETWORK, mask_rate=0.01),
        SETClassifier(()),
        None,
    ],
    ids=str,
)
def test_networks(digits, network):
    X, y, truth = digits
    clf = HebbianPretrainingClassifier(network, random_state=0).fit(X, y)
    assert clf.score(X[y < 0], truth[y < 0]) > 0.2
    hidden = clf.estimator_.n_layers_ - 2
    assert len(clf.features_) == hidden
    again = clone(clf).fit(X, y)
    assert_array_equal(clf.predict_proba(X), again.predict_proba(X))
    loaded = pickle.loads(pickle.dumps(clf))
    assert_array_equal(clf.predict_log_proba(X), loaded.predict_log_proba(X))


@pytest.mark.parametrize("kind", [np.float64, np.int8])
def test_kinds_of_labels(digits, kind):
    X, y, _ = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    expected = clone(clf).fit(X, y).predict(X)
    assert_array_equal(clf.fit(X, y.astype(kind)).predict(X), expected)


def test_names_of_classes(digits):
    X, y, truth = digits
    names = np.array([f"digit {n}" for n in range(10)], dtype=object)[truth]
    names[y < 0] = -1
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    assert clf.fit(X, names).predict(X[:1]) in names
    some = y >= 0
    clf.fit(X[some], names[some].astype(str))  # all are labelled
    assert clf.classes_.dtype.kind == "U"


def test_float32(digits):
    X, y, _ = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    clf.fit(X.astype(np.float32), y)
    assert clf.features_[1].components_.dtype == np.float32
    assert clf.estimator_.coefs_[0].dtype == np.float32


def test_search(digits):
    X, _, truth = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    pipeline = make_pipeline(StandardScaler(), clf)
    name = "hebbianpretrainingclassifier__features"
    grid = {name: [HebbianPCA(), WinnerTakeAll()], f"{name}__max_iter": [1]}
    search = GridSearchCV(pipeline, grid, cv=2, scoring="accuracy").fit(X, truth)
    assert search.best_score_ > 0.5


def test_errors(digits):
    X, y, _ = digits
    with pytest.raises(ValueError, match="y holds no label"):
        HebbianPretrainingClassifier().fit(X, np.full(len(y), -1))
    with pytest.raises(TypeError, match="estimator must be a classifier of skhebb"):
        HebbianPretrainingClassifier(MLPClassifier()).fit(X, y)
    with pytest.raises(TypeError, match="features must be a Hebbian rule"):
        HebbianPretrainingClassifier(features=StandardScaler()).fit(X, y)


def test_initial_components(digits):
    X, _, _ = digits
    start = sparse.random_array((5, 64), density=0.3, rng=np.random.default_rng(0))
    wta = WinnerTakeAll(5, learning_rate_init=1e-300)
    learned = wta.fit(X, components_init=start).components_
    assert_allclose(learned.toarray(), start.toarray())
    dense = start.toarray()
    learned = wta.fit(X, components_init=dense).components_
    assert_allclose(learned, dense, atol=1e-290)
    assert learned is not dense
    with pytest.raises(ValueError, match=r"components_init must have shape \(5, 64\)"):
        wta.fit(X, components_init=dense[:4])
