"""Early stopping by a loss or scorer of one's own."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import (
    make_classification,
    make_multilabel_classification,
    make_regression,
)
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    get_scorer,
    make_scorer,
    max_error,
    mean_absolute_error,
)
from sklearn.model_selection import train_test_split

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
each = pytest.mark.parametrize("cls", CLASSIFIERS + REGRESSORS)
FAST = {
    "hidden_layer_sizes": (12,), "max_iter": 6, "tol": None, "batch_size": 30,
    "random_state": 0, "early_stopping": True,
}  # fmt: skip


def problem(cls):
    if cls in REGRESSORS:
        X, y = make_regression(150, 8, noise=1, random_state=0)
        return X, 3 * y + 500
    X, y = make_classification(150, 8, n_informative=5, class_sep=0.5, random_state=0)
    return X, np.array(["no", "yes"])[y]


def name_for(cls):
    return "neg_log_loss" if cls in CLASSIFIERS else "neg_mean_absolute_error"


@pytest.fixture(scope="module")
def rare():
    """One of fifty samples is positive."""
    X, y = make_classification(
        3000, 10, n_informative=4, weights=[0.985], flip_y=0.005, class_sep=1.2,
        random_state=0,
    )  # fmt: skip
    assert 0.01 < y.mean() < 0.03
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


@each
def test_loss(cls):
    X, y = problem(cls)
    model = cls(**FAST, scoring="loss").fit(X, y)
    assert_array_equal(
        model.validation_scores_, -np.array(model.validation_loss_curve_)
    )
    assert model.best_validation_score_ == max(model.validation_scores_)


@each
def test_a_scorer_by_name(cls):
    """In original labels and units, of the network that is returned."""
    X, y = problem(cls)
    name = name_for(cls)
    model = cls(**FAST, scoring=name).fit(
        X[:100], y[:100], X_val=X[100:], y_val=y[100:]
    )
    score = get_scorer(name)(model, X[100:], y[100:])
    assert_allclose(model.best_validation_score_, score, rtol=1e-12)
    assert len(model.validation_scores_) == 6
    assert model.best_validation_score_ == max(model.validation_scores_)


@each
def test_default_is_a_scorer_too(cls):
    X, y = problem(cls)
    name = "accuracy" if cls in CLASSIFIERS else "r2"
    default = cls(**FAST).fit(X, y)
    named = cls(**FAST, scoring=name).fit(X, y)
    assert_allclose(default.validation_scores_, named.validation_scores_)
    assert_array_equal(default.predict(X), named.predict(X))


@each
@pytest.mark.parametrize("is_weighted", [False, True])
def test_held_out_samples(cls, is_weighted):
    X, y = problem(cls)
    weights = np.linspace(0.5, 2, len(y)) if is_weighted else None
    model = cls(**FAST, scoring=name_for(cls), validation_fraction=0.3)
    if cls in REGRESSORS:
        model.set_params(normalize_y=False)
    model.fit(X, y, sample_weight=weights)
    train, val = train_test_split(
        np.arange(len(y)),
        test_size=0.3,
        stratify=y if is_classifier(model) else None,
        random_state=model._state.random.split_seed,
    )
    weights = np.ones(len(y)) if weights is None else weights
    by_hand = clone(model).fit(
        X[train], y[train], weights[train],
        X_val=X[val], y_val=y[val], sample_weight_val=weights[val],
    )  # fmt: skip
    assert_allclose(model.validation_scores_, by_hand.validation_scores_, rtol=1e-6)
    score = get_scorer(model.scoring)(model, X[val], y[val], sample_weight=weights[val])
    assert_allclose(model.best_validation_score_, score, rtol=1e-6)


def test_weights_of_samples_but_not_of_classes():
    X, y = problem(SETClassifier)
    y = y == "yes"
    weights = np.linspace(0, 2, 50)
    clf = SETClassifier(**FAST, scoring="average_precision", class_weight="balanced")
    clf.fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:], sample_weight_val=weights)
    positive = clf.predict_proba(X[100:])[:, 1]
    expected = average_precision_score(y[100:], positive, sample_weight=weights)
    assert_allclose(clf.best_validation_score_, expected)


@each
@pytest.mark.parametrize(
    "container", [np.ndarray.tolist, sparse.csc_array, sparse.coo_array, pd.DataFrame]
)
@pytest.mark.parametrize("is_given", [False, True])
def test_a_scorer_of_ones_own(cls, container, is_given):
    X, y = problem(cls)
    if container is pd.DataFrame:
        X = pd.DataFrame(X, columns=[*"abcdefgh"])
    else:
        X = container(X)
    calls = []

    def scorer(estimator, X, y):
        calls.append((estimator, X, y))
        return estimator.score(X, y)

    given = {"X_val": X, "y_val": y} if is_given else {}
    model = cls(**FAST, scoring=scorer).fit(X, y, **given)
    assert len(calls) == 6
    for n, (estimator, X_val, y_val) in enumerate(calls):
        assert type(estimator) is cls
        assert estimator is not model
        assert isinstance(X_val, pd.DataFrame) == isinstance(X, pd.DataFrame)
        assert set(y_val) <= set(y)
        # It stays as it was.
        assert_allclose(estimator.score(X_val, y_val), model.validation_scores_[n])
    default = cls(**FAST).fit(X, y, **given)
    assert_allclose(model.validation_scores_, default.validation_scores_)


def test_weights_go_to_scorers_that_take_them():
    X, y = problem(SETRegressor)
    weights = np.linspace(0.1, 2, len(y))
    given = []

    def with_weights(estimator, X, y, sample_weight=None):
        given.append(sample_weight)
        return -mean_absolute_error(
            y, estimator.predict(X), sample_weight=sample_weight
        )

    def without(estimator, X, y):
        return -mean_absolute_error(y, estimator.predict(X))

    validation = {"X_val": X, "y_val": y, "sample_weight_val": weights}
    for scoring in (with_weights, without, make_scorer(max_error)):
        reg = SETRegressor(**FAST, scoring=scoring).fit(X, y, **validation)
        assert len(reg.validation_scores_) == 6
    assert_array_equal(given, [weights] * 6)
    SETRegressor(**FAST, scoring=with_weights).fit(X, y)
    assert given[-1] is None


def test_several_labels_and_outputs():
    X, Y = make_multilabel_classification(150, 8, n_classes=2, random_state=0)
    clf = SETClassifier(**FAST, scoring="roc_auc").fit(X, Y, X_val=X, y_val=Y)
    score = get_scorer("roc_auc")(clf, X, Y)
    assert_allclose(clf.best_validation_score_, score)
    X, Y = make_regression(150, 8, n_targets=3, random_state=0)
    reg = SETRegressor(**FAST, scoring="neg_mean_squared_error")
    reg.fit(X, Y, X_val=X, y_val=Y)
    assert_allclose(reg.best_validation_score_, -((reg.predict(X) - Y) ** 2).mean())


@pytest.mark.parametrize("cls", CLASSIFIERS)
@pytest.mark.filterwarnings(
    "ignore:Maximum number:sklearn.exceptions.ConvergenceWarning"
)
def test_rare_class(cls, rare):
    """Whose accuracy stands still, while loss and average precision improve."""
    X, X_test, y, y_test = rare
    epochs, precisions = {}, {}
    for scoring in (None, "loss", "average_precision"):
        clf = cls(
            (30,), early_stopping=True, scoring=scoring, validation_fraction=0.3,
            max_iter=100, learning_rate="constant", batch_size=200, random_state=0,
            learning_rate_init=0.003, weight_decay=0.0005, dropout=0,
        )  # fmt: skip
        clf.fit(X, y)
        epochs[scoring] = clf.n_iter_
        precisions[scoring] = average_precision_score(
            y_test, clf.predict_proba(X_test)[:, 1]
        )
    for scoring in ("loss", "average_precision"):
        assert epochs[scoring] > 1.5 * epochs[None]
        assert precisions[scoring] > precisions[None] + 0.05


@each
@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("no_such_score", "no_such_score"),
        (accuracy_score, "looks like it is a metric function"),
        (7, "'scoring' parameter"),
    ],
)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_unknown(cls, scoring, message, early_stopping):
    """Is refused before anything is looked at."""
    model = cls(**{**FAST, "early_stopping": early_stopping}, scoring=scoring)
    with pytest.raises(ValueError, match=message):
        model.fit(None, None)
    assert not hasattr(model, "coefs_")


@pytest.mark.parametrize("score", [np.nan, np.inf, None, {"a": 1}, "1", [0.5]])
def test_no_number(score):
    X, y = problem(SETClassifier)
    clf = SETClassifier(**FAST).fit(X, y)
    before = clf.predict_proba(X)
    clf.set_params(scoring=lambda *_: score, warm_start=True)
    with pytest.raises(ValueError, match="scoring must give a finite number"):
        clf.fit(X, y)
    assert_array_equal(clf.predict_proba(X), before)


@each
def test_warm_start(cls):
    """The network that it begins with is judged, too, and kept if it is the best."""
    X, y = problem(cls)
    model = cls(**FAST, scoring=name_for(cls), warm_start=True)
    model.fit(X, y, X_val=X, y_val=y)
    best = get_scorer(model.scoring)(model, X, y)
    before = model.predict(X)
    learning_rate_init = 1e-12 if cls in CLASSIFIERS else 10.0
    model.set_params(learning_rate_init=learning_rate_init, max_iter=2)
    model.fit(X, y, X_val=X, y_val=y)
    assert model.best_validation_score_ >= best
    if cls in REGRESSORS:
        assert_allclose(model.predict(X), before)


def test_warm_start_with_samples_that_overflow():
    X, y = problem(SETRegressor)
    reg = SETRegressor(**FAST, warm_start=True, density=1).fit(X, y)
    huge = np.full((2, 8), np.finfo(float).max)
    with pytest.raises(
        ArithmeticError, match="outputs for the validation data overflow"
    ):
        reg.fit(X, y, X_val=huge, y_val=y[:2])


@each
@pytest.mark.parametrize(
    "again", [clone, copy.copy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_copies(cls, again):
    X, y = problem(cls)
    model = cls(**FAST, scoring=name_for(cls)).fit(X, y)
    other = again(model)
    assert other.scoring == model.scoring
    assert other.fit(X, y).validation_scores_ == model.validation_scores_


def test_fine_tuning():
    X, y = problem(SETClassifier)
    y = np.where(y == "yes", 1, 0)
    network = SETClassifier(**FAST, scoring="neg_log_loss")
    clf = HebbianPretrainingClassifier(network, random_state=0).fit(X, y)
    assert max(clf.estimator_.validation_scores_) < 0
    network.set_params(scoring="no_such_score")
    with pytest.raises(ValueError, match="no_such_score"):
        HebbianPretrainingClassifier(network).fit(X, y)
