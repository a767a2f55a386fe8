"""Pruning and growth rules of users that training could not call."""

import functools

import numpy as np
import pytest

from skhebb import HebbSETClassifier, SETRegressor
from skhebb.topology import CandidateRule

X, Y = np.random.default_rng(0).random((40, 6)), np.arange(40) % 2


class Rule:
    def __call__(self, weights, n, rng):
        raise AssertionError("never called")


class Scores(CandidateRule):
    def scores(self, candidates, probe):
        raise AssertionError("never called")


@pytest.mark.parametrize("cls", [HebbSETClassifier, SETRegressor])
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("growth", Rule),  # the class, not an instance
        ("growth", Scores),
        ("growth", dict),  # which tells no signature
        ("growth", lambda weights, n: None),
        ("growth", lambda weights, n, rng, more: None),
        ("growth", lambda weights, n, probe: None),
        ("growth", lambda weights, n, rng, probe, /: None),
        ("growth", functools.partial(Rule(), None)),
        ("pruning", lambda weights: None),
        ("pruning", Rule()),
    ],
)
def test_rules_that_cannot_be_called_are_refused_before_training(cls, name, rule):
    model = cls((5,), density=0.5, max_iter=1, **{name: rule})
    match = rf"'{name}' parameter must be a name or a rule that .* {name}\(weights, "
    with pytest.raises(TypeError, match=match):
        model.fit(X, Y)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(
    "rule",
    [
        lambda weights, n, rng, more=None: np.arange(n),
        lambda *arguments: np.arange(arguments[1]),
        lambda weights, n, rng, **more: np.arange(n),
        lambda weights, n, rng, *, probe: np.arange(n),
        functools.partial(lambda weights, n, rng, k: np.arange(n) + k, k=0),
        functools.partial(lambda k, weights, n, rng, probe: np.arange(n) + k, 0),
    ],
)
def test_rules_of_any_signature_that_fits(rule):
    model = HebbSETClassifier(
        (5,), density=0.5, max_iter=2, growth=rule, evolution_interval=1
    )
    assert model.fit(X, Y).n_iter_ == 2
