"""Convolutions and fine-tuning as callbacks see, stop and keep them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.callback import ProgressBar

from skhebb import WinnerTakeAll
from skhebb.callbacks import Checkpoint

from .networks import both, classifier, convolutions, kernels


class StopAfter:
    """Stops fine-tuning after some epochs; remembers tasks."""

    def __init__(self, n_epochs=None):
        self.n_epochs, self.tasks = n_epochs, []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name == "epoch":
            assert X.shape[1] == fitted_estimator.n_features_in_
            return context.task_id + 1 == self.n_epochs


@both
def test_early_stopping_keeps_the_best(digits, fine_tune):
    X, y, _ = digits
    clf = classifier(
        fine_tune,
        early_stopping=True,
        validation_fraction=0.3,
        n_iter_no_change=3,
        max_iter=15,
        learning_rate_init=0.05,
        scoring="loss",
    ).fit(X, y)
    scores = clf.estimator_.validation_scores_
    assert clf.estimator_.best_validation_score_ == max(scores)
    best = 1 + np.argmax(scores)
    shorter = clone(clf).set_params(
        estimator__max_iter=15, estimator__n_iter_no_change=15
    )
    stopper = StopAfter(best)
    shorter.estimator.set_callbacks(stopper)
    shorter.fit(X, y)
    for one, other in zip(kernels(clf), kernels(shorter), strict=True):
        assert_array_equal(one, other)
    assert_array_equal(clf.predict_proba(X), shorter.predict_proba(X))


class Tasks:
    """Remembers which parts are fitted."""

    max_propagation_depth = None

    def __init__(self):
        self.begun = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, X):
        task = context.source_task_name or context.task_name
        self.begun.append((task, type(estimator).__name__, X.shape))

    def on_fit_task_end(self, estimator, context):
        pass


@both
def test_phases_are_tasks(digits, fine_tune):
    X, y, _ = digits
    clf, tasks = classifier(fine_tune), Tasks()
    expected = clone(clf).fit(X, y).predict_proba(X)
    clf.set_callbacks(tasks).fit(X, y)
    assert_array_equal(clf.predict_proba(X), expected)
    shown = [task for task in tasks.begun if task[0] in ("pre-training", "fine-tuning")]
    assert shown == [
        ("pre-training", "ConvolutionalFeatures", (500, 64)),
        ("pre-training", "ConvolutionalFeatures", (500, 192)),
        ("pre-training", "WinnerTakeAll", (500, 10)),
        ("fine-tuning", "SETClassifier", (84, 10)),
    ]


def test_progress_bar(digits, capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    X, y, _ = digits
    classifier("all").set_callbacks(ProgressBar()).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert all("100%" in line for line in lines)
    for what in ("pre-training | ConvolutionalFeatures", "fine-tuning | SETClassifier"):
        assert any(what in line for line in lines)


class Interrupt(StopAfter):
    """Ctrl-C in the second epoch of features."""

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == 1:
            raise KeyboardInterrupt

    def on_fit_task_end(self, estimator, context):
        pass


def test_interrupted_convolution(digits):
    X, y, _ = digits
    features = WinnerTakeAll(4).set_callbacks(Interrupt())
    clf = classifier("all", [convolutions()[0].set_params(features=features)])
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert vars(clf).keys() == vars(clone(clf)).keys()


class Kill(StopAfter):
    """As a kill would, in an epoch of fine-tuning."""

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == 4:
            raise RuntimeError("killed")

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_goes_on_from_a_checkpoint(digits, solver, tmp_path):
    """Kernels and what the optimiser knows of them are in the file."""
    X, y, _ = digits
    params = {"solver": solver, "dropout": 0.2}
    params |= {"early_stopping": True, "validation_fraction": 0.3}
    clf = classifier("all", **params, max_iter=8, n_iter_no_change=8)
    expected = clone(clf).fit(X, y)
    kept = clone(clf)
    kept.estimator.set_callbacks(Checkpoint(tmp_path), Kill())
    with pytest.raises(RuntimeError, match="killed"):
        kept.fit(X, y)
    resumed = clone(clf)
    resumed.estimator.set_callbacks(Checkpoint(tmp_path))
    resumed.fit(X, y)
    assert_array_equal(resumed.predict_proba(X), expected.predict_proba(X))
    for one, other in zip(kernels(resumed), kernels(expected), strict=True):
        assert_array_equal(one, other)
