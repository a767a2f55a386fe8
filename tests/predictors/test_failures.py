"""Failures and interrupts leave estimators as they were."""

import signal
import threading
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhebb import SETClassifier
from skhebb._training.trainer import Trainer

from .networks import FAST


@pytest.fixture
def interruptible():
    """As at a terminal; jobs in the background of a shell ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("streaming", [False, True])
def test_interrupt_keeps_the_last_complete_epoch(data, streaming, monkeypatch):
    """The interrupt comes when training has begun, and at any moment."""
    X, y = data
    X, y = np.tile(X, (200, 1)), np.tile(y, 200)
    clf = SETClassifier((400, 400), batch_size=20, **{**FAST, "max_iter": 10_000})
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    run_batch = Trainer.run_batch

    def begin(trainer, *args):
        monkeypatch.setattr(Trainer, "run_batch", run_batch)
        timer.start()
        return run_batch(trainer, *args)

    monkeypatch.setattr(Trainer, "run_batch", begin)
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

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy, while checking X
    def test_input_too_large_for_single_precision(self, data):
        X, y = data
        clf = SETClassifier((30,), **FAST).fit(X.astype(np.float32), y)
        with pytest.raises(ValueError, match="too large for dtype"):
            clf.predict(X * 1e300)
