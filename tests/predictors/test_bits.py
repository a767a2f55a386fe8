"""Results are the same bits, whatever the machine does."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skhebb import SETClassifier

from .networks import FAST


@pytest.mark.usefixtures("all_threads")
@pytest.mark.parametrize("n_jobs", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_do_not_depend_on_threads(
    estimator_class, data, n_jobs, dtype, monkeypatch
):
    monkeypatch.setattr("skhebb._utils.threads._runtime.openmp_max_threads", lambda: 8)
    monkeypatch.setattr("skhebb._utils.threads.cpu_count", lambda: 8)
    X, y = data
    X = X.astype(dtype)
    one = estimator_class((90, 80), alpha=0.1, n_jobs=1, **FAST).fit(X, y)
    other = estimator_class((90, 80), alpha=0.1, n_jobs=n_jobs, **FAST).fit(X, y)
    assert one.loss_curve_ == other.loss_curve_
    for a, b in zip(one.coefs_, other.coefs_, strict=True):
        assert a.dtype == dtype
        assert_array_equal(a.indices, b.indices)
        assert_array_equal(a.data, b.data)
    assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def test_64_bit_indices(estimator_class, data, monkeypatch):
    """As from 2^31 connections on: the same bits."""
    X, y = data
    short = estimator_class((60, 50), **FAST).fit(X, y)
    name = "skhebb.topology._erdos_renyi.index_dtype"
    monkeypatch.setattr(name, lambda n: np.dtype(np.int64))
    long = estimator_class((60, 50), **FAST).fit(X, y)
    for a, b in zip(short.coefs_, long.coefs_, strict=True):
        assert b.indices.dtype == b.indptr.dtype == np.int64
        assert_array_equal(a.indices, b.indices)
        assert_array_equal(a.data, b.data)
    assert_array_equal(short.predict_proba(X), long.predict_proba(X))


def test_large_layers_give_the_same_bits(data, monkeypatch):
    """Layers that are too large to be gathered."""
    X, y = data
    small = SETClassifier((60, 50), **FAST).fit(X, y)
    monkeypatch.setattr("skhebb._network.layer.GATHERED", 0)
    monkeypatch.setattr("skhebb._network.layer.CHUNK", 100)
    large = SETClassifier((60, 50), **FAST).fit(X, y)
    assert_array_equal(small.predict_proba(X), large.predict_proba(X))


def test_random_state(estimator_class, data):
    X, y = data
    same = [estimator_class((30,), **FAST).fit(X, y) for _ in range(2)]
    assert_array_equal(same[0].coefs_[0].data, same[1].coefs_[0].data)
    other = estimator_class((30,), **{**FAST, "random_state": 1}).fit(X, y)
    assert other.loss_ != same[0].loss_


def test_predictions_in_threads_after_partial_fit(data):
    """Training has scratch that predictions must not share."""
    X, y = data
    X = np.tile(X, (3, 1))
    clf = SETClassifier((300, 300), n_jobs=1, **FAST)
    clf.partial_fit(X, np.tile(y, 3), classes=[0, 1, 2])
    expected = clf.predict_proba(X)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(clf.predict_proba, [X] * 12):
            assert_array_equal(found, expected)


def test_predict_does_not_depend_on_its_block(data):
    X, y = data
    clf = SETClassifier((30,), **FAST).fit(X, y)
    together = clf.predict_proba(np.tile(X, (3, 1)))
    alone = np.vstack([clf.predict_proba(row[np.newaxis]) for row in X])
    assert_allclose(together[:300], alone, rtol=1e-10)
    assert_array_equal(together[:300], together[300:600])
