"""Pre-training where activations of all samples are not kept."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits

from skhebb import (
    HebbianPCA,
    HebbianPretrainingClassifier,
    SETClassifier,
    SoftHebb,
    WinnerTakeAll,
)

KEPT = "skhebb._training.computed_rows.KEPT_BYTES"


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, np.where(np.arange(len(y)) % 6 == 0, y, -1)


@pytest.mark.parametrize(
    "rule", [HebbianPCA(), WinnerTakeAll(init="samples"), SoftHebb()], ids=str
)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_bits_as_where_they_are_kept(digits, rule, container, dtype, monkeypatch):
    X, y = container(digits[0].astype(dtype)), digits[1]
    network = SETClassifier((30, 20, 10), max_iter=3)
    clf = HebbianPretrainingClassifier(network, rule, random_state=0)
    kept = clone(clf).fit(X, y)
    monkeypatch.setattr(KEPT, 0)
    computed = clf.fit(X, y)
    assert_array_equal(computed.predict_proba(X), kept.predict_proba(X))
    for one, other in zip(computed.features_, kept.features_, strict=True):
        assert_array_equal(one.components_.data, other.components_.data)


def test_callbacks_see_arrays(digits, monkeypatch):
    monkeypatch.setattr(KEPT, 0)
    means = []

    class Means:
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
            if context.task_name == "fit":
                assert fitted_estimator.transform(X).shape == (len(X), len(X[0]) - 10)
                means.append(X.mean(axis=0))

    rule = WinnerTakeAll(max_iter=1).set_callbacks(Means())
    network = SETClassifier((54, 44), max_iter=1)
    HebbianPretrainingClassifier(network, rule, random_state=0).fit(*digits)
    assert_allclose(means[0], digits[0].mean(axis=0))
    assert_allclose(means[1], np.zeros(54), atol=1e-12)


def test_blocks_do_not_matter(digits, monkeypatch):
    """Means and variances of many blocks are those of all samples."""
    network = SETClassifier((30, 20), max_iter=1)
    clf = HebbianPretrainingClassifier(network, random_state=0)
    whole = clone(clf).fit(*digits).predict_proba(digits[0])
    monkeypatch.setattr("skhebb._transformers.blocks.BLOCK_BYTES", 10_000)
    assert_allclose(clf.fit(*digits).predict_proba(digits[0]), whole, rtol=1e-9)


def test_memory(rng, monkeypatch):
    """All activations of the first layer would be 48 MB."""
    monkeypatch.setattr(KEPT, 2**20)
    X = rng.random((20_000, 20), dtype=np.float32)
    y = np.where(np.arange(len(X)) < 200, np.arange(len(X)) % 2, -1)
    network = SETClassifier((600, 10), max_iter=1, density=0.01)
    clf = HebbianPretrainingClassifier(
        network, WinnerTakeAll(max_iter=1, batch_size=500)
    )
    tracemalloc.start()
    try:
        clf.fit(X, y)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40e6
