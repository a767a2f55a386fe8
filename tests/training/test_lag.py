"""Sparse X of rare features trains like dense X, and nobody sees old weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from skhebb import HebbianMaskClassifier, HebbSETClassifier, SETClassifier
from skhebb._plasticity import HebbianCovariance
from skhebb._training import optimizers
from skhebb.callbacks import Checkpoint
from skhebb.inspection import update_terms

SGD = {"solver": "sgd", "learning_rate_init": 0.1}
LINEAR = [
    {**SGD, "momentum": 0, "weight_decay": 0.1},
    {**SGD, "momentum": 0, "weight_decay": 0, "alpha": 1.0},
    {**SGD, "momentum": 0.9, "weight_decay": 0.05},
    {**SGD, "momentum": 0.9, "nesterovs_momentum": False, "weight_decay": 0},
]
ADAM = [{"weight_decay": 0}, {}]
COMMON = {
    "hidden_layer_sizes": (8,),
    "epsilon": 8,
    "batch_size": 7,
    "max_iter": 4,
    "random_state": 0,
    "tol": None,
}


@pytest.fixture
def data(rng):
    """Samples in few of which a feature is, and one feature that is in none."""
    X = rng.random((100, 60)) * (rng.random((100, 60)) < 0.04)
    X[:, 5] = 0
    return X, np.arange(100) % 3


class Seen:
    """Callback that keeps the weights that there are after each epoch."""

    def __init__(self):
        self.weights = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.weights.append([each.toarray() for each in fitted_estimator.coefs_])


def assert_alike(one, other, **tolerance):
    for pair in zip(one.coefs_, other.coefs_, strict=True):
        assert_allclose(*[each.toarray() for each in pair], **tolerance)
    assert_allclose(one.loss_curve_, other.loss_curve_, rtol=1e-2)


@pytest.mark.parametrize("interval", ["epoch", 4])
@pytest.mark.parametrize("params", LINEAR, ids=str)
def test_gradient_descent_like_dense(params, interval, data):
    """Evolution, callbacks and users see weights that have caught up."""
    X, y = data
    seen, fitted = [Seen(), Seen()], []
    for S, callback in zip([X, csr_array(X)], seen, strict=True):
        clf = SETClassifier(evolution_interval=interval, **COMMON, **params)
        fitted.append(clf.set_callbacks(callback).fit(S, y))
    assert_alike(*fitted, rtol=1e-8, atol=1e-11)
    for pair in zip(*[each.weights for each in seen], strict=True):
        for layers in zip(*pair, strict=True):
            assert_allclose(*layers, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("params", ADAM, ids=str)
def test_adam_nearly_like_dense(params, data):
    X, y = data
    given = {**COMMON, "zeta": 0, "learning_rate_init": 0.002, **params}
    dense = SETClassifier(**given).fit(X, y)
    sparse = SETClassifier(**given).fit(csr_array(X), y)
    moves = abs(
        dense.coefs_[0] - SETClassifier(**{**given, "max_iter": 1}).fit(X, y).coefs_[0]
    )
    assert moves.max() > 0.02
    assert_alike(sparse, dense, rtol=0.02, atol=8e-3)


@pytest.mark.parametrize(
    "params", [{**SGD, "weight_decay": 0.05}, {"beta_1": 0.9, "beta_2": 0.5}], ids=str
)
def test_partial_fit_early_stopping_and_rules_that_may_not_lag(params, data):
    X, y = data
    fitted = []
    for S in X, csr_array(X):
        clf = SETClassifier(**{**COMMON, **params}, evolution_interval=5)
        for start in range(0, 90, 30):
            clf.partial_fit(
                S[start : start + 30], y[start : start + 30], classes=[0, 1, 2]
            )
        stopping = {"early_stopping": True, "validation_fraction": 0.3}
        stopped = SETClassifier(**{**COMMON, **params, **stopping}).fit(S, y)
        fitted.append([clf, stopped])
    for pair in zip(*fitted, strict=True):
        assert_alike(*pair, rtol=1e-8, atol=1e-10)
    assert_allclose(*[each[1].validation_loss_curve_ for each in fitted], rtol=1e-8)


def test_the_batches_that_rows_lag_behind_are_bounded(data, monkeypatch):
    X, y = csr_array(data[0]), data[1]
    given = {**COMMON, **SGD, "zeta": 0, "weight_decay": 0.05}
    expected = SETClassifier(**given).fit(X, y)
    monkeypatch.setattr(optimizers.Optimizer, "longest_lag", 3)
    assert_alike(SETClassifier(**given).fit(X, y), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("params", [*LINEAR[2:], *ADAM], ids=str)
def test_same_bits_for_any_number_of_threads_and_after_a_kill(params, data, tmp_path):
    X, y = csr_array(data[0].astype(np.float32)), data[1]
    given = {**COMMON, **params, "evolution_interval": 3}
    expected = SETClassifier(n_jobs=1, **given).fit(X, y)

    class Killing(Seen):
        def on_fit_task_end(self, estimator, context):
            if len(self.weights) == 2:
                raise RuntimeError
            self.weights.append(None)

    checkpoint = Checkpoint(tmp_path, every=1)
    clf = SETClassifier(n_jobs=3, **given)
    with pytest.raises(RuntimeError):
        clf.set_callbacks(checkpoint, Killing()).fit(X, y)
    clf.set_callbacks(checkpoint).fit(X, y)
    for one, other in zip(clf.coefs_, expected.coefs_, strict=True):
        assert_array_equal(one.toarray(), other.toarray())


def test_local_rules_that_read_weights(data):
    """They see what dense X would have them see."""
    X, y = data
    params = {**COMMON, **SGD, "weight_decay": 0.05, "masked_layers": [0]}
    fitted = [HebbianMaskClassifier(**params).fit(S, y) for S in (X, csr_array(X))]
    assert_alike(*fitted, rtol=1e-8, atol=1e-10)


def test_hebbian_terms(data, monkeypatch):
    X, y = csr_array(data[0]), data[1]
    params = {**COMMON, **SGD, "weight_decay": 0.05}
    lagging = HebbSETClassifier(**params).fit(X, y)
    monkeypatch.setattr(HebbianCovariance, "reads_weights", True)
    assert_alike(HebbSETClassifier(**params).fit(X, y), lagging, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("params", [LINEAR[2], ADAM[1]], ids=str)
def test_update_terms(params, data):
    X, y = data
    clf = SETClassifier(**{**COMMON, **params}).fit(X, y)
    dense, sparse = (
        update_terms(clf, X[:6], y[:6]),
        update_terms(clf, csr_array(X[:6]), y[:6]),
    )
    absent = np.repeat((X[:6] == 0).all(axis=0), np.diff(clf.coefs_[0].indptr))
    assert np.any(dense.gradient[0][absent])
    assert_allclose(sparse.gradient[0], dense.gradient[0], rtol=1e-9, atol=1e-12)
