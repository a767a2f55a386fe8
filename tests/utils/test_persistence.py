"""Saving, loading and copying of estimators."""

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skhebb import SETClassifier

from .saving import (
    CLASSIFIERS,
    NETWORK,
    REGRESSORS,
    WAYS,
    assert_same,
    begin,
    name_of,
    outputs,
    several,
)


def test_unfitted(estimator_class, again, data):
    estimator = estimator_class(**NETWORK)
    other = again(estimator)
    assert other is not estimator
    assert_same(estimator, other)
    with pytest.raises(NotFittedError):
        other.predict(data[0])
    assert_array_equal(
        outputs(estimator.fit(*data), data[0]), outputs(other.fit(*data), data[0])
    )


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"early_stopping": True, "validation_fraction": 0.3},
        {
            "solver": "sgd",
            "momentum": 0.5,
            "learning_rate": "invscaling",
            "dropout": 0.2,
        },
        {"activation": "all_relu", "negative_slope": 0.3, "evolution_interval": 2},
    ],
    ids=["adam", "early stopping", "sgd", "all-relu"],
)
@pytest.mark.parametrize("outputs_of", [None, several], ids=["one", "several"])
def test_after_fit(estimator_class, data, params, outputs_of):
    X, y = data
    y = y if outputs_of is None else outputs_of(X, y)
    estimator = estimator_class(**{**NETWORK, **params}, batch_size=16).fit(X, y)
    others = {way: again(estimator) for way, again in WAYS.items()}
    for way, other in others.items():
        assert_same(estimator, other, way)
        assert_array_equal(outputs(estimator, X), outputs(other, X))
    # And go on alike, in a whole fit.
    estimator.set_params(warm_start=True).fit(X, y)
    for way, other in others.items():
        other.set_params(warm_start=True).fit(X, y)
        assert len(other.loss_curve_) == 6
        assert_same(estimator, other, way)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "params",
    [
        {"evolution_interval": 5},
        {"solver": "sgd", "dropout": 0.2, "learning_rate": "invscaling"},
    ],
    ids=["adam", "sgd"],
)
def test_partial_fit_goes_on(estimator_class, data, params, dtype):
    X, y = data
    X = X.astype(dtype)
    estimator = estimator_class(**NETWORK, **params, batch_size=16)
    begin(estimator, X, y).partial_fit(X[:40], y[:40])
    others = {way: again(estimator) for way, again in WAYS.items()}
    for each in (estimator, *others.values()):
        for _ in range(3):
            each.partial_fit(X, y)
    for way, other in others.items():
        assert other.coefs_[0].dtype == dtype
        assert_same(estimator, other, way)
        assert_array_equal(outputs(estimator, X), outputs(other, X))


@pytest.mark.parametrize(
    "is_fitted",
    [
        False,
        True,
    ],
)
def test_skops_asks_for_trust_in_the_estimator_only(estimator_class, data, is_fitted):
    skops = pytest.importorskip("skops.io")
    estimator = estimator_class(**NETWORK)
    if is_fitted:
        estimator.fit(*data)
    untrusted = skops.get_untrusted_types(data=skops.dumps(estimator))
    assert untrusted == [name_of(estimator_class)]


@pytest.mark.parametrize("labels", [["b", "a", "c"], [True, False, True]])
def test_labels(labelled, again, labels):
    X, y = labelled
    y = np.array(labels)[y]
    clf = SETClassifier(**NETWORK).fit(X, y)
    other = again(clf)
    assert other.classes_.dtype == y.dtype
    assert_array_equal(other.predict(X), clf.predict(X))


def test_feature_names(again, labelled):
    pd = pytest.importorskip("pandas")
    X, y = labelled
    X = pd.DataFrame(X, columns=[f"gene {n}" for n in range(X.shape[1])])
    other = again(SETClassifier(**NETWORK).fit(X, y))
    assert list(other.feature_names_in_) == list(X.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        other.predict(X.rename(columns={"gene 0": "gene"}))


def test_copies_are_independent(estimator_class, again, data):
    X, y = data
    estimator = begin(estimator_class(**NETWORK), X, y)
    expected, curve = outputs(estimator, X), list(estimator.loss_curve_)
    other = again(estimator)
    other.partial_fit(X, y).partial_fit(X[:50], y[:50])
    assert_array_equal(outputs(estimator, X), expected)
    assert estimator.loss_curve_ == curve
    trained = outputs(other, X)
    assert not np.array_equal(trained, expected)
    estimator.partial_fit(X[:20], y[:20])
    estimator.fit(X[:50], y[:50])
    assert_array_equal(outputs(other, X), trained)
    assert len(other.loss_curve_) == 3


def test_deep_copies_share_no_memory(labelled):
    X, y = labelled
    clf = SETClassifier(**NETWORK).fit(X, y)
    expected = clf.predict_proba(X)
    other = copy.deepcopy(clf)
    for weights, biases in zip(other.coefs_, other.intercepts_, strict=True):
        weights.data[:] = 0
        biases[:] = 0
    assert len(np.unique(other.predict_proba(X), axis=0)) == 1
    assert_array_equal(clf.predict_proba(X), expected)


def test_clone_keeps_parameters_only(estimator_class, data):
    X, y = data
    estimator = estimator_class(**NETWORK, alpha=0.5).fit(X, y)
    other = clone(estimator)
    assert vars(other) == estimator.get_params()
    assert_array_equal(outputs(other.fit(X, y), X), outputs(estimator, X))


class TestMemoryMapped:
    @pytest.fixture
    def pair(self, estimator_class, data, tmp_path):
        """An estimator, and the same as a read-only map of a file."""
        estimator = begin(estimator_class(**NETWORK), *data)
        joblib.dump(estimator, tmp_path / "model")
        mapped = joblib.load(tmp_path / "model", mmap_mode="r")
        assert isinstance(mapped.coefs_[0].data, np.memmap)
        assert not mapped.coefs_[0].data.flags.writeable
        return estimator, mapped

    def test_predicts(self, pair, data):
        X, _ = data
        estimator, mapped = pair
        assert_array_equal(outputs(estimator, X), outputs(mapped, X))
        assert_array_equal(estimator.feature_importances_, mapped.feature_importances_)

    def test_trains_and_leaves_the_file(self, pair, data, tmp_path):
        X, y = data
        expected = outputs(pair[1], X)
        for _ in range(3):
            pair[1].partial_fit(X, y)
        assert pair[1].t_ == 4 * len(X)
        assert not np.array_equal(outputs(pair[1], X), expected)
        assert_array_equal(outputs(joblib.load(tmp_path / "model"), X), expected)

    def test_goes_on(self, pair, data):
        for each in pair:
            each.partial_fit(*data)
        assert_array_equal(outputs(pair[0], data[0]), outputs(pair[1], data[0]))

    def test_without_connections(self, labelled, tmp_path):
        X, y = labelled
        clf = begin(SETClassifier(**NETWORK), X, y)
        for coefs in clf.coefs_:
            coefs.data[:] = 0
            coefs.eliminate_zeros()
        clf.set_params(zeta=0)
        joblib.dump(clf, tmp_path / "model")
        mapped = joblib.load(tmp_path / "model", mmap_mode="r")
        assert sum(coefs.nnz for coefs in mapped.coefs_) == 0
        assert_array_equal(mapped.predict_proba(X), clf.predict_proba(X))
        assert mapped.partial_fit(X, y).n_connections_ > 0


def test_files_hold_the_weights_once(estimator_class, again, data):
    X, y = data
    estimator = begin(
        estimator_class(**{**NETWORK, "hidden_layer_sizes": (200, 200)}, solver="adam"),
        X, y,
    )  # fmt: skip
    # A weight, its column and two numbers of Adam's.
    wanted = (8 + 4 + 2 * 8) * estimator.n_connections_
    file = pickle.dumps(again(estimator))
    assert wanted < len(file) < 1.2 * wanted


def test_a_new_process_predicts_the_same(labelled, tmp_path):
    X, y = labelled
    estimators = [cls(**NETWORK).fit(X, y) for cls in CLASSIFIERS + REGRESSORS]
    joblib.dump((estimators, X), tmp_path / "models")
    code = (
        "import joblib, numpy, sys\n"
        "estimators, X = joblib.load(sys.argv[1] + '/models')\n"
        "predictions = [estimator.predict(X) for estimator in estimators]\n"
        "numpy.save(sys.argv[1] + '/predictions', predictions)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, tmp_path], check=True)
    expected = [estimator.predict(X) for estimator in estimators]
    assert_array_equal(np.load(tmp_path / "predictions.npy"), expected)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_dropping_the_state_of_the_optimizer(estimator_class, data, solver):
    """The file shrinks, predictions stay, and training goes on with a new optimiser."""
    X, y = data
    params = {**NETWORK, "solver": solver, "hidden_layer_sizes": (300, 300)}
    fitted = estimator_class(**params).fit(X, y)
    before, n_bytes = outputs(fitted, X), len(pickle.dumps(fitted))
    other = copy.copy(fitted)
    assert fitted.drop_optimizer_state() is fitted
    assert_array_equal(outputs(fitted, X), before)
    assert len(pickle.dumps(fitted)) < (0.55 if solver == "adam" else 0.8) * n_bytes
    assert len(pickle.dumps(other)) == n_bytes
    loaded = pickle.loads(pickle.dumps(fitted)).partial_fit(X, y)
    anew = copy.copy(other)
    anew.coefs_ = [weights.copy() for weights in anew.coefs_]  # starts it anew, too
    for each in fitted.partial_fit(X, y), anew.partial_fit(X, y):
        assert_array_equal(outputs(each, X), outputs(loaded, X))


def test_dropping_wants_a_fitted_estimator(estimator_class):
    with pytest.raises(NotFittedError):
        estimator_class().drop_optimizer_state()
