"""The network that hooks are given."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skhebb import SETClassifier

from .hooks import CLASSIFIERS, NETWORK, Checkpoints, Recorder, outputs, score_of


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
