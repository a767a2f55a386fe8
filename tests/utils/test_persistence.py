"""Saving, loading and copying of estimators."""

import contextlib
import copy
import io
import pickle
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError

from skhebb import (
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)

CLASSIFIERS = [SETClassifier, HebbSETClassifier]
REGRESSORS = [SETRegressor, HebbSETRegressor]
NETWORK = {
    "hidden_layer_sizes": (30,),
    "density": 0.5,
    "zeta": 0.2,
    "max_iter": 3,
    "tol": None,
    "random_state": 0,
}


def name_of(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def from_skops(estimator):
    skops = pytest.importorskip("skops.io")
    file = skops.dumps(estimator)
    trusted = [name_of(type(estimator)), name_of(sparse.csr_array)]
    return skops.loads(file, trusted=trusted)


def from_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {
    "pickle": lambda estimator: pickle.loads(pickle.dumps(estimator)),
    "joblib": from_joblib,
    "skops": from_skops,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.fixture(params=WAYS)
def again(request):
    """A function that saves and loads, or copies, an estimator."""
    return WAYS[request.param]


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__)
def estimator_class(request):
    return request.param


@pytest.fixture(scope="module")
def labelled():
    return make_classification(
        90, 12, n_informative=6, n_classes=3, n_clusters_per_class=1, random_state=0
    )


@pytest.fixture
def data(labelled, estimator_class):
    """Samples and targets for the estimator."""
    X, y = labelled
    return (X, y) if estimator_class in CLASSIFIERS else (X, X[:, 0] - 2 * X[:, 1])


def several(X, y):
    """Several labels or numbers per sample, as many as there were classes."""
    if y.dtype.kind == "i":
        return np.column_stack([y == 0, y != 1, X[:, 0] > 0]).astype(int)
    return np.column_stack([y, X[:, 2]])


def outputs(estimator, X):
    """The finest that an estimator tells of samples."""
    return getattr(estimator, "predict_proba", estimator.predict)(X)


def begin(estimator, X, y):
    """The first partial_fit."""
    is_labels = y.ndim == 1 and y.dtype.kind in "iU"
    return estimator.partial_fit(
        X, y, **({"classes": np.unique(y)} if is_labels else {})
    )


def assert_same(one, other, where="estimator"):
    """The same in all attributes, to the bit."""
    assert type(one) is type(other), where
    if sparse.issparse(one):
        for name in ("shape", "data", "indices", "indptr"):
            assert_same(getattr(one, name), getattr(other, name), f"{where}.{name}")
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        assert_array_equal(one, other, err_msg=where)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for n, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}[{n}]")
    elif hasattr(one, "get_params"):
        skipped = {"_state", "_encoder"}  # other attributes and behaviour tell of them
        assert vars(one).keys() == vars(other).keys()
        for name in vars(one).keys() - skipped:
            assert_same(vars(one)[name], vars(other)[name], f"{where}.{name}")
    else:
        assert_array_equal(one, other, err_msg=where)


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


class TestChangedByUsers:
    def test_connections_removed(self, labelled, again):
        X, y = labelled
        clf = begin(SETClassifier(**NETWORK), X, y)
        weights = clf.coefs_[0]
        weights.data[::2] = 0
        weights.eliminate_zeros()
        other = again(clf)
        assert_array_equal(clf.predict_proba(X), other.predict_proba(X))
        for each in (clf, other):
            each.partial_fit(X, y)
        assert_same(clf, other)

    @pytest.mark.parametrize("name", ["coefs_", "intercepts_"])
    def test_arrays_replaced(self, labelled, name):
        X, y = labelled
        clf = SETClassifier(**NETWORK).fit(X, y)
        getattr(clf, name)[0] = 2 * getattr(clf, name)[0]
        other = pickle.loads(pickle.dumps(clf))
        assert_array_equal(clf.predict_proba(X), other.predict_proba(X))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda clf: set_item(clf.coefs_[0].indices, 0, 10**8),
            lambda clf: set_item(clf.coefs_[0].indices, 0, 30),
            lambda clf: set_item(clf.coefs_[1].indices, -1, -1),
            lambda clf: set_item(clf.coefs_[0].indptr, 1, 10**6),
            lambda clf: set_item(clf.coefs_[0].indptr, -1, 1),
            lambda clf: set_item(clf.coefs_[0].indptr, 0, -5),
            lambda clf: setattr(clf.coefs_[0], "data", clf.coefs_[0].data[:-1]),
            lambda clf: setattr(clf.coefs_[0], "indptr", clf.coefs_[0].indptr[:-1]),
            lambda clf: clf.coefs_[0].resize((15, 9)),
            lambda clf: clf.coefs_[1].resize((40, 3)),
            lambda clf: set_item(clf.coefs_[0].data, 0, np.nan),
            lambda clf: set_item(clf.intercepts_[0], 0, np.nan),
            lambda clf: set_item(clf.intercepts_[1], 0, np.inf),
            lambda clf: set_item(clf.intercepts_, 0, clf.intercepts_[0][:-1]),
            lambda clf: set_item(clf.coefs_, 0, clf.coefs_[0].T),
            lambda clf: set_item(clf.coefs_, 0, None),
            lambda clf: clf.coefs_.pop(),
            lambda clf: delattr(clf, "intercepts_"),
        ],
    )
    def test_spoiled_arrays_are_refused(self, labelled, spoil, dtype):
        """By all that reads them, with a sentence, and nothing crashes."""
        X, y = labelled
        clf = begin(SETClassifier(**NETWORK), X.astype(dtype), y)
        spoil(clf)
        for use in (
            lambda: clf.predict(X.astype(dtype)),
            lambda: clf.predict_proba(X[:1]),
            lambda: clf.partial_fit(X, y),
            lambda: pickle.dumps(clf),
            lambda: copy.copy(clf).predict(X),
        ):
            with pytest.raises((ValueError, AttributeError), match=r"coefs|intercepts"):
                use()

    def test_unsorted_indices_mean_the_same(self, labelled):
        X, y = labelled
        clf = begin(SETClassifier(**NETWORK), X, y)
        expected = clf.predict_proba(X)
        weights = clf.coefs_[0]
        start, stop = weights.indptr[:2]
        for array in (weights.data, weights.indices):
            array[start:stop] = array[start:stop][::-1].copy()
        assert_array_equal(clf.predict_proba(X), expected)

    def test_moved_connections_are_not_those_of_a_memory(self, labelled):
        """Predictions in small batches share neurons among threads."""
        X, y = labelled
        clf = SETClassifier(**{**NETWORK, "n_jobs": 2, "density": 0.2}).fit(X, y)
        clf.predict(X[:3])
        weights = clf.coefs_[0]
        dense = weights.toarray()
        free = np.flatnonzero(dense[0] == 0)[0]
        first = weights.indices[0]
        row = weights.indices[: weights.indptr[1]]
        row[0] = free
        order = np.argsort(row)
        row[:] = row[order]
        weights.data[: len(row)] = weights.data[: len(row)][order]
        dense[0, [free, first]] = dense[0, [first, free]]
        changed = copy.deepcopy(clf)
        changed.coefs_[0] = sparse.csr_array(dense)
        assert_array_equal(clf.predict_proba(X[:3]), changed.predict_proba(X[:3]))


def set_item(container, key, value):
    container[key] = value


class TestDamaged:
    """What cannot be a model is refused when it is loaded, not when it crashes."""

    def test_malformed_states(self, estimator_class, data):
        X, y = data
        file = pickle.dumps(begin(estimator_class(**NETWORK, solver="adam"), X, y))
        rng = np.random.default_rng(0)
        n_refused = 0
        for _ in range(150):
            estimator = pickle.loads(file)
            state = estimator.__getstate__()
            damage(state, rng)
            other = estimator_class.__new__(estimator_class)
            try:
                other.__setstate__(state)
            except ValueError as error:
                reason = str(error)
            else:
                reason = None
            if reason is not None:
                assert "cannot be loaded" in reason or "cannot load" in reason
                assert vars(other) == {}
                n_refused += 1
                continue
            other.random_state, other.n_jobs = 0, 1
            for use in (
                lambda other=other: np.isfinite(outputs(other, X)).all(),
                lambda other=other: other.partial_fit(X, y),
                lambda other=other: outputs(other, X),
            ):
                with contextlib.suppress(Exception), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    use()
        assert n_refused > 75

    def test_the_other_byte_order(self, estimator_class, data):
        X, y = data
        estimator = begin(estimator_class(**NETWORK), X, y)
        state = estimator.__getstate__()
        for layer in state["_saved"]["training"]["layers"]:
            for name in ("data", "indices", "indptr", "biases"):
                layer[name] = layer[name].astype(layer[name].dtype.newbyteorder())
        other = estimator_class.__new__(estimator_class)
        other.__setstate__(state)
        assert_array_equal(outputs(other, X), outputs(estimator, X))


def damage(state, rng):
    """Spoil one thing that was saved."""
    training = state["_saved"]["training"]
    holders = [
        state,
        state["_saved"],
        state["_saved"]["encoder"],
        training,
        *training["layers"],
        *training["random"]["generators"],
        *(training[part] for part in ("random", "counters", "progress", "history")),
    ]
    holders += 3 * training["layers"]
    holder = holders[rng.integers(len(holders))]
    if holder is state:
        names = [name for name in state if name.endswith("_")]
    else:
        names = list(holder)
    name = names[rng.integers(len(names))]
    value = holder[name]
    junk = [None, -1, 10**9, np.nan, "junk", [], {}, np.zeros(3), np.zeros((2, 2))]
    spoiled = [junk[rng.integers(len(junk))]]
    if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "iuf":
        changed = value.copy()
        changed.flat[rng.integers(value.size)] = rng.choice([-1, 10**6, 77])
        spoiled += [changed, value[:-1], np.append(value, value), value.astype(int)]
        spoiled += [value.astype(object), value[::-1], value.reshape(1, -1)]
    if isinstance(value, list):
        spoiled += [value[:-1], 2 * value]
    if isinstance(value, int | float):
        spoiled += [-value - 1, value + 10**12, str(value)]
    if isinstance(value, tuple):
        spoiled += [value[::-1], value + value, tuple(10 * n for n in value)]
    holder[name] = spoiled[rng.integers(len(spoiled))]


class TestVersions:
    @pytest.mark.parametrize("is_fitted", [False, True])
    def test_another_format_is_refused(
        self, estimator_class, data, is_fitted, monkeypatch
    ):
        estimator = estimator_class(**NETWORK)
        if is_fitted:
            estimator.fit(*data)
        with monkeypatch.context() as patch:
            patch.setattr("skhebb._utils.persistence.FORMAT", 1000)
            patch.setattr("skhebb._utils.persistence.__version__", "77.0")
            file = pickle.dumps(estimator)
        message = rf"{estimator_class.__name__} was saved by skhebb 77\.0.*cannot load"
        with pytest.raises(ValueError, match=message):
            pickle.loads(file)

    def test_no_format_is_refused(self, estimator_class):
        state = estimator_class().__getstate__()
        del state["_saved"]
        estimator = estimator_class.__new__(estimator_class)
        with pytest.raises(ValueError, match="saved by skhebb an earlier version"):
            estimator.__setstate__(state)
        assert vars(estimator) == {}

    def test_newer_parameters_get_their_default(self, estimator_class, data):
        X, y = data
        estimator = estimator_class(**NETWORK, negative_slope=0.1, dropout=0.2)
        state = begin(estimator, X, y).__getstate__()
        del state["negative_slope"], state["dropout"]
        other = estimator_class.__new__(estimator_class)
        other.__setstate__(state)
        default = estimator_class()
        assert other.negative_slope == default.negative_slope != 0.1
        assert other.dropout == default.dropout != 0.2
        assert_array_equal(outputs(other, X), outputs(estimator, X))
        assert other.partial_fit(X, y).n_iter_ == 1

    def test_loading_leaves_the_state_as_it_was(self, estimator_class, data):
        """So that one state makes several estimators."""
        X, y = data
        state = estimator_class(**NETWORK).fit(X, y).__getstate__()
        made = []
        for _ in range(2):
            made.append(estimator_class.__new__(estimator_class))
            made[-1].__setstate__(state)
        assert_array_equal(outputs(made[0], X), outputs(made[1], X))


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
