"""Convolutions learn without labels, then the network behind them with few."""

import pickle
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhebb import (
    ConvolutionalFeatures,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    SETClassifier,
    SoftHebb,
    WinnerTakeAll,
)

from .networks import NETWORK, both, classifier, convolutions, kernels


def without_weights(estimator):
    weights = "in pre-training all samples with a weight above 0 count alike"
    return {
        "check_classifiers_classes": "-1 marks samples without a label",
        "check_sample_weight_equivalence_on_dense_data": weights,
    }


# Rows of one channel, as images of one row: patches of two features.
OF_ROWS = [
    ConvolutionalFeatures(
        SoftHebb(4), kernel_size=(1, 2), padding=(0, 1), pooling=None, n_patches=200
    )
]


@parametrize_with_checks(
    [
        HebbianPretrainingClassifier(
            SETClassifier(10, max_iter=15, learning_rate_init=0.05, batch_size=32),
            convolutions=OF_ROWS,
            fine_tune="all",
            random_state=0,
        )
    ],
    expected_failed_checks=without_weights,
)
def test_sklearn_checks(estimator, check):
    check(estimator)


def test_head_by_hand(digits):
    """It is what the same parts do one after the other."""
    X, y, _ = digits
    clf = classifier("head", dropout=0).fit(X, y)
    maps = X
    for layer, fitted in zip(convolutions(), clf.convolutions_, strict=True):
        layer.set_params(random_state=fitted.random_state)
        if layer.image_shape is None:
            layer.set_params(image_shape=clf.convolutions_[0].output_shape_)
        maps = layer.fit_transform(maps)
        assert_allclose(
            layer.features_.components_, fitted.features_.components_, atol=1e-9
        )
    # With the same random_state its rule draws the same.
    behind = HebbianPretrainingClassifier(
        SETClassifier(**NETWORK, dropout=0), WinnerTakeAll(max_iter=1), random_state=0
    ).fit(maps, y)
    assert clf.n_features_in_ == 64
    assert clf.estimator_.n_features_in_ == maps.shape[1] == 10
    assert_allclose(clf.predict_proba(X), clf.estimator_.predict_proba(maps), atol=1e-9)
    assert_allclose(clf.predict_proba(X), behind.predict_proba(maps), atol=1e-6)


@both
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.uint8])
def test_learns(digits, fine_tune, kind):
    X, y, truth = digits
    X = X.astype(kind)
    clf = classifier(fine_tune, max_iter=25).fit(X, y)
    dtype = np.float64 if kind is np.float64 else np.float32
    assert clf.estimator_.coefs_[0].dtype == kernels(clf)[1].dtype == dtype
    # By chance 0.1, from 84 labels and by ten features only.
    score = clf.score(X[y < 0], truth[y < 0])
    assert score > (0.55 if fine_tune == "all" else 0.35)
    expected = clf.predict_proba(X)
    loaded = pickle.loads(pickle.dumps(clf))
    assert_array_equal(loaded.predict_proba(X), expected)
    again = clone(clf).fit(X, y)
    assert_array_equal(again.predict_proba(X), expected)


@both
def test_threads(digits, fine_tune, monkeypatch):
    X, y = digits[0][:300], np.where(np.arange(300) < 100, digits[2][:300], -1)
    monkeypatch.setattr("skhebb._transformers.blocks.BLOCK_BYTES", 100_000)
    found = []
    for n_jobs in 1, 3:
        monkeypatch.setattr(
            "skhebb._utils.threads._runtime.openmp_max_threads", lambda n=n_jobs: n
        )
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        clf = classifier(fine_tune, n_jobs=n_jobs, early_stopping=True, max_iter=3)
        clf.set_params(estimator__validation_fraction=0.3)
        found.append(clf.fit(X, y).predict_proba(X))
    assert_array_equal(*found)


@both
def test_sample_weight(digits, fine_tune, rng):
    X, y, _ = digits
    weights = rng.uniform(0.5, 2, len(y)) * (rng.random(len(y)) < 0.7)
    some = weights > 0
    clf = classifier(fine_tune)
    part = clone(clf).fit(X[some], y[some], weights[some])
    clf.fit(X, y, sample_weight=weights)
    assert_array_equal(clf.predict_proba(X), part.predict_proba(X))
    plain = clone(clf).fit(X[some], y[some])
    assert np.abs(plain.predict_proba(X) - clf.predict_proba(X)).max() > 1e-3


@both
def test_dropout_of_what_convolutions_give(digits, fine_tune):
    """Without hidden layers it is the inputs of the network that are dropped."""
    X, y, _ = digits
    params = {"hidden_layer_sizes": (), "max_iter": 3}
    plain = classifier(fine_tune, **params).fit(X, y).predict_proba(X)
    dropped = classifier(fine_tune, **params, dropout=0.5).fit(X, y).predict_proba(X)
    assert np.abs(plain - dropped).max() > 1e-3
    alone = SETClassifier((), max_iter=3, random_state=0)
    images = X / 16, np.arange(500) % 3
    assert_array_equal(
        alone.fit(*images).predict_proba(X / 16),
        alone.set_params(dropout=0.5).fit(*images).predict_proba(X / 16),
    )


@both
@pytest.mark.parametrize("kind", ["one class", "one sample", "all labelled"])
def test_few_samples(digits, fine_tune, kind):
    X, _, truth = digits
    layers = convolutions(n_patches=None)
    layers[0].set_params(features=SoftHebb(3))
    n = 1 if kind == "one sample" else 6
    y = np.zeros(n, dtype=int) if kind == "one class" else truth[:n]
    clf = classifier(fine_tune, layers, max_iter=2).fit(X[:n], y)
    assert np.isfinite(clf.predict_proba(X[:4])).all()
    assert set(clf.predict(X[:4])) <= set(y)


def test_other_networks(digits):
    X, y, truth = digits
    network = HebbSETClassifier(**NETWORK, initial_graph="correlation")
    clf = classifier("all").set_params(estimator=network).fit(X, y)
    assert clf.score(X[y < 0], truth[y < 0]) > 0.4


def test_any_features_for_the_head(digits):
    X, y, _ = digits
    layer = convolutions()[0].set_params(
        features=make_pipeline(FunctionTransformer(), PCA(5)), activation="relu"
    )
    assert classifier("head", [layer]).fit(X, y).estimator_.n_features_in_ == 80
    with pytest.raises(TypeError, match=r"Got a Pipeline in convolutions\[0\].*'head'"):
        classifier("all", [layer]).fit(X, y)


def test_memory(monkeypatch):
    """Maps of all images would be 37 MB, and their patches more."""
    monkeypatch.setattr("skhebb._training.computed_rows.KEPT_BYTES", 0)
    monkeypatch.setattr("skhebb._transformers.blocks.BLOCK_BYTES", 2**20)
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(2000, 256), dtype=np.uint8)
    y = np.where(np.arange(len(X)) < 100, np.arange(len(X)) % 2, -1)
    first = {"image_shape": (16, 16, 1), "kernel_size": 3, "pooling": None}
    layers = [
        ConvolutionalFeatures(SoftHebb(24), **first, n_patches=500),
        ConvolutionalFeatures(SoftHebb(4), kernel_size=3, n_patches=500),
    ]
    clf = classifier("all", layers, hidden_layer_sizes=(), max_iter=1, n_jobs=1)
    tracemalloc.start()
    try:
        clf.fit(X, y).predict(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20e6
