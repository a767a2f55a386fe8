"""A topology may keep something with each layer that the layer knows nothing of."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhebb import SETClassifier
from skhebb._network.topology_state import TOPOLOGY_STATES, TopologyState
from skhebb.topology import SparseEvolution


@dataclass(eq=False)
class Ages(TopologyState):
    """How often the topology evolved since each connection was grown."""

    ages: np.ndarray

    kind = "ages"

    def fits(self, layer):
        return len(self.ages) == layer.n_connections

    def check(self, layer):
        if not self.fits(layer):
            raise ValueError("ages do not fit their layer")


def cells(layer):
    rows = np.repeat(np.arange(layer.n_in), np.diff(layer.weights.indptr))
    return rows * layer.n_out + layer.weights.indices


class OldestFirst(SparseEvolution):
    """Prunes those that have lived longest."""

    def prune(self, layer, extent):
        if layer.topology_state is None:
            layer.topology_state = Ages(np.zeros(layer.n_connections))
        ages = layer.topology_state.ages + 1
        keep = np.ones(len(ages), dtype=bool)
        keep[
            np.argsort(-ages, kind="stable")[: int(extent * self.zeta * len(ages))]
        ] = False
        layer.keep_connections(keep)
        layer.topology_state = Ages(ages[keep])

    def grow(self, layer, rng, probe=None):
        before, state = cells(layer), layer.topology_state
        super().grow(layer, rng, probe)
        if state is not None:
            ages = np.zeros(layer.n_connections)
            ages[np.isin(cells(layer), before)] = state.ages
            layer.topology_state = Ages(ages)


class OldestFirstClassifier(SETClassifier):
    def _topology(self):
        topology = super()._topology()
        topology.__class__ = OldestFirst
        return topology


def ages_of(clf):
    return [layer.topology_state.ages for layer in clf._state.network.layers]


@pytest.fixture
def data(rng):
    X = rng.normal(size=(60, 9))
    return X, (X[:, 0] > 0).astype(int)


@pytest.fixture
def clf(data, monkeypatch):
    monkeypatch.setitem(TOPOLOGY_STATES, "ages", Ages)
    clf = OldestFirstClassifier(
        (12,), density=0.5, zeta=0.25, zeta_schedule="constant",
        evolution_interval="epoch", evolution_end=1.0, max_iter=8,
        random_state=0,
    )  # fmt: skip
    return clf.fit(*data)


def test_none_grows_older_than_it_takes_to_replace_all(clf):
    for ages in ages_of(clf):
        assert 1 <= ages.min() <= ages.max() <= 4
        counts = np.bincount(ages.astype(int))[1:4]
        assert counts.min() >= 0.8 * counts.max()


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda clf: pickle.loads(pickle.dumps(clf))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_it_is_kept(clf, data, again):
    other = again(clf)
    for one, two in zip(ages_of(clf), ages_of(other), strict=True):
        assert_array_equal(one, two)
    before = [ages.copy() for ages in ages_of(clf)]
    trained = other.partial_fit(*data).predict_proba(data[0])
    for one, two in zip(ages_of(clf), before, strict=True):
        assert_array_equal(one, two)
    assert_array_equal(clf.partial_fit(*data).predict_proba(data[0]), trained)


def test_what_does_not_fit_is_refused(clf):
    state = clf.__getstate__()
    state["_saved"]["training"]["layers"][0]["topology_state"]["ages"] = np.zeros(3)
    with pytest.raises(ValueError, match="damaged: ages do not fit their layer"):
        OldestFirstClassifier.__new__(OldestFirstClassifier).__setstate__(state)
