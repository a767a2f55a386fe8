"""Types of numbers, containers and names of features."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier

from .networks import (
    assert_same,
    each,
    each_regressor,
    make,
    predictions,
    problem,
    random_network,
    regression,
)


class TestTypes:
    @each
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_parameters_and_predictions(self, cls, dtype):
        X, y = problem(cls)
        model = make(cls).fit(X.astype(dtype), y)
        assert {array.dtype for array in model.coefs_} == {np.dtype(dtype)}
        assert {array.dtype for array in model.intercepts_} == {np.dtype(dtype)}
        assert predictions(model, X.astype(dtype)).dtype == dtype
        assert model.feature_importances_.dtype == dtype
        assert {type(loss) for loss in model.loss_curve_} == {float}

    @each
    @pytest.mark.parametrize("dtype", [np.float16, np.int32, np.uint8, bool, object])
    def test_others_become_double(self, cls, dtype):
        X, y = problem(cls)
        X = np.abs(np.round(X)).astype(dtype)
        model = make(cls).fit(X, y)
        assert model.coefs_[0].dtype == np.float64
        assert_same(model, make(cls).fit(X.astype(np.float64), y))

    @each
    def test_precision_does_not_matter_much(self, cls):
        X, y = problem(cls)
        network = random_network(10, 12, 3 if is_classifier(cls()) else 1)
        params = {"zeta": 0.0, "max_iter": 20}
        double = make(cls, **params).fit(X, y, **network)
        single = make(cls, **params).fit(X.astype(np.float32), y, **network)
        assert_allclose(
            predictions(single, X), predictions(double, X), rtol=1e-3, atol=1e-4
        )

    @each_regressor
    def test_targets_of_other_types(self, cls):
        X, y = regression()
        y = np.round(4 * y)
        expected = make(cls).fit(X, y)
        for dtype in (np.int64, np.float32, object):
            assert_same(make(cls).fit(X, y.astype(dtype)), expected)

    @each_regressor
    def test_a_column_is_one_target(self, cls):
        X, y = regression()
        with pytest.warns(sklearn.exceptions.DataConversionWarning):
            reg = make(cls).fit(X, y[:, np.newaxis])
        assert reg.predict(X).shape == (90,)

    @each
    @pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_sparse_matrices(self, cls, container, dtype):
        X, y = problem(cls)
        X = np.where(np.abs(X) > 1, X, 0).astype(dtype)
        if dtype == np.float64:
            params, tolerance = {"zeta": 0.3}, {"rtol": 1e-8, "atol": 1e-10}
        else:
            params, tolerance = {"zeta": 0.0}, {"rtol": 1e-2, "atol": 1e-4}
        dense, from_sparse = make(cls, **params), make(cls, **params)
        dense.fit(X, y)
        from_sparse.fit(container(X), y)
        assert_same(dense, from_sparse, **tolerance)
        assert_array_equal(predictions(dense, X), predictions(dense, container(X)))
        dense.partial_fit(X, y)
        from_sparse.partial_fit(container(X), y)
        assert_same(dense, from_sparse, **tolerance)


class TestFeatureNames:
    def frame(self, cls):
        X, y = problem(cls)
        return pd.DataFrame(X, columns=[f"x{k}" for k in range(10)]), pd.Series(y)

    @each
    @pytest.mark.parametrize("is_given", [False, True])
    def test_early_stopping_keeps_them(self, cls, is_given):
        """And warns of nothing when scoring."""
        X, y = self.frame(cls)
        given = {"X_val": X, "y_val": y} if is_given else {}
        model = make(cls, early_stopping=True).fit(X, y, **given)
        assert_array_equal(model.feature_names_in_, X.columns)
        assert_same(
            model,
            clone(model).fit(
                X.to_numpy(),
                y.to_numpy(),
                **{name: frame.to_numpy() for name, frame in given.items()},
            ),
        )
