"""Networks that are saved: small, and train on."""

import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skhebb import SETClassifier, SETRegressor

from .networks import FAST, assert_same, each, make, predictions, problem


class TestPersistence:
    @each
    @pytest.mark.parametrize("compress", [0, 3])
    def test_training_goes_on_after_loading(self, cls, compress, tmp_path):
        X, y = problem(cls)
        model = make(cls, dropout=0.2).fit(X, y)
        joblib.dump(model, tmp_path / "model", compress=compress)
        loaded = joblib.load(tmp_path / "model")
        before = predictions(model, X)
        assert_array_equal(predictions(loaded, X), before)
        for _ in range(2):
            model.partial_fit(X, y)
            loaded.partial_fit(X, y)
        assert_same(model, loaded)
        assert not np.allclose(predictions(loaded, X), before)

    @each
    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_memory_map(self, cls, solver, tmp_path):
        X, y = problem(cls)
        model = make(cls, solver=solver).fit(X, y)
        joblib.dump(model, tmp_path / "model")
        loaded = joblib.load(tmp_path / "model", mmap_mode="r")
        assert not loaded.coefs_[0].data.flags.writeable
        assert_array_equal(predictions(loaded, X), predictions(model, X))
        assert_same(model.partial_fit(X, y), loaded.partial_fit(X, y))
        # The file is as it was.
        assert not np.array_equal(
            predictions(joblib.load(tmp_path / "model"), X), predictions(loaded, X)
        )

    @each
    def test_read_only_data(self, cls, tmp_path):
        """As joblib gives it to its workers."""
        X, y = problem(cls)
        arrays = X, y, np.linspace(0, 1, len(y))
        joblib.dump(arrays, tmp_path / "data")
        X_map, y_map, weights = joblib.load(tmp_path / "data", mmap_mode="r")
        model = make(cls).fit(X_map, y_map, sample_weight=weights)
        assert_same(model, make(cls).fit(X, y, sample_weight=arrays[2]))

    def test_fine_tuning(self, tmp_path):
        reg = make(SETRegressor, density=1.0, zeta=0.0, max_iter=200)
        reg.fit([[2.0]], [4.0])
        assert_allclose(reg.predict([[2.0]]), [4.0], rtol=1e-2)
        joblib.dump(reg, tmp_path / "model")
        loaded = joblib.load(tmp_path / "model")
        for _ in range(300):
            loaded.partial_fit([[2.0]], [1.0])
        assert_allclose(loaded.predict([[2.0]]), [1.0], rtol=1e-2)


def test_pickle_holds_the_weights_once(data):
    X, y = data
    clf = SETClassifier((400, 400), epsilon=20, solver="sgd", momentum=0, **FAST)
    clf.fit(X, y)
    assert len(pickle.dumps(clf)) < 1.3 * 12 * clf.n_connections_
