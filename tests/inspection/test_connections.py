"""Single connections: display and monitor."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import cross_validate

from skhebb import HebbSETClassifier, SETClassifier
from skhebb.inspection import (
    ConnectionMonitor,
    ConnectionPathDisplay,
    ConnectionUpdateDisplay,
    update_terms,
)

from .networks import (
    NETWORK,
    PLAIN,
    Snapshots,
    connection_of,
    expected_activations,
    expected_errors,
    scaled,
)


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
