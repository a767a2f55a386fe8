"""Which hooks of a callback are called, when, and with what."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.callback import ScoringMonitor

from skhebb import SETClassifier

from .hooks import CLASSIFIERS, NETWORK, Recorder, outputs


class TestHooks:
    def test_order(self, estimator_class, data):
        recorder = Recorder()
        estimator = estimator_class(**NETWORK).set_callbacks(recorder)
        estimator.fit(*data)
        found = [(name, c.task_name, c.task_id) for name, c, *_ in recorder.calls]
        epochs = [(name, "epoch", n) for n in range(5) for name in ("begin", "end")]
        assert found == [
            ("setup", "fit", 0),
            ("begin", "fit", 0),
            *epochs,
            ("end", "fit", 0),
            ("teardown", "fit", 0),
        ]
        assert all(call[2] is estimator for call in recorder.calls)

    def test_contexts(self, data):
        recorder = Recorder()
        SETClassifier(**NETWORK).set_callbacks(recorder).fit(*data)
        _, root, *_ = recorder.calls[0]
        assert (root.max_subtasks, root.parent) == (5, None)
        assert root.estimator_name == "SETClassifier"
        for _, context, *_ in recorder.calls:
            if context.task_name == "epoch":
                assert (context.max_subtasks, context.parent) == (0, root)
            else:
                assert context is root
        assert [context.task_id for context in root] == [0, 0, 1, 2, 3, 4]

    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
    def test_samples(self, estimator_class, data, container):
        X, y = data
        recorder = Recorder()
        estimator = estimator_class(**NETWORK).set_callbacks(recorder)
        estimator.fit(container(X.astype(np.float32)), y)
        for *_, told in recorder.calls[1:-1]:
            assert type(told["X"]) is type(container(X))
            assert told["X"].dtype == np.float32
            found = told["X"].toarray() if sparse.issparse(told["X"]) else told["X"]
            assert_array_equal(found, X.astype(np.float32))
            assert_array_equal(told["y"], y)
            assert told["metadata"] is None

    def test_samples_without_weight_are_absent(self, estimator_class, data):
        X, y = data
        weights = np.arange(len(X)) % 3
        recorder = Recorder()
        estimator = estimator_class(**NETWORK).set_callbacks(recorder)
        estimator.fit(X, y, sample_weight=weights.tolist())
        for *_, told in recorder.calls[1:-1]:
            assert told["metadata"].keys() == {"sample_weight"}
            assert_array_equal(told["metadata"]["sample_weight"], weights[weights > 0])
            assert_array_equal(told["X"], X[weights > 0])
            assert_array_equal(told["y"], y[weights > 0])

    def test_one_weight_for_all_samples(self, data):
        X, y = data
        plain = SETClassifier(**NETWORK).fit(X, y, sample_weight=2.0)
        clf = SETClassifier(**NETWORK).set_callbacks(Recorder())
        clf.fit(X, y, sample_weight=2.0)
        assert_array_equal(outputs(clf, X), outputs(plain, X))

    def test_labels_are_those_of_the_user(self, data):
        X, y = data
        y = np.array(["ham", "spam", "eggs"])[y]
        recorder = Recorder()
        SETClassifier(**NETWORK).set_callbacks(recorder).fit(X, y)
        (told,) = recorder.told("end", "fit")
        assert_array_equal(told["y"], y)

    def test_training_is_the_same(self, estimator_class, data):
        X, y = data
        estimator = estimator_class(**NETWORK, dropout=0.2, batch_size=16)
        expected = outputs(clone(estimator).fit(X, y), X)
        scoring = "accuracy" if estimator_class in CLASSIFIERS else "r2"
        monitor = ScoringMonitor(scoring=scoring)
        estimator.set_callbacks(Recorder(), monitor).fit(X, y)
        assert_array_equal(outputs(estimator, X), expected)

    def test_partial_fit_calls_none(self, estimator_class, data):
        X, y = data
        recorder = Recorder()
        estimator = estimator_class(**NETWORK).set_callbacks(recorder)
        arguments = {"classes": [0, 1, 2]} if estimator_class in CLASSIFIERS else {}
        estimator.partial_fit(X, y, **arguments)
        assert recorder.calls == []

    def test_wrong_parameters_call_none(self, data):
        recorder = Recorder()
        clf = SETClassifier(**{**NETWORK, "zeta": 2}).set_callbacks(recorder)
        with pytest.raises(ValueError, match="'zeta' parameter"):
            clf.fit(*data)
        assert recorder.calls == []


class TestRegistration:
    def test_clones_share_them(self, estimator_class, data):
        recorder = Recorder()
        estimator = estimator_class(**NETWORK).set_callbacks(recorder).fit(*data)
        other = clone(estimator).fit(*data)
        found = {id(call[2]) for call in recorder.calls}
        assert found == {id(estimator), id(other)}

    def test_may_be_taken_away(self, data):
        recorder = Recorder()
        clf = SETClassifier(**NETWORK).set_callbacks(recorder)
        clf.set_callbacks().fit(*data)
        assert recorder.calls == []

    @pytest.mark.parametrize("what", ["a callback", Recorder, object()])
    def test_others_are_refused(self, what):
        with pytest.raises(TypeError, match="FitCallback protocol"):
            SETClassifier().set_callbacks(what)

    def test_unknown_arguments_of_hooks_are_refused(self, data):
        class Curious(Recorder):
            def on_fit_task_end(self, estimator, context, *, weather):
                pass

        clf = SETClassifier(**NETWORK).set_callbacks(Curious())
        with pytest.raises(TypeError, match="weather"):
            clf.fit(*data)
        assert not hasattr(clf, "coefs_")
