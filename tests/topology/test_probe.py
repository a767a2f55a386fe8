"""What growth rules see of a network, against NumPy."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array, issparse
from scipy.special import expit, softmax

from skhebb._network.activations import ACTIVATIONS, set_activations
from skhebb._network.buffers import Batch, tiles_for
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._predictors.encoders import Labels, Numbers
from skhebb._training import probing
from skhebb._training.batches import as_batch_source
from skhebb._training.data import FitData
from skhebb._training.losses import LOSSES
from skhebb.topology import LayerProbe

SIZES = [9, 8, 7, 3]
# Of preactivations and the number of the hidden layer: activations and derivatives.
HIDDEN = {
    "all_relu": (
        lambda z, depth: np.where(z > 0, z, (-1) ** (depth + 1) * 0.6 * z),
        lambda z, depth: np.where(z > 0, 1, (-1) ** (depth + 1) * 0.6),
    ),
    "identity": (lambda z, _: z, lambda z, _: np.ones_like(z)),
    "logistic": (lambda z, _: expit(z), lambda z, _: expit(z) * expit(-z)),
    "relu": (lambda z, _: np.maximum(z, 0), lambda z, _: 1.0 * (z > 0)),
    "tanh": (lambda z, _: np.tanh(z), lambda z, _: 1 - np.tanh(z) ** 2),
}
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-11}


def make_network(activation, loss, dtype, random_weights, rng, dropout=0.0):
    layers = [
        SparseLayer(
            random_weights(n_in, n_out, 0.6, dtype, rng),
            rng.standard_normal(n_out).astype(dtype),
        )
        for n_in, n_out in pairwise(SIZES)
    ]
    network = Network(layers)
    set_activations(network, activation, loss.output_activation, 0.6, 1 - dropout)
    return network


def make_data(X, encoder, rng, is_weighted):
    y = rng.integers(3, size=X.shape[0])
    if isinstance(encoder, Numbers):
        y = rng.standard_normal((X.shape[0], 3)).astype(X.dtype)
    weights = rng.random(X.shape[0]) + 0.1 if is_weighted else None
    samples = np.arange(X.shape[0], dtype=np.intp)[3:]
    return FitData(as_batch_source(X), encoder, encoder.encode(y), weights, samples)


def dense(array):
    return array.toarray() if issparse(array) else array


@pytest.mark.parametrize("n_samples", [1, 5, 90])
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("targets", ["labels", "numbers"])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_forward_and_backward(
    activation, targets, dtype, is_sparse, is_weighted, n_samples, random_weights, rng
):
    is_labels = targets == "labels"
    encoder = Labels(np.arange(3)) if is_labels else Numbers(3, is_1d=False)
    loss = LOSSES["log_loss" if is_labels else "squared_error"](encoder.kind)
    # Training drops neurons; a probe does not.
    network = make_network(activation, loss, dtype, random_weights, rng, dropout=0.3)
    X = rng.standard_normal((n_samples + 3, 9)).astype(dtype)
    X[rng.random(X.shape) < 0.4] = 0
    data = make_data(csr_array(X) if is_sparse else X, encoder, rng, is_weighted)
    before = [layer.weights.toarray() for layer in network.layers]
    samples = np.sort(rng.permutation(data.samples)[: max(1, n_samples // 2)])
    probes = probing.probe_network(network, data, samples, loss, True, 2)

    function, derivative = HIDDEN[activation]
    weight = np.ones(len(samples)) if not is_weighted else data.sample_weight[samples]
    a, z = [X[samples].T.astype(float)], []
    for depth, (weights, layer) in enumerate(zip(before, network.layers, strict=True)):
        z.append(weights.T @ a[-1] + layer.biases[:, np.newaxis])
        a.append(function(z[-1], depth))
    a[-1] = softmax(z[-1], axis=0) if is_labels else z[-1]
    target = np.eye(3)[data.y[samples]].T if is_labels else data.y[samples].T
    errors = [(a[-1] - target) * weight]
    for depth in (1, 0):
        errors.insert(0, before[depth + 1] @ errors[0] * derivative(z[depth], depth))

    same = {"rtol": 0, "atol": TOLERANCE[dtype] * 20}
    for depth, probe in enumerate(probes):
        assert issparse(probe.presynaptic) == (is_sparse and depth == 0)
        assert_allclose(dense(probe.presynaptic), a[depth], **same)
        assert_allclose(probe.postsynaptic, a[depth + 1], **same)
        assert_allclose(probe.errors, errors[depth], **same)
        assert_allclose(probe.sample_weight, weight, **same)
        # All pairs, the present ones among them.
        pairs = csr_array(np.ones_like(before[depth]))
        mean = a[depth] @ errors[depth].T / weight.sum()
        assert_allclose(probe.gradients(pairs), mean.ravel(), **same)
    for weights, layer in zip(before, network.layers, strict=True):
        assert_array_equal(weights, layer.weights.toarray())


def correlation(x, y, weight):
    """By the definition, in float64; 0 if there is none."""
    covariance = np.cov(x, y, aweights=weight, ddof=0)
    deviations = np.sqrt(np.diag(covariance))
    return covariance[0, 1] / deviations.prod() if (deviations > 1e-7).all() else 0


def probe_of(before, after, weight, n_threads=1, is_sparse=False):
    """A LayerProbe of activations, (n_neurons, n_samples)."""
    tiles = tiles_for(before.shape[1], before.dtype)
    batch = Batch(tiles, tiles.columns(weight, before.dtype), float(weight.sum()))
    sides = []
    for values in (before, after):
        flat = np.full(values.shape[0] * tiles.stride, np.nan, dtype=values.dtype)
        tiles.pack(values, flat)
        if is_sparse and values is before:
            source = as_batch_source(csr_array(values.T))
            flat = source.load(np.arange(values.shape[1]), tiles, flat, 1)
        sides.append(probing.Activity(flat, len(values), batch, n_threads))
    return LayerProbe(*sides, None)


@pytest.mark.parametrize("n_samples", [1, 2, 7, 300])
@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_correlations(dtype, is_sparse, n_samples, random_weights, rng):
    before = np.maximum(rng.standard_normal((12, n_samples)), 0).astype(dtype)
    after = (
        rng.standard_normal((10, n_samples)) + 1000 * (dtype == np.float64)
    ).astype(dtype)
    after[0], before[1] = before[2], 7  # the same neuron, and a constant one
    after[3], before[4] = 0, 0
    after[5] = -2 * before[2] + 1
    weight = rng.random(n_samples) + 0.01
    pairs = random_weights(12, 10, 0.7, dtype, rng)
    found = probe_of(before, after, weight, is_sparse=is_sparse).correlations(pairs)
    assert found.dtype == dtype
    rows, columns = pairs.nonzero()
    expected = [
        correlation(before[i].astype(float), after[j].astype(float), weight)
        if n_samples > 1
        else 0
        for i, j in zip(rows, columns, strict=True)
    ]
    assert_allclose(found, expected, atol=3e-5 if dtype == np.float32 else 1e-9)
    if n_samples > 7:
        assert (np.abs(expected) > 0.999).any()


def test_same_bits_for_any_number_of_threads(all_threads, random_weights, rng):
    before = rng.standard_normal((50, 600)).astype(np.float32)
    after = rng.standard_normal((40, 600)).astype(np.float32)
    pairs = random_weights(50, 40, 0.5, np.float32, rng)
    weight = rng.random(600)
    one, two, three = (
        probe_of(before, after, weight, n_threads).correlations(pairs)
        for n_threads in (1, 2, 3)
    )
    assert_array_equal(one, two)
    assert_array_equal(one, three)


@pytest.mark.parametrize(
    "candidates",
    [
        np.ones((12, 10)),
        csr_array((10, 12)),
        csr_array((np.ones(1), [10], [0] + 12 * [1]), shape=(12, 11)),
        csr_array((np.ones(2), [3, 1], [0] + 12 * [2]), shape=(12, 10)),
        csr_array((np.ones(2), [3, 3], [0] + 12 * [2]), shape=(12, 10)),
    ],
    ids=["ndarray", "transposed", "too wide", "unsorted", "twice"],
)
def test_what_kernels_would_not_survive_is_refused(candidates, rng):
    activations = rng.random((12, 5)), rng.random((10, 5))
    probe = probe_of(*activations, np.ones(5))
    errors = np.zeros(10 * tiles_for(5, np.float64).stride)
    with_errors = LayerProbe(probe._before, probe._after, errors)
    for look in (probe.correlations, with_errors.gradients):
        with pytest.raises(
            ValueError, match=r"candidates must be a csr_array of shape"
        ):
            look(candidates)


def test_errors_that_were_not_wanted(rng):
    probe = probe_of(rng.random((12, 5)), rng.random((10, 5)), np.ones(5))
    with pytest.raises(ValueError, match="needs_errors=False"):
        probe.gradients(csr_array((12, 10)))
    with pytest.raises(ValueError, match="needs_errors=False"):
        probe.errors  # noqa: B018


def test_arrays_may_be_changed(rng):
    probe = probe_of(rng.random((12, 5)), rng.random((10, 5)), np.ones(5))
    before = probe.presynaptic.copy(), probe.sample_weight.copy()
    probe.presynaptic[:] = probe.sample_weight[:] = 0
    assert_array_equal(probe.presynaptic, before[0])
    assert_array_equal(probe.sample_weight, before[1])


def data_of(n_samples, n_features):
    X = as_batch_source(np.zeros((n_samples, n_features), dtype=np.float32))
    return FitData(X, None, None, None, np.arange(10, n_samples))


def test_samples_of_a_probe():
    def draw(n_samples, sizes, seed=0, n_trained=9000):
        data = data_of(n_samples, sizes[0])
        rng = np.random.default_rng(seed)
        return probing.probe_samples(data, sizes, np.float32, n_trained, rng)

    few = draw(300, [4, 3])
    assert_array_equal(few, np.arange(10, 300))
    many = draw(9000, [4, 3])
    assert len(many) == len(np.unique(many)) == 500
    assert_array_equal(many, np.sort(many))
    assert many[0] >= 10
    assert not np.array_equal(many, draw(9000, [4, 3], seed=1))
    # At most 256 MiB of activations and errors in float32, but a hundred samples.
    assert len(draw(9000, [4, 99_996])) == 2**28 // (2 * 100_000 * 4)
    assert len(draw(9000, [4, 10_000_000])) == 100
    # At most a tenth of what is trained on between two evolutions, but a hundred.
    assert len(draw(9000, [4, 3], n_trained=2505)) == 250
    assert len(draw(9000, [4, 3], n_trained=320)) == 100
    assert_array_equal(draw(60, [4, 3], n_trained=320), np.arange(10, 60))
