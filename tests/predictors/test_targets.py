"""Labels and numbers of unusual kinds, absent classes, large numbers."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.ensemble import (
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict, cross_validate

from skhebb import (
    HebbianMaskClassifier,
    HebbianMaskRegressor,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)

CLASSIFIERS = [SETClassifier, HebbSETClassifier, HebbianMaskClassifier]
REGRESSORS = [SETRegressor, HebbSETRegressor, HebbianMaskRegressor]
FAST = {
    "hidden_layer_sizes": (12,), "max_iter": 8, "tol": None, "batch_size": 20,
    "random_state": 0,
}  # fmt: skip
each_classifier = pytest.mark.parametrize("cls", CLASSIFIERS)
each_regressor = pytest.mark.parametrize("cls", REGRESSORS)


@pytest.fixture(scope="module")
def data():
    return make_classification(
        120, 8, n_informative=5, n_classes=3, class_sep=2, random_state=0
    )


@pytest.fixture(scope="module", params=[2, 3])
def multilabel(request):
    return make_multilabel_classification(
        120, 8, n_classes=request.param, random_state=0
    )


class TestAbsentClasses:
    """Classes whose samples all have a weight of 0."""

    @each_classifier
    @pytest.mark.parametrize("how", ["sample_weight", "class_weight"])
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_are_classes(self, cls, data, how, early_stopping):
        X, y = data
        clf = cls(**FAST, early_stopping=early_stopping)
        if how == "class_weight":
            clf.set_params(class_weight={1: 0}).fit(X, y)
        else:
            clf.fit(X, y, sample_weight=y != 1)
        assert_array_equal(clf.classes_, [0, 1, 2])
        found = clf.predict_proba(X)
        assert found.shape == (120, 3)
        assert found[:, 1].mean() < 0.1

    @each_classifier
    def test_one_class_with_weight(self, cls, data):
        """Two classes share an output."""
        X, y = data[0], data[1] == 1
        for sign in (False, True):
            params = {**FAST, "max_iter": 40}
            clf = cls(**params).fit(X, y, sample_weight=y == sign)
            assert_array_equal(clf.classes_, [False, True])
            assert (clf.predict(X[y == sign]) == sign).mean() > 0.9

    @each_classifier
    def test_balanced(self, cls, data):
        """Those that are there share out the weight."""
        X, y = data
        weights = np.where(y == 0, 0, np.linspace(0.5, 2, len(y)))
        clf = cls(**FAST, class_weight="balanced").fit(X, y, sample_weight=weights)
        sums = np.bincount(y, weights)[1:]
        balanced = weights * np.array([0, *(sums.sum() / 2 / sums)])[y]
        by_hand = cls(**FAST).fit(X, y, sample_weight=balanced)
        assert_allclose(clf.predict_proba(X), by_hand.predict_proba(X), rtol=1e-6)

    def test_validation_data_have_them(self, data):
        X, y = data
        weights = (y > 0).astype(float)
        clf = SETClassifier(**FAST, class_weight="balanced", early_stopping=True)
        clf.fit(X, y, sample_weight=weights, X_val=X[y == 0], y_val=y[y == 0])
        assert clf.best_validation_score_ < 0.9
        clf.set_params(warm_start=True)
        with pytest.raises(ValueError, match="warm_start can only be used where"):
            clf.fit(X[y > 0], y[y > 0])
        clf.fit(X, y, sample_weight=weights, X_val=X, y_val=y)

    def test_in_ensembles(self, data):
        X, y = data
        weights = (y > 0).astype(float)
        parts = [
            ("set", SETClassifier(**FAST)),
            ("forest", RandomForestClassifier(5, random_state=0)),
        ]
        voting = VotingClassifier(parts, voting="soft")
        voting.fit(X, y, sample_weight=weights)
        assert voting.predict_proba(X).shape == (120, 3)
        stacking = StackingClassifier(parts, final_estimator=SETClassifier(**FAST))
        stacking.fit(X, y, sample_weight=weights)
        assert stacking.transform(X).shape == (120, 6)

    def test_partial_fit_wants_to_know_them(self, data):
        X, y = data
        with pytest.raises(ValueError, match=r"not in `classes`: \[2\]"):
            SETClassifier(**FAST).partial_fit(X, y, classes=[0, 1], sample_weight=y < 2)


class TestSeveralLabels:
    @each_classifier
    def test_scorers(self, cls, multilabel):
        X, Y = multilabel
        scores = {
            "roc_auc": roc_auc_score,
            "average_precision": average_precision_score,
        }
        clf = cls(**FAST)
        found = cross_validate(
            clf, X, Y, cv=KFold(3), scoring=list(scores), error_score="raise"
        )
        for n, (train, test) in enumerate(KFold(3).split(X)):
            proba = clf.fit(X[train], Y[train]).predict_proba(X[test])
            for name, score in scores.items():
                assert_allclose(found[f"test_{name}"][n], score(Y[test], proba))
        proba = cross_val_predict(clf, X, Y, cv=KFold(3), method="predict_proba")
        assert_allclose(proba[test], clf.predict_proba(X[test]))

    @each_classifier
    def test_classes(self, cls, multilabel):
        """As other estimators have them, and for all calls."""
        X, Y = multilabel
        forest = RandomForestClassifier(2).fit(X, Y)
        clf = cls(**FAST).partial_fit(X, Y).partial_fit(X, Y, classes=[0, 1])
        assert_array_equal(clf.classes_, forest.classes_)

    @pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
    @pytest.mark.parametrize("class_weight", ["dicts", "balanced"])
    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_class_weight(self, multilabel, class_weight, loss, is_weighted):
        """A step of gradient descent, and the loss before it, of a linear model."""
        X, Y = multilabel
        n_labels = Y.shape[1]
        weights = np.linspace(0, 2, len(Y)) if is_weighted else np.ones(len(Y))
        if class_weight == "balanced":
            n = weights.sum()
            ones = weights @ Y
            factors = np.where(Y == 1, n / 2 / ones, n / 2 / (n - ones))
        else:
            class_weight = [{1: 5.0, 0: 0.5}, {1: 2.0}, {}][:n_labels]
            factors = np.ones(Y.shape)
            factors[:, 0] = np.where(Y[:, 0] == 1, 5, 0.5)
            factors[:, 1] = np.where(Y[:, 1] == 1, 2, 1)
        factors *= weights[:, np.newaxis] / weights.sum()
        coefs = np.random.default_rng(0).normal(size=(8, n_labels)) / 30
        p = expit(X @ coefs)
        if loss == "log_loss":
            terms, errors = -np.log(np.where(Y == 1, p, 1 - p)), p - Y
        else:
            terms, errors = (p - Y) ** 2 / 2, (p - Y) * p * (1 - p)
        clf = SETClassifier(
            (), loss=loss, class_weight=class_weight, zeta=0.0, solver="sgd",
            momentum=0.0, weight_decay=0.0, learning_rate="constant",
            learning_rate_init=0.01, max_iter=1, batch_size=len(Y), tol=None,
        )  # fmt: skip
        clf.fit(
            X, Y, sample_weight=weights if is_weighted else None, coefs_init=[coefs]
        )
        assert_allclose(clf.loss_, (factors * terms).sum())
        moved = coefs - 0.01 * X.T @ (factors * errors)
        assert_allclose(clf.coefs_[0].toarray(), moved)

    @each_classifier
    def test_balanced_labels_are_found(self, cls):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(400, 6))
        Y = (X[:, :3] + rng.normal(size=(400, 3)) > 2).astype(int)
        recalls = [
            (cls(**FAST, class_weight=weight).fit(X, Y).predict(X) & Y).sum() / Y.sum()
            for weight in (None, "balanced")
        ]
        assert recalls[1] > recalls[0] + 0.1

    def test_class_weight_in_partial_fit_and_validation(self, multilabel):
        X, Y = multilabel
        params = {**FAST, "zeta": 0.0, "learning_rate": "constant"}
        params |= {"learning_rate_init": 0.02, "weight_decay": 0.01, "batch_size": 50}
        params["dropout"] = 0
        class_weight = [{1: 3.0}, {0: 0.2}, {}][: Y.shape[1]]
        stream = SETClassifier(**params, class_weight=class_weight)
        for _ in range(8):
            stream.partial_fit(X, Y)
        once = SETClassifier(**params, class_weight=class_weight).fit(X, Y)
        assert once.loss_curve_ == stream.loss_curve_
        once.set_params(early_stopping=True, max_iter=1).fit(X, Y, X_val=X, y_val=Y)
        p = once.predict_proba(X)
        terms = -np.log(np.where(Y == 1, p, 1 - p))
        terms[:, 0] *= np.where(Y[:, 0] == 1, 3, 1)
        terms[:, 1] *= np.where(Y[:, 1] == 1, 1, 0.2)
        loss = terms.sum(axis=1).mean()
        assert_allclose(once.validation_loss_curve_, [loss], rtol=1e-6)


class TestKindsOfLabels:
    @each_classifier
    @pytest.mark.parametrize(
        "kind",
        [
            lambda y: np.array(["a", "bbb", "cc"])[y],
            lambda y: pd.Series(pd.Categorical(np.array(["a", "bbb", "cc"])[y])),
            lambda y: pd.Series(np.array(["a", "bbb", "cc"])[y], dtype="string"),
            lambda y: pd.Series(y, dtype="Int64"),
            lambda y: pd.Series(y == 1, dtype="boolean"),
            lambda y: y.astype(np.float32),
            lambda y: np.array(["1", "2", "10"])[y],
        ],
    )
    def test_codes_are_the_same(self, cls, data, kind):
        X, y = data
        labels = kind(y)
        codes = np.unique(np.asarray(labels), return_inverse=True)[1]
        expected = cls(**FAST).fit(X, codes)
        clf = cls(**FAST).fit(X, labels)
        assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))
        assert_array_equal(clf.classes_[expected.predict(X)], clf.predict(X))
        assert clf.score(X, labels) == expected.score(X, codes)

    def test_class_weight_of_strings_of_digits(self, data):
        X, y = data
        clf = SETClassifier(**FAST, class_weight={"10": 3.0})
        labels = np.array(["1", "2", "10"])[y]
        clf.fit(X, labels)
        expected = SETClassifier(**FAST)
        expected.fit(X, labels, sample_weight=1 + 2 * (y == 2))
        assert_allclose(clf.loss_curve_, expected.loss_curve_)

    @each_classifier
    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            ([0, 1, 2], r"labels y are numbers \(int\).*y\.astype\(int\)"),
            ([False, True, True], r"labels y are numbers \(bool\)"),
            ([0, 1.0, np.True_], r"labels y are numbers \(bool, float, int\)"),
        ],
    )
    def test_numbers_as_objects(self, cls, data, labels, message):
        X, y = data
        y = np.array(labels, dtype=object)[y]
        with pytest.raises(ValueError, match=message):
            cls(**FAST).fit(X, y)

    def test_classes_of_several_types(self, data):
        X, y = data
        with pytest.raises(TypeError, match="labels classes must be of one type"):
            SETClassifier(**FAST).partial_fit(X, y, classes=np.array([0, "a"], object))


class TestUnlabelled:
    """-1 is both a mark for no label and a common class."""

    @pytest.mark.parametrize(
        "labels",
        [
            np.array([-1, 1]),
            np.array([-1.0, 1.0]),
            np.array([-1, 0]),
            np.array([-1, "a"], dtype=object),
        ],
    )
    def test_one_class_is_left(self, data, labels):
        X, y = data[0], labels[(data[1] > 0).astype(int)]
        message = rf"one class, {labels[1]}, and -1.*LabelEncoder"
        clf = HebbianPretrainingClassifier(SETClassifier(**FAST), random_state=0)
        with pytest.raises(ValueError, match=message):
            clf.fit(X, y)
        assert not hasattr(clf, "classes_")

    def test_strings_as_objects(self, data):
        X, y = data[0], np.array(["-1", "1"], dtype=object)[(data[1] > 0).astype(int)]
        with pytest.raises(ValueError, match="string '-1', which could mean no label"):
            HebbianPretrainingClassifier().fit(X, y)

    @pytest.mark.parametrize(
        "labels", [np.array([False, True]), np.array([5, 5]), np.array(["a", "-1 "])]
    )
    def test_all_are_labelled(self, data, labels):
        X, y = data[0], labels[(data[1] > 0).astype(int)]
        clf = HebbianPretrainingClassifier(SETClassifier(**FAST), random_state=0)
        clf.fit(X, y)
        assert_array_equal(clf.classes_, np.unique(labels))
        assert clf.predict(X).dtype == labels.dtype


class TestLargeNumbers:
    @each_regressor
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_small_differences_of_float32(self, cls, data, early_stopping):
        """Seconds since 1970, of which single precision knows one in 128."""
        X = data[0].astype(np.float32)
        z = X @ np.arange(8)
        params = {**FAST, "max_iter": 60, "density": 1}
        reg = cls(**params, early_stopping=early_stopping)
        moved = reg.fit(X, 1.7e9 + 100 * z).predict(X)
        assert moved.dtype == np.float64
        assert len(np.unique(moved)) > 100
        assert reg.score(X, 1.7e9 + 100 * z) > 0.9
        plain = reg.fit(X, 100 * z).predict(X)
        assert_allclose(moved - 1.7e9, plain, atol=1)

    @each_regressor
    def test_outputs_keep_their_type(self, cls, data):
        """Where nothing is undone."""
        X, y = data
        reg = cls(**FAST, normalize_y=False).fit(X.astype(np.float32), y)
        assert reg.predict(X).dtype == np.float32

    @each_regressor
    @pytest.mark.parametrize(
        ("value", "dtype"),
        [(None, object), (np.nan, object), (np.inf, object), ("1e999", np.longdouble)],
    )
    def test_not_finite_in_double_precision(self, cls, data, value, dtype):
        X, y = data
        bad = y.astype(dtype)
        bad[3] = dtype(value) if dtype is np.longdouble else value
        for name in ("fit", "partial_fit"):
            reg = cls(**FAST)
            with pytest.raises(ValueError, match=r"y contains (NaN|infinity)|NaN"):
                getattr(reg, name)(X, bad)
            assert not hasattr(reg, "coefs_")
        reg = cls(**FAST, early_stopping=True)
        with pytest.raises(ValueError, match=r"y_val contains|NaN"):
            reg.fit(X, y, X_val=X, y_val=bad)

    @pytest.mark.parametrize(
        "value",
        [1j, "a", np.datetime64("2020-01-01"), np.datetime64("NaT", "D")],
    )
    def test_no_numbers(self, data, value):
        X, _ = data
        y = np.full(len(X), value)
        with pytest.raises(ValueError, match=r"y must be numbers|Complex data"):
            SETRegressor(**FAST).fit(X, y)

    @each_regressor
    @pytest.mark.parametrize(
        ("size", "dtype", "normalize_y"),
        [
            (1.7e308, np.float64, True),
            (1e200, np.float64, False),
            (1e30, np.float32, False),
        ],
    )
    def test_too_large(self, cls, data, size, dtype, normalize_y):
        X, y = data
        X, y = X.astype(dtype), size * np.where(y == 0, -1.0, 1.0)
        for name in ("fit", "partial_fit"):
            reg = cls(**FAST, normalize_y=normalize_y)
            with (
                np.errstate(invalid="ignore"),  # of scikit-learn's check of y
                pytest.raises(ValueError, match=r"`y` is too large: 1.*Scale y"),
            ):
                getattr(reg, name)(X, y)
            assert not hasattr(reg, "coefs_")

    @each_regressor
    def test_as_large_as_it_goes(self, cls, data):
        X, y = data
        reg = cls(**FAST).fit(X.astype(np.float32), 1e300 * y)
        expected = cls(**FAST).fit(X.astype(np.float32), y)
        assert_allclose(reg.predict(X), 1e300 * expected.predict(X), rtol=1e-4)

    def test_validation_data_too_large(self, data):
        X, y = data
        reg = SETRegressor(**FAST, early_stopping=True, normalize_y=False)
        with pytest.raises(ValueError, match=r"y_val: `y_val` is too large"):
            reg.fit(X, y, X_val=X, y_val=1e200 * y)

    def test_absent_numbers_may_be_large(self, data):
        X, y = data
        weights = np.arange(len(y)) % 2
        reg = SETRegressor(**FAST, normalize_y=False)
        filled = np.where(weights, y, 1e20)
        reg.fit(X.astype(np.float32), filled, sample_weight=weights)
        expected = SETRegressor(**FAST, normalize_y=False)
        expected.fit(X[1::2].astype(np.float32), y[1::2])
        assert_array_equal(reg.predict(X), expected.predict(X))

    @pytest.mark.parametrize("cls", CLASSIFIERS + REGRESSORS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_samples_whose_sums_overflow(self, cls, data, dtype):
        X, y = data
        X = X.astype(dtype)
        params = {**FAST, "hidden_layer_sizes": (12, 12), "density": 1}
        model = cls(**params).fit(X, y)
        huge = X.copy()
        huge[:3] = np.finfo(dtype).max
        names = ["predict", "predict_proba", "predict_log_proba"]
        for name in names if cls in CLASSIFIERS else names[:1]:
            with pytest.raises(ValueError, match=r"X is too large.*Scale X"):
                getattr(model, name)(huge)
