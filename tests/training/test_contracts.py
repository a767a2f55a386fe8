"""What does not keep the contract of its family is refused before training."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhebb import HebbSETClassifier, SETClassifier
from skhebb._plasticity import LocalRule
from skhebb._training.losses import LOSSES, Loss, SquaredError
from skhebb._training.optimizers import OPTIMIZERS, Optimizer
from skhebb._training.schedules import SCHEDULES, Schedule
from skhebb.topology import Topology

FAMILIES = [
    (Loss, {"prepare", "terms", "differentiate"}),
    (Optimizer, {"from_estimator", "step"}),
    (Schedule, {"rate"}),
    (Topology, {"initial_weights", "prune", "grow"}),
    (LocalRule, {"observe"}),
]


@pytest.mark.parametrize(("family", "methods"), FAMILIES)
def test_what_a_member_must_have(family, methods):
    assert family.__abstractmethods__ == methods
    for method in methods:
        assert getattr(family, method).__doc__
        others = dict.fromkeys(methods - {method}, lambda *args: None)
        with pytest.raises(TypeError, match=f"abstract method '?{method}'?"):
            type("Incomplete", (family,), others)()


@pytest.mark.parametrize(
    ("family", "registry"),
    [(Loss, LOSSES), (Optimizer, OPTIMIZERS), (Schedule, SCHEDULES)],
)
def test_registries_have_members_only(family, registry):
    assert all(issubclass(member, family) for member in registry.values())


def test_a_loss_must_choose_the_output_activation():
    class Forgetful(SquaredError):
        def prepare(self, kind):
            self.output_activation = "relu"

    with pytest.raises(TypeError, match=r"Forgetful\.prepare must set.*It is 'relu'"):
        Forgetful("binary")


class Stranger:
    """Has all that training calls, but does not say so."""

    n_arrays, needs_probe = 0, False

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


@pytest.mark.parametrize(
    ("method", "name", "family"),
    [
        ("_optimizer", "optimizer", "Optimizer"),
        ("_plasticity", "plasticity", "LocalRule"),
        ("_topology", "topology", "Topology"),
    ],
)
def test_strangers_are_refused_and_leave_nothing(
    rng, monkeypatch, method, name, family
):
    X = rng.normal(size=(30, 5))
    y = (X[:, 0] > 0).astype(int)
    model = HebbSETClassifier((6,), max_iter=2, random_state=0).fit(X, y)
    before = vars(model).copy()
    coefs = [coefs.toarray() for coefs in model.coefs_]
    monkeypatch.setattr(HebbSETClassifier, method, lambda *args: Stranger())
    with pytest.raises(TypeError, match=rf"^{name} must derive from .*\.{family}, "):
        model.set_params(warm_start=True).fit(X, y)
    assert vars(model) == {**before, "warm_start": True}
    for one, other in zip(model.coefs_, coefs, strict=True):
        assert_array_equal(one.toarray(), other)


def test_schedules_take_their_own_parameters():
    model = SETClassifier(power_t=0.25, momentum=0.5, beta_2=0.75)
    made = {
        name: schedule.from_estimator(model, 0.1)
        for name, schedule in SCHEDULES.items()
    }
    rates = {name: each.rate(2, 8, 15, 1) for name, each in made.items()}
    assert rates == {
        "adaptive": pytest.approx(0.1 / 5),
        "constant": 0.1,
        "cosine": pytest.approx(0.1 * (1 + np.sqrt(0.5)) / 2),
        "invscaling": pytest.approx(0.1 / 16**0.25),
    }
    assert vars(made["constant"]) == {"initial": 0.1}
