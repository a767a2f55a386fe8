"""Why connections were grown and what became of them: monitor and display."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.model_selection import cross_val_score

from skhebb import SETClassifier
from skhebb.inspection import GrowthDisplay, GrowthMonitor

from .networks import NETWORK as SLOW
from .networks import cells_of, expected_activations

# So fast that some of what grows in an epoch outlives it.
NETWORK = {**SLOW, "batch_size": 10, "learning_rate_init": 0.05}


class Copies:
    """Fitted estimators at the looks of a monitor, by a callback of its own."""

    def __init__(self, every):
        self.every = every
        self.seen = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, fitted_estimator):
        if context.task_name == "epoch" and context.task_id == 0:
            self.seen.append((0, pickle.dumps(fitted_estimator)))

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        epoch = context.task_id + 1
        if context.task_name == "epoch" and epoch % self.every == 0:
            self.seen.append((epoch, pickle.dumps(fitted_estimator)))

    def networks(self):
        return [(epoch, pickle.loads(each)) for epoch, each in self.seen]


def correlation(x, y):
    """By NumPy; 0 of constant neurons."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return abs(np.corrcoef(x, y)[0, 1])


@pytest.mark.parametrize("growth", ["random", "hebbian"])
@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_monitor(data, every, growth, container):
    X, y = data
    monitor, copies = GrowthMonitor(container(X[:40]), every), Copies(every)
    clf = SETClassifier(growth=growth, **NETWORK).set_callbacks(monitor, copies)
    clf.fit(container(X), y)
    networks = copies.networks()
    cells = [list(map(cells_of, clf.coefs_)) for _, clf in networks]
    (layers,) = monitor.grown
    for depth, grown in enumerate(layers):
        final = clf.coefs_[depth].toarray()
        expected = []
        for number, (epoch, _) in enumerate(networks[1:], 1):
            a = expected_activations(networks[number - 1][1], X[:40])
            for i, j in sorted(cells[number][depth] - cells[number - 1][depth]):
                stayed = all((i, j) in later[depth] for later in cells[number:])
                score = correlation(a[depth][:, i], a[depth + 1][:, j])
                weight = final[i, j] if stayed else 0
                expected.append((epoch, score, stayed, weight))
        epochs, scores, stayed, weights = map(np.array, zip(*expected, strict=True))
        assert_array_equal(grown.epochs, epochs)
        assert_allclose(grown.correlations, scores, atol=1e-9)
        assert_array_equal(grown.stayed, stayed)
        assert_allclose(grown.weights, weights)
    every_one = np.concatenate([grown.stayed for grown in layers])
    assert 0 < every_one.mean() < 1


def test_best_network(data):
    """With early stopping the final network is the best one."""
    X, y = data
    monitor = GrowthMonitor(X[:40])
    clf = SETClassifier(early_stopping=True, **NETWORK).set_callbacks(monitor)
    clf.fit(X, y)
    (layers,) = monitor.grown
    for grown, coefs in zip(layers, clf.coefs_, strict=True):
        assert np.isin(grown.weights[grown.stayed], coefs.data).all()


def test_other_processes_and_pickles(data):
    X, y = data
    monitor = GrowthMonitor(X[:40])
    clf = SETClassifier(**NETWORK).set_callbacks(monitor)
    cross_val_score(clf, X, y, cv=3, n_jobs=2)
    assert len(monitor.grown) == 3
    again = pickle.loads(pickle.dumps(monitor))
    for one, other in zip(monitor.grown, again.grown, strict=True):
        for layer, same in zip(one, other, strict=True):
            assert_array_equal(layer.correlations, same.correlations)
    assert not monitor._before


@pytest.mark.parametrize("fate", ["stayed", "weight"])
def test_display(data, fate):
    X, y = data
    monitor = GrowthMonitor(X[:40])
    for seed in range(2):
        clf = SETClassifier(**{**NETWORK, "random_state": seed})
        clf.set_callbacks(monitor).fit(X, y)
    display = GrowthDisplay.from_monitor(monitor, fate=fate, n_bins=4)
    for depth, ax in enumerate(display.axes_):
        both = [layers[depth] for layers in monitor.grown]
        x = np.concatenate([grown.correlations for grown in both])
        y = [g.stayed if fate == "stayed" else abs(g.weights) for g in both]
        order = np.argsort(x, kind="stable")
        x, y = x[order], np.concatenate(y)[order]
        (line,) = ax.lines
        for found, values in (line.get_xdata(), x), (line.get_ydata(), y):
            means = [part.mean() for part in np.array_split(values, 4)]
            assert_allclose(found, means)
    assert len(display.axes_) == 3


def test_what_is_refused(data):
    X, y = data
    monitor = GrowthMonitor(X[:40, :5])
    with pytest.raises(ValueError, match="5 features"):
        SETClassifier(**NETWORK).set_callbacks(monitor).fit(X, y)
    monitor = GrowthMonitor(X[:40])
    with pytest.raises(ValueError, match="monitor saw no growth"):
        GrowthDisplay.from_monitor(monitor)
    SETClassifier(**{**NETWORK, "zeta": 0}).set_callbacks(monitor).fit(X, y)
    assert [len(layer.epochs) for layer in monitor.grown[0]] == [0, 0, 0]
    with pytest.raises(ValueError, match="monitor saw no growth"):
        GrowthDisplay.from_monitor(monitor)
    SETClassifier(**NETWORK).set_callbacks(monitor).fit(X, y)
    with pytest.raises(ValueError, match="fate must be one of"):
        GrowthDisplay.from_monitor(monitor, fate="luck")
    SETClassifier(**{**NETWORK, "hidden_layer_sizes": 9}).set_callbacks(monitor).fit(
        X, y
    )
    with pytest.raises(ValueError, match="same number of layers"):
        GrowthDisplay.from_monitor(monitor)
