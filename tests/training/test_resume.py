"""A fit that is saved after an epoch goes on as if nothing had been in between."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhebb import HebbianMaskClassifier, HebbSETClassifier, SETClassifier, SETRegressor
from skhebb._training.state import TrainingState
from skhebb._training.trainer import Trainer

ADAM, SGD = {"solver": "adam"}, {"solver": "sgd", "momentum": 0.9, "dropout": 0.2}
STOPS = {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 3}
CUTS = {"learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1}
EPOCHS, BATCHES = {"evolution_interval": "epoch"}, {"evolution_interval": 2}
CASES = [
    (SETClassifier, {**SGD, **EPOCHS}),
    (SETClassifier, {**ADAM, **BATCHES, "learning_rate": "cosine"}),
    (SETClassifier, {**ADAM, **EPOCHS, **STOPS, "shuffle": False}),
    (SETClassifier, {**SGD, **BATCHES, "growth": "gradient"}),
    (SETRegressor, {**SGD, **BATCHES, **CUTS}),
    (HebbSETClassifier, {**SGD, **BATCHES, **STOPS, "learning_rate": "invscaling"}),
    (HebbSETClassifier, {**ADAM, **EPOCHS, "learning_rate": "cosine"}),
    (HebbSETClassifier, {**ADAM, **EPOCHS, **STOPS, **CUTS}),
    (HebbianMaskClassifier, {**SGD, **BATCHES, **STOPS}),
    (HebbianMaskClassifier, {**ADAM, **EPOCHS, **CUTS}),
]


def resuming(cls, packed):
    """A class whose fit goes on from a state that was saved."""

    class Resuming(cls):
        def _begin(self, *data):
            super()._begin(*data)
            return TrainingState.unpack(**pickle.loads(packed))

    return Resuming


def assert_alike(one, other):
    """Compare plain data, arrays bit for bit."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name, value in one.items():
            assert_alike(value, other[name])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_alike(*pair)
    else:
        assert_array_equal(one, other)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("cls", "params"), CASES)
def test_resumed(cls, params, rng, monkeypatch):
    X = rng.normal(size=(50, 8))
    y = (X[:, 0] + 0.3 * X[:, 1] > 0).astype(int)
    model = cls((12, 10), density=0.4, batch_size=8, max_iter=7, random_state=0)
    model.set_params(**params)
    saved = []
    run_epoch = Trainer.run_epoch

    def saving(trainer, *args):
        metrics = run_epoch(trainer, *args)
        saved.append(pickle.dumps(trainer.state.pack()))
        return metrics

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "run_epoch", saving)
        model.fit(X, y)
    expected = model._state.pack()
    assert 3 <= len(saved) <= 7
    if params.items() >= CUTS.items():
        assert expected["progress"]["n_cuts"] > 0

    def go_on(trainer, data, max_epochs, validate, observer):
        return trainer.resume(data, validate, observer)

    monkeypatch.setattr(Trainer, "fit", go_on)
    for packed in saved:
        resumed = resuming(cls, packed)(**model.get_params())
        resumed.fit(X, y)
        assert_alike(resumed._state.pack(), expected)
        assert_array_equal(resumed.predict(X), model.predict(X))
    first, last = (
        pickle.loads(packed)["layers"][0] for packed in saved[:: len(saved) - 1]
    )
    assert not np.array_equal(first["biases"], last["biases"])
