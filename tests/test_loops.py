"""Each kernel against a few lines of NumPy, for types, threads and batch sizes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skhebb._buffers import padded
from skhebb._kernels import _connections, _loops

pytestmark = pytest.mark.usefixtures("instruction_set", "all_threads")

DTYPES = [np.float32, np.float64]
BATCHES = [1, 2, 3, 7, 16, 30, 33, 200]
SHAPES = [(5, 7, 0.0), (13, 9, 0.3), (40, 60, 1.0), (200, 3, 0.1)]


def tolerance(dtype):
    return {
        "rtol": 2e-4 if dtype == np.float32 else 1e-11,
        "atol": 1e-4 * (dtype == np.float32) + 1e-12,
    }


@pytest.fixture(params=BATCHES)
def batch(request):
    return request.param


@pytest.fixture(params=DTYPES)
def dtype(request):
    return request.param


@pytest.fixture(params=SHAPES, ids=str)
def case(request, batch, dtype, rng, random_weights, padded_array):
    """Weights and the activations and errors around them."""
    n_in, n_out, density = request.param
    weights = random_weights(n_in, n_out, density, dtype, rng)

    def activations(n):
        return padded_array(rng.standard_normal((n, batch)).astype(dtype))

    return weights, activations(n_in), activations(n_out)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_forward(case, dtype, rng, n_threads):
    weights, a, out = case
    biases = rng.standard_normal(weights.shape[1]).astype(dtype)
    by_post = _connections.transpose(weights.indptr, weights.indices, weights.shape[1])
    _loops.forward(*by_post, weights.data, biases, a, out, n_threads)
    expected = weights.toarray().T @ a + biases[:, np.newaxis]
    assert_allclose(out, expected, **tolerance(dtype))


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_sampled_product_and_backward(case, dtype, n_threads):
    weights, a, d = case
    rows, columns = weights.nonzero()
    expected = (a @ d.T)[rows, columns]
    index = weights.indptr, weights.indices

    products = np.full(weights.nnz, np.nan, dtype=dtype)
    _loops.sampled_product(*index, a, d, products, n_threads)
    assert_allclose(products, expected, **tolerance(dtype))

    products[:] = np.nan
    input_deltas = np.full_like(a, np.nan)
    _loops.backward(*index, weights.data, a, d, products, input_deltas, n_threads)
    assert_allclose(products, expected, **tolerance(dtype))
    assert_allclose(input_deltas, weights.toarray() @ d, **tolerance(dtype))


@pytest.mark.parametrize("n_threads", [1, 2])
def test_add_covariances(case, batch, dtype, rng, n_threads):
    weights, a, out = case
    before = weights.toarray()
    rows, columns = weights.nonzero()
    scales_in = rng.random(len(a)).astype(dtype)
    scales_out = rng.random(len(out)).astype(dtype)
    means = out[:, :batch].mean(axis=1)
    _loops.add_covariances(
        weights.indptr,
        weights.indices,
        weights.data,
        a,
        out,
        a[:, :batch].mean(axis=1),
        scales_in,
        means,
        scales_out,
        0.5 / batch,
        batch,
        np.empty((n_threads, a.shape[1]), dtype=dtype),
        n_threads,
    )
    neurons = np.concatenate([a[:, :batch], out[:, :batch]])
    covariance = np.cov(neurons, ddof=0).reshape(len(neurons), -1)
    covariance = covariance[: len(a), len(a) :]
    expected = before + 0.5 * covariance * np.outer(scales_in, scales_out)
    assert_allclose(weights.data, expected[rows, columns], **tolerance(dtype))


def test_batch_statistics(batch, dtype, rng, padded_array):
    values = rng.standard_normal((20, batch)).astype(dtype)
    values[3] = 0.25  # a constant neuron
    values[4] = np.finfo(dtype).tiny / 2  # a range without a finite inverse
    values[4, 0] = 0
    values[5] = 1 + np.finfo(dtype).eps * rng.integers(3, size=batch)  # rounding only
    means, scales = np.empty((2, 20), dtype=dtype)
    _loops.batch_statistics(padded_array(values), batch, means, scales, 2)
    assert_allclose(means, values.mean(axis=1), **tolerance(dtype))
    ranges = np.ptp(values, axis=1)
    varies = ranges >= np.finfo(dtype).tiny
    varies[5] = False
    expected = np.divide(1, ranges, where=varies, out=np.zeros_like(ranges))
    assert_allclose(scales, expected, rtol=1e-6)


def test_relu_keeps_nan(dtype):
    z = np.array([[-1.5, 2.5, np.nan, np.inf, -np.inf, 0.0, -0.0, 3.0]], dtype=dtype)
    _loops.relu(z, 1)
    assert_array_equal(z, [[0, 2.5, np.nan, np.inf, 0, 0, 0, 3]])


def test_relu_backward(batch, dtype, rng, padded_array):
    a = padded_array(np.maximum(rng.standard_normal((9, batch)), 0).astype(dtype))
    deltas = padded_array(rng.standard_normal((9, batch)).astype(dtype))
    expected = deltas * (a > 0)
    _loops.relu_backward(deltas, a, 2)
    assert_array_equal(deltas, expected)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("n", [0, 1, 10_001])
def test_sgd_step(dtype, rng, momentum, nesterov, n):
    weights, velocities, gradients = rng.standard_normal((3, n)).astype(dtype)
    new_velocities = momentum * velocities - 0.1 * gradients
    ahead = momentum * new_velocities - 0.1 * gradients
    expected = weights + (ahead if nesterov else new_velocities)
    state = velocities if momentum else velocities[:0]
    _loops.sgd_step(weights, state, gradients, 0.1, momentum, nesterov, 2)
    assert_allclose(weights, expected, **tolerance(dtype))
    assert_allclose(state, new_velocities[: len(state)], **tolerance(dtype))


def test_sgd_step_flushes_subnormal_velocities(dtype):
    tiny = np.finfo(dtype).tiny
    velocities = np.array([tiny, -tiny, 4 * tiny, np.nan, np.inf], dtype=dtype)
    weights, gradients = np.zeros((2, 5), dtype=dtype)
    _loops.sgd_step(weights, velocities, gradients, 0.1, 0.5, False, 1)
    assert_array_equal(velocities, np.array([0, 0, 2 * tiny, np.nan, np.inf]))


@pytest.mark.parametrize("n_features", [1, 15, 16, 50])
def test_load_rows(batch, dtype, rng, n_features):
    X = rng.standard_normal((40, n_features)).astype(dtype)
    samples = rng.integers(40, size=batch)
    out = np.full((n_features, padded(batch, dtype)), np.nan, dtype=dtype)
    _loops.load_rows(X, samples, out, 2)
    assert_array_equal(out[:, :batch], X[samples].T)
    assert not out[:, batch:].any()


def test_nan_and_infinity_reach_the_output(case, dtype):
    weights, a, out = case
    a[0, 0], a[1, 0] = np.inf, np.nan
    biases = np.zeros(weights.shape[1], dtype=dtype)
    by_post = _connections.transpose(weights.indptr, weights.indices, weights.shape[1])
    _loops.forward(*by_post, weights.data, biases, a, out, 1)
    touched = np.zeros(weights.shape[1], dtype=bool)
    touched[weights.indices[: weights.indptr[2]]] = True
    assert_array_equal(~np.isfinite(out[:, 0]), touched)


def test_unknown_instruction_set_is_refused():
    with pytest.raises(ValueError, match=r"'mmx' does not run here.*baseline"):
        _loops.use_instruction_set("mmx")


def test_covariance_of_neurons_far_from_zero(rng, padded_array):
    """The rounding of a mean must not pass for covariance."""
    a = (1000 + rng.random((30, 200))).astype(np.float32)
    out = (1 - 1e-4 * rng.random((20, 200))).astype(np.float32)
    means_in, scales_in = np.empty((2, 30), dtype=np.float32)
    means_out, scales_out = np.empty((2, 20), dtype=np.float32)
    a, out = padded_array(a), padded_array(out)
    _loops.batch_statistics(a, 200, means_in, scales_in, 1)
    _loops.batch_statistics(out, 200, means_out, scales_out, 1)
    weights = np.zeros(600, dtype=np.float32)
    _loops.add_covariances(
        np.arange(0, 601, 20, dtype=np.int32),
        np.tile(np.arange(20, dtype=np.int32), 30),
        weights,
        a,
        out,
        means_in,
        scales_in,
        means_out,
        scales_out,
        1 / 200,
        200,
        np.empty((1, a.shape[1]), dtype=np.float32),
        1,
    )
    scaled = [
        ((x - x.min(axis=1, keepdims=True)) / np.ptp(x, axis=1, keepdims=True))
        for x in (a[:, :200].astype(np.float64), out[:, :200].astype(np.float64))
    ]
    expected = np.cov(*scaled, ddof=0)[:30, 30:]
    assert_allclose(weights, expected.ravel(), atol=2e-6)


def test_sizes_that_do_not_match_are_refused():
    X, samples = np.zeros((4, 5)), np.arange(4)
    with pytest.raises(ValueError, match="sizes of arrays"):
        _loops.load_rows(X, samples, np.zeros((3, 4)), 1)
