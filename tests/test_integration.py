"""The estimators within scikit-learn and with the tools around it."""

import os
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    StratifiedKFold,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils import estimator_html_repr
from threadpoolctl import threadpool_limits

from skhebb import (
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)
from skhebb._kernels import _loops
from skhebb._training.trainer import Trainer

CLASSIFIERS = [SETClassifier, HebbSETClassifier]
REGRESSORS = [SETRegressor, HebbSETRegressor]
NETWORK = {
    "hidden_layer_sizes": (30,),
    "density": 0.5,
    "zeta": 0.2,
    "solver": "adam",
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "batch_size": 32,
    "max_iter": 5,
    "tol": None,
    "random_state": 0,
}


@pytest.fixture(params=CLASSIFIERS, ids=lambda cls: cls.__name__)
def classifier(request):
    return request.param(**NETWORK)


@pytest.fixture(params=REGRESSORS, ids=lambda cls: cls.__name__)
def regressor(request):
    return request.param(**NETWORK)


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__)
def estimator(request):
    return request.param(**NETWORK)


@pytest.fixture(scope="module")
def data():
    """Classes that are numbers as well."""
    return make_classification(
        120, 10, n_informative=6, n_classes=3, n_clusters_per_class=1, random_state=0
    )


@pytest.fixture(scope="module")
def binary(data):
    X, y = data
    return X, y % 2


@pytest.fixture(scope="module")
def sparse_data(data):
    X, y = data
    return np.where(np.abs(X) > 0.8, X, 0), y


@pytest.fixture
def weights(data):
    """Of samples, some of them 0; uneven enough to matter."""
    return np.random.default_rng(0).choice([0.0, 0.2, 1.0, 5.0], size=len(data[0]))


def outputs(estimator, X):
    """The finest that an estimator tells of samples."""
    return getattr(estimator, "predict_proba", estimator.predict)(X)


def assert_same_network(one, other):
    """The same connections, to the bit."""
    for a, b in zip(one.coefs_, other.coefs_, strict=True):
        assert_array_equal(a.indices, b.indices)
        assert_array_equal(a.data, b.data)


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


class TestSearch:
    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_grid(self, data, n_jobs):
        X, y = data
        pipe = make_pipeline(StandardScaler(), HebbSETClassifier(**NETWORK))
        grid = {
            "hebbsetclassifier__lambda0": [0.0, 0.3],
            "hebbsetclassifier__density": [0.02, 0.7],
        }
        folds = StratifiedKFold(2)
        search = GridSearchCV(pipe, grid, cv=folds, n_jobs=n_jobs).fit(X, y)
        assert len(search.cv_results_["params"]) == 4
        for n, params in enumerate(search.cv_results_["params"]):
            for fold, (train, test) in enumerate(folds.split(X, y)):
                by_hand = clone(pipe).set_params(**params).fit(X[train], y[train])
                score = np.mean(by_hand.predict(X[test]) == y[test])
                found = search.cv_results_[f"split{fold}_test_score"][n]
                assert_allclose(found, score)
        assert len(set(search.cv_results_["mean_test_score"])) > 1
        best = clone(pipe).set_params(**search.best_params_).fit(X, y)
        assert_same_network(search.best_estimator_[-1], best[-1])

    def test_halving_over_epochs(self, data):
        X, y = data
        clf, folds = SETClassifier(**NETWORK), KFold(2)
        search = HalvingGridSearchCV(
            clf, {"zeta": [0.0, 0.1, 0.2, 0.3]}, resource="max_iter", factor=2,
            min_resources=2, max_resources=8, cv=folds, n_jobs=2, random_state=0,
        ).fit(X, y)  # fmt: skip
        assert search.n_resources_ == [2, 4, 8]
        assert search.n_candidates_ == [4, 2, 1]
        results = search.cv_results_
        for n, params in enumerate(results["params"]):
            assert params["max_iter"] == results["n_resources"][n]
            for fold, (train, test) in enumerate(folds.split(X)):
                by_hand = clone(clf).set_params(**params).fit(X[train], y[train])
                score = np.mean(by_hand.predict(X[test]) == y[test])
                assert_allclose(results[f"split{fold}_test_score"][n], score)
        assert search.best_estimator_.n_iter_ == 8

    def test_cross_validate(self, estimator, data):
        X, y = data
        folds = KFold(2)
        found = cross_validate(
            estimator, X, y, cv=folds, n_jobs=2, return_estimator=True,
            return_train_score=True,
        )  # fmt: skip
        for n, (train, test) in enumerate(folds.split(X)):
            by_hand = clone(estimator).fit(X[train], y[train])
            assert_same_network(found["estimator"][n], by_hand)
            residuals = y[test] - by_hand.predict(X[test])
            score = np.mean(residuals == 0)
            if type(estimator) in REGRESSORS:
                spread = y[test] - y[test].mean()
                score = 1 - residuals @ residuals / (spread @ spread)
            assert_allclose(found["test_score"][n], score)
            train_score = by_hand.score(X[train], y[train])
            assert_allclose(found["train_score"][n], train_score)

    @pytest.mark.parametrize("incremental", [False, True])
    def test_learning_curve(self, estimator, data, incremental):
        X, y = data
        train, test = np.arange(80), np.arange(80, 120)
        sizes, train_scores, test_scores = learning_curve(
            estimator, X, y, train_sizes=[20, 50, 80], cv=[(train, test)],
            exploit_incremental_learning=incremental,
        )  # fmt: skip
        assert_array_equal(sizes, [20, 50, 80])
        by_hand, start = clone(estimator), 0
        labels = {"classes": [0, 1, 2]} if type(estimator) in CLASSIFIERS else {}
        for n, size in enumerate(sizes):
            if incremental:
                by_hand.partial_fit(X[start:size], y[start:size], **labels)
                start = size
            else:
                by_hand = clone(estimator).fit(X[:size], y[:size])
            assert_allclose(train_scores[n, 0], by_hand.score(X[:size], y[:size]))
            assert_allclose(test_scores[n, 0], by_hand.score(X[test], y[test]))


class TestEnsembles:
    def test_calibration(self, classifier, binary):
        X, y = binary
        folds = KFold(2)
        calibrated = CalibratedClassifierCV(classifier, method="isotonic", cv=folds)
        calibrated.fit(X, y)
        expected = []
        for train, test in folds.split(X):
            by_hand = clone(classifier).fit(X[train], y[train])
            map_ = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1)
            map_.fit(by_hand.predict_proba(X[test])[:, 1], y[test])
            expected.append(map_.predict(by_hand.predict_proba(X)[:, 1]))
        found = calibrated.predict_proba(X)
        assert_allclose(found[:, 1], np.mean(expected, axis=0), atol=1e-6)
        assert_allclose(found.sum(axis=1), 1)

    def test_calibration_passes_weights(self, classifier, binary, weights):
        X, y = binary
        folds = KFold(2)
        calibrated = CalibratedClassifierCV(classifier, cv=folds)
        calibrated.fit(X, y, sample_weight=weights)
        for n, (train, _) in enumerate(folds.split(X)):
            by_hand = clone(classifier).fit(X[train], y[train], weights[train])
            assert_same_network(
                calibrated.calibrated_classifiers_[n].estimator, by_hand
            )

    def test_frozen(self, classifier, binary):
        """Calibration of a network that stays as it is."""
        X, y = binary
        classifier.fit(X[:60], y[:60])
        expected = classifier.predict_proba(X)
        frozen = FrozenEstimator(classifier)
        assert_array_equal(clone(frozen).fit(X, 1 - y).predict_proba(X), expected)
        calibrated = CalibratedClassifierCV(frozen, method="isotonic")
        calibrated.fit(X[60:], y[60:])
        map_ = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1)
        map_.fit(expected[60:, 1], y[60:])
        assert_allclose(
            calibrated.predict_proba(X)[:, 1], map_.predict(expected[:, 1]), atol=1e-6
        )

    @pytest.mark.parametrize("weighted", [False, True])
    def test_bagging(self, estimator, data, weights, weighted):
        X, y = data
        is_classifier = type(estimator) in CLASSIFIERS
        cls = BaggingClassifier if is_classifier else BaggingRegressor
        bag = cls(estimator, n_estimators=3, n_jobs=2, random_state=0)
        bag.fit(X, y, sample_weight=weights if weighted else None)
        members = []
        for member, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
            counts = np.bincount(rows, minlength=len(X))
            assert not (weighted and counts[weights == 0].any())
            by_hand = clone(estimator).set_params(random_state=member.random_state)
            by_hand.fit(X, y, sample_weight=counts)
            assert_same_network(member, by_hand)
            members.append(outputs(by_hand, X))
        assert_allclose(outputs(bag, X), np.mean(members, axis=0))

    def test_stacking(self, classifier, data):
        X, y = data
        folds = KFold(2)
        stack = StackingClassifier(
            [("network", classifier), ("linear", LogisticRegression())],
            final_estimator=LogisticRegression(C=0.1),
            cv=folds,
        ).fit(X, y)
        columns = np.empty((len(X), 6))
        for train, test in folds.split(X):
            for start, each in enumerate([classifier, LogisticRegression()]):
                by_hand = clone(each).fit(X[train], y[train])
                columns[test, 3 * start : 3 * start + 3] = by_hand.predict_proba(
                    X[test]
                )
        final = LogisticRegression(C=0.1).fit(columns, y)
        assert_allclose(stack.final_estimator_.coef_, final.coef_, atol=1e-6)
        assert_same_network(stack.named_estimators_["network"], classifier.fit(X, y))

    def test_voting(self, data):
        X, y = data
        members = [cls(**NETWORK) for cls in CLASSIFIERS]
        names = [("set", members[0]), ("hebb", members[1])]
        vote = VotingClassifier(names, voting="soft", weights=[3, 1]).fit(X, y)
        proba = [clone(each).fit(X, y).predict_proba(X) for each in members]
        expected = (3 * proba[0] + proba[1]) / 4
        assert_allclose(vote.predict_proba(X), expected)

    def test_one_versus_rest(self, classifier, data):
        X, y = data
        each = OneVsRestClassifier(classifier, n_jobs=2).fit(X, y)
        positive = np.column_stack(
            [clone(classifier).fit(X, y == c).predict_proba(X)[:, 1] for c in range(3)]
        )
        assert_array_equal(each.predict(X), positive.argmax(axis=1))
        totals = positive.sum(axis=1, keepdims=True)
        assert_allclose(each.predict_proba(X), positive / totals)

    def test_self_training(self, classifier, data):
        X, y = data
        some = np.where(np.arange(len(y)) % 4 == 0, y, -1)
        both = SelfTrainingClassifier(classifier, threshold=0.8, max_iter=1)
        both.fit(X, some)
        known = some >= 0
        first = clone(classifier).fit(X[known], y[known])
        proba = first.predict_proba(X)
        adopted = ~known & (proba.max(axis=1) > 0.8)
        assert 0 < adopted.sum() < (~known).sum()
        labels = np.where(adopted, proba.argmax(axis=1), some)
        assert_array_equal(both.transduction_, labels)
        second = clone(classifier).fit(X[labels >= 0], labels[labels >= 0])
        assert_same_network(both.estimator_, second)

    def test_threshold(self, classifier, binary):
        X, y = binary
        strict = FixedThresholdClassifier(classifier, threshold=0.7).fit(X, y)
        proba = clone(classifier).fit(X, y).predict_proba(X)[:, 1]
        assert_array_equal(strict.predict(X), proba >= 0.7)
        assert (strict.predict(X) != (proba >= 0.5)).any()


class TestTargets:
    def test_transformed(self, regressor, data):
        X, y = data
        y = np.exp(X[:, 0] + 0.5 * y)
        both = TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)
        both.fit(X, y)
        by_hand = clone(regressor).fit(X, np.log(y))
        assert_same_network(both.regressor_, by_hand)
        assert_allclose(both.predict(X), np.exp(by_hand.predict(X)))
        assert both.predict(X).shape == y.shape

    def test_transformed_columns(self, regressor, data):
        X, _ = data
        Y = 100 * X[:, :2] - 7
        both = TransformedTargetRegressor(regressor, transformer=StandardScaler())
        scaled = (Y - Y.mean(axis=0)) / Y.std(axis=0)
        by_hand = clone(regressor).fit(X, scaled)
        expected = by_hand.predict(X) * Y.std(axis=0) + Y.mean(axis=0)
        assert_allclose(both.fit(X, Y).predict(X), expected, rtol=1e-4, atol=1e-4)

    def test_several_numbers(self, regressor, data):
        X, _ = data
        Y = X[:, :3] ** 2
        regressor.fit(X, Y)
        assert regressor.predict(X).shape == Y.shape
        residuals, spread = Y - regressor.predict(X), Y - Y.mean(axis=0)
        each = 1 - (residuals**2).sum(axis=0) / (spread**2).sum(axis=0)
        assert_allclose(regressor.score(X, Y), each.mean())
        apart = MultiOutputRegressor(regressor).fit(X, Y)
        expected = [clone(regressor).fit(X, column).predict(X) for column in Y.T]
        assert_array_equal(apart.predict(X), np.transpose(expected))

    def test_sparse_numbers(self, regressor, data):
        X, _ = data
        Y = np.maximum(X[:, :2], 0)
        from_dense = clone(regressor).fit(X, Y)
        assert_same_network(regressor.fit(X, sparse.csr_array(Y)), from_dense)

    def test_sparse_labels(self, classifier, data):
        X, y = data
        Y = np.column_stack([y == 0, y != 1]).astype(int)
        from_dense = clone(classifier).fit(X, Y)
        assert_same_network(classifier.fit(X, sparse.csr_array(Y)), from_dense)

    def test_several_classes(self, classifier, data):
        X, y = data
        Y = np.column_stack([y, X[:, 0] > 0])
        apart = MultiOutputClassifier(classifier).fit(X, Y)
        for n, proba in enumerate(apart.predict_proba(X)):
            by_hand = clone(classifier).fit(X, Y[:, n])
            assert_array_equal(proba, by_hand.predict_proba(X))

    def test_chain(self, classifier, data):
        X, y = data
        Y = np.column_stack([y == 0, y != 1]).astype(int)
        chain = ClassifierChain(classifier).fit(X, Y)
        first = clone(classifier).fit(X, Y[:, 0])
        second = clone(classifier).fit(np.column_stack([X, Y[:, 0]]), Y[:, 1])
        expected = np.column_stack([X, first.predict(X)])
        assert_array_equal(chain.predict(X)[:, 1], second.predict(expected))


class TestFeatures:
    def strengths(self, estimator):
        return np.abs(estimator.coefs_[0].toarray()).sum(axis=1)

    def test_select_from_model(self, estimator, data):
        X, y = data
        select = SelectFromModel(estimator, threshold="median").fit(X, y)
        strengths = self.strengths(clone(estimator).fit(X, y))
        assert_array_equal(select.get_support(), strengths >= np.median(strengths))
        assert_array_equal(select.transform(X), X[:, select.get_support()])
        few = SelectFromModel(select.estimator_, prefit=True, max_features=3)
        chosen = few.fit(X).get_support(indices=True)
        above = np.flatnonzero(strengths >= strengths.mean())
        best = above[np.argsort(-strengths[above])][:3]
        assert_array_equal(chosen, np.sort(best))

    def test_recursive_elimination(self, estimator, data):
        X, y = data
        found = RFE(estimator, n_features_to_select=7).fit(X, y)
        features, ranking = np.arange(10), np.ones(10)
        for rank in (4, 3, 2):
            strengths = self.strengths(clone(estimator).fit(X[:, features], y))
            ranking[features[strengths.argmin()]] = rank
            features = np.delete(features, strengths.argmin())
        assert_array_equal(found.ranking_, ranking)
        by_hand = clone(estimator).fit(X[:, features], y)
        assert_array_equal(
            outputs(found.estimator_, X[:, features]), outputs(by_hand, X[:, features])
        )

    def test_permutation_importance(self, estimator, data):
        """What has no connection has none; what tells the target has most."""
        X, _ = data
        y = np.where(X[:, 4] > 0, 1, 0)
        rng = np.random.default_rng(0)
        first = 0.3 * rng.standard_normal((10, 30))
        first[[2, 7]] = 0
        coefs = [first, 0.3 * rng.standard_normal((30, 1))]
        estimator.set_params(zeta=0, max_iter=20).fit(X, y, coefs_init=coefs)
        assert_array_equal(estimator.feature_importances_[[2, 7]], 0)
        found = permutation_importance(
            estimator, X, y, n_repeats=3, n_jobs=2, random_state=0
        )
        assert_array_equal(found.importances[[2, 7]], 0)
        assert found.importances_mean.argmax() == 4
        assert found.importances[4].min() > 0


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


@pytest.mark.parametrize("library", ["pandas", "polars"])
class TestFrames:
    @pytest.fixture
    def frame_of(self, library):
        """A function that makes a frame of an array."""
        frames = pytest.importorskip(library)

        def make(X, prefix="gene"):
            columns = {f"{prefix} {n}": column for n, column in enumerate(X.T)}
            return frames.DataFrame(columns)

        return make

    @pytest.fixture
    def series_of(self, library):
        return pytest.importorskip(library).Series

    def test_same_as_arrays(self, estimator, data, weights, frame_of, series_of):
        X, y = data
        frame = frame_of(X)
        by_hand = clone(estimator).fit(X, y, sample_weight=weights)
        estimator.fit(frame, series_of(y), sample_weight=series_of(weights))
        assert_same_network(estimator, by_hand)
        assert list(estimator.feature_names_in_) == list(frame.columns)
        assert_array_equal(outputs(estimator, frame), outputs(by_hand, X))
        estimator.partial_fit(frame, series_of(y))
        assert_same_network(estimator, by_hand.partial_fit(X, y))

    def test_several_targets(self, estimator, data, frame_of):
        X, y = data
        Y = np.column_stack([y == 0, y == 1]).astype(int)
        by_hand = clone(estimator).fit(X, Y)
        estimator.fit(frame_of(X), frame_of(Y, "label"))
        assert_array_equal(outputs(estimator, frame_of(X)), outputs(by_hand, X))

    def test_other_names_are_refused(self, estimator, data, frame_of):
        X, y = data
        frame, others = frame_of(X), frame_of(X, "protein")
        validated = clone(estimator).set_params(early_stopping=True)
        estimator.fit(frame, y)
        turned = frame[list(frame.columns)[::-1]]
        for wrong, message in [(others, "names should match"), (turned, "same order")]:
            with pytest.raises(ValueError, match=message):
                estimator.predict(wrong)
            with pytest.raises(ValueError, match=message):
                estimator.partial_fit(wrong, y)
            with pytest.raises(ValueError, match=message):
                validated.fit(frame, y, X_val=wrong, y_val=y)

    def test_arrays_after_frames(self, estimator, data, frame_of):
        X, y = data
        estimator.fit(frame_of(X), y)
        expected = outputs(estimator, frame_of(X))
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            found = outputs(estimator, X)
        assert_array_equal(found, expected)

    def test_frames_after_arrays(self, estimator, data, frame_of):
        X, y = data
        estimator.fit(X, y)
        with pytest.warns(UserWarning, match="fitted without feature names"):
            estimator.predict(frame_of(X))

    def test_names_of_another_fit_are_forgotten(self, estimator, data, frame_of):
        X, y = data
        estimator.fit(frame_of(X), y).fit(X, y)
        assert not hasattr(estimator, "feature_names_in_")


KINDS_OF_SPARSE = ["csr_matrix", "csr_array", "csc_matrix", "csc_array", "coo_array"]


class TestArrays:
    @pytest.mark.parametrize("container", KINDS_OF_SPARSE)
    @pytest.mark.parametrize("index", [np.int32, np.int64])
    def test_sparse(self, estimator, sparse_data, container, index):
        X, y = sparse_data
        S = getattr(sparse, container)(X)
        if container.startswith("cs"):
            S.indices, S.indptr = S.indices.astype(index), S.indptr.astype(index)
        else:
            S.coords = tuple(coordinate.astype(index) for coordinate in S.coords)
        from_csr = clone(estimator).fit(sparse.csr_array(X), y)
        estimator.fit(S, y)
        assert_same_network(estimator, from_csr)
        assert_array_equal(outputs(estimator, S), outputs(from_csr, X))
        from_dense = clone(estimator).fit(X, y)
        assert_allclose(
            outputs(estimator, S), outputs(from_dense, X), rtol=1e-4, atol=1e-6
        )
        for X_val, each in [(S, estimator), (X, from_csr)]:
            each.set_params(early_stopping=True).fit(X, y, X_val=X_val, y_val=y)
        assert estimator.validation_loss_curve_ == from_csr.validation_loss_curve_

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_memory_map(self, estimator, data, tmp_path, dtype):
        X, y = data
        X = X.astype(dtype)
        mapped = np.memmap(tmp_path / "X", dtype, mode="w+", shape=X.shape)
        mapped[:] = X
        mapped.flush()
        mapped = np.memmap(tmp_path / "X", dtype, mode="r", shape=X.shape)
        expected = clone(estimator).fit(X, y)
        estimator.fit(mapped, y)
        assert_same_network(estimator, expected)
        assert estimator.coefs_[0].dtype == dtype
        assert_array_equal(outputs(estimator, mapped), outputs(expected, X))
        assert_same_network(
            estimator.partial_fit(mapped, y), expected.partial_fit(X, y)
        )

    @pytest.mark.parametrize("is_sorted", [True, False])
    def test_memory_map_of_joblib(
        self, estimator, sparse_data, tmp_path, is_sorted, weights
    ):
        X, y = sparse_data
        S = sparse.csr_array(X)
        if not is_sorted:
            for row in range(len(X)):
                part = slice(*S.indptr[row : row + 2])
                S.indices[part] = S.indices[part][::-1].copy()
                S.data[part] = S.data[part][::-1].copy()
            S.has_sorted_indices = False
        assert_array_equal(S.toarray(), X)
        expected = clone(estimator).fit(sparse.csr_array(X), y, sample_weight=weights)
        joblib.dump((S, y, weights, np.asfortranarray(X)), tmp_path / "data")
        S, y, w, F = joblib.load(tmp_path / "data", mmap_mode="r")
        assert not S.data.flags.writeable
        estimator.fit(S, y, sample_weight=w)
        assert_same_network(estimator, expected)
        assert_array_equal(outputs(estimator, S), outputs(expected, X))
        assert F.flags.f_contiguous
        assert not F.flags.writeable
        assert_array_equal(outputs(estimator, F), outputs(expected, X))
        by_column, by_row = clone(estimator).fit(F, y, w), clone(estimator).fit(X, y, w)
        assert_same_network(by_column, by_row)

    def test_views(self, estimator, data):
        """Strides of all kinds, and what is around them stays as it is."""
        X, y = data
        wide = np.full((240, 20), np.nan)
        wide[::2, 1::2] = X
        before = wide.copy()
        estimator.fit(wide[::2, 1::2], y)
        assert_same_network(estimator, clone(estimator).fit(X, y))
        assert_array_equal(wide, before)
        assert_array_equal(outputs(estimator, X[::-1])[::-1], outputs(estimator, X))


LARGE = """
import resource, sys
import numpy as np
from scipy.sparse import csr_array, hstack, random_array
from skhebb import SETClassifier

rng = np.random.default_rng(0)
y = rng.integers(2, size=20_000)
X = random_array((20_000, 99_999), density=1e-3, format="csr", rng=rng)
X = hstack([X, csr_array(y[:, np.newaxis])], format="csr")
clf = SETClassifier(max_iter=1, random_state=0).fit(X, y)
print(X.nnz, X.shape[1], clf.n_iter_, clf.n_connections_, clf.score(X, y))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is Linux's")
def test_a_large_sparse_matrix_in_little_memory():
    """As a dense array X would take 15 GiB."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", LARGE],
        env=os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    facts, kilobytes = result.stdout.splitlines()
    nnz, n_features, n_iter, n_connections, score = map(float, facts.split())
    assert nnz > 2e6
    assert (n_features, n_iter) == (100_000, 1)
    assert n_connections > 1e6
    assert score > 0.9
    assert int(kilobytes) < 2 << 20


class TestParameters:
    CHANGED = {
        "hidden_layer_sizes": (7, 6),
        "activation": "all_relu",
        "loss": "squared_error",
        "class_weight": {0: 2.0},
        "normalize_y": False,
        "lambda0": 0.5,
        "lambda_decay": 0.75,
        "lambda_unit": "batch",
        "negative_slope": 0.25,
        "initial_graph": "uniform",
        "density": 0.75,
        "epsilon": 3.5,
        "weight_scale": 0.125,
        "growth_scale": "he",
        "zeta": 0.0625,
        "zeta_schedule": "constant",
        "evolution_end": 0.875,
        "pruning": "sign",
        "growth": np.sort,
        "evolution_interval": 3,
        "solver": "sgd",
        "alpha": 0.0078125,
        "weight_decay": 0.0009765625,
        "dropout": 0.03125,
        "batch_size": 17,
        "learning_rate": "adaptive",
        "learning_rate_init": 0.34375,
        "power_t": 0.375,
        "momentum": 0.40625,
        "nesterovs_momentum": False,
        "beta_1": 0.4375,
        "beta_2": 0.46875,
        "max_iter": 23,
        "shuffle": False,
        "tol": 0.5625,
        "n_iter_no_change": 29,
        "early_stopping": True,
        "validation_fraction": 0.59375,
        "scoring": "loss",
        "warm_start": True,
        "verbose": True,
        "random_state": 31,
        "n_jobs": 3,
    }

    def test_round_trip(self, estimator):
        default = type(estimator)()
        changed = {name: self.CHANGED[name] for name in default.get_params()}
        assert not any(default.get_params()[name] == changed[name] for name in changed)
        given = type(estimator)(**changed)
        assert given.get_params() == changed
        assert default.set_params(**changed).get_params() == changed
        assert clone(given).get_params() == changed
        assert given.set_params(**type(estimator)().get_params()).get_params() == (
            type(estimator)().get_params()
        )

    def test_printed(self, estimator):
        """What is printed makes the same again, and names only what was changed."""
        cls = type(estimator)
        shown = repr(cls(zeta=0.0625, epsilon=3.5))
        assert shown.replace("\n", "") == f"{cls.__name__}(epsilon=3.5, zeta=0.0625)"
        again = eval(repr(estimator), {cls.__name__: cls})
        assert again.get_params() == estimator.get_params()

    @pytest.mark.parametrize("within", [False, True])
    def test_html(self, estimator, data, within):
        shown = make_pipeline(StandardScaler(), estimator) if within else estimator
        name = type(estimator).__name__
        for is_fitted in (False, True):
            if is_fitted:
                shown.fit(*data)
            html = shown._repr_html_()
            assert html.count("<div") == html.count("</div>")
            assert f">{name}<" in html
            assert "learning_rate_init" in html
            assert ("Not fitted" in html) == (not is_fitted)
            assert name in estimator_html_repr(shown)


@pytest.mark.skipif(not _loops.openmp_enabled(), reason="built without OpenMP")
@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_limits_of_threads(estimator, data, n_threads, monkeypatch):
    monkeypatch.setattr("skhebb._utils.threads.cpu_count", lambda: 8)
    used = []
    fit = Trainer.fit

    def spying(trainer, *args):
        used.append(trainer.n_threads)
        return fit(trainer, *args)

    monkeypatch.setattr(Trainer, "fit", spying)
    X, y = data
    with threadpool_limits(n_threads, user_api="openmp"):
        estimator.fit(X, y)
        more = clone(estimator).set_params(n_jobs=7).fit(X, y)
        one = clone(estimator).set_params(n_jobs=1).fit(X, y)
    assert used == [n_threads, n_threads, 1]
    assert_same_network(estimator, one)
    assert_same_network(more, one)


def test_scores_of_probabilities(classifier, data):
    X, y = data
    scoring = ["neg_log_loss", "roc_auc_ovr", "accuracy"]
    found = cross_validate(classifier, X, y, cv=KFold(2), scoring=scoring)
    for n, (train, test) in enumerate(KFold(2).split(X)):
        by_hand = clone(classifier).fit(X[train], y[train])
        proba = by_hand.predict_proba(X[test])
        assert_allclose(
            found["test_neg_log_loss"][n], -log_loss(y[test], proba), rtol=1e-6
        )
        expected = accuracy_score(y[test], proba.argmax(axis=1))
        assert_allclose(found["test_accuracy"][n], expected)
        # The share of pairs that the probability of a class puts in order.
        shares = []
        for c in range(3):
            inside, outside = proba[y[test] == c, c], proba[y[test] != c, c]
            shares.append(np.mean(inside[:, np.newaxis] > outside))
        assert_allclose(found["test_roc_auc_ovr"][n], np.mean(shares))


def test_warnings_reach_the_user_of_a_search(data):
    X, y = data
    clf = SETClassifier(**{**NETWORK, "tol": 0})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        GridSearchCV(clf, {"zeta": [0.1]}, cv=2).fit(X, y)
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == 3
    assert all("max_iter=5) reached" in message for message in messages)
