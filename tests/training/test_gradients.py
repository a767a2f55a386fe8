"""Every loss with every activation against finite differences."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from skhebb._network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS, set_activations
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._predictors.encoders import Indicators, Labels, Numbers
from skhebb._training.batch_trainer import BatchTrainer
from skhebb._training.batches import DenseRows
from skhebb._training.data import FitData
from skhebb._training.losses import LOSSES
from skhebb._training.optimizers import SGD
from skhebb._training.state import Progress, RandomStreams, TrainingState

# Not a derivative of its loss, as its documentation says; tested below.
NOT_A_DERIVATIVE = {"squared_error_published"}


TARGETS = {
    "one class": Labels(np.arange(1)),
    "two classes": Labels(np.arange(2)),
    "four classes": Labels(np.arange(4)),
    "labels": Indicators(3),
    "numbers": Numbers(2, is_1d=False),
}


def losses_for(targets):
    kind = TARGETS[targets].kind
    return ["squared_error"] if kind == "continuous" else sorted(LOSSES)


CASES = [
    (loss, targets)
    for targets in TARGETS
    for loss in losses_for(targets)
    if loss not in NOT_A_DERIVATIVE
]


def make_trainer(loss, activation, targets, random_weights, alpha):
    rng = np.random.default_rng(1)
    sizes = [6, 8, 7, targets.n_outputs]
    layers = [
        SparseLayer(
            0.5 * random_weights(n_in, n_out, 0.7, np.float64, rng),
            0.5 * rng.standard_normal(n_out),
        )
        for n_in, n_out in pairwise(sizes)
    ]
    network = Network(layers)
    loss = LOSSES[loss](targets.kind)
    set_activations(network, activation, loss.output_activation, negative_slope=0.6)
    trainer = BatchTrainer(
        state=TrainingState(network, RandomStreams(rng, rng, [rng] * 3, 0)),
        loss=loss,
        optimizer=SGD(),  # a step is the gradient
        alpha=alpha,
        weight_decays=[alpha / 5] * len(layers),
        batch_size=11,
        n_threads=1,
    )
    trainer.state.progress = Progress(learning_rate=1.0)
    return trainer


@pytest.mark.parametrize(("alpha", "is_weighted"), [(0, False), (0, True), (0.5, True)])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("loss", "targets"), CASES)
def test_against_finite_differences(
    loss, targets, activation, alpha, is_weighted, rng, random_weights
):
    targets = TARGETS[targets]
    trainer = make_trainer(loss, activation, targets, random_weights, alpha)
    y = {
        "continuous": rng.standard_normal((11, 2)),
        "multilabel-indicator": rng.integers(2, size=(11, 3)),
    }.get(targets.kind, rng.integers(targets.n_outputs + 1, size=11) % 4)
    if y.ndim == 1:
        y = np.minimum(y, targets.classes[-1])
    weights = rng.random(11) if is_weighted else None
    inputs, samples = DenseRows(rng.standard_normal((11, 6))), np.arange(11)
    data = FitData(inputs, targets, targets.encode(y), weights, samples)
    trainer.prepare(data)
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
        return trainer.run_batch(data, samples) / data.total_weight

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
    loss = LOSSES["squared_error_published"]("multiclass")
    values = loss.values(outputs, targets, np.empty_like(outputs))
    assert_allclose(values, 0.5 * ((outputs - targets) ** 2).sum(axis=0))
    loss.turn_into_errors(outputs, targets, np.empty_like(outputs))
    assert_allclose(outputs, expected)
    factor = s * (1 - s)
    assert factor.min() >= 0.196
    assert factor.max() <= 0.25


def test_log_loss_of_certain_outputs_is_finite():
    for dtype in (np.float32, np.float64):
        outputs = np.array([[0.0, 1.0], [1.0, 0.0]], dtype=dtype)
        scratch = np.empty_like(outputs)
        for kind in ("multiclass", "multilabel-indicator"):
            loss = LOSSES["log_loss"](kind)
            worst = loss.values(outputs, outputs[::-1].copy(), scratch)
            n_wrong = 2 if kind == "multilabel-indicator" else 1
            limit = -n_wrong * np.log(np.finfo(dtype).eps)
            assert_allclose(worst, limit, rtol=1e-3)
            best = loss.values(outputs, outputs, scratch)
            assert (best >= 0).all()
            assert (best < 1e-6).all()


@pytest.mark.parametrize("name", sorted(OUTPUT_ACTIVATIONS))
def test_output_activations_stay_finite(name):
    z = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, 1.0]])
    expected = {
        "identity": z.copy(),
        "logistic": expit(z),
        "softmax": [[1, 0.5, expit(-1)], [0, 0.5, expit(1)]],
    }[name]
    OUTPUT_ACTIVATIONS[name]().apply(z)
    assert_allclose(z, expected, atol=1e-12)
