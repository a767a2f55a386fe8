"""Networks in pipelines, and metadata on the way to them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    StandardScaler,
)

from .networks import assert_same_network, outputs


class TestPipeline:
    def test_by_hand(self, estimator, data):
        X, y = data
        pipe = make_pipeline(StandardScaler(), estimator).fit(X[:80], y[:80])
        scaled = (X - X[:80].mean(axis=0)) / X[:80].std(axis=0)
        by_hand = clone(estimator).fit(scaled[:80], y[:80])
        assert_allclose(outputs(pipe, X), outputs(by_hand, scaled), atol=1e-6)
        assert_allclose(
            pipe.score(X[80:], y[80:]), by_hand.score(scaled[80:], y[80:]), atol=1e-6
        )

    def test_sparse_columns_of_a_frame(self, estimator, data):
        pd = pytest.importorskip("pandas")
        X, y = data
        frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
        frame["colour"] = np.array(["red", "green", "blue", "grey"])[y]
        encoder = ColumnTransformer(
            [
                ("colour", OneHotEncoder(), ["colour"]),
                ("numbers", MaxAbsScaler(), ["a", "b", "c"]),
            ],
            sparse_threshold=1,
        )
        pipe = make_pipeline(encoder, estimator).fit(frame, y)
        encoded = pipe[:-1].transform(frame)
        assert sparse.issparse(encoded)
        by_hand = clone(estimator).fit(encoded, y)
        assert_same_network(pipe[-1], by_hand)
        levels = np.array(["blue", "green", "grey", "red"])
        levels = levels[np.isin(levels, frame["colour"])]
        dense = np.hstack(
            [
                frame["colour"].to_numpy()[:, np.newaxis] == levels,
                X[:, :3] / abs(X[:, :3]).max(axis=0),
            ]
        )
        from_dense = clone(estimator).fit(dense, y)
        assert_allclose(
            outputs(pipe, frame), outputs(from_dense, dense), rtol=1e-4, atol=1e-6
        )

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_frames_between_the_steps(self, estimator, data, library):
        frames = pytest.importorskip(library)
        X, y = data
        frame = frames.DataFrame({f"gene {n}": column for n, column in enumerate(X.T)})
        with config_context(transform_output=library):
            pipe = make_pipeline(StandardScaler(), estimator).fit(frame, y)
            assert list(pipe[-1].feature_names_in_) == list(frame.columns)
            found = outputs(pipe, frame)
        by_hand = clone(estimator).fit(StandardScaler().fit_transform(X), y)
        assert_allclose(
            found, outputs(by_hand, StandardScaler().fit_transform(X)), atol=1e-6
        )

    def test_validation_data_are_transformed(self, estimator, data):
        X, y = data
        train, val = slice(0, 70), slice(70, None)
        estimator.set_params(early_stopping=True)
        with config_context(enable_metadata_routing=True):
            clf = clone(estimator).set_fit_request(X_val=True, y_val=True)
            pipe = Pipeline(
                [("scale", StandardScaler()), ("network", clf)],
                transform_input=["X_val"],
            )
            pipe.fit(X[train], y[train], X_val=X[val], y_val=y[val])
        scaler = StandardScaler().fit(X[train])
        by_hand = clone(estimator).fit(
            scaler.transform(X[train]), y[train],
            X_val=scaler.transform(X[val]), y_val=y[val],
        )  # fmt: skip
        assert_same_network(pipe[-1], by_hand)
        assert pipe[-1].validation_scores_ == by_hand.validation_scores_
        raw = clone(estimator).fit(
            scaler.transform(X[train]), y[train], X_val=X[val], y_val=y[val]
        )
        assert pipe[-1].validation_loss_curve_ != raw.validation_loss_curve_

    def test_nested_parameters(self, estimator):
        pipe = Pipeline([("scale", StandardScaler()), ("network", estimator)])
        pipe.set_params(network__zeta=0.4, network__hidden_layer_sizes=(7, 6))
        assert estimator.zeta == pipe.get_params()["network__zeta"] == 0.4
        assert estimator.hidden_layer_sizes == (7, 6)
        with pytest.raises(ValueError, match="Invalid parameter 'depth'"):
            pipe.set_params(network__depth=3)


class TestRouting:
    @pytest.fixture(autouse=True)
    def routing(self):
        with config_context(enable_metadata_routing=True):
            yield

    def test_weights_through_search_and_pipeline(self, classifier, data, weights):
        X, y = data
        clf = clone(classifier).set_fit_request(sample_weight=True)
        clf.set_score_request(sample_weight=True)
        pipe = Pipeline([("as is", FunctionTransformer()), ("network", clf)])
        folds = KFold(2)
        search = GridSearchCV(pipe, {"network__zeta": [0.1, 0.3]}, cv=folds)
        search.fit(X, y, sample_weight=weights)
        unweighted = []
        for n, params in enumerate(search.cv_results_["params"]):
            for fold, (train, test) in enumerate(folds.split(X)):
                by_hand = clone(classifier).set_params(zeta=params["network__zeta"])
                by_hand.fit(X[train], y[train], sample_weight=weights[train])
                is_right = by_hand.predict(X[test]) == y[test]
                score = np.average(is_right, weights=weights[test])
                found = search.cv_results_[f"split{fold}_test_score"][n]
                assert_allclose(found, score)
                unweighted.append(abs(score - is_right.mean()))
        assert max(unweighted) > 1e-3
        best = search.best_params_["network__zeta"]
        by_hand = clone(classifier).set_params(zeta=best).fit(X, y, weights)
        assert_same_network(search.best_estimator_[-1], by_hand)

    def test_weights_of_partial_fit(self, regressor, data, weights):
        X, y = data
        routed = clone(regressor).set_partial_fit_request(sample_weight=True)
        chained = MultiOutputRegressor(routed)
        chained.partial_fit(X, y[:, np.newaxis], sample_weight=weights)
        by_hand = clone(regressor).partial_fit(X, y, sample_weight=weights)
        assert_same_network(chained.estimators_[0], by_hand)

    def test_weights_that_nobody_asked_for(self, classifier, data, weights):
        X, y = data
        pipe = make_pipeline(StandardScaler(), classifier)
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            pipe.fit(X, y, sample_weight=weights)

    def test_weights_for_others_only(self, classifier, data, weights):
        X, y = data
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        deaf = clone(classifier).set_fit_request(sample_weight=False)
        pipe = make_pipeline(scaler, deaf).fit(X, y, sample_weight=weights)
        scaled = StandardScaler().fit(X, sample_weight=weights).transform(X)
        assert_same_network(pipe[-1], clone(classifier).fit(scaled, y))
