"""Tools to look into networks, beside NumPy and what the networks hold."""

import builtins
import copy
import pickle
from itertools import pairwise

import matplotlib
import networkx
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skhebb
from skhebb import (
    ConvolutionalFeatures,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    WinnerTakeAll,
)
from skhebb.inspection import (
    ConnectionMonitor,
    ConnectionPathDisplay,
    ConnectionUpdateDisplay,
    DegreeDistributionDisplay,
    HebbianTermDisplay,
    InputConnectivityDisplay,
    KernelsDisplay,
    TopologyHistory,
    TopologyMonitor,
    TopologyPersistenceDisplay,
    TrainingCurveDisplay,
    WeightDistributionDisplay,
    to_graph,
    to_networkx,
    update_terms,
)

matplotlib.use("agg")
from matplotlib import pyplot as plt

NETWORK = {
    "hidden_layer_sizes": (15, 10),
    "density": 0.4,
    "zeta": 0.3,
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
    "batch_size": 200,
    "max_iter": 6,
    "random_state": 0,
}
PLAIN = {
    "solver": "sgd",
    "momentum": 0,
    "weight_decay": 0,
    "learning_rate": "constant",
    "learning_rate_init": 0.02,
}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        90, 12, n_informative=6, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    return X, y


@pytest.fixture(scope="module")
def fitted(data):
    return HebbSETClassifier(**NETWORK, lambda0=0.1).fit(*data)


class Snapshots:
    """Copies of the weights of each epoch, by a callback of its own."""

    def __init__(self):
        self.coefs = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, fitted_estimator):
        if context.task_name == "epoch" and context.task_id == 0:
            self.coefs.append([w.copy() for w in fitted_estimator.coefs_])

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name == "epoch":
            self.coefs.append([w.copy() for w in fitted_estimator.coefs_])


def cells_of(weights):
    stored = weights.tocoo()  # zeros are connections, too
    return set(zip(stored.row.tolist(), stored.col.tolist(), strict=True))


def shares_of(before, after):
    """Of connections that stay, with sets."""
    pairs = [map(cells_of, pair) for pair in zip(before, after, strict=True)]
    return [len(one & other) / len(one) for one, other in pairs]


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


class TestInputConnectivityDisplay:
    def test_image(self, fitted):
        display = InputConnectivityDisplay.from_estimator(fitted, image_shape=(3, 4))
        expected = (fitted.coefs_[0].toarray() != 0).sum(axis=1).reshape(3, 4)
        assert_array_equal(display.im_.get_array(), expected)
        assert len(display.figure_.axes) == 2  # with a colour bar

    def test_points(self, fitted):
        _, ax = plt.subplots()
        display = InputConnectivityDisplay.from_estimator(fitted, ax=ax, c="k", ls="-")
        assert display.ax_ is ax
        expected = (fitted.coefs_[0].toarray() != 0).sum(axis=1)
        assert_array_equal(ax.lines[0].get_ydata(), expected)
        assert ax.lines[0].get_color() == "k"

    @pytest.mark.parametrize(
        "shape", [(3, 5), (12,), (3, 2, 2), 12, (3.0, 4.0), (-3, -4)]
    )
    def test_wrong_shape(self, fitted, shape):
        with pytest.raises(ValueError, match="number of inputs, 12"):
            InputConnectivityDisplay.from_estimator(fitted, image_shape=shape)


class TestKernelsDisplay:
    @pytest.mark.parametrize("n_channels", [1, 3])
    def test_of_convolution(self, n_channels, rng):
        """Weights from -max to max of a unit become 0 to 1, with lines between."""
        layer = ConvolutionalFeatures(
            PCA(3), image_shape=(6, 5, n_channels), kernel_size=(4, 2)
        )
        layer.fit(rng.standard_normal((20, 30 * n_channels)))
        display = KernelsDisplay.from_estimator(layer)
        assert display.kernels.shape == (3, 4, 2, n_channels)
        image = np.asarray(display.im_.get_array()).reshape(9, 5, n_channels)
        cells = image[:4, :2], image[:4, 3:], image[5:, :2]
        for cell, weights in zip(cells, layer.features_.components_, strict=True):
            expected = 0.5 + weights / np.abs(weights).max() / 2
            assert_allclose(cell.ravel(), expected)
        assert (image[4] == 1).all()
        assert (image[:, 2] == 1).all()

    def test_of_units_with_receptive_fields(self, rng):
        wta = WinnerTakeAll(7, density=0.3).fit(rng.random((30, 12)))
        display = KernelsDisplay.from_estimator(
            make_pipeline(StandardScaler(), wta).fit(rng.random((30, 12))),
            image_shape=(3, 4),
        )
        assert_array_equal(display.kernels.reshape(7, 12), wta.components_.toarray())
        few = display.plot(max_kernels=2).im_.get_array()
        assert few.shape == (3, 9)

    def test_errors(self, rng):
        kmeans = KMeans(2).fit(rng.random((9, 12)))
        with pytest.raises(ValueError, match=r"a unit, 12\. Got \(5, 2\)"):
            KernelsDisplay.from_estimator(kmeans, image_shape=(5, 2))
        with pytest.raises(ValueError, match="Got None"):
            KernelsDisplay.from_estimator(kmeans)
        with pytest.raises(
            ValueError, match=r"one or three channels to be seen\. Got 2"
        ):
            KernelsDisplay.from_estimator(kmeans, image_shape=(3, 2, 2))
        with pytest.raises(TypeError, match="components_ or cluster_centers_"):
            KernelsDisplay.from_estimator(StandardScaler().fit(rng.random((9, 12))))


class TestTrainingCurveDisplay:
    def test_band(self, data):
        X, y = data
        group = [
            SETClassifier(**{**NETWORK, "random_state": seed}).fit(X, y)
            for seed in range(3)
        ]
        display = TrainingCurveDisplay.from_estimators(
            {"three": group, "one": group[0]}
        )
        curves = [each.loss_curve_ for each in group]
        assert_allclose(display.lines_["three"].get_ydata(), np.mean(curves, axis=0))
        assert_allclose(display.lines_["one"].get_ydata(), curves[0])
        (band,) = display.ax_.collections
        heights = band.get_paths()[0].vertices[:, 1]
        deviation = np.mean(curves, axis=0) + np.std(curves, axis=0)
        assert set(deviation) <= set(heights)

    @pytest.mark.parametrize("metric", ["validation_loss", "validation_score"])
    def test_early_stopping(self, data, metric):
        clf = SETClassifier(**NETWORK, early_stopping=True).fit(*data)
        display = TrainingCurveDisplay.from_estimators({"SET": clf}, metric=metric)
        scores, losses = clf.validation_scores_, clf.validation_loss_curve_
        expected = scores if metric == "validation_score" else losses
        assert_allclose(display.lines_["SET"].get_ydata(), expected)

    def test_different_lengths(self):
        """A mean is over the networks that still train."""
        display = TrainingCurveDisplay({"both": [[4, 2, 1], [2]]}).plot()
        assert_allclose(display.lines_["both"].get_ydata(), [3, 2, 1])

    def test_dense_network(self, data):
        mlp = MLPClassifier(max_iter=1000, tol=1e-2, random_state=0).fit(*data)
        display = TrainingCurveDisplay.from_estimators({"MLP": mlp})
        assert_allclose(display.lines_["MLP"].get_ydata(), mlp.loss_curve_)

    def test_errors(self, fitted):
        with pytest.raises(ValueError, match="metric must be one of"):
            TrainingCurveDisplay.from_estimators({"SET": fitted}, metric="accuracy")
        with pytest.raises(ValueError, match="early_stopping=True"):
            TrainingCurveDisplay.from_estimators(
                {"a": fitted}, metric="validation_loss"
            )
        with pytest.raises(NotFittedError):
            TrainingCurveDisplay.from_estimators({"SET": SETClassifier()})
        with pytest.raises(TypeError, match="must be a dict"):
            TrainingCurveDisplay.from_estimators(fitted)
        for curves in {}, {"a": []}, {"a": [[]]}:
            with pytest.raises(ValueError, match="no epoch to draw"):
                TrainingCurveDisplay(curves).plot()


class TestWeightDistributionDisplay:
    def test_summary(self, fitted):
        display = WeightDistributionDisplay.from_estimator(fitted)
        frame = pd.DataFrame(display.summary).set_index("layer")
        for depth, weights in enumerate(fitted.coefs_):
            data = weights.toarray()[weights.toarray() != 0]
            row = frame.loc[depth + 1]
            assert row["n_connections"] == data.size
            assert_allclose(row["share_positive"], np.mean(data > 0))
            assert_allclose(row["mean_positive"], np.mean(data[data > 0]))
            assert_allclose(row["std_positive"], np.std(data[data > 0]))
            assert_allclose(row["mean_negative"], np.mean(data[data < 0]))
            assert_allclose(row["std_negative"], np.std(data[data < 0]))

    def test_one_sign_only(self):
        (figures,) = WeightDistributionDisplay([np.array([1.0, 3.0])]).summary
        assert figures["share_positive"] == 1
        assert figures["mean_positive"] == 2
        assert np.isnan(figures["mean_negative"])

    def test_compare(self, fitted, data):
        display = WeightDistributionDisplay.from_estimator(fitted, label="HebbSET")
        other = SETClassifier(**NETWORK).fit(*data)
        WeightDistributionDisplay.from_estimator(other, axes=display.axes_, label="SET")
        texts = display.axes_[2].get_legend().get_texts()
        assert [text.get_text() for text in texts] == ["HebbSET", "SET"]


class TestDegreeDistributionDisplay:
    def test_degrees(self, fitted):
        display = DegreeDistributionDisplay.from_estimator(fitted)
        for depth, weights in enumerate(fitted.coefs_):
            there = weights.toarray() != 0
            assert_array_equal(display.out_degrees[depth], there.sum(axis=1))
            assert_array_equal(display.in_degrees[depth + 1], there.sum(axis=0))
        assert not display.in_degrees[0].any()
        assert not display.out_degrees[-1].any()

    def test_cumulative(self):
        display = DegreeDistributionDisplay(
            [np.zeros(4, int), np.array([3, 1])],
            [np.array([0, 1, 1, 2]), np.zeros(2, int)],
        ).plot()
        line = display.axes_[0].lines[0]
        assert_array_equal(line.get_xdata(), [1, 2])
        assert_array_equal(line.get_ydata(), [0.75, 0.25])
        line = display.axes_[1].lines[0]
        assert_array_equal(line.get_xdata(), [1, 3])
        assert_array_equal(line.get_ydata(), [1, 0.5])


class TestGraph:
    def test_scipy(self, fitted):
        graph = to_graph(fitted)
        assert graph.shape == (40, 40)
        dense = graph.toarray()
        edges = [0, 12, 27, 37, 40]
        for depth, weights in enumerate(fitted.coefs_):
            rows = slice(*edges[depth : depth + 2])
            columns = slice(*edges[depth + 1 : depth + 3])
            assert_array_equal(dense[rows, columns], weights.toarray())
            dense[rows, columns] = 0
        assert not dense.any()

    def test_networkx(self, data):
        X, y = data
        frame = pd.DataFrame(X, columns=[f"gene {n}" for n in range(12)])
        clf = SETClassifier(**NETWORK).fit(frame, y)
        graph = to_networkx(clf)
        assert graph.number_of_nodes() == 40
        assert graph.number_of_edges() == clf.n_connections_
        assert graph.nodes[3] == {
            "layer": 0, "neuron": 3, "name": "gene 3"
        }  # fmt: skip
        bias = clf.intercepts_[1][4]
        assert graph.nodes[31] == {"layer": 2, "neuron": 4, "bias": bias}
        for one, other, weight in graph.edges(data="weight"):
            ends = [graph.nodes[node] for node in (one, other)]
            assert ends[1]["layer"] == ends[0]["layer"] + 1
            weights = clf.coefs_[ends[0]["layer"]]
            assert weights[ends[0]["neuron"], ends[1]["neuron"]] == weight

    def test_graph_can_be_written(self, fitted, tmp_path):
        graph, path = to_networkx(fitted), tmp_path / "graph.graphml"
        networkx.write_graphml(graph, path)
        read = networkx.read_graphml(path, node_type=int)
        assert read.nodes == graph.nodes
        assert read.edges == graph.edges


def expected_activations(clf, X):
    """Of each layer, samples in rows, by NumPy: ReLU and softmax."""
    activations = [X]
    for depth, (W, b) in enumerate(zip(clf.coefs_, clf.intercepts_, strict=True)):
        z = activations[-1] @ W.toarray() + b
        if depth < len(clf.coefs_) - 1:
            activations.append(np.maximum(z, 0))
        else:
            e = np.exp(z - z.max(axis=1, keepdims=True))
            activations.append(e / e.sum(axis=1, keepdims=True))
    return activations


def expected_errors(clf, activations, y):
    """The derivatives of the cross-entropy of each sample to all pre-activations."""
    errors = [activations[-1] - np.eye(3)[y]]
    for weights, active in zip(clf.coefs_[:0:-1], activations[-2:0:-1], strict=True):
        errors.insert(0, (errors[0] @ weights.toarray().T) * (active > 0))
    return errors


def scaled(activations):
    low, high = activations.min(axis=0), activations.max(axis=0)
    return (activations - low) / np.where(high > low, high - low, 1)


class TestUpdateTerms:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("unit", ["batch", "evolution"])
    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, pd.DataFrame])
    def test_against_numpy(self, data, dtype, unit, container):
        X, y = data
        X = X.astype(dtype)
        clf = HebbSETClassifier(
            **{**NETWORK, **PLAIN, "batch_size": 20},
            lambda0=0.1,
            lambda_unit=unit,
            tol=None,
        ).fit(container(X), y)
        before = pickle.dumps(clf)
        terms = update_terms(clf, container(X[:40]), y[:40])
        assert pickle.dumps(clf) == before
        activations = expected_activations(clf, X[:40].astype(np.float64))
        errors = expected_errors(clf, activations, y[:40])
        strength = 0.1 * 0.98**6 / (len(y) / 20 if unit == "evolution" else 1)
        for depth, weights in enumerate(clf.coefs_):
            rows, columns = weights.nonzero()
            gradient = activations[depth].T @ errors[depth] / 40
            expected = -0.02 * gradient[rows, columns]
            assert_allclose(terms.gradient[depth], expected, atol=1e-12)
            n_in = weights.shape[0]
            after = scaled(activations[depth + 1])
            covariance = np.cov(scaled(activations[depth]).T, after.T, ddof=0)
            expected = strength * covariance[:n_in, n_in:][rows, columns]
            assert_allclose(terms.hebbian[depth], expected, atol=1e-12)
        assert np.abs(terms.hebbian[1]).max() > 1e-4

    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    def test_is_what_partial_fit_adds(self, data, solver):
        """Where nothing is pruned or grown; the optimiser's state takes part."""
        X, y = data
        params = {**NETWORK, **PLAIN, "zeta": 0, "solver": solver}
        clf = HebbSETClassifier(**params, lambda0=0.1, tol=None).fit(X, y)
        terms = update_terms(clf, X, y)
        before = [weights.data.copy() for weights in clf.coefs_]
        clf.partial_fit(X, y)
        for depth, weights in enumerate(clf.coefs_):
            both = terms.gradient[depth] + terms.hebbian[depth]
            assert_allclose(weights.data - before[depth], both, atol=1e-12)

    def test_sample_weight(self, fitted, data):
        X, y = data
        weights = np.r_[np.ones(20), np.full(10, 2), np.zeros(5)]
        some = np.r_[:20, 20:30, 20:30]
        terms = update_terms(fitted, X[:35], y[:35], sample_weight=weights)
        expected = update_terms(fitted, X[some], y[some])
        for one, other in zip(terms, expected, strict=True):
            for depth in range(3):
                assert_allclose(one[depth], other[depth], atol=1e-12)

    def test_set_has_no_hebbian_term(self, data):
        terms = update_terms(SETClassifier(**NETWORK).fit(*data), *data)
        assert not any(layer.any() for layer in terms.hebbian)
        assert all(layer.any() for layer in terms.gradient)

    @pytest.mark.parametrize("activation", ["relu", "tanh"])
    def test_dropout_is_left_out(self, data, activation):
        X, y = data
        params = {**NETWORK, "activation": activation}
        clf = HebbSETClassifier(**params, dropout=0.5).fit(X, y)
        terms = update_terms(clf, X, y)
        expected = update_terms(clf.set_params(dropout=0), X, y)
        for one, other in zip(terms, expected, strict=True):
            for depth in range(3):
                assert_array_equal(one[depth], other[depth])

    def test_learning_rate_of_the_last_epoch(self, data):
        X, y = data
        params = {**NETWORK, **PLAIN, "learning_rate": "cosine"}
        clf = SETClassifier(**params).fit(X, y)
        errors = expected_errors(clf, expected_activations(clf, X), y)
        gradient = expected_activations(clf, X)[0].T @ errors[0] / len(y)
        rate = 0.02 * (1 + np.cos(np.pi * 5 / 6)) / 2
        expected = -rate * gradient[clf.coefs_[0].nonzero()]
        assert_allclose(update_terms(clf, X, y).gradient[0], expected, atol=1e-14)

    def test_before_the_first_epoch(self, data):
        """λ is shared by the mini-batches of training there, too."""
        X, y = data
        params = {**NETWORK, "zeta": 0, "lambda_decay": 1, "batch_size": 10}
        clf = HebbSETClassifier(**params, learning_rate_init=1e-12)
        pre, post = np.argwhere(clf.fit(X, y).coefs_[0].toarray())[0].tolist()
        monitor = ConnectionMonitor([(0, pre, post)], X[:10], y[:10])
        clf.set_callbacks(monitor).fit(X, y)
        ((path,),) = monitor.paths
        assert_allclose(path.hebbian, path.hebbian[0], rtol=0.2)

    def test_class_weight(self, data):
        X, y = data
        clf = SETClassifier(**NETWORK, class_weight={0: 3, 1: 0.5}).fit(X, y)
        terms = update_terms(clf, X, y)
        weights = np.array([3, 0.5, 1])[y]
        clf.set_params(class_weight=None)
        expected = update_terms(clf, X, y, sample_weight=weights)
        assert_allclose(terms.gradient[0], expected.gradient[0], atol=1e-14)

    def test_balanced_classes(self, data):
        clf = SETClassifier(**NETWORK, class_weight="balanced").fit(*data)
        with pytest.raises(ValueError, match="wants to know all samples"):
            update_terms(clf, *data)

    @pytest.mark.parametrize("replace", ["toarray", "tocsc", "tocoo"])
    def test_replaced_weights(self, fitted, data, replace):
        other = copy.copy(fitted)
        other.coefs_ = [getattr(weights, replace)() for weights in fitted.coefs_]
        expected, terms = (update_terms(each, *data) for each in (fitted, other))
        assert_allclose(terms.hebbian[1], expected.hebbian[1], atol=1e-14)
        display = InputConnectivityDisplay.from_estimator(other)
        assert_array_equal(display.n_connections, np.diff(fitted.coefs_[0].indptr))

    def test_other_hidden_layers_are_not_looked_at(self, fitted, data):
        other = copy.copy(fitted).set_params(hidden_layer_sizes=(5,))
        expected, terms = (update_terms(each, *data) for each in (fitted, other))
        assert_array_equal(terms.hebbian[2], expected.hebbian[2])
        other.partial_fit(*data)

    def test_no_hidden_layer(self, data):
        clf = HebbSETClassifier((), max_iter=3).fit(*data)
        assert [len(layer) for layer in update_terms(clf, *data).hebbian] == [
            clf.n_connections_
        ]

    def test_loss_that_is_not_finite(self, data):
        X, _ = data
        reg = HebbSETRegressor(**NETWORK).fit(X, X[:, 0])
        with pytest.raises(ValueError, match=r"not finite\. Scale X"):
            update_terms(reg, X * 1e200, X[:, 0])

    def test_regressor(self, data, rng):
        X, _ = data
        y = X[:, 0] + rng.random(len(X))
        reg = HebbSETRegressor(**{**NETWORK, "hidden_layer_sizes": (15,)}).fit(X, y)
        assert len(update_terms(reg, X, y).hebbian) == 2

    def test_errors(self, fitted, data):
        X, y = data
        with pytest.raises(NotFittedError):
            update_terms(SETClassifier(), X, y)
        with pytest.raises(ValueError, match="12 features"):
            update_terms(fitted, X[:, :5], y)
        with pytest.raises(ValueError, match="3"):
            update_terms(fitted, X, y + 1)


class TestHebbianTermDisplay:
    def test_lines(self, fitted, data):
        display = HebbianTermDisplay.from_estimator(fitted, *data)
        terms = update_terms(fitted, *data)
        for depth, ax in enumerate(display.axes_):
            pair = terms.gradient[depth], terms.hebbian[depth]
            points = ax.collections[0].get_offsets()
            assert_allclose(points, np.transpose(pair))
            slope, _ = np.polyfit(*pair, 1)
            assert_allclose(display.slopes[depth], slope)
            assert_allclose(ax.lines[0].get_slope(), slope)
            assert_allclose(display.correlations[depth], np.corrcoef(*pair)[0, 1])

    def test_without_a_hebbian_term(self, data):
        clf = SETClassifier(**NETWORK).fit(*data)
        display = HebbianTermDisplay.from_estimator(clf, *data)
        assert_array_equal(display.slopes, 0)
        assert np.isnan(display.correlations).all()


def connection_of(clf, layer):
    """One that there is."""
    return layer, *(int(ends[3]) for ends in clf.coefs_[layer].nonzero())


class TestConnectionUpdateDisplay:
    @pytest.mark.parametrize("layer", [0, 1, 2])
    @pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
    def test_against_numpy(self, fitted, data, layer, container):
        X, y = data
        _, pre, post = connection = connection_of(fitted, layer)
        display = ConnectionUpdateDisplay.from_estimator(
            fitted, container(X), y, connection
        )
        activations = expected_activations(fitted, X)
        errors = expected_errors(fitted, activations, y)[layer][:, post]
        before, after = activations[layer][:, pre], activations[layer + 1][:, post]
        assert_allclose(display.presynaptic, before)
        assert_allclose(display.postsynaptic, after)
        active = scaled(after)
        hebbian = scaled(before) * (active - active.mean())
        rate = 0.02 * (1 + np.cos(np.pi * 5 / 6)) / 2  # of the last epoch
        expected = -rate * before * errors + 0.1 * 0.98**6 * hebbian
        assert_allclose(display.updates, expected, atol=1e-12)

    @pytest.mark.parametrize("weighted", ["not", "samples", "classes"])
    def test_mean_is_the_update(self, data, weighted):
        X, y = data
        clf = HebbSETClassifier(**NETWORK, **PLAIN, lambda0=0.1, tol=None).fit(X, y)
        weights = np.arange(len(y)) % 4 if weighted == "samples" else None
        if weighted == "classes":
            clf.set_params(class_weight={0: 1, 1: 3, 2: 0})
        _, pre, post = connection = connection_of(clf, 1)
        display = ConnectionUpdateDisplay.from_estimator(
            clf, X, y, connection, sample_weight=weights, colorbar=False
        )
        assert len(display.updates) == len(y)
        terms = update_terms(clf, X, y, weights)
        rows, columns = clf.coefs_[1].nonzero()
        (place,) = np.flatnonzero((rows == pre) & (columns == post))
        both = terms.gradient[1][place] + terms.hebbian[1][place]
        assert_allclose(display.updates.mean(), both, atol=1e-12)

    @pytest.mark.parametrize(
        ("connection", "match"),
        [
            ((3, 0, 0), "has 3 layers of weights"),
            (3, "three integers"),
            ((0, 0), "three integers"),
            ((0, 0.5, 1), "three integers"),
            ((0, -1, 1), "three integers"),
            ((0, 12, 0), "coefs_\\[0\\] has 12 presynaptic"),
            ((2, 0, 3), "and 3 postsynaptic"),
        ],
    )
    def test_wrong_connection(self, fitted, data, connection, match):
        with pytest.raises(ValueError, match=match):
            ConnectionUpdateDisplay.from_estimator(fitted, *data, connection)

    def test_absent_connection(self, fitted, data):
        pre, post = np.argwhere(fitted.coefs_[0].toarray() == 0)[0].tolist()
        with pytest.raises(ValueError, match="nothing is stored"):
            ConnectionUpdateDisplay.from_estimator(fitted, *data, (0, pre, post))


class TestConnectionMonitor:
    def test_path(self, data):
        X, y = data
        clf = HebbSETClassifier(**NETWORK, lambda0=0.1)
        snapshots = Snapshots()
        clone(clf).set_callbacks(snapshots).fit(X, y)
        _, *cell = first = connection_of(clone(clf).fit(X, y), 0)
        seen = sum(abs(coefs[0]).toarray() for coefs in snapshots.coefs)
        absent = (
            0,
            *np.argwhere(seen == 0)[0].tolist(),
        )
        monitor = ConnectionMonitor([first, absent], X, y)
        clf.set_callbacks(monitor).fit(X, y)
        ((path, nothing),) = monitor.paths
        assert path.connection == first
        assert_array_equal(path.epochs, range(7))
        weights = np.array([coefs[0][tuple(cell)] for coefs in snapshots.coefs])
        assert_array_equal(path.weights, np.where(weights == 0, np.nan, weights))
        assert_array_equal(np.isnan(path.hebbian), weights == 0)
        assert np.isnan(nothing.weights).all()
        terms = update_terms(clf, X, y).hebbian[0]
        rows, columns = clf.coefs_[0].nonzero()
        (place,) = np.flatnonzero((rows == cell[0]) & (columns == cell[1]))
        assert_allclose(path.hebbian[-1], terms[place])
        display = ConnectionPathDisplay(path).plot()
        points = display.ax_.collections[0].get_offsets()
        assert_allclose(points[-1], [path.weights[-1], path.hebbian[-1]])

    @pytest.mark.parametrize("connections", [(0, 3, 4), [(0, 3)], [(0, 1, -1)]])
    def test_wrong_connections(self, data, connections):
        with pytest.raises(ValueError, match="three integers"):
            ConnectionMonitor(connections, *data)

    def test_in_other_processes(self, data):
        X, y = data
        clf = SETClassifier(**NETWORK)
        monitor = ConnectionMonitor([(0, 0, 0)], X, y, every=3)
        clf.set_callbacks(monitor)
        cross_validate(clf, X, y, cv=3, n_jobs=2)
        assert [path.epochs.tolist() for (path,) in monitor.paths] == [[0, 3, 6]] * 3


def test_matplotlib_is_named_where_it_is_missing(fitted, monkeypatch):
    find = builtins.__import__

    def without_matplotlib(name, *args, **kwargs):
        if name.split(".")[0] in ("matplotlib", "networkx"):
            raise ImportError(name)
        return find(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_matplotlib)
    with pytest.raises(
        ImportError, match="InputConnectivityDisplay requires matplotlib"
    ):
        InputConnectivityDisplay.from_estimator(fitted)
    with pytest.raises(ImportError, match="to_networkx requires networkx"):
        to_networkx(fitted)


@pytest.mark.parametrize(
    "look",
    [
        InputConnectivityDisplay.from_estimator,
        WeightDistributionDisplay.from_estimator,
        DegreeDistributionDisplay.from_estimator,
        to_graph,
        to_networkx,
    ],
)
def test_not_fitted(look):
    with pytest.raises(NotFittedError):
        look(SETClassifier())


@pytest.mark.parametrize(
    "look",
    [
        InputConnectivityDisplay.from_estimator,
        WeightDistributionDisplay.from_estimator,
        to_graph,
        to_networkx,
        lambda estimator: update_terms(estimator, [[0.0]], [0]),
        lambda estimator: TopologyHistory().record(estimator),
    ],
)
def test_no_network_of_ours(look, data):
    pipeline = make_pipeline(StandardScaler(), SETClassifier(**NETWORK)).fit(*data)
    for estimator in pipeline, LogisticRegression().fit(*data):
        with pytest.raises(TypeError, match="Give a fitted network of skhebb"):
            look(estimator)


def test_inspection_is_found():
    assert skhebb.inspection.to_graph is to_graph
