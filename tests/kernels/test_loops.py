"""Each kernel against a few lines of NumPy, for types, threads and batch sizes."""

import math
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from skhebb._kernels._handles import ByPostsynaptic, NonZeros, OutputParts
from skhebb._kernels._lag import StepHistory

from skhebb._kernels import _hebbian, _loops, _rules, _runtime
from skhebb._network.buffers import Backward, Batch, tiles_for
from skhebb._network.layer import SparseLayer
from skhebb._network.network import LINEAR
from skhebb._plasticity import HebbianCovariance
from skhebb._training.optimizers import NO_PENALTY, SGD, Adam, Penalty
from skhebb._utils.csr import make_csr

pytestmark = pytest.mark.usefixtures("instruction_set", "all_threads")

NO_BACKWARD = Backward(None, None, LINEAR)
DTYPES = [np.float32, np.float64]
BATCHES = [1, 2, 7, 16, 33, 200, 270]
INDEX_TYPES = [np.int32, np.int64]
SHAPES = [(5, 7, 0.0), (13, 9, 0.3), (40, 61, 1.0), (200, 3, 0.1)]


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


@pytest.fixture
def cases(batch, dtype, rng, random_weights):
    """Weights of several shapes, and the activations and errors around them."""

    def case(n_in, n_out, density):
        weights = random_weights(n_in, n_out, density, dtype, rng)
        a, d = rng.standard_normal((n_in, batch)), rng.standard_normal((n_out, batch))
        return weights, a.astype(dtype), d.astype(dtype)

    return [case(*shape) for shape in SHAPES]


def sgd(momentum=0.0, nesterov=False):
    return SGD(momentum, nesterov)


def batch_of(tiles, weights=None):
    if weights is None:
        return Batch(tiles, tiles.ones, tiles.batch_size)
    return Batch(tiles, tiles.columns(weights, tiles.ones.dtype), weights.sum())


def tiled(values, tiles=None):
    """`values` of shape (n_neurons, batch_size) in tiles."""
    tiles = tiles or tiles_for(values.shape[1], values.dtype)
    flat = np.full(len(values) * tiles.stride, np.nan, dtype=values.dtype)
    tiles.pack(values, flat)
    return flat


def untiled(flat, batch):
    tiles = tiles_for(batch, flat.dtype)
    values = np.empty((flat.size // tiles.stride, batch), dtype=flat.dtype)
    tiles.unpack(flat, values)
    return values


def layer_of(weights, index_type=np.int32, biases=None):
    index = weights.indices.astype(index_type), weights.indptr.astype(index_type)
    if biases is None:
        biases = np.zeros(weights.shape[1], dtype=weights.dtype)
    return SparseLayer(make_csr(weights.data, *index, weights.shape), biases)


def nonzeros(a):
    """The rows of `a`, (n_neurons, batch_size), that are not zero everywhere."""
    sparse = csr_array(a)
    active = np.flatnonzero(np.diff(sparse.indptr))
    return NonZeros(
        active.astype(np.intp),
        np.append(sparse.indptr[active], sparse.nnz).astype(np.intp),
        sparse.indices.astype(np.intp),
        sparse.data,
    )


def scratch_of(layer, n_threads):
    return np.full((_loops.N_GROUPS, layer.largest_chunk(n_threads)), np.nan)


def test_forward(cases, batch, dtype, rng):
    """Gathered, scattered, and from non-zeros: the product, and the same bits."""
    for case, index_type, n_threads in product(cases, INDEX_TYPES, [1, 5]):
        weights, a = case[0], case[1].copy()
        a[:, rng.random(batch) < 0.2] = 0
        biases = rng.standard_normal(weights.shape[1]).astype(dtype)
        layer = layer_of(weights, index_type, biases)
        tiles = tiles_for(batch, dtype)
        outputs = []
        for training, inputs in [
            (True, tiled(a)),
            (False, tiled(a)),
            (False, nonzeros(a)),
        ]:
            out = np.full(len(biases) * tiles.stride, np.nan, dtype=dtype)
            layer.forward(inputs, out, tiles, LINEAR, training, n_threads)
            outputs.append(untiled(out, batch))
        expected = weights.toarray().T @ a + biases[:, np.newaxis]
        assert_allclose(outputs[0], expected, **tolerance(dtype))
        assert_array_equal(outputs[0], outputs[1])
        assert_array_equal(outputs[0], outputs[2])


def test_gather_of_every_width(batch, dtype, rng, random_weights):
    """Training gathers from wide rows only; the kernel takes any."""
    weights = random_weights(30, 20, 0.3, dtype, rng)
    a = rng.standard_normal((30, batch)).astype(dtype)
    layer, tiles = layer_of(weights), tiles_for(batch, dtype)
    out = np.empty(20 * tiles.stride, dtype=dtype)
    _loops.forward(
        OutputParts(layer.connections, 3),
        ByPostsynaptic(layer.connections, 2),
        tiles,
        LINEAR,
        weights=weights.data,
        biases=layer.biases,
        inputs=tiled(a),
        outputs=out,
        n_threads=2,
    )
    assert_allclose(untiled(out, batch), weights.toarray().T @ a, **tolerance(dtype))


DERIVATIVES = {
    "relu": lambda a: a > 0,
    "tanh": lambda a: 1 - a**2,
    "logistic": lambda a: a * (1 - a),
    "leaky": lambda a: np.where(a > 0, 1, 0.25),
    "all-relu": lambda a: np.where(last_bits(a), -0.25, 1),
}
KERNELS = {
    "relu": _rules.Activation("piecewise linear", 0),
    "leaky": _rules.Activation("piecewise linear", 0.25),
    "all-relu": _rules.Activation("piecewise linear", -0.25),
    "tanh": _rules.Activation("tanh"),
    "logistic": _rules.Activation("logistic"),
}


def last_bits(a):
    return a.view(f"i{a.itemsize}") & 1


@pytest.mark.parametrize("activation", sorted(KERNELS))
def test_update(cases, batch, dtype, activation):
    """Plain gradient descent, so that what the weights lose is the gradient."""
    for (given, a, d), index_type in product(cases, INDEX_TYPES):
        n_threads = 3
        weights = given.copy()
        before = weights.toarray()
        rows, columns = weights.nonzero()
        layer, tiles = layer_of(weights, index_type), tiles_for(batch, dtype)
        step = sgd().step(0.5, NO_PENALTY, 1)
        back = np.full(len(a) * tiles.stride, np.nan, dtype=dtype)
        sums = np.full((_loops.N_GROUPS, len(a)), np.nan, dtype=dtype)
        scratch = scratch_of(layer, n_threads).astype(dtype)
        layer.update(
            tiled(a),
            tiled(d),
            Backward(back, sums.ravel(), KERNELS[activation]),
            batch_of(tiles),
            step,
            scratch,
            n_threads,
        )
        expected = before - 0.5 / batch * (a @ d.T)
        assert_allclose(weights.data, expected[rows, columns], **tolerance(dtype))
        errors = (before @ d) * DERIVATIVES[activation](a)
        assert_allclose(untiled(back, batch), errors, **tolerance(dtype))
        assert_allclose(sums[0], errors.sum(axis=1), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("density", [0.5, 1])
def test_update_by_any_number_of_threads(batch, dtype, rng, random_weights, density):
    given = random_weights(21, 15, density, dtype, rng)
    a, d = rng.standard_normal((2, 21, batch)).astype(dtype)
    tiles, results = tiles_for(batch, dtype), []
    for n_threads in (1, 2, 5):
        layer = layer_of(given.copy())
        back = np.full(21 * tiles.stride, np.nan, dtype=dtype)
        sums = np.full((_loops.N_GROUPS, 21), np.nan, dtype=dtype)
        layer.update(
            tiled(a),
            tiled(d[:15]),
            Backward(back, sums.ravel(), KERNELS["relu"]),
            batch_of(tiles),
            sgd().step(0.5, NO_PENALTY, 1),
            scratch_of(layer, n_threads).astype(dtype),
            n_threads,
        )
        results.append(np.concatenate([layer.weights.data, back, sums[0]]))
    assert_array_equal(results[1], results[0])
    assert_array_equal(results[2], results[0])


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("momentum", [0, 0.9])
@pytest.mark.parametrize("penalty", [NO_PENALTY, Penalty(0.25), Penalty(0.2, 0.1)])
def test_update_of_the_first_layer(
    cases, batch, dtype, rng, is_sparse, momentum, penalty
):
    for weights, a, d in cases:
        n_threads = 3
        a[rng.random(a.shape) < 0.8] = 0
        before = weights.toarray()
        rows, columns = weights.nonzero()
        layer, tiles = layer_of(weights), tiles_for(batch, dtype)
        optimizer = sgd(momentum)
        layer.reset_state(optimizer.n_arrays)
        velocity = rng.standard_normal(weights.nnz).astype(dtype)
        if momentum:
            layer.weight_state = [velocity.copy()]
        inputs = nonzeros(a) if is_sparse else tiled(a)
        step = optimizer.step(0.5, penalty, 1)
        layer.update(
            inputs,
            tiled(d),
            NO_BACKWARD,
            batch_of(tiles),
            step,
            scratch_of(layer, n_threads).astype(dtype),
            n_threads,
        )
        if is_sparse:  # the rows of other features
            history = StepHistory(layer.n_in, 1)
            history.append(step, batch, inputs)
            layer.catch_up(history, None, n_threads)
        decay = penalty.alpha + penalty.weight_decay * batch
        gradient = (a @ d.T + decay * before)[rows, columns] / batch
        expected = before[rows, columns] + momentum * velocity - 0.5 * gradient
        assert_allclose(weights.data, expected, **tolerance(dtype))


def test_weights_of_absent_features_are_not_visited(rng, random_weights):
    weights = random_weights(50, 20, 0.5, np.float64, rng)
    before = weights.data.copy()
    a, d = np.zeros((50, 8)), rng.standard_normal((20, 8))
    a[[3, 30]] = 1
    layer = layer_of(weights)
    layer.reset_state(1)
    layer.update(
        nonzeros(a),
        tiled(d),
        NO_BACKWARD,
        batch_of(tiles_for(8, np.float64)),
        sgd(0.9).step(1.0, Penalty(0.1), 1),
        scratch_of(layer, 2),
        2,
    )
    moved = np.flatnonzero(before != weights.data)
    assert set(weights.nonzero()[0][moved]) == {3, 30}


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_add_covariances(cases, batch, dtype, rng, is_sparse, is_weighted):
    for weights, a, out in cases:
        n_threads = 2
        if is_sparse:
            a[rng.random(a.shape) < 0.7] = 0
            a[0] = 5  # no zeros at all, and constant
            a[1] = rng.random(batch) + 1
        layer, tiles = layer_of(weights), tiles_for(batch, dtype)
        inputs = nonzeros(a) if is_sparse else tiled(a)
        before = weights.toarray()
        rows, columns = weights.nonzero()
        rule = HebbianCovariance([0.5], 0.9, "batch")
        sample_weight = 0.1 + rng.random(batch) if is_weighted else None
        weighed = batch_of(tiles, sample_weight)
        rule.observe(None, [inputs, tiled(out)], None, weighed, n_threads)
        scratch = scratch_of(layer, n_threads).astype(dtype)
        room = np.empty_like(tiled(out)), scratch
        layer.add_covariances(inputs, weighed, rule.term(0, 2, 1), *room, n_threads)

        neurons = np.concatenate([a, out]).astype(np.float64)
        ranges = np.ptp(neurons, axis=1, keepdims=True)
        scaled = np.divide(
            neurons, ranges, where=ranges > 0, out=np.zeros_like(neurons)
        )
        covariance = np.cov(scaled, ddof=0, aweights=sample_weight).reshape(
            len(neurons), -1
        )
        covariance = covariance[: len(a), len(a) :]
        expected = before + 0.5 * 0.9**2 * covariance
        assert_allclose(weights.data, expected[rows, columns], **tolerance(dtype))


@pytest.mark.parametrize("is_weighted", [False, True])
def test_batch_statistics(batch, dtype, rng, is_weighted):
    values = rng.standard_normal((20, batch)).astype(dtype)
    values[3] = 0.25  # a constant neuron
    values[4] = np.finfo(dtype).tiny / 2  # a range without a finite inverse
    values[4, 0] = 0
    values[5] = 1 + np.finfo(dtype).eps * rng.integers(3, size=batch)  # rounding only
    means, scales = np.empty((2, 20), dtype=dtype)
    tiles = tiles_for(batch, dtype)
    sample_weight = 0.1 + rng.random(batch) if is_weighted else None
    weighed = batch_of(tiles, sample_weight)
    _hebbian.batch_statistics(
        tiles,
        activations=tiled(values),
        sample_weight=weighed.sample_weight,
        total=weighed.total,
        means=means,
        scales=scales,
        n_threads=2,
    )
    expected = np.average(values, axis=1, weights=sample_weight)
    assert_allclose(means, expected, **tolerance(dtype))
    ranges = np.ptp(values, axis=1)
    varies = ranges >= np.finfo(dtype).tiny
    varies[5] = False
    expected = np.divide(1, ranges, where=varies, out=np.zeros_like(ranges))
    assert_allclose(scales, expected, rtol=1e-6)


@pytest.mark.parametrize("slope", [0, 0.5, 1])
def test_activation_keeps_nan(dtype, slope):
    z = np.array([-1.5, 2.5, np.nan, np.inf, -np.inf, 0.0, -0.0, 3.0], dtype=dtype)
    weights = csr_array((8, 8), dtype=dtype)
    out = np.empty(8, dtype=dtype)
    layer = layer_of(weights, biases=z)
    activation = _rules.Activation("piecewise linear", slope)
    layer.forward(
        np.zeros(8, dtype=dtype),
        out,
        tiles_for(1, np.dtype(dtype)),
        activation,
        True,
        1,
    )
    below = -np.inf if slope else 0
    assert_array_equal(out, [-1.5 * slope, 2.5, np.nan, np.inf, below, 0, 0, 3])


def test_negative_slope_tells_what_was_negative(dtype):
    z = np.array([-1.5, 2.5, -1e-3, 0.0, -0.0, np.nan, 7.1], dtype=dtype)
    layer = layer_of(csr_array((1, 7), dtype=dtype), biases=z)
    out, tiles = np.empty(7, dtype=dtype), tiles_for(1, np.dtype(dtype))
    activation = _rules.Activation("piecewise linear", -0.6)
    layer.forward(np.zeros(1, dtype=dtype), out, tiles, activation, True, 1)
    expected = np.where(z < 0, dtype(-0.6) * z, z)
    assert_allclose(out, expected, rtol=2 * np.finfo(dtype).eps)
    assert_array_equal(last_bits(out), z < 0)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("n", [0, 1, 10_001])
def test_gradient_descent(dtype, rng, momentum, nesterov, n):
    weights, velocities, gradients = rng.standard_normal((3, n)).astype(dtype)
    new_velocities = momentum * velocities - 0.1 * gradients
    ahead = momentum * new_velocities - 0.1 * gradients
    expected = weights + (ahead if nesterov else new_velocities)
    states = [velocities] if momentum else []
    step = sgd(momentum, nesterov).step(0.1, NO_PENALTY, 1)
    _loops.take_step(weights, states, 4 * gradients, 4, step)
    assert_allclose(weights, expected, **tolerance(dtype))
    if momentum:
        assert_allclose(velocities, new_velocities, **tolerance(dtype))


@pytest.mark.parametrize("n", [0, 1, 1001])
def test_adam(dtype, rng, n):
    """Kingma & Ba, Algorithm 1, in the form that its Section 2 has at the end."""
    weights, means, squares = np.zeros((3, n), dtype=dtype)
    optimizer = Adam(0.9, 0.99)
    theta, m, v = np.zeros((3, n))
    for t in range(1, 6):
        gradients = rng.standard_normal(n)
        m = 0.9 * m + 0.1 * gradients
        v = 0.99 * v + 0.01 * gradients**2
        rate = 0.1 * np.sqrt(1 - 0.99**t) / (1 - 0.9**t)
        theta = theta - rate * m / (np.sqrt(v) + 1e-8)
        sums = (4.5 * gradients).astype(dtype)
        step = optimizer.step(0.1, NO_PENALTY, t)
        _loops.take_step(weights, [means, squares], sums, 4.5, step)
    for found, expected in [(weights, theta), (means, m), (squares, v)]:
        assert_allclose(found, expected, **tolerance(dtype))


def test_step_flushes_subnormal_states(dtype):
    tiny = np.finfo(dtype).tiny
    velocities = np.array([tiny, -tiny, 4 * tiny, np.nan, np.inf], dtype=dtype)
    weights, gradients = np.zeros((2, 5), dtype=dtype)
    step = sgd(0.5).step(0.1, NO_PENALTY, 1)
    _loops.take_step(weights, [velocities], gradients, 1, step)
    assert_array_equal(velocities, np.array([0, 0, 2 * tiny, np.nan, np.inf]))


@pytest.mark.parametrize("activation", sorted(KERNELS))
def test_dropout(dtype, rng, activation):
    """What is dropped is 0 and passes no error back; the rest is divided by `keep`."""
    slope = {"leaky": 0.25, "all-relu": -0.25}.get(activation, 0)
    kind = activation if activation in ("tanh", "logistic") else "piecewise linear"
    kernel = _rules.Activation(kind, slope, 0.75)
    z = rng.standard_normal((1, 64)).astype(dtype)
    layer = layer_of(csr_array((1, 64), dtype=dtype), biases=z[0])
    a, tiles = np.empty(64, dtype=dtype), tiles_for(1, np.dtype(dtype))
    layer.forward(np.zeros(1, dtype=dtype), a, tiles, kernel, True, 1)
    if kind == "tanh":
        np.tanh(a, out=a)
    elif kind == "logistic":
        a[:] = 1 / (1 + np.exp(-a))
    before = a.copy()
    _loops.drop(a, 5, kernel, 1)
    kept = ~((a == 0) & np.signbit(a))
    assert 32 < kept.sum() < 64
    assert_allclose(a, np.where(kept, before / 0.75, 0), rtol=1e-6)

    weights = csr_array(np.ones((64, 1), dtype=dtype))
    after = layer_of(weights)
    errors, sums = np.empty(64, dtype=dtype), np.empty(64 * _loops.N_GROUPS, dtype)
    after.update(
        a,
        np.ones(1, dtype=dtype),
        Backward(errors, sums, kernel),
        batch_of(tiles),
        sgd().step(0.0, NO_PENALTY, 1),
        scratch_of(after, 1).astype(dtype),
        1,
    )
    expected = np.where(kept, DERIVATIVES[activation](before) / 0.75, 0)
    assert_allclose(errors, expected, rtol=1e-5)


def mask_of(key, n, dtype, n_threads=1):
    a = np.ones(n, dtype=dtype)
    _loops.drop(a, key, _rules.Activation("piecewise linear", 0, 0.75), n_threads)
    return a > 0


def test_dropout_masks_are_random(dtype):
    """As often as they should be, whatever neighbours, rows of tiles and masks do."""
    n, deviation = 1 << 18, math.sqrt(0.75 * 0.25)
    mask = mask_of(1 << 40 | 7, n, dtype)
    assert abs(mask.mean() - 0.75) < 4 * deviation / math.sqrt(n)
    centred = mask - 0.75
    others = [np.roll(centred, lag) for lag in (1, 2, 3, 16, 48, 64, 256, 1000)]
    others += [mask_of(key, n, dtype) - 0.75 for key in (0, 6, 1 << 40, 1 << 63 | 7)]
    for other in others:
        assert abs(np.mean(centred * other)) < 4 * deviation**2 / math.sqrt(n)


def test_dropout_masks_for_any_number_of_threads(dtype):
    before = _runtime.set_grain(1)
    try:
        masks = [mask_of(3, 1000, dtype, n_threads) for n_threads in (1, 2, 3)]
    finally:
        _runtime.set_grain(before)
    assert_array_equal(masks[1], masks[0])
    assert_array_equal(masks[2], masks[0])


@pytest.mark.parametrize("n_features", [1, 15, 16, 50])
def test_load_rows(batch, dtype, rng, n_features):
    X = rng.standard_normal((40, n_features)).astype(dtype)
    samples = rng.integers(40, size=batch)
    tiles = tiles_for(batch, dtype)
    out = np.full(n_features * tiles.stride, np.nan, dtype=dtype)
    _loops.load_rows(X, samples, tiles, out, 2)
    assert_array_equal(out, tiled(X[samples].T))


def test_nan_and_infinity_reach_the_output(cases, dtype, batch):
    for weights, a, _ in cases:
        a[0, 0], a[1, 0] = np.inf, np.nan
        layer, tiles = layer_of(weights), tiles_for(batch, dtype)
        touched = np.zeros(weights.shape[1], dtype=bool)
        touched[weights.indices[: weights.indptr[2]]] = True
        for training in (True, False):
            out = np.empty(layer.n_out * tiles.stride, dtype=dtype)
            layer.forward(tiled(a), out, tiles, LINEAR, training, 1)
            assert_array_equal(~np.isfinite(untiled(out, batch)[:, 0]), touched)


def test_unknown_instruction_set_is_refused():
    with pytest.raises(ValueError, match=r"'mmx' does not run here.*baseline"):
        _runtime.use_instruction_set("mmx")


def test_covariance_of_neurons_far_from_zero(rng):
    """The rounding of a mean must not pass for covariance."""
    a = (1000 + rng.random((30, 200))).astype(np.float32)
    out = (1 - 1e-4 * rng.random((20, 200))).astype(np.float32)
    layer = layer_of(csr_array(np.ones((30, 20), dtype=np.float32)))
    layer.weights.data[:] = 0
    tiles = tiles_for(200, np.dtype(np.float32))
    rule, batch = HebbianCovariance([1], 1, "batch"), batch_of(tiles)
    expected = np.cov(
        *(
            (x - x.min(axis=1, keepdims=True)) / np.ptp(x, axis=1, keepdims=True)
            for x in (a.astype(np.float64), out.astype(np.float64))
        ),
        ddof=0,
    )[:30, 30:]
    for inputs in (tiled(a), nonzeros(a)):
        inputs_are_sparse = isinstance(inputs, NonZeros)
        layer.weights.data[:] = 0
        rule.observe(None, [inputs, tiled(out)], None, batch, 1)
        scratch = scratch_of(layer, 1).astype(np.float32)
        room = np.empty_like(tiled(out)), scratch
        layer.add_covariances(inputs, batch, rule.term(0, 0, 1), *room, 1)
        # In tiles, deviations are rounded to a 2895th of their reach.
        atol = 2e-6 if inputs_are_sparse else 2e-5
        assert_allclose(layer.weights.data, expected.ravel(), atol=atol)


@pytest.mark.parametrize("dtype", DTYPES)
def test_tiles_cover_the_batch(dtype):
    lanes = 64 // np.dtype(dtype).itemsize
    for batch in range(1, 400):
        tiles = tiles_for(batch, dtype)
        widths = np.diff(tiles.edges)
        assert tiles.edges[0] == 0
        assert widths.max() <= 4 * lanes
        assert batch <= tiles.stride < max(2 * batch, batch + lanes)
        if not tiles.are_narrow:
            assert not (widths % lanes).any()
