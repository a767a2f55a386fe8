"""Figures of epochs reach whatever wants them."""

import gc
import os
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import HebbSETRegressor, SETClassifier, WinnerTakeAll
from skhebb.callbacks import LogFigures

SMALL = {"hidden_layer_sizes": (10,), "max_iter": 4, "tol": None, "random_state": 0}


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


class MLflow:
    """Has a function of the signature that ``mlflow.log_metrics`` has."""

    def __init__(self):
        self.seen = []

    def log_metrics(self, metrics, step=None, synchronous=None, run_id=None):
        self.seen += [(step, *item) for item in metrics.items()]


class WandbRun:
    """Has a method of the signature that ``log`` of a run of Weights & Biases has."""

    def __init__(self):
        self.seen = []

    def log(self, data, step=None, commit=None):
        self.seen += [(step, *item) for item in data.items()]


class SummaryWriter:
    """Has a method of the signature that TensorBoard's class of that name has."""

    def __init__(self):
        self.seen = []

    def add_scalar(self, tag, scalar_value, global_step=None, walltime=None):
        self.seen.append((global_step, tag, scalar_value))


def test_keepers_of_figures(iris):
    """Each with the line of the docstring."""
    mlflow, run, writer = MLflow(), WandbRun(), SummaryWriter()
    callbacks = [
        LogFigures(mlflow.log_metrics),
        LogFigures(run.log),
        LogFigures(
            lambda figures, step: [
                writer.add_scalar(*figure, step) for figure in figures.items()
            ]
        ),
    ]
    clf = SETClassifier(**SMALL).set_callbacks(*callbacks).fit(*iris)
    assert mlflow.seen == run.seen == writer.seen
    losses = [(step, value) for step, name, value in run.seen if name == "loss"]
    assert losses == list(enumerate(clf.loss_curve_, 1))
    assert all(type(value) is float for _, _, value in run.seen)


@pytest.mark.parametrize("scoring", [None, "loss"])
def test_figures(iris, scoring):
    X, y = iris
    reg = HebbSETRegressor(**SMALL, early_stopping=True, scoring=scoring)
    seen = []
    reg.set_callbacks(LogFigures(lambda figures, step: seen.append(figures)))
    reg.fit(X, y)
    names = {
        "loss": reg.loss_curve_,
        "validation_loss": reg.validation_loss_curve_,
        "validation_score": reg.validation_scores_,
    }
    for name, curve in names.items():
        assert [figures.get(name) for figures in seen] == (curve or [None] * 4)
    rates = [figures["learning_rate"] for figures in seen]
    expected = reg.learning_rate_init_ * (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    np.testing.assert_allclose(rates, expected)
    assert 0 < seen[-1]["n_connections"] <= reg.n_connections_


def test_every_and_warm_start(iris):
    steps = []
    callback = LogFigures(lambda figures, step: steps.append(step), every=2)
    clf = SETClassifier(**SMALL, warm_start=True).set_callbacks(callback)
    clf.fit(*iris).fit(*iris)
    assert steps == [2, 4, 6, 8]


def test_features(iris):
    seen = []
    wta = WinnerTakeAll(5, max_iter=3, random_state=0)
    wta.set_callbacks(LogFigures(lambda *message: seen.append(message)))
    wta.fit(iris[0])
    assert seen == [({"change": c}, n) for n, c in enumerate(wta.change_curve_, 1)]


def test_search(iris):
    """Fits have names; `log`, which need not be picklable, stays in this process."""
    seen = {}
    network = SETClassifier(**SMALL).set_callbacks(
        LogFigures(lambda figures, step: seen.setdefault(step, []).extend(figures))
    )
    pipeline = make_pipeline(StandardScaler(), network)
    grid = {"setclassifier__zeta": [0.1, 0.3]}
    GridSearchCV(pipeline, grid, cv=2, n_jobs=2).fit(*iris)
    assert sorted(seen) == [1, 2, 3, 4]
    losses = [name for name in seen[4] if name.endswith("/loss")]
    assert len(set(losses)) == len(losses) == 5
    assert sum("candidate-split-evaluation" in name for name in losses) == 4


def test_an_error_of_log(iris):
    def log(figures, step):
        raise OSError("disk full")

    clf = SETClassifier(**SMALL).set_callbacks(LogFigures(log))
    with pytest.raises(OSError, match="disk full"):
        clf.fit(*iris)
    assert not hasattr(clf, "coefs_")


@pytest.mark.parametrize("process", [None, -1])
def test_loaded_from_a_file(process, iris, monkeypatch):
    """In this or another process, when what had `log` is gone."""
    clf = SETClassifier(**SMALL).set_callbacks(LogFigures(print))
    content = pickle.dumps(clf)
    del clf
    gc.collect()
    if process is not None:
        monkeypatch.setattr(os, "getpid", lambda: process)
    with pytest.raises(RuntimeError, match="was loaded from a file, without its log"):
        pickle.loads(content).fit(*iris)


def test_wrong_arguments(iris):
    with pytest.raises(TypeError, match=r"log must be callable.* Got NoneType"):
        LogFigures(None)
    for every in (0, 1.5, True):
        with pytest.raises(ValueError, match="every must be an integer"):
            LogFigures(print, every)
    other = LogisticRegression()
    if hasattr(other, "set_callbacks"):
        with pytest.raises(TypeError, match="LogFigures is for networks"):
            other.set_callbacks(LogFigures(print)).fit(*iris)
    with pytest.raises(TypeError, match="but was set on LogisticRegression"):
        LogFigures(print).setup(other, None)
