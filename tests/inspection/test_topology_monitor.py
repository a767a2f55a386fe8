"""Which connections stay: monitor, history and display."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier
from skhebb.inspection import (
    HebbianTermDisplay,
    TopologyHistory,
    TopologyMonitor,
    TopologyPersistenceDisplay,
    WeightDistributionDisplay,
)

from .networks import NETWORK, Snapshots, cells_of, shares_of


class TestTopologyMonitor:
    def test_records_of_fit(self, data):
        monitor, snapshots = TopologyMonitor(every=2), Snapshots()
        clf = SETClassifier(**NETWORK).set_callbacks(monitor, snapshots).fit(*data)
        (history,) = monitor.histories
        assert history.epochs == [0, 2, 4, 6]
        for recorded, expected in zip(
            history.connections, snapshots.coefs[::2], strict=True
        ):
            assert list(map(cells_of, recorded)) == list(map(cells_of, expected))
        assert cells_of(history.connections[-1][0]) == cells_of(clf.coefs_[0])

    def test_shares(self, data):
        monitor, snapshots = TopologyMonitor(), Snapshots()
        SETClassifier(**NETWORK).set_callbacks(monitor, snapshots).fit(*data)
        (history,) = monitor.histories
        coefs = snapshots.coefs
        for step in (1, 3):
            pairs = zip(coefs[:-step], coefs[step:], strict=True)
            expected = [shares_of(*pair) for pair in pairs]
            assert_allclose(history.persistence(step), expected)
        final = [shares_of(each, coefs[-1]) for each in coefs]
        assert_allclose(history.share_in_final(), final)
        assert np.min(final) < 0.9

    @pytest.mark.parametrize("step", [0, 7, -1, 1.5])
    def test_wrong_step(self, data, step):
        monitor = TopologyMonitor()
        SETClassifier(**NETWORK).set_callbacks(monitor).fit(*data)
        with pytest.raises(ValueError, match=r"an integer in the range \[1, 6\]"):
            monitor.histories[0].persistence(step)

    @pytest.mark.parametrize("every", [0, 1.5, "all", True])
    def test_wrong_every(self, every):
        with pytest.raises(ValueError, match="every must be an integer"):
            TopologyMonitor(every=every)

    def test_early_stopping(self, data):
        """The final network is the best one, not that of the last epoch."""
        X, y = data
        monitor, snapshots = TopologyMonitor(every=2), Snapshots()
        params = {**NETWORK, "learning_rate": "constant", "tol": None}
        clf = SETClassifier(**params, growth_scale="he", early_stopping=True)
        clf.set_callbacks(monitor, snapshots).fit(X[:60], y[:60], X_val=X, y_val=y)
        assert np.argmax(clf.validation_scores_) < 5
        (history,) = monitor.histories
        assert history.epochs == [0, 2, 4, 6]
        expected = snapshots.coefs[-1]
        assert cells_of(history.connections[-1][0]) == cells_of(expected[0])
        best = list(map(cells_of, clf.coefs_))
        assert list(map(cells_of, history.final)) == best
        assert list(map(cells_of, expected)) != best
        shares = [shares_of(each, clf.coefs_) for each in snapshots.coefs[::2]]
        assert_allclose(history.share_in_final(), shares)

    def test_last_epoch(self, data):
        monitor = TopologyMonitor(every=4)
        clf = SETClassifier(**NETWORK).set_callbacks(monitor).fit(*data)
        (history,) = monitor.histories
        assert history.epochs == [0, 4, 6]
        assert cells_of(history.connections[-1][0]) == cells_of(clf.coefs_[0])

    def test_in_a_pipeline(self, data):
        monitor = TopologyMonitor(every=3)
        clf = SETClassifier(**NETWORK).set_callbacks(monitor)
        make_pipeline(StandardScaler(), clf).fit(*data)
        assert monitor.histories[0].epochs == [0, 3, 6]

    def test_of_what_is_no_network(self, data):
        pipeline = make_pipeline(StandardScaler(), SETClassifier(**NETWORK))
        pipeline.set_callbacks(TopologyMonitor())
        with pytest.raises(TypeError, match=r"set on Pipeline\. Call set_callbacks of"):
            pipeline.fit(*data)

    def test_layer_without_connections(self, data):
        X, y = data
        coefs = [np.ones((12, 4)), np.zeros((4, 3))]
        monitor = TopologyMonitor()
        clf = SETClassifier(4, max_iter=3).set_callbacks(monitor)
        clf.fit(X, y, coefs_init=coefs)
        assert np.isnan(monitor.histories[0].persistence()[:, 1]).all()
        WeightDistributionDisplay.from_estimator(clf, label="SET")
        HebbianTermDisplay.from_estimator(clf, X, y)

    def test_warm_start(self, data):
        monitor = TopologyMonitor(every=3)
        clf = SETClassifier(**NETWORK, warm_start=True).set_callbacks(monitor)
        clf.fit(*data).fit(*data)
        assert [each.epochs for each in monitor.histories] == [[0, 3, 6], [6, 9, 12]]

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_in_a_search(self, data, n_jobs):
        X, y = data
        monitor = TopologyMonitor(every=3)
        clf = SETClassifier(**NETWORK).set_callbacks(monitor)
        GridSearchCV(clf, {"zeta": [0.1, 0.5]}, cv=2, n_jobs=n_jobs).fit(X, y)
        histories = monitor.histories
        assert len(histories) == 5  # four fits of the search, and the refit
        assert {tuple(history.epochs) for history in histories} == {(0, 3, 6)}
        kept = sorted(history.persistence()[0, 0] for history in histories)
        assert kept[1] + 0.1 < kept[3]

    def test_of_no_network(self):
        assert TopologyMonitor().histories == []
        with pytest.raises(ValueError, match="There is no record"):
            TopologyHistory().share_in_final()

    def test_does_not_change_the_fit(self, data):
        watched = SETClassifier(**NETWORK).set_callbacks(TopologyMonitor()).fit(*data)
        plain = SETClassifier(**NETWORK).fit(*data)
        for one, other in zip(watched.coefs_, plain.coefs_, strict=True):
            assert_array_equal(one.data, other.data)

    def test_pickles(self, data):
        monitor = TopologyMonitor(every=3)
        clf = SETClassifier(**NETWORK).set_callbacks(monitor).fit(*data)
        loaded = pickle.loads(pickle.dumps(monitor))
        assert loaded.histories[0].epochs == [0, 3, 6]
        clone(clf).set_callbacks(loaded).fit(*data)
        assert (len(loaded.histories), len(monitor.histories)) == (2, 1)


class TestTopologyHistory:
    def test_partial_fit(self, data):
        X, y = data
        clf, history, coefs = SETClassifier(**NETWORK), TopologyHistory(), []
        for _ in range(4):
            history.record(clf.partial_fit(X, y, classes=[0, 1, 2]))
            coefs.append([weights.copy() for weights in clf.coefs_])
        assert history.epochs == [1, 2, 3, 4]
        expected = [shares_of(*pair) for pair in pairwise(coefs)]
        assert_allclose(history.persistence(), expected)

    def test_epochs_ascend(self, fitted):
        history = TopologyHistory()
        history.record(fitted)
        with pytest.raises(ValueError, match="Got epoch=6 after 6"):
            history.record(fitted)


class TestTopologyPersistenceDisplay:
    @pytest.mark.parametrize("kind", ["persistence", "final"])
    def test_lines(self, data, kind):
        monitors = {}
        for zeta in (0.1, 0.5):
            monitors[f"zeta {zeta}"] = monitor = TopologyMonitor(every=2)
            clf = SETClassifier(**{**NETWORK, "zeta": zeta}).set_callbacks(monitor)
            for seed in range(3):
                clf.set_params(random_state=seed).fit(*data)
        histories = {label: monitor.histories for label, monitor in monitors.items()}
        display = TopologyPersistenceDisplay.from_histories(histories, kind=kind)
        assert len(display.axes_) == 3
        for depth, ax in enumerate(display.axes_):
            for line, group in zip(ax.lines, histories.values(), strict=True):
                figures = [
                    each.persistence()
                    if kind == "persistence"
                    else each.share_in_final()
                    for each in group
                ]
                assert_allclose(line.get_ydata(), np.mean(figures, axis=0)[:, depth])
                epochs = [2, 4, 6] if kind == "persistence" else [0, 2, 4, 6]
                assert_array_equal(line.get_xdata(), epochs)
            assert len(ax.collections) == 2  # bands

    def test_from_monitor(self, data):
        monitor = TopologyMonitor()
        SETClassifier(**NETWORK).set_callbacks(monitor).fit(*data)
        _, axes = plt.subplots(1, 3)
        display = TopologyPersistenceDisplay.from_monitor(monitor, step=2, axes=axes)
        assert list(display.axes_) == list(axes)
        expected = monitor.histories[0].persistence(2)
        assert_allclose(axes[1].lines[0].get_ydata(), expected[:, 1])
        assert not axes[1].collections  # no band of a single network

    def test_different_epochs(self, data):
        """A mean is over the networks that were recorded at an epoch."""
        monitor = TopologyMonitor(every=3)
        clf = SETClassifier(**NETWORK).set_callbacks(monitor).fit(*data)
        clf.set_params(max_iter=9).fit(*data)
        display = TopologyPersistenceDisplay.from_monitor(monitor)
        assert display.epochs == [3, 6, 9]
        one, other = (each.persistence()[:, 0] for each in monitor.histories)
        expected = [*np.mean([one, other[:2]], axis=0), other[2]]
        assert_allclose(display.axes_[0].lines[0].get_ydata(), expected)

    def test_errors(self, data):
        from_monitor = TopologyPersistenceDisplay.from_monitor
        with pytest.raises(ValueError, match="histories lacks networks"):
            from_monitor(TopologyMonitor())
        monitor = TopologyMonitor()
        clf = SETClassifier(**NETWORK).set_callbacks(monitor).fit(*data)
        with pytest.raises(ValueError, match="axes must be 3 matplotlib Axes"):
            from_monitor(monitor, axes=plt.gca())
        with pytest.raises(ValueError, match="kind must be one of"):
            from_monitor(monitor, kind="last")
        clf.set_params(hidden_layer_sizes=(5,)).fit(*data)
        with pytest.raises(ValueError, match="same number of layers"):
            from_monitor(monitor)

    def test_axes_of_a_mosaic(self, data):
        monitor = TopologyMonitor()
        SETClassifier(**NETWORK).set_callbacks(monitor).fit(*data)
        figure, axes = plt.subplot_mosaic("abc")
        display = TopologyPersistenceDisplay.from_monitor(monitor, axes=axes)
        assert display.figure_ is figure
