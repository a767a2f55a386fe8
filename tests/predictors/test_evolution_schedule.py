"""When the topology evolves, and how zeta falls."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skhebb import HebbianMaskClassifier, SETClassifier
from skhebb._training.schedules import EvolutionSchedule
from skhebb.topology import PRUNING_RULES

from .networks import make_data

# The papers' training, where it differs from the defaults.
ALGORITHM_1 = {
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
}


class Recorder:
    """A pruning rule that writes the zetas it gets into a list."""

    def __init__(self, zetas):
        self.zetas = zetas

    def __call__(self, weights, zeta):
        self.zetas.append(zeta)
        return PRUNING_RULES["magnitude"](weights, zeta)

    def __deepcopy__(self, memo):
        return self


def test_cosine():
    schedule = EvolutionSchedule(5, "cosine", 0.75)
    for progress, extent in [(0, 1), (0.25, 0.75), (0.375, 0.5), (0.75, 0)]:
        assert schedule.before_batch(5, progress) == pytest.approx(extent)
    assert schedule.before_batch(5, 0.76) == 0
    assert schedule.before_batch(5, None) == 1  # without a plan
    assert schedule.before_batch(4, 0) == 0


def test_constant():
    schedule = EvolutionSchedule(None, "constant", 1.0)
    assert schedule.after_epoch(1.0) == 1  # Algorithm 1 prunes after the last epoch
    assert schedule.before_epoch(3, 0.5) == 1
    assert schedule.before_epoch(0, 0.5) == 0  # that was done by `after_epoch`
    assert schedule.before_batch(99, 0.5) == 0
    assert EvolutionSchedule(3, "constant", 1.0).after_epoch(0.5) == 0
    # An epoch without a plan leaves to the next one what is due.
    assert schedule.after_epoch(None) == 0
    assert schedule.before_epoch(3, None) == 1


@pytest.mark.parametrize("interval", [None, 3])
@pytest.mark.parametrize("progress", [None, 0.5, 1.0])
def test_up_to_date_after_each_epoch(interval, progress):
    schedule = EvolutionSchedule(interval, "constant", 1.0, grows_after_epoch=True)
    assert schedule.after_epoch(progress) == 1


@pytest.mark.parametrize("interval", ["epoch", 5])
def test_zeta_falls_and_evolution_ends(rng, interval):
    X, y = make_data(rng, 40)
    zetas = []
    model = SETClassifier(
        30, density=0.5, initial_graph="uniform", zeta=0.4,
        pruning=Recorder(zetas), batch_size=8, max_iter=20,
        evolution_interval=interval, random_state=0,
    ).fit(X, y)  # fmt: skip
    # Five mini-batches an epoch; two layers; nothing at 0.75 itself.
    shares = np.arange(1, 15) / 20 / 0.75
    expected = 0.4 / 2 * (1 + np.cos(np.pi * shares))
    assert_allclose(zetas, np.repeat(expected, 2))
    n = [len(coefs.data) for coefs in model.coefs_]
    assert all(n == counts for counts in model._state.history.connection_counts[-5:])


def test_the_network_keeps_its_size(rng):
    X, y = make_data(rng, 40)
    model = SETClassifier(30, density=0.5, initial_graph="uniform", random_state=0)
    assert model.fit(X, y).n_connections_ == 0.5 * (8 * 30 + 30)


def test_algorithm_1_prunes_in_the_end(rng):
    X, y = make_data(rng, 40)
    zetas = []
    model = SETClassifier(
        30, density=0.5, initial_graph="uniform", pruning=Recorder(zetas),
        max_iter=4, random_state=0, **ALGORITHM_1,
    ).fit(X, y)  # fmt: skip
    assert zetas == [0.3] * 8
    assert [coefs.nnz for coefs in model.coefs_] == [120 - 36, 15 - 4]


def test_evolution_ends_where_it_is_told(rng):
    X, y = make_data(rng, 40)
    zetas = []
    SETClassifier(
        30, density=0.5, initial_graph="uniform", pruning=Recorder(zetas),
        max_iter=10, random_state=0,
        **{**ALGORITHM_1, "evolution_end": 0.3},
    ).fit(X, y)  # fmt: skip
    assert zetas == [0.3] * 6


def test_full_layers_stay(rng):
    X, y = make_data(rng, 40)
    params = {"max_iter": 10, "random_state": 0, "zeta": 0.9}
    evolving = SETClassifier(30, density=1.0, **params, **ALGORITHM_1).fit(X, y)
    static = SETClassifier(30, density=1.0, **{**params, "zeta": 0}).fit(X, y)
    for one, other in zip(evolving.coefs_, static.coefs_, strict=True):
        assert_array_equal(one.toarray(), other.toarray())


def test_streams_evolve_between_calls_if_told(rng):
    X, y = make_data(rng, 40)
    zetas = []
    model = SETClassifier(
        30, density=0.5, initial_graph="uniform", pruning=Recorder(zetas),
        evolution_interval="epoch", random_state=0,
    )  # fmt: skip
    for _ in range(3):
        model.partial_fit(X, y, classes=[0, 1])
    assert zetas == [0.3] * 4


def test_masks_have_no_zeta(rng):
    X, y = make_data(rng, 40)
    names = set(HebbianMaskClassifier().get_params())
    assert not names & {"zeta", "zeta_schedule", "evolution_end"}
    model = HebbianMaskClassifier(9, evolution_interval="auto", random_state=0)
    assert model.fit(X, y).evolution_interval_ == 10


def test_a_warm_start_has_a_plan_of_its_own(rng):
    """And a state that was saved after the first fit goes on to the same bits."""
    X, y = make_data(rng, 100)
    params = {"density": 0.5, "warm_start": True, "random_state": 0, "max_iter": 8}
    model = SETClassifier(30, **params).fit(X, y)
    other = SETClassifier(30, **params).fit(X, y)
    other.__setstate__(other.__getstate__())
    for each in (model, other):
        each.set_params(max_iter=12).fit(X, y)
        assert each.max_iter_ == each.n_iter_ == 12
    for one, two in zip(model.coefs_, other.coefs_, strict=True):
        assert_array_equal(one.indices, two.indices)
        assert_array_equal(one.data, two.data)
