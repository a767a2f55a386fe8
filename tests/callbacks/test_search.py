"""A search that is killed goes on without refitting what was done."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .fits import FITS, Killed, Killer, data, files, kept

GRID = {"setclassifier__alpha": [0.0, 0.5]}


class KillerOfFit(Killer):
    """Ends the process within an epoch of the n-th fit."""

    def __init__(self, fit):
        super().__init__(3)
        self.fit, self.n_seen = fit, 0

    def setup(self, estimator, context):
        self.fit -= 1

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch":
            self.n_seen += 1
            if self.fit == -1 and context.task_id == self.epoch:
                raise Killed


def search(*callbacks, n_jobs=None):
    network = clone(FITS["sgd"]).set_callbacks(*callbacks)
    pipe = make_pipeline(StandardScaler(), network)
    return GridSearchCV(pipe, GRID, cv=3, n_jobs=n_jobs).fit(*data())


def assert_same_results(one, other):
    for name, values in one.cv_results_.items():
        if not name.endswith("_time"):
            assert_array_equal(values, other.cv_results_[name])
    assert one.best_params_ == other.best_params_
    X, _ = data()
    assert_array_equal(one.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("fit", [0, 4, 6])
def test_killed(fit, tmp_path):
    """In the first, in the fifth, and when the best one is fitted to all data."""
    with pytest.raises(Killed):
        search(kept(tmp_path), KillerOfFit(fit))
    counter = KillerOfFit(99)
    assert_same_results(search(kept(tmp_path), counter), search())
    assert counter.n_seen == 7 * (7 - fit) - 3
    folders = {str(path.parent) for path in tmp_path.rglob("result.npz")}
    assert len(folders) == 7


def test_in_other_processes(tmp_path, monkeypatch):
    """A relative folder is that of the process in which it was given."""
    monkeypatch.chdir(tmp_path)
    expected = search()
    assert_same_results(search(kept("run"), n_jobs=2), expected)
    assert files(tmp_path / "run").count("result.npz") == 7
    counter = KillerOfFit(99)
    assert_same_results(search(kept("run"), counter), expected)
    assert counter.n_seen == 0


def test_others_are_refused(tmp_path):
    """Where callbacks are not told, one fit would take another's snapshots."""
    network = clone(FITS["sgd"]).set_callbacks(kept(tmp_path))
    with pytest.raises(ValueError, match="is a snapshot of another fit: X was"):
        cross_val_score(network, *data(), cv=2, error_score="raise")


def test_a_snapshot_of_another_search(tmp_path):
    search(kept(tmp_path))
    network = clone(FITS["sgd"]).set_callbacks(kept(tmp_path))
    pipe = make_pipeline(StandardScaler(), network)
    other = GridSearchCV(
        pipe, {"setclassifier__alpha": np.array([0.1])}, cv=3, error_score="raise"
    )
    with pytest.raises(ValueError, match=r"fit: alpha was 0\.0 and is 0\.1"):
        other.fit(*data())
