"""Fits that a callback stops, interrupts or makes fail."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skhebb import SETClassifier

from .hooks import NETWORK, Hook, Recorder, fail, outputs


class TestStopping:
    @pytest.mark.parametrize("streaming_after", [False, True])
    def test_after_an_epoch(self, estimator_class, data, streaming_after):
        X, y = data
        params = {**NETWORK, "max_iter": 8, "tol": 0}
        with pytest.warns(ConvergenceWarning, match=r"max_iter=8\) reached"):
            estimator_class(**params).fit(X, y)
        stop = Hook("end", "epoch", 2, lambda: True)
        # Being stopped is no reason to warn of.
        estimator = estimator_class(**params).set_callbacks(stop).fit(X, y)
        assert estimator.n_iter_ == len(estimator.loss_curve_) == 3
        assert estimator.t_ == 3 * len(X)
        assert stop.n_teardowns == 1
        expected = estimator_class(**{**NETWORK, "max_iter": 3}).fit(X, y)
        assert_array_equal(outputs(estimator, X), outputs(expected, X))
        if streaming_after:
            estimator.partial_fit(X, y)
            expected.partial_fit(X, y)
            assert_array_equal(outputs(estimator, X), outputs(expected, X))

    def test_one_of_several_callbacks_is_enough(self, data):
        recorder = Recorder()
        clf = SETClassifier(**NETWORK)
        clf.set_callbacks(Hook("end", "epoch", 1, lambda: True), recorder).fit(*data)
        assert clf.n_iter_ == 2
        assert len(recorder.told("end", "epoch")) == 2
        assert len(recorder.told("end", "fit")) == 1

    @pytest.mark.parametrize("where", [("begin", "epoch", 1), ("begin", "fit", 0)])
    def test_beginnings_do_not_stop(self, data, where):
        clf = SETClassifier(**NETWORK).set_callbacks(Hook(*where, lambda: True))
        assert clf.fit(*data).n_iter_ == 5

    def test_early_stopping_returns_the_best_until_then(self, estimator_class, data):
        X, y = data
        params = {**NETWORK, "early_stopping": True, "validation_fraction": 0.3}
        stop = Hook("end", "epoch", 3, lambda: True)
        estimator = estimator_class(**params).set_callbacks(stop).fit(X, y)
        assert len(estimator.validation_scores_) == estimator.n_iter_ == 4
        best = int(np.argmax(estimator.validation_scores_)) + 1
        shorter = estimator_class(**{**params, "max_iter": best}).fit(X, y)
        assert_array_equal(outputs(estimator, X), outputs(shorter, X))

    def test_warm_start_goes_on(self, data):
        X, y = data
        params = {**NETWORK, "warm_start": True}
        clf = SETClassifier(**params)
        clf.set_callbacks(Hook("end", "epoch", 2, lambda: True)).fit(X, y)
        clf.set_callbacks().set_params(max_iter=2).fit(X, y)
        whole = SETClassifier(**params).fit(X, y)
        assert clf.n_iter_ == 2
        assert clf.loss_curve_ == whole.loss_curve_
        assert_array_equal(outputs(clf, X), outputs(whole, X))


PLACES = [
    ("setup", "fit", 0),
    ("begin", "fit", 0),
    ("begin", "epoch", 0),
    ("begin", "epoch", 2),
    ("end", "epoch", 0),
    ("end", "epoch", 2),
    ("end", "fit", 0),
    ("teardown", "fit", 0),
]


class TestFailure:
    @pytest.mark.parametrize(
        "place", PLACES, ids=lambda place: "-".join(map(str, place))
    )
    @pytest.mark.parametrize("is_fitted", [False, True])
    def test_leaves_the_estimator_as_it_was(
        self, estimator_class, data, place, is_fitted
    ):
        X, y = data
        estimator = estimator_class(**NETWORK)
        if is_fitted:
            estimator.fit(X[:50, :7], y[:50])
            expected = outputs(estimator, X[:, :7])
        broken = Hook(*place, fail(OSError("disk full")))
        estimator.set_callbacks(broken)
        attributes = dict(vars(estimator))
        with pytest.raises(OSError, match="disk full"):
            estimator.fit(X, y)
        assert vars(estimator) == attributes
        assert broken.n_teardowns == 1
        if is_fitted:
            assert_array_equal(outputs(estimator, X[:, :7]), expected)
            assert estimator.n_features_in_ == 7
        else:
            with pytest.raises(NotFittedError):
                estimator.predict(X)
        expected = outputs(estimator_class(**NETWORK).fit(X, y), X)
        assert_array_equal(outputs(estimator.set_callbacks().fit(X, y), X), expected)

    @pytest.mark.parametrize("epoch", [0, 2])
    def test_in_a_warm_start(self, estimator_class, data, epoch):
        X, y = data
        estimator = estimator_class(**NETWORK, warm_start=True).fit(X, y)
        expected, curve = outputs(estimator, X), list(estimator.loss_curve_)
        estimator.set_callbacks(Hook("end", "epoch", epoch, fail(OSError("full"))))
        with pytest.raises(OSError, match="full"):
            estimator.fit(X, y)
        assert_array_equal(outputs(estimator, X), expected)
        assert estimator.loss_curve_ == curve
        estimator.set_callbacks().fit(X, y)
        assert len(estimator.loss_curve_) == 10
        assert estimator.t_ == 10 * len(X)

    def test_all_callbacks_are_torn_down(self, data):
        recorder, broken = Recorder(), Hook("end", "epoch", 1, fail(OSError("full")))
        clf = SETClassifier(**NETWORK).set_callbacks(broken, recorder)
        with pytest.raises(OSError, match="full"):
            clf.fit(*data)
        assert [name for name, *_ in recorder.calls][-1] == "teardown"
        # Those after the broken one are not told of an epoch that failed.
        assert len(recorder.told("end", "epoch")) == 1


class TestInterrupt:
    @pytest.mark.parametrize("hook", ["begin", "end"])
    def test_keeps_the_last_complete_epoch(self, estimator_class, data, hook):
        X, y = data
        recorder = Recorder()
        interrupt = Hook(hook, "epoch", 2, fail(KeyboardInterrupt))
        estimator = estimator_class(**NETWORK).set_callbacks(interrupt, recorder)
        with pytest.warns(UserWarning, match="interrupted by user after 2 complete"):
            estimator.fit(X, y)
        assert estimator.n_iter_ == len(estimator.loss_curve_) == 2
        shorter = estimator_class(**{**NETWORK, "max_iter": 2}).fit(X, y)
        assert_array_equal(outputs(estimator, X), outputs(shorter, X))
        assert interrupt.n_teardowns == 1
        # The fit ended in an orderly way.
        (told,) = recorder.told("end", "fit")
        assert_array_equal(outputs(told["fitted"], X), outputs(shorter, X))
        assert estimator.set_callbacks().partial_fit(X, y).n_iter_ == 1

    def test_keeps_the_best_epoch(self, data):
        X, y = data
        params = {**NETWORK, "early_stopping": True, "validation_fraction": 0.3}
        interrupt = Hook("begin", "epoch", 4, fail(KeyboardInterrupt))
        clf = SETClassifier(**params).set_callbacks(interrupt)
        with pytest.warns(UserWarning, match="interrupted by user after 4 complete"):
            clf.fit(X, y)
        best = int(np.argmax(clf.validation_scores_)) + 1
        shorter = SETClassifier(**{**params, "max_iter": best}).fit(X, y)
        assert_array_equal(outputs(clf, X), outputs(shorter, X))

    @pytest.mark.parametrize("place", [("setup", "fit", 0), ("end", "fit", 0)])
    def test_outside_of_epochs_is_an_error(self, data, place):
        interrupt = Hook(*place, fail(KeyboardInterrupt))
        clf = SETClassifier(**NETWORK).set_callbacks(interrupt)
        with pytest.raises(KeyboardInterrupt):
            clf.fit(*data)
        assert not hasattr(clf, "coefs_")
