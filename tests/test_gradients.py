"""Every loss with every activation against finite differences."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from skhebb._activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from skhebb._batches import ClassTargets, DenseRows
from skhebb._layer import SparseLayer
from skhebb._losses import LOSSES
from skhebb._network import Network
from skhebb._training import Trainer, TrainingState
from skhebb.topology import SparseEvolution

# Not a derivative of its loss, as its documentation says; tested below.
NOT_A_DERIVATIVE = {"squared_error_published"}


class Recorder:
    """An optimiser that leaves the parameters and remembers the gradients."""

    n_arrays = 0

    def __init__(self):
        self.gradients = []

    def step(self, parameters, gradients, state, n_threads):
        self.gradients.append((parameters, gradients.copy()))


def make_trainer(loss, activation, n_classes, random_weights, alpha=0.0):
    rng = np.random.default_rng(1)
    n_outputs = 1 if n_classes == 2 else n_classes
    sizes = [6, 8, 7, n_outputs]
    layers = [
        SparseLayer(
            random_weights(n_in, n_out, 0.7, np.float64, rng),
            rng.standard_normal(n_out),
        )
        for n_in, n_out in pairwise(sizes)
    ]
    network = Network(layers)
    network.activation = ACTIVATIONS[activation]()
    network.output_activation = OUTPUT_ACTIVATIONS[
        LOSSES[loss].output_activation(n_classes)
    ]()
    return Trainer(
        state=TrainingState(network, rng, rng, 0),
        loss=LOSSES[loss],
        optimizer=Recorder(),
        topology=SparseEvolution(1, 0, "magnitude"),
        plasticity=None,
        alpha=alpha,
        batch_size=11,
        shuffle=False,
        evolution_interval=None,
        n_threads=1,
    )


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("n_classes", [1, 2, 4])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("loss", sorted(set(LOSSES) - NOT_A_DERIVATIVE))
def test_against_finite_differences(
    loss, activation, n_classes, alpha, rng, random_weights
):
    trainer = make_trainer(loss, activation, n_classes, random_weights, alpha)
    inputs = DenseRows(rng.standard_normal((11, 6)))
    targets = ClassTargets(rng.integers(n_classes, size=11), n_classes)
    samples = np.arange(11)
    trainer.run_batch(inputs, targets, samples)
    recorded = list(trainer.optimizer.gradients)
    assert len(recorded) == 6
    step = 1e-6
    for parameters, gradients in recorded:
        numeric = np.empty_like(gradients)
        for k, value in enumerate(parameters.copy()):
            parameters[k] = value + step
            above = trainer.run_batch(inputs, targets, samples)
            parameters[k] = value - step
            below = trainer.run_batch(inputs, targets, samples)
            parameters[k] = value
            numeric[k] = (above - below) / (2 * step)
        assert_allclose(gradients, numeric, rtol=1e-5, atol=1e-8)


def test_derivative_of_the_published_code(rng):
    outputs, targets = rng.random((2, 4, 9))
    # The published code: (y_pred - y) * sigma'(y_pred), sigma'(x) = s(x) (1 - s(x)).
    s = 1 / (1 + np.exp(-outputs))
    expected = (outputs - targets) * s * (1 - s)
    loss = LOSSES["squared_error_published"]
    assert_allclose(loss.delta(outputs, targets), expected)
    factor = s * (1 - s)
    assert factor.min() >= 0.196
    assert factor.max() <= 0.25
    assert loss.value(outputs, targets) == LOSSES["squared_error"].value(
        outputs, targets
    )


def test_log_loss_of_certain_outputs_is_finite():
    for dtype in (np.float32, np.float64):
        outputs = np.array([[0.0, 1.0], [1.0, 0.0]], dtype=dtype)
        worst = LOSSES["log_loss"].value(outputs, outputs[::-1])
        assert_allclose(worst, -np.log(np.finfo(dtype).eps), rtol=1e-3)
        best = LOSSES["log_loss"].value(outputs, outputs)
        assert 0 <= best < 1e-6


@pytest.mark.parametrize("name", sorted(OUTPUT_ACTIVATIONS))
def test_output_activations_stay_finite(name):
    z = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, 1.0]])
    expected = (
        expit(z) if name == "logistic" else [[1, 0.5, expit(-1)], [0, 0.5, expit(1)]]
    )
    OUTPUT_ACTIVATIONS[name]().apply(z, 1)
    assert_allclose(z, expected, atol=1e-12)
