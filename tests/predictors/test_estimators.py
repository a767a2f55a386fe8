"""The estimators as scikit-learn's users meet them."""

import copy
import pickle
import signal
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, make_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhebb import (
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)
from skhebb._training.trainer import Trainer

ESTIMATORS = [SETClassifier, HebbSETClassifier]
FAST = {"max_iter": 5, "tol": None, "random_state": 0}
# Where the defaults of `fit` and `partial_fit` differ.
PUBLISHED = {
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
    "batch_size": 200,
    "learning_rate_init": 0.02,
    "weight_decay": 0.005,
}


@pytest.fixture(params=ESTIMATORS, ids=lambda cls: cls.__name__)
def estimator_class(request):
    return request.param


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        300, 20, n_informative=8, n_classes=3, class_sep=2, random_state=0
    )
    return X, y


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, stratify=y, random_state=0)


def expected_failures(estimator):
    """What the settings of an estimator, not its code, make impossible."""
    failures = {}
    if estimator.early_stopping:
        failures |= dict.fromkeys(
            [
                "check_fit_score_takes_y",
                "check_n_features_in_after_fitting",
                "check_estimators_partial_fit_n_features",
            ],
            "partial_fit refuses early_stopping=True, as MLPClassifier's does",
        )
    is_random = estimator.dropout > 0 or estimator.batch_size != "auto"
    if estimator.early_stopping or is_random:
        failures |= dict.fromkeys(
            [
                "check_sample_weight_equivalence_on_dense_data",
                "check_sample_weight_equivalence_on_sparse_data",
            ],
            "a sample and its copies may be in different mini-batches or parts",
        )
    return failures


@parametrize_with_checks(
    [
        SETClassifier(),
        HebbSETClassifier(),
        SETRegressor(),
        HebbSETRegressor(),
        SETClassifier(
            (8, 8), loss="squared_error_published", density=0.6, solver="sgd",
            learning_rate="constant", learning_rate_init=0.5, max_iter=200,
        ),
        HebbSETClassifier(
            (20,), density=0.5, evolution_interval=3, pruning="sign", max_iter=200,
            early_stopping=True, validation_fraction=0.3, initial_graph="erk",
        ),
        SETClassifier(
            (50, 50), density=0.3, batch_size=16, activation="all_relu", dropout=0.1,
            learning_rate="adaptive", tol=1e-4, max_iter=20,
        ),
        HebbSETRegressor(
            (30,), density=0.5, batch_size=8, solver="sgd", activation="tanh",
            initial_graph="uniform", lambda_unit="batch", learning_rate="invscaling",
            learning_rate_init=0.1,
        ),
    ],
    expected_failed_checks=expected_failures,
)  # fmt: skip
def test_sklearn_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        check(estimator)


def test_learns_digits(estimator_class, digits):
    X, X_test, y, y_test = digits
    clf = estimator_class(
        (300, 300), epsilon=10, random_state=0, max_iter=60, tol=None,
    )  # fmt: skip
    assert clf.fit(X, y).score(X_test, y_test) > 0.95
    assert clf.density_ < 0.1


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_fitted_attributes(estimator_class, data, loss, n_classes):
    X, y = data
    X, y = X[y < n_classes], y[y < n_classes]
    clf = estimator_class((30, 25), loss=loss, epsilon=2, **FAST).fit(X, y)
    n_outputs = 1 if n_classes == 2 else n_classes
    assert [c.shape for c in clf.coefs_] == [(20, 30), (30, 25), (25, n_outputs)]
    assert [b.shape for b in clf.intercepts_] == [(30,), (25,), (n_outputs,)]
    for coefs in clf.coefs_:
        assert isinstance(coefs, sparse.csr_array)
        coefs.check_format(full_check=True)
        assert coefs.has_canonical_format
    assert clf.n_connections_ == sum(c.nnz for c in clf.coefs_)
    n_cells = 20 * 30 + 30 * 25 + 25 * n_outputs
    assert_allclose(clf.density_, clf.n_connections_ / n_cells)
    assert (clf.n_layers_, clf.n_outputs_, clf.n_iter_) == (4, n_outputs, 5)
    assert clf.t_ == 5 * len(X)
    assert len(clf.loss_curve_) == 5
    assert clf.loss_ == clf.loss_curve_[-1]
    assert clf.best_loss_ == min(clf.loss_curve_)
    binary_or_squared = n_classes == 2 or loss == "squared_error"
    assert clf.out_activation_ == ("logistic" if binary_or_squared else "softmax")
    probabilities = clf.predict_proba(X)
    assert probabilities.shape == (len(X), n_classes)
    assert_allclose(probabilities.sum(axis=1), 1)
    assert_array_equal(clf.classes_[probabilities.argmax(axis=1)], clf.predict(X))
    assert_allclose(np.exp(clf.predict_log_proba(X)), probabilities)


def test_last_epoch_prunes_and_does_not_regrow(data):
    X, y = data
    params = {"epsilon": 5, **PUBLISHED, **FAST}
    full = SETClassifier((50,), zeta=0, **params).fit(X, y)
    pruned = SETClassifier((50,), zeta=0.3, **params).fit(X, y)
    for all_coefs, coefs in zip(full.coefs_, pruned.coefs_, strict=True):
        assert coefs.nnz == all_coefs.nnz - int(0.3 * all_coefs.nnz + 1e-9)


def test_fit_is_repeated_partial_fit_and_a_pruning(estimator_class, data):
    X, y = data
    params = {"epsilon": 5, "learning_rate": "constant", **PUBLISHED, **FAST}
    clf = estimator_class((50,), **params).fit(X, y)
    stream = estimator_class((50,), **params)
    for _ in range(5):
        stream.partial_fit(X, y, classes=[0, 1, 2])
    for ended, going_on in zip(clf.coefs_, stream.coefs_, strict=True):
        magnitudes = np.abs(going_on.data)
        limit = np.sort(magnitudes)[going_on.nnz - ended.nnz]
        assert_array_equal(ended.data, going_on.data[magnitudes >= limit])
    assert clf.loss_curve_ == stream.loss_curve_
    # Training on fills the network up again.
    clf.partial_fit(X, y)
    assert clf.n_connections_ == stream.n_connections_


def test_evolution_interval(data):
    X, y = data
    params = {"epsilon": 5, "batch_size": 10, "random_state": 0}
    stream = SETClassifier((50,), evolution_interval=4, **params)
    topologies = []
    for start in range(0, 120, 10):  # one mini-batch a call
        chunk = slice(start, start + 10)
        stream.partial_fit(X[chunk], y[chunk], classes=[0, 1, 2])
        topologies.append(stream.coefs_[0].indices.copy())
    changed = [not np.array_equal(*pair) for pair in pairwise(topologies)]
    assert changed == [False, False, False, True] * 2 + [False] * 3

    once = SETClassifier(
        (50,), evolution_interval=4, shuffle=False, **params
    ).partial_fit(X[:120], y[:120], classes=[0, 1, 2])
    assert_array_equal(once.coefs_[0].indices, topologies[-1])


@pytest.mark.usefixtures("all_threads")
@pytest.mark.parametrize("n_jobs", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_do_not_depend_on_threads(
    estimator_class, data, n_jobs, dtype, monkeypatch
):
    monkeypatch.setattr("skhebb._utils.threads._loops.openmp_max_threads", lambda: 8)
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


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["spam", "ham", "eggs"]),
        np.array(["spam", "ham", "eggs"], dtype=object),
        np.array([-1, 7, 3]),
        np.array([0.0, 2.0, -5.0]),
    ],
)
def test_odd_labels(estimator_class, data, labels):
    X, y = data
    clf = estimator_class((30,), early_stopping=True, **FAST).fit(X, labels[y])
    assert_array_equal(clf.classes_, np.unique(labels))
    assert clf.predict(X).dtype == labels.dtype
    stream = estimator_class((30,), **FAST)
    stream.partial_fit(X[:9], labels[y[:9]], classes=labels).partial_fit(X, labels[y])
    assert set(stream.predict(X)) <= set(labels)


def test_boolean_labels(estimator_class, data):
    X, y = data
    clf = estimator_class((30,), **FAST).fit(X, y == 1)
    assert clf.predict(X).dtype == bool


@pytest.mark.parametrize(
    "container", ["csr_matrix", "csr_array", "csc_array", "coo_array"]
)
def test_sparse_input_is_dense_input(estimator_class, data, container):
    X, y = data
    X = np.where(np.abs(X) > 1, X, 0)
    S = getattr(sparse, container)(X)
    dense = estimator_class((30,), **FAST).fit(X, y)
    from_sparse = estimator_class((30,), **FAST).fit(S, y)
    assert_array_equal(dense.coefs_[0].indices, from_sparse.coefs_[0].indices)
    assert_allclose(dense.coefs_[0].data, from_sparse.coefs_[0].data)
    assert_allclose(dense.predict_proba(X), from_sparse.predict_proba(S))
    # The forward product is the same to the bit.
    assert_array_equal(dense.predict_proba(X), dense.predict_proba(S))


@pytest.mark.parametrize("array", ["indices", "indptr"])
@pytest.mark.parametrize("value", [-1, 10**6])
def test_broken_sparse_matrices_are_refused(data, array, value):
    X, y = data
    S = sparse.csr_array(X)
    clf = SETClassifier((30,), **FAST).fit(S, y)
    getattr(S, array)[5] = value
    for method in (partial(clf.fit, y=y), partial(clf.partial_fit, y=y), clf.predict):
        with pytest.raises(ValueError, match="X is not a valid sparse matrix"):
            method(S)


def test_labels_of_several_types_are_refused(data):
    X, y = data
    labels = np.array(["a", 1, None], dtype=object)[y]
    with pytest.raises(TypeError, match=r"of one type.*Got NoneType, int, str\."):
        SETClassifier((30,), **FAST).fit(X, labels)


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


def test_sparse_input_with_long_indices_and_duplicates(data):
    X, y = data
    S = sparse.csr_array(X)
    S.indices, S.indptr = S.indices.astype(np.int64), S.indptr.astype(np.int64)
    doubled = sparse.csr_array(
        (np.repeat(S.data / 2, 2), np.repeat(S.indices, 2), S.indptr * 2), S.shape
    )
    dense = SETClassifier((30,), **FAST).fit(X, y)
    clf = SETClassifier((30,), **FAST).fit(doubled, y)
    assert_allclose(dense.predict_proba(X), clf.predict_proba(doubled))
    assert doubled.nnz == 2 * S.nnz  # the user's matrix is as it was


@pytest.mark.parametrize("kind", ["integer", "fortran", "frame", "read-only"])
def test_kinds_of_dense_input(data, kind):
    X, y = data
    if kind == "integer":
        X = np.round(10 * X)
    expected = SETClassifier((30,), **FAST).fit(X, y)
    if kind == "read-only":
        X = X.copy()
        X.setflags(write=False)
    other = {
        "integer": lambda: X.astype(np.int16),
        "fortran": lambda: np.asfortranarray(X),
        "frame": lambda: pd.DataFrame(X, columns=[f"gene {i}" for i in range(20)]),
        "read-only": lambda: X,
    }[kind]()
    clf = SETClassifier((30,), **FAST).fit(other, y)
    assert_allclose(clf.predict_proba(other), expected.predict_proba(X), atol=1e-12)
    if kind == "frame":
        assert list(clf.feature_names_in_) == list(other.columns)


def test_single_precision(estimator_class, data):
    X, y = data
    rng = np.random.default_rng(0)
    coefs = [rng.standard_normal((20, 30)), rng.standard_normal((30, 3))]
    double = estimator_class((30,), zeta=0, **FAST).fit(X, y, coefs_init=coefs)
    single = estimator_class((30,), zeta=0, **FAST)
    single.fit(X.astype(np.float32), y, coefs_init=coefs)
    assert single.coefs_[0].dtype == single.intercepts_[0].dtype == np.float32
    assert double.coefs_[0].dtype == np.float64
    assert_allclose(single.predict_proba(X), double.predict_proba(X), atol=1e-3)


def test_other_precision_after_fit(data):
    X, y = data
    clf = SETClassifier((30,), **FAST).fit(X.astype(np.float32), y)
    assert clf.predict_proba(X).dtype == np.float32
    clf.partial_fit(X, y)
    assert clf.coefs_[0].dtype == np.float32


def test_no_sample_is_dropped(estimator_class, data):
    """Batches of 7 leave 6 of 300 samples for the last; one sample is enough."""
    X, y = data
    clf = estimator_class((20,), batch_size=7, shuffle=False, epsilon=30, **FAST)
    clf.fit(X, y)
    X_changed = X.copy()
    X_changed[-1] += 1
    changed = clone(clf).fit(X_changed, y)
    assert clf.loss_curve_[0] != changed.loss_curve_[0]
    single = clone(clf).partial_fit(X[:1], y[:1], classes=[0, 1, 2])
    assert single.t_ == 1
    assert single.predict(X).shape == (300,)


def test_predict_does_not_depend_on_its_block(data):
    X, y = data
    clf = SETClassifier((30,), **FAST).fit(X, y)
    together = clf.predict_proba(np.tile(X, (3, 1)))
    alone = np.vstack([clf.predict_proba(row[np.newaxis]) for row in X])
    assert_allclose(together[:300], alone, rtol=1e-10)
    assert_array_equal(together[:300], together[300:600])


class TestInitialWeights:
    def coefs(self, dtype=np.float64):
        rng = np.random.default_rng(0)
        return [
            sparse.random_array(shape, density=0.4, rng=rng, dtype=dtype)
            for shape in [(20, 15), (15, 3)]
        ]

    @pytest.mark.parametrize(
        "container", ["csr_array", "csc_matrix", "coo_array", "dense"]
    )
    def test_pattern_and_values(self, estimator_class, data, container):
        X, y = data
        coefs = [
            c.toarray() if container == "dense" else getattr(sparse, container)(c)
            for c in self.coefs()
        ]
        originals = copy.deepcopy(coefs)
        intercepts = [np.arange(1.0, 16.0), np.array([1.0, 2, 3])]
        clf = estimator_class(
            (15,), learning_rate_init=1e-300, lambda_decay=1, lambda0=0, zeta=0,
            momentum=0, **FAST,
        ) if estimator_class is HebbSETClassifier else estimator_class(
            (15,), learning_rate_init=1e-300, zeta=0, momentum=0, **FAST
        )  # fmt: skip
        clf.fit(X, y, coefs_init=coefs, intercepts_init=intercepts)
        for fitted, given, original in zip(clf.coefs_, coefs, originals, strict=True):
            dense = original if container == "dense" else original.toarray()
            assert_array_equal(fitted.toarray(), dense)
            unchanged = given if container == "dense" else given.toarray()
            assert_array_equal(unchanged, dense)
        assert_array_equal(clf.intercepts_[0], intercepts[0])
        assert_array_equal(clf.intercepts_[1], intercepts[1])

    def test_stored_zeros_are_connections(self, data):
        X, y = data
        coefs = self.coefs()
        coefs[0] = sparse.csr_array(coefs[0])
        coefs[0].data[:] = 0
        clf = SETClassifier((15,), zeta=0, **FAST).fit(X, y, coefs_init=coefs)
        assert clf.coefs_[0].nnz == coefs[0].nnz

    def test_errors(self, data):
        X, y = data
        good = self.coefs()
        bad_index = sparse.csr_array(good[0])
        bad_index.indices[0] = 10**6
        clf = SETClassifier((15,), **FAST)
        for coefs, message in [
            (good[:1], "coefs_init must be a list of 2 arrays.*1 of them"),
            (good[0], "coefs_init must be a list of 2 arrays"),
            ([good[0], good[0]], r"coefs_init\[1\] must have shape \(15, 3\)"),
            ([good[0] * np.nan, good[1]], r"coefs_init\[0\].* contains NaN"),
            ([bad_index, good[1]], r"coefs_init\[0\] is not a valid sparse matrix"),
            ([None, None], r"coefs_init\[0\] must be an array of numbers"),
        ]:
            with pytest.raises(ValueError, match=message):
                clf.fit(X, y, coefs_init=coefs)
        with pytest.raises(ValueError, match=r"intercepts_init\[0\] must have shape"):
            clf.fit(X, y, intercepts_init=[np.zeros(3), np.zeros(3)])
        assert not hasattr(clf, "coefs_")
        with pytest.raises(NotFittedError):
            clf.predict(X)


class TestExtremes:
    def test_dense(self, estimator_class, data):
        X, y = data
        clf = estimator_class((30,), epsilon=1e6, zeta=0, **FAST).fit(X, y)
        assert clf.density_ == 1

    def test_no_connection_at_all(self, estimator_class, data):
        X, y = data
        for params, message in [
            ({"epsilon": 1e-9}, r"epsilon=1e-09 gives the layer of 20 x 30 neurons no"),
            ({"density": 1e-4, "initial_graph": "erk"}, "density=0.0001 gives"),
        ]:
            with pytest.raises(ValueError, match=message):
                estimator_class((30,), **params, **FAST).fit(X, y)
        # But whoever gives such weights will have them.
        coefs = [np.zeros((20, 30)), np.zeros((30, 3))]
        clf = estimator_class((30,), **FAST).fit(X, y, coefs_init=coefs)
        assert clf.n_connections_ == 0
        assert len(np.unique(clf.predict_proba(X), axis=0)) == 1

    @pytest.mark.parametrize("graph", ["erdos_renyi", "erk", "uniform"])
    @pytest.mark.parametrize("n_features", [1, 2])
    def test_few_features(self, estimator_class, rng, graph, n_features):
        """The default density leaves no layer with fewer connections than neurons."""
        X = rng.uniform(-1, 1, (1000, 2))
        y = X[:, 0] * X[:, 1] > 0 if n_features == 2 else np.abs(X[:, 0]) > 0.5
        X = X[:, :n_features]
        clf = estimator_class(initial_graph=graph, random_state=0).fit(X[:500], y[:500])
        assert clf.score(X[500:], y[500:]) > 0.95

    def test_no_hidden_layer(self, estimator_class, data):
        X, y = data
        clf = estimator_class(
            (), epsilon=50, learning_rate_init=0.1, **{**FAST, "max_iter": 30}
        ).fit(X, y)
        assert clf.n_layers_ == 2
        assert clf.score(X, y) > 0.6

    def test_float_overflow_in_input(self, data):
        X, y = data
        with pytest.raises(ValueError, match="too large for dtype"):
            SETClassifier(**FAST).fit(np.full_like(X, np.inf), y)


class TestDivergence:
    def test_last_finite_weights_are_kept(self, estimator_class, data):
        X, y = data
        clf = estimator_class((30,), solver="sgd", learning_rate_init=1e30, **FAST)
        with pytest.warns(ConvergenceWarning, match="non-finite.*learning_rate_init"):
            clf.fit(X, y)
        assert all(np.isfinite(c.data).all() for c in clf.coefs_)
        assert np.isfinite(clf.predict_proba(X)).all()

    def test_names_lambda0(self, data):
        X, y = data
        with pytest.warns(
            ConvergenceWarning, match=r"Lower lambda0 \(1e\+300\), learning_rate_init"
        ):
            HebbSETClassifier((30,), lambda0=1e300, **FAST).fit(X, y)

    def test_partial_fit_is_undone(self, data):
        X, y = data
        clf = SETClassifier((30,), **FAST).partial_fit(X, y, classes=[0, 1, 2])
        before = [c.data.copy() for c in clf.coefs_]
        clf.set_params(solver="sgd", learning_rate_init=1e200, zeta=0)
        with pytest.warns(ConvergenceWarning, match="after 0 complete epochs"):
            clf.partial_fit(X, y)
        for coefs, data_before in zip(clf.coefs_, before, strict=True):
            assert_array_equal(coefs.data, data_before)


@pytest.fixture
def interruptible():
    """As at a terminal; jobs in the background of a shell ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("streaming", [False, True])
def test_interrupt_keeps_the_last_complete_epoch(data, streaming):
    X, y = data
    X, y = np.tile(X, (200, 1)), np.tile(y, 200)
    clf = SETClassifier((400, 400), batch_size=20, **{**FAST, "max_iter": 10_000})
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    train = partial(clf.partial_fit, classes=[0, 1, 2]) if streaming else clf.fit
    with pytest.warns(UserWarning, match="interrupted by user"):
        train(X, y)
    timer.join()
    assert clf.n_iter_ == len(clf.loss_curve_)
    assert clf.predict(X[:10]).shape == (10,)
    clf.partial_fit(X[:100], y[:100])
    assert clf.n_iter_ == 1


class TestFailure:
    """An exception leaves the estimator as it was."""

    def state_of(self, clf, X):
        rng = [rng.bit_generator.state for rng in clf._state.random.evolution]
        n_evolutions = clf._state.counters.n_evolutions
        return clf.predict_proba(X), rng, n_evolutions, clf.t_, clf.n_iter_

    @pytest.mark.parametrize(
        ("params", "arguments"),
        [
            ({"hidden_layer_sizes": (10, 0)}, {}),
            ({}, {"coefs_init": [1]}),
            ({"early_stopping": True, "validation_fraction": 1e-3}, {}),
        ],
    )
    def test_refit(self, estimator_class, data, params, arguments):
        X, y = data
        clf = estimator_class((30,), **FAST).fit(X, y)
        expected = clf.predict_proba(X)
        wide = np.tile(X, (1, 200))
        clf.set_params(**params)
        with pytest.raises(ValueError):  # noqa: PT011, each has its own message
            clf.fit(wide, y, **arguments)
        assert_array_equal(clf.predict_proba(X), expected)
        with pytest.raises(ValueError, match="4000 features"):
            clf.predict(wide)

    @pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, FloatingPointError])
    @pytest.mark.parametrize("streaming", [False, True])
    def test_within_an_epoch(self, data, monkeypatch, error, streaming):
        X, y = data
        clf = SETClassifier((30,), warm_start=True, batch_size=50, **FAST).fit(X, y)
        clf.partial_fit(X, y)
        before = self.state_of(clf, X)
        n_calls = 0
        run_batch = Trainer.run_batch

        def failing(trainer, *args):
            nonlocal n_calls
            n_calls += 1
            if n_calls == 4:
                raise error
            return run_batch(trainer, *args)

        monkeypatch.setattr(Trainer, "run_batch", failing)
        train = clf.partial_fit if streaming else clf.fit
        if error is KeyboardInterrupt:
            with pytest.warns(UserWarning, match="interrupted by user after 0"):
                train(X, y)
            clf.n_iter_ = before[-1]
        else:
            with pytest.raises(error):
                train(X, y)
        for value, value_before in zip(self.state_of(clf, X), before, strict=True):
            assert_array_equal(value, value_before)

    def test_changed_coefs_are_taken_over(self, data):
        X, y = data
        clf = SETClassifier((300, 300), epsilon=5, **FAST).fit(X, y)
        clf.predict(X)
        W = clf.coefs_[1]
        W.data[np.abs(W.data) < 0.2] = 0
        W.eliminate_zeros()
        a = np.maximum(X @ clf.coefs_[0] + clf.intercepts_[0], 0)
        a = np.maximum(a @ W.toarray() + clf.intercepts_[1], 0)
        z = a @ clf.coefs_[2].toarray() + clf.intercepts_[2]
        assert_array_equal(clf.predict(X), z.argmax(axis=1))
        clf.partial_fit(X, y)
        assert np.isfinite(clf.loss_)

    def test_read_only_weights(self, data, tmp_path):
        X, y = data
        clf = SETClassifier((30,), **FAST).partial_fit(X, y, classes=[0, 1, 2])
        joblib.dump(clf, tmp_path / "model")
        loaded = joblib.load(tmp_path / "model", mmap_mode="r")
        assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
        assert loaded.partial_fit(X, y).n_iter_ == 1

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy, while checking X
    def test_input_too_large_for_single_precision(self, data):
        X, y = data
        clf = SETClassifier((30,), **FAST).fit(X.astype(np.float32), y)
        with pytest.raises(ValueError, match="too large for dtype"):
            clf.predict(X * 1e300)


class TestEarlyStopping:
    def test_the_returned_network_is_the_best_one(self, estimator_class, data):
        X, y = data
        clf = estimator_class(
            (40,), early_stopping=True, max_iter=40, random_state=0, tol=None,
            validation_fraction=0.3, learning_rate="constant",
        ).fit(X, y)  # fmt: skip
        assert len(clf.validation_scores_) == clf.n_iter_ == 40
        assert clf.best_validation_score_ == max(clf.validation_scores_)
        assert clf.best_loss_ is None
        best = int(np.argmax(clf.validation_scores_))
        # Training as long as the best epoch gives the same network.
        again = clone(clf).set_params(max_iter=best + 1).fit(X, y)
        for one, other in zip(clf.coefs_, again.coefs_, strict=True):
            assert_array_equal(one.data, other.data)

    def test_stops(self, data):
        X, y = data
        clf = SETClassifier(
            (40,), early_stopping=True, n_iter_no_change=3, tol=0.5, random_state=0
        ).fit(X, y)
        assert clf.n_iter_ == 5

    def test_partial_fit_refuses(self, data):
        X, y = data
        with pytest.raises(ValueError, match="early_stopping=True"):
            SETClassifier(early_stopping=True).partial_fit(X, y, classes=[0, 1, 2])


def test_convergence(data):
    X, y = data
    with pytest.warns(ConvergenceWarning, match=r"max_iter=2\) reached"):
        SETClassifier((20,), max_iter=2, learning_rate="constant", tol=0).fit(X, y)
    params = {"tol": 10, "n_iter_no_change": 4, "max_iter": 30}
    clf = SETClassifier((20,), learning_rate="constant", **params).fit(X, y)
    assert clf.n_iter_ == 6
    # What falls by a plan is not cut short by the loss, only by validation.
    assert SETClassifier((20,), **params).fit(X, y).n_iter_ == 30
    assert SETClassifier((20,), early_stopping=True, **params).fit(X, y).n_iter_ == 6
    with pytest.raises(ValueError, match=r"tol=None\. Set tol to a number"):
        SETClassifier(learning_rate="adaptive", tol=None).fit(X, y)


class TestWarmStart:
    def test_goes_on(self, estimator_class, data):
        X, y = data
        clf = estimator_class((30,), epsilon=4, warm_start=True, **FAST).fit(X, y)
        n_connections = clf.n_connections_
        clf.fit(X, y)
        assert len(clf.loss_curve_) == 10
        assert clf.n_connections_ == n_connections
        assert clf.loss_curve_[5] < clf.loss_curve_[0]

    def test_errors(self, data):
        X, y = data
        clf = SETClassifier((30,), warm_start=True, **FAST).fit(X, y)
        with pytest.raises(ValueError, match="same classes"):
            clf.fit(X, y + 1)
        with pytest.raises(ValueError, match="coefs_init"):
            clf.fit(X, y, coefs_init=[])
        with pytest.raises(ValueError, match="hidden_layer_sizes=20"):
            clf.set_params(hidden_layer_sizes=20).fit(X, y)


@pytest.mark.parametrize(
    "copy_of", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_copies_predict_and_go_on(estimator_class, data, copy_of):
    X, y = data
    clf = estimator_class((30,), **FAST).partial_fit(X, y, classes=[0, 1, 2])
    other = copy_of(clf)
    assert_array_equal(clf.predict_proba(X), other.predict_proba(X))
    clf.partial_fit(X, y)
    other.partial_fit(X, y)
    assert_array_equal(clf.coefs_[0].data, other.coefs_[0].data)


def test_pickle_holds_the_weights_once(data):
    X, y = data
    clf = SETClassifier((400, 400), epsilon=20, solver="sgd", momentum=0, **FAST)
    clf.fit(X, y)
    assert len(pickle.dumps(clf)) < 1.3 * 12 * clf.n_connections_


PARAMETER_ERRORS = [
    ({"epsilon": 0}, "epsilon"),
    ({"epsilon": np.nan}, "epsilon"),
    ({"zeta": 1}, "zeta"),
    ({"zeta": -0.1}, "zeta"),
    ({"pruning": "random"}, "pruning"),
    ({"evolution_interval": 0}, "evolution_interval"),
    ({"loss": "mse"}, "loss"),
    ({"activation": "gelu"}, "activation"),
    ({"hidden_layer_sizes": 0}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": (10, 0)}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": (10, 2.5)}, "hidden_layer_sizes"),
    ({"batch_size": 0}, "batch_size"),
    ({"learning_rate_init": 0}, "learning_rate_init"),
    ({"momentum": 1}, "momentum"),
    ({"alpha": -1}, "alpha"),
    ({"max_iter": 0}, "max_iter"),
    ({"tol": -1}, "tol"),
    ({"n_iter_no_change": 0}, "n_iter_no_change"),
    ({"validation_fraction": 1}, "validation_fraction"),
    ({"n_jobs": 0}, "n_jobs"),
    ({"n_jobs": 1.5}, "n_jobs"),
]


@pytest.mark.parametrize(("params", "name"), PARAMETER_ERRORS)
def test_wrong_parameters(estimator_class, data, params, name):
    X, y = data
    for train in ("fit", "partial_fit"):
        clf = estimator_class(**params)
        arguments = {} if train == "fit" else {"classes": [0, 1, 2]}
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            getattr(clf, train)(X, y, **arguments)
        assert not hasattr(clf, "coefs_")


@pytest.mark.parametrize(
    "params",
    [
        {"lambda0": -1},
        {"lambda0": "auto"},
        {"lambda0": (0.1, 0.1, 0.1)},
        {"lambda0": (0.1, -0.1)},
        {"lambda0": [[0.1, 0.1]]},
        {"lambda0": (0.1, np.nan)},
        {"lambda0": ("a", "b")},
        {"lambda0": []},
        {"lambda_decay": 0},
        {"lambda_decay": 1.1},
    ],
)
def test_wrong_hebbian_parameters(data, params):
    X, y = data
    (name,) = params
    for train, arguments in ("fit", {}), ("partial_fit", {"classes": [0, 1, 2]}):
        clf = HebbSETClassifier(**params)
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            getattr(clf, train)(X, y, **arguments)
        assert not hasattr(clf, "coefs_")


def test_partial_fit_errors(data):
    X, y = data
    clf = SETClassifier((20,), **FAST)
    with pytest.raises(ValueError, match="classes must be passed"):
        clf.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"not in `classes`: \[2\]"):
        clf.partial_fit(X, y, classes=[0, 1])
    assert not hasattr(clf, "classes_")
    clf.partial_fit(X, y, classes=[2, 0, 1])
    with pytest.raises(ValueError, match="not the same as on last call"):
        clf.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="20 features"):
        clf.partial_fit(X[:, :5], y)


def test_unsupported_targets(data):
    X, y = data
    with pytest.raises(ValueError, match=r"Unknown label type|continuous"):
        SETClassifier().fit(X, y + 0.5 * X[:, 0])
    with pytest.raises(ValueError, match="must hold zeros and ones, one column"):
        SETClassifier().fit(X, np.column_stack([y, y]))


def test_verbose(data, capsys):
    X, y = data
    SETClassifier((20,), verbose=True, early_stopping=True, **FAST).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("Iteration 1, loss = ")
    assert "validation score" in lines[0]


def test_grid_search_in_a_pipeline(digits):
    X, _, y, _ = digits
    pipe = make_pipeline(MinMaxScaler(), HebbSETClassifier((50,), **FAST))
    grid = {"hebbsetclassifier__lambda0": [0.0, 0.01]}
    search = GridSearchCV(pipe, grid, cv=2, n_jobs=2).fit(X[:300], y[:300])
    inner = cross_val_score(pipe, X[:300], y[:300], cv=2)
    assert_allclose(search.cv_results_["mean_test_score"][1], inner.mean())
