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
from skhebb._optimizers import SGD
from skhebb._training import Trainer, TrainingState
from skhebb.topology import SparseEvolution

# Not a derivative of its loss, as its documentation says; tested below.
NOT_A_DERIVATIVE = {"squared_error_published"}


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
        state=TrainingState(network, rng, [rng] * 3, 0),
        loss=LOSSES[loss],
        optimizer=SGD(1, 0, False),  # a step is the gradient
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
    trainer.prepare(inputs)
    layers = trainer.state.network.layers
    parameters = [
        array for layer in layers for array in (layer.weights.data, layer.biases)
    ]
    before = [array.copy() for array in parameters]

    def loss_at(changed=None, k=None, move=0.0):
        for array, values in zip(parameters, before, strict=True):
            array[:] = values
        if changed is not None:
            changed[k] += move
        return trainer.run_batch(inputs, targets, samples)

    loss_at()
    gradients = [
        values - array for array, values in zip(parameters, before, strict=True)
    ]
    step = 1e-6
    for array, gradient in zip(parameters, gradients, strict=True):
        numeric = [
            (loss_at(array, k, step) - loss_at(array, k, -step)) / (2 * step)
            for k in range(len(array))
        ]
        assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-8)


def test_derivative_of_the_published_code(rng):
    outputs, targets = rng.random((2, 4, 9))
    # The published code: (y_pred - y) * sigma'(y_pred), sigma'(x) = s(x) (1 - s(x)).
    s = 1 / (1 + np.exp(-outputs))
    expected = (outputs - targets) * s * (1 - s)
    loss = LOSSES["squared_error_published"]
    value = loss.value(outputs, targets, np.empty_like(outputs))
    assert_allclose(value, 0.5 * ((outputs - targets) ** 2).sum() / 9)
    loss.delta(outputs, targets, np.empty_like(outputs))
    assert_allclose(outputs, expected)
    factor = s * (1 - s)
    assert factor.min() >= 0.196
    assert factor.max() <= 0.25


def test_log_loss_of_certain_outputs_is_finite():
    for dtype in (np.float32, np.float64):
        outputs = np.array([[0.0, 1.0], [1.0, 0.0]], dtype=dtype)
        scratch = np.empty_like(outputs)
        worst = LOSSES["log_loss"].value(outputs, outputs[::-1], scratch)
        assert_allclose(worst, -np.log(np.finfo(dtype).eps), rtol=1e-3)
        best = LOSSES["log_loss"].value(outputs, outputs, scratch)
        assert 0 <= best < 1e-6


@pytest.mark.parametrize("name", sorted(OUTPUT_ACTIVATIONS))
def test_output_activations_stay_finite(name):
    z = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, 1.0]])
    expected = (
        expit(z) if name == "logistic" else [[1, 0.5, expit(-1)], [0, 0.5, expit(1)]]
    )
    OUTPUT_ACTIVATIONS[name]().apply(z)
    assert_allclose(z, expected, atol=1e-12)
