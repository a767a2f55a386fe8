"""What users are told while a network is trained: callbacks and printed lines."""

import pickle
import re
import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "max_iter": 5,
    "tol": None,
    "random_state": 0,
}


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__)
def estimator_class(request):
    return request.param


@pytest.fixture(scope="module")
def data():
    """Classes that are numbers as well."""
    X, y = make_classification(
        100, 12, n_informative=6, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    return X, y


def outputs(estimator, X):
    """The finest that an estimator tells of samples."""
    return getattr(estimator, "predict_proba", estimator.predict)(X)


def score_of(estimator, X, y, **weights):
    """The estimator's own figure, without its `score`."""
    if hasattr(estimator, "classes_"):
        return accuracy_score(y, estimator.predict(X), **weights)
    residuals, total = y - estimator.predict(X), y - y.mean()
    return 1 - residuals @ residuals / (total @ total)


class Recorder:
    """Remembers which hooks were called, with what."""

    def __init__(self):
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append(("setup", context, estimator, None))

    def teardown(self, estimator, context):
        self.calls.append(("teardown", context, estimator, None))

    def on_fit_task_begin(
        self, estimator, context, *, X, y, metadata, fitted_estimator
    ):
        told = {"X": X, "y": y, "metadata": metadata, "fitted": fitted_estimator}
        self.calls.append(("begin", context, estimator, told))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        told = {"X": X, "y": y, "metadata": metadata, "fitted": fitted_estimator}
        self.calls.append(("end", context, estimator, told))

    def told(self, hook, task):
        """What a hook was told, call by call."""
        return [
            told
            for name, context, _, told in self.calls
            if (name, context.task_name) == (hook, task)
        ]


class Checkpoints:
    """Saves the network of each epoch."""

    def __init__(self, folder):
        self.folder = folder

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        path = self.folder / f"{context.task_name}{context.task_id}"
        path.write_bytes(pickle.dumps(fitted_estimator))

    def teardown(self, estimator, context):
        pass


class Hook:
    """Does nothing but what a test wants in one hook of one task."""

    def __init__(self, hook, task, task_id, action):
        self.at = hook, task, task_id
        self.action = action
        self.n_teardowns = 0

    def call(self, hook, context):
        if self.at == (hook, context.task_name, context.task_id):
            return self.action()
        return None

    def setup(self, estimator, context):
        self.call("setup", context)

    def on_fit_task_begin(self, estimator, context):
        return self.call("begin", context)

    def on_fit_task_end(self, estimator, context):
        return self.call("end", context)

    def teardown(self, estimator, context):
        self.n_teardowns += 1
        self.call("teardown", context)


def fail(error):
    """A function that raises it."""

    def action():
        raise error

    return action


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


class TestFittedEstimator:
    @pytest.fixture
    def fitted(self, estimator_class, data):
        """The estimator, and what hooks were given before and after each epoch."""
        recorder = Recorder()
        estimator = estimator_class(**NETWORK).set_callbacks(recorder)
        estimator.fit(*data)
        tasks = [recorder.told(hook, "epoch") for hook in ("begin", "end")]
        return estimator, *([told["fitted"] for told in task] for task in tasks)

    @pytest.mark.filterwarnings("ignore:After .* epochs the loss")
    def test_before_the_first_epoch(self, estimator_class, data):
        X, y = data
        rng = np.random.default_rng(0)
        coefs = [
            sparse.random_array(shape, density=0.5, rng=rng)
            for shape in [(12, 30), (30, 3 if estimator_class in CLASSIFIERS else 1)]
        ]
        recorder = Recorder()
        estimator = estimator_class(**NETWORK).set_callbacks(recorder)
        estimator.fit(X, y, coefs_init=coefs)
        (told,) = recorder.told("begin", "fit")
        assert told["fitted"] is None
        initial = recorder.told("begin", "epoch")[0]["fitted"]
        for found, given in zip(initial.coefs_, coefs, strict=True):
            assert_array_equal(found.toarray(), given.toarray())
        assert (initial.n_iter_, initial.t_, initial.loss_curve_) == (0, 0, [])
        z = np.maximum(X @ coefs[0].toarray(), 0) @ coefs[1].toarray()
        if estimator_class in CLASSIFIERS:
            assert_array_equal(initial.predict(X), z.argmax(axis=1))
        else:
            # Regressors learn standardised numbers.
            assert_allclose(initial.predict(X), z[:, 0] * y.std() + y.mean())

    def test_is_that_of_as_many_epochs(self, estimator_class, fitted, data):
        X, y = data
        for n, each in enumerate(fitted[2], start=1):
            shorter = estimator_class(**{**NETWORK, "max_iter": n}).fit(X, y)
            assert_array_equal(outputs(each, X), outputs(shorter, X))
            assert each.n_iter_ == n
            for name in ("loss_curve_", "t_", "n_connections_", "best_loss_"):
                assert getattr(each, name) == getattr(shorter, name)

    def test_nothing_happens_between_epochs(self, fitted, data):
        _, before, after = fitted
        for ended, begun in zip(after[:-1], before[1:], strict=True):
            assert_array_equal(outputs(ended, data[0]), outputs(begun, data[0]))

    def test_does_not_change_later(self, estimator_class, data):
        X, y = data
        at_the_time = []

        class Predicting(Recorder):
            def on_fit_task_end(self, estimator, context, *, fitted_estimator):
                at_the_time.append((fitted_estimator, outputs(fitted_estimator, X)))

        estimator = estimator_class(**NETWORK).set_callbacks(Predicting())
        estimator.fit(X, y).fit(X[:50], y[:50])
        assert len(at_the_time) == 12
        for each, expected in at_the_time:
            assert_array_equal(outputs(each, X), expected)
        # Epochs differ, or this would tell nothing.
        for (_, one), (_, next_one) in pairwise(at_the_time[:5]):
            assert not np.array_equal(one, next_one)

    def test_training_on_disturbs_no_other(self, estimator_class, fitted, data):
        X, y = data
        estimator, before, after = fitted
        expected = [outputs(each, X) for each in (estimator, *before[1:], *after)]
        third = after[2]
        third.partial_fit(X, y)
        shorter = estimator_class(**{**NETWORK, "max_iter": 3}).fit(X, y)
        assert_array_equal(outputs(third, X), outputs(shorter.partial_fit(X, y), X))
        del after[2], expected[1 + 4 + 2]
        for each, outputs_before in zip(
            (estimator, *before[1:], *after), expected, strict=True
        ):
            assert_array_equal(outputs(each, X), outputs_before)

    def test_trained_within_a_hook(self, estimator_class, data):
        X, y = data

        class Meddling(Recorder):
            def on_fit_task_end(self, estimator, context, *, fitted_estimator):
                fitted_estimator.partial_fit(X[:30], y[:30])
                fitted_estimator.coefs_[0].data[:] = 0

        expected = outputs(estimator_class(**NETWORK).fit(X, y), X)
        estimator = estimator_class(**NETWORK).set_callbacks(Meddling()).fit(X, y)
        assert_array_equal(outputs(estimator, X), expected)

    def test_may_be_saved(self, estimator_class, data, tmp_path):
        X, y = data
        estimator = estimator_class(**NETWORK)
        estimator.set_callbacks(Checkpoints(tmp_path)).fit(X, y)
        third = pickle.loads((tmp_path / "epoch2").read_bytes())
        shorter = estimator_class(**{**NETWORK, "max_iter": 3}).fit(X, y)
        assert third.n_iter_ == 3
        assert_array_equal(outputs(third, X), outputs(shorter, X))
        third.partial_fit(X, y)
        assert_array_equal(outputs(third, X), outputs(shorter.partial_fit(X, y), X))
        assert_array_equal(outputs(third.fit(X, y), X), outputs(estimator, X))

    def test_may_be_saved_without_its_callbacks(self, data):
        X, y = data
        files = []

        class Saving(Recorder):
            def on_fit_task_end(self, estimator, context, *, fitted_estimator):
                files.append(pickle.dumps(fitted_estimator.set_callbacks()))

        clf = SETClassifier(**NETWORK).set_callbacks(Saving()).fit(X, y)
        assert_array_equal(outputs(pickle.loads(files[-1]), X), outputs(clf, X))

    @pytest.mark.parametrize(
        "interval",
        [
            "epoch",
            2,
        ],
    )
    def test_of_the_last_epoch_is_the_estimator(self, data, interval):
        X, y = data
        recorder = Recorder()
        params = {**NETWORK, "evolution_interval": interval, "batch_size": 20}
        clf = SETClassifier(**params)
        clf.set_callbacks(recorder).fit(X, y)
        last = recorder.told("end", "epoch")[-1]["fitted"]
        assert_array_equal(outputs(last, X), outputs(clf, X))

    def test_after_the_fit(self, estimator_class, data):
        X, y = data
        recorder = Recorder()
        params = {**NETWORK, "evolution_interval": 2, "batch_size": 20}
        estimator = estimator_class(**params)
        estimator.set_callbacks(recorder).fit(X, y)
        (told,) = recorder.told("end", "fit")
        assert told["fitted"] is not estimator
        assert_array_equal(outputs(told["fitted"], X), outputs(estimator, X))


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


class TestEarlyStopping:
    def test_hooks_are_told_of_the_training_part(self, estimator_class, data):
        X, y = data
        weights = np.linspace(1, 2, len(X))
        recorder = Recorder()
        estimator = estimator_class(
            **NETWORK, early_stopping=True, validation_fraction=0.3
        ).set_callbacks(recorder)
        estimator.fit(X, y, sample_weight=weights)
        (told,) = recorder.told("end", "fit")
        assert told["X"].shape == (70, 12)
        rows = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in told["X"]]
        assert len(set(rows)) == 70
        assert_array_equal(told["y"], y[rows])
        assert_array_equal(told["metadata"]["sample_weight"], weights[rows])
        # What was held out gives the scores.
        rest = np.setdiff1d(np.arange(len(X)), rows)
        for n, each in enumerate(recorder.told("end", "epoch")):
            found = each["fitted"].score(X[rest], y[rest], weights[rest])
            assert_allclose(found, estimator.validation_scores_[n])
            assert (
                each["fitted"].validation_scores_
                == estimator.validation_scores_[: n + 1]
            )

    def test_samples_given_for_validation_are_none_of_them(self, data):
        X, y = data
        recorder = Recorder()
        clf = SETClassifier(**NETWORK, early_stopping=True).set_callbacks(recorder)
        clf.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
        assert_array_equal(recorder.told("begin", "fit")[0]["X"], X[:60])
        for score, told in zip(
            clf.validation_scores_, recorder.told("end", "epoch"), strict=True
        ):
            assert_allclose(score_of(told["fitted"], X[60:], y[60:]), score)

    def test_the_best_network_is_told_of_in_the_end(self, estimator_class, data):
        X, y = data
        recorder = Recorder()
        estimator = estimator_class(
            **{**NETWORK, "max_iter": 12}, early_stopping=True, validation_fraction=0.3
        ).set_callbacks(recorder)
        estimator.fit(X, y)
        best = int(np.argmax(estimator.validation_scores_))
        (told,) = recorder.told("end", "fit")
        expected = recorder.told("end", "epoch")[best]["fitted"]
        assert_array_equal(outputs(told["fitted"], X), outputs(expected, X))
        assert_array_equal(outputs(estimator, X), outputs(expected, X))


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


@pytest.fixture
def bars(monkeypatch):
    """How far bars got, as (completed, total), in the order of time."""
    progress = pytest.importorskip("rich.progress")
    seen = []
    update = progress.Progress.update

    def spying(self, task_id, **kwargs):
        seen.append((self.tasks[task_id].description.strip(), kwargs))
        update(self, task_id, **kwargs)

    monkeypatch.setattr(progress.Progress, "update", spying)
    return seen


def shown_bars(capsys):
    """Descriptions of the bars that were shown in the end; all are complete."""
    lines = capsys.readouterr().out.splitlines()
    assert all("100%" in line for line in lines)
    return [re.split(r"\s*━", line)[0].strip() for line in lines]


@pytest.mark.usefixtures("wide_terminal")
class TestProgressBar:
    @pytest.fixture
    def wide_terminal(self, monkeypatch):
        pytest.importorskip("rich")
        monkeypatch.setenv("COLUMNS", "200")

    def test_moves_with_each_epoch(self, estimator_class, data, bars, capsys):
        estimator = estimator_class(**NETWORK).set_callbacks(ProgressBar())
        estimator.fit(*data)
        name = f"{estimator_class.__name__} - fit"
        assert [description for description, _ in bars] == [name] * 6
        found = [kwargs["completed"] for _, kwargs in bars]
        assert_allclose(found[:5], [1, 2, 3, 4, 5])
        assert bars[-1][1] == {"completed": 1, "total": 1}
        assert shown_bars(capsys) == [name]

    def test_is_complete_after_stopping(self, data, bars, capsys):
        stop = Hook("end", "epoch", 1, lambda: True)
        SETClassifier(**NETWORK).set_callbacks(ProgressBar(), stop).fit(*data)
        assert [kwargs["completed"] for _, kwargs in bars] == [1, 2, 1]
        assert shown_bars(capsys) == ["SETClassifier - fit"]

    @pytest.mark.parametrize("depth", [0, 1, None])
    def test_in_a_pipeline(self, data, depth, bars, capsys):
        pipe = make_pipeline(StandardScaler(), SETClassifier(**NETWORK))
        pipe.set_callbacks(ProgressBar(max_propagation_depth=depth)).fit(*data)
        shown = shown_bars(capsys)
        name = "Pipeline - fit-final-estimator | SETClassifier - fit #1"
        assert shown[0] == "Pipeline - fit"
        assert (name in shown) == (depth != 0)
        epochs = [kwargs["completed"] for d, kwargs in bars if d == name]
        assert_allclose(epochs, [] if depth == 0 else [1, 2, 3, 4, 5, 1])

    @pytest.mark.parametrize("n_jobs", [1, 2])
    @pytest.mark.parametrize("depth", [0, 1])
    def test_in_a_search(self, data, n_jobs, depth, bars, capsys):
        clf = SETClassifier(**NETWORK)
        search = GridSearchCV(clf, {"zeta": [0.1, 0.2]}, cv=2, n_jobs=n_jobs)
        search.set_callbacks(ProgressBar(max_propagation_depth=depth)).fit(*data)
        of_splits = [
            f"GridSearchCV - candidate-split-evaluation | SETClassifier - fit #{n}"
            for n in range(4)
        ]
        refit = "GridSearchCV - refit-with-best-params | SETClassifier - fit #1"
        expected = ["GridSearchCV - fit", "GridSearchCV - search #0"]
        if depth == 1:
            expected += [*of_splits, refit]
        assert sorted(shown_bars(capsys)) == sorted(expected)
        for name in expected[2:]:
            found = [kwargs["completed"] for d, kwargs in bars if d == name]
            assert_allclose(found, [1, 2, 3, 4, 5, 1])

    def test_in_a_search_over_pipelines(self, data, capsys):
        pipe = make_pipeline(StandardScaler(), SETClassifier(**NETWORK))
        search = GridSearchCV(pipe, {"setclassifier__zeta": [0.1]}, cv=2)
        for depth, n_bars in [(1, 0), (2, 3)]:
            search.set_callbacks(ProgressBar(max_propagation_depth=depth)).fit(*data)
            shown = shown_bars(capsys)
            assert sum("SETClassifier" in line for line in shown) == n_bars

    def test_warns_of_nothing_on_a_network_itself(self, data, capsys):
        """Callbacks that propagate belong to the outermost estimator."""
        clf = SETClassifier(**NETWORK).set_callbacks(ProgressBar())
        with pytest.raises(TypeError, match="Register them directly on"):
            make_pipeline(StandardScaler(), clf).fit(*data)
        assert capsys.readouterr().out == ""


class TestScoringMonitor:
    def scores(self, monitor, name, task="epoch"):
        rows = monitor.get_logs().data
        return [row[name] for row in rows if row["task_name"] == task]

    @pytest.mark.parametrize("solver", ["adam", "sgd"])
    def test_scores_of_epochs(self, estimator_class, data, solver):
        X, y = data
        params = {**NETWORK, "solver": solver}
        scoring = "accuracy" if estimator_class in CLASSIFIERS else "r2"
        monitor = ScoringMonitor(scoring=scoring)
        estimator = estimator_class(**params).set_callbacks(monitor).fit(X, y)
        shorter = [
            estimator_class(**{**params, "max_iter": n}).fit(X, y) for n in range(1, 6)
        ]
        expected = [score_of(each, X, y) for each in shorter]
        assert len(set(expected)) > 1
        assert_allclose(self.scores(monitor, scoring), expected)
        (of_fit,) = self.scores(monitor, scoring, "fit")
        assert_allclose(of_fit, score_of(estimator, X, y))

    def test_several_scores_and_weights(self, data):
        X, y = data
        weights = np.where(y == 0, 5.0, 1.0)
        monitor = ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
        clf = SETClassifier(**NETWORK).set_callbacks(monitor)
        clf.fit(X, y, sample_weight=weights)
        shorter = [
            SETClassifier(**{**NETWORK, "max_iter": n}).fit(X, y, sample_weight=weights)
            for n in range(1, 6)
        ]
        expected = [score_of(each, X, y, sample_weight=weights) for each in shorter]
        assert_allclose(self.scores(monitor, "accuracy"), expected)
        expected = [
            np.average(each.predict_log_proba(X)[np.arange(len(y)), y], weights=weights)
            for each in shorter
        ]
        assert_allclose(self.scores(monitor, "neg_log_loss"), expected)

    def test_early_stopping(self, data):
        X, y = data
        monitor = ScoringMonitor(scoring="accuracy")
        clf = SETClassifier(**NETWORK, early_stopping=True).set_callbacks(monitor)
        clf.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
        best = int(np.argmax(clf.validation_scores_))
        scores = self.scores(monitor, "accuracy")
        assert self.scores(monitor, "accuracy", "fit") == [scores[best]]
        assert_allclose(scores[best], score_of(clf, X[:60], y[:60]))

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_in_a_search(self, data, n_jobs):
        X, y = data
        monitor = ScoringMonitor(scoring="accuracy")
        clf = SETClassifier(**NETWORK).set_callbacks(monitor)
        folds, grid = KFold(2), {"zeta": [0.1, 0.4]}
        GridSearchCV(clf, grid, cv=folds, n_jobs=n_jobs, refit=False).fit(X, y)
        expected = []
        for zeta in grid["zeta"]:
            for train, _ in folds.split(X):
                for n in range(1, 6):
                    params = {**NETWORK, "zeta": zeta, "max_iter": n}
                    shorter = SETClassifier(**params).fit(X[train], y[train])
                    expected.append(score_of(shorter, X[train], y[train]))
        assert_allclose(self.scores(monitor, "accuracy"), expected)

    def test_frames(self, data):
        X, y = data
        monitor = ScoringMonitor(scoring="accuracy")
        clf = SETClassifier(**NETWORK).set_callbacks(monitor)
        frame = pd.DataFrame(X, columns=[f"gene {n}" for n in range(12)])
        clf.fit(frame, y)
        assert_allclose(self.scores(monitor, "accuracy")[-1], score_of(clf, frame, y))


LINE = re.compile(
    r"Iteration (?P<epoch>\d+), loss = (?P<loss>\S+), "
    r"(validation loss = (?P<val_loss>\S+), validation score = (?P<score>\S+), )?"
    r"connections = (?P<connections>\d+), replaced = (?P<replaced>\S+) %"
)


class TestVerbose:
    def lines(self, capsys):
        shown = capsys.readouterr()
        assert shown.err == ""
        matches = [LINE.fullmatch(line) for line in shown.out.splitlines()]
        assert None not in matches
        return {
            name: [
                None if match[name] is None else float(match[name]) for match in matches
            ]
            for name in LINE.groupindex
        }

    def test_figures(self, estimator_class, data, capsys):
        X, y = data
        params = {**NETWORK, "zeta": 0.3, "initial_graph": "uniform"}
        recorder = Recorder()
        estimator = estimator_class(**params, verbose=True).set_callbacks(recorder)
        estimator.fit(X, y)
        shown = self.lines(capsys)
        assert shown["epoch"] == [1, 2, 3, 4, 5]
        assert_allclose(shown["loss"], estimator.loss_curve_, atol=5e-9)
        assert shown["score"] == shown["val_loss"] == [None] * 5
        fitted = [told["fitted"] for told in recorder.told("end", "epoch")]
        assert shown["connections"] == [each.n_connections_ for each in fitted]
        assert shown["connections"][-1] == estimator.n_connections_
        # Each epoch but the first has the connections that the one before lost.
        n_initial = recorder.told("begin", "epoch")[0]["fitted"].n_connections_
        lost = n_initial - estimator.n_connections_
        assert_allclose(lost / n_initial, 0.3, atol=0.02)
        shares = [0] + [100 * lost / n_initial] * 4
        assert_allclose(shown["replaced"], shares, atol=0.05)

    def test_early_stopping(self, estimator_class, data, capsys):
        X, y = data
        estimator = estimator_class(
            **NETWORK, verbose=1, early_stopping=True, validation_fraction=0.3
        ).fit(X, y)
        shown = self.lines(capsys)
        assert shown["epoch"] == [1, 2, 3, 4, 5]
        assert_allclose(shown["score"], estimator.validation_scores_, atol=5e-7)
        assert_allclose(shown["val_loss"], estimator.validation_loss_curve_, atol=5e-9)

    def test_a_network_that_does_not_evolve(self, data, capsys):
        clf = SETClassifier(**{**NETWORK, "zeta": 0}, verbose=True).fit(*data)
        shown = self.lines(capsys)
        assert shown["connections"] == [clf.n_connections_] * 5
        assert shown["replaced"] == [0] * 5

    def test_replaced_within_epochs(self, data, capsys):
        """Half of the connections before each mini-batch but the first of all."""
        params = {**NETWORK, "zeta": 0.5, "evolution_interval": 1, "batch_size": 10}
        X, y = data
        clf = SETClassifier(**params, verbose=True).fit(X, y)
        n_batches = -(-len(X) // 10)
        expected = [50 * (n_batches - 1)] + [50 * n_batches] * (clf.n_iter_ - 1)
        assert_allclose(self.lines(capsys)["replaced"], expected, rtol=0.02)

    def test_partial_fit(self, data, capsys):
        X, y = data
        clf = SETRegressor(**NETWORK, verbose=True).partial_fit(X, y).partial_fit(X, y)
        lines = self.lines(capsys)
        assert lines["epoch"] == [1, 2]
        assert_allclose(lines["loss"], clf.loss_curve_, atol=1e-8)

    def test_connections_of_the_last_line(self, data, capsys):
        params = {**NETWORK, "evolution_interval": 2, "batch_size": 20}
        clf = SETClassifier(**params, verbose=True).fit(*data)
        assert self.lines(capsys)["connections"][-1] == clf.n_connections_

    def test_stopped_by_a_callback(self, data, capsys):
        stop = Hook("end", "epoch", 1, lambda: True)
        SETClassifier(**NETWORK, verbose=True).set_callbacks(stop).fit(*data)
        assert self.lines(capsys)["epoch"] == [1, 2]

    def test_silent_by_default(self, estimator_class, data, capsys):
        X, y = data
        estimator = estimator_class(**NETWORK, early_stopping=True)
        estimator.set_callbacks(Recorder()).fit(X, y)
        estimator.set_params(early_stopping=False).partial_fit(X, y)
        estimator.predict(X)
        shown = capsys.readouterr()
        assert shown.out == shown.err == ""

    def test_silent_convergence_warning(self, data, capsys):
        """A warning is a warning, not a printed line."""
        clf = SETClassifier(**{**NETWORK, "tol": 0})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            clf.fit(*data)
        assert [warning.category for warning in caught] == [ConvergenceWarning]
        assert capsys.readouterr().out == ""
