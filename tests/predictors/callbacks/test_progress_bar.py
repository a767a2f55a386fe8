"""scikit-learn's ProgressBar."""

import re

import pytest
from numpy.testing import assert_allclose
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier

from .hooks import NETWORK, Hook


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

    def test_is_refused_on_a_network_in_a_pipeline(self, data, capsys):
        """Callbacks that propagate belong to the outermost estimator."""
        clf = SETClassifier(**NETWORK).set_callbacks(ProgressBar())
        with pytest.raises(TypeError, match="Register them directly on"):
            make_pipeline(StandardScaler(), clf).fit(*data)
        assert capsys.readouterr().out == ""
