"""Calls of kernels on tiles with random arguments, and what they give by NumPy."""

import numpy as np
from case import Case
from numpy.testing import assert_allclose, assert_array_equal
from random_layer import Layer
from skhebb._kernels._handles import (
    ByPostsynaptic,
    Connections,
    Deviations,
    NonZeros,
    OutputParts,
    RowChunks,
    TileLayout,
)
from skhebb._kernels._lag import StepHistory

from skhebb._kernels import _hebbian, _lag, _loops, _rules

CHUNKS = [1, 50, 1 << 17]  # connections that a thread updates at a time


def load_rows(rng):
    """Samples in tiles."""
    layer = Layer(rng)
    X = layer.normal(rng, (rng.integers(1, 20), layer.n_in))
    samples = rng.integers(len(X), size=layer.batch)

    def expected(arguments, _):
        assert_array_equal(layer.untiled(arguments["out"]), X[samples].T)

    def call(X, samples, edges, batch_size, out, n_threads):
        tiles = TileLayout(edges, batch_size, layer.dtype)
        _loops.load_rows(X, samples, tiles, out, n_threads)

    return Case(
        call,
        expected,
        X=X,
        samples=samples,
        **layer.layout,
        out=layer.blank(layer.n_in),
        n_threads=layer.n_threads,
    )


def forward(rng):
    """Gathered or scattered."""
    layer = Layer(rng)
    slope = rng.choice([0, 0.5, 1, -0.5])
    gathers = bool(rng.integers(2))

    def call(indptr, indices, n_out, edges, batch_size, n_parts, **others):
        connections = Connections(indptr, indices, n_out)
        _loops.forward(
            OutputParts(connections, n_parts),
            ByPostsynaptic(connections, layer.n_threads) if gathers else None,
            TileLayout(edges, batch_size, layer.dtype),
            _rules.Activation("piecewise linear", slope),
            **others,
        )

    def expected(arguments, _):
        z = layer.dense.T @ layer.inputs + layer.biases[:, None]
        layer.close(layer.untiled(arguments["outputs"]), np.where(z < 0, slope * z, z))

    return Case(
        call,
        expected,
        **layer.connections,
        **layer.layout,
        n_parts=int(rng.integers(1, 4)),
        weights=layer.weights,
        biases=layer.biases,
        inputs=layer.tiled(layer.inputs),
        outputs=layer.blank(layer.n_out),
        n_threads=layer.n_threads,
    )


def forward_nonzeros(rng):
    """The same of non-zeros."""
    layer = Layer(rng)

    def call(indptr, indices, n_out, edges, batch_size, inputs, **others):
        _loops.forward_nonzeros(
            Connections(indptr, indices, n_out),
            TileLayout(edges, batch_size, layer.dtype),
            _rules.Activation("piecewise linear", 1),
            inputs=NonZeros(*inputs),
            **others,
        )

    def expected(arguments, _):
        z = layer.dense.T @ layer.inputs + layer.biases[:, None]
        layer.close(layer.untiled(arguments["outputs"]), z)

    return Case(
        call,
        expected,
        **layer.connections,
        **layer.layout,
        weights=layer.weights,
        biases=layer.biases,
        inputs=layer.nonzeros(),
        outputs=layer.blank(layer.n_out),
        n_threads=layer.n_threads,
    )


def updated(layer, rng):
    """The step, arguments that updates share, and a comparison of the new weights."""
    step, n_states, total, expected = layer.step(rng)
    n = layer.weights.shape
    states = [abs(layer.normal(rng, n)) for _ in range(n_states)]
    sums = (layer.inputs.astype(float) @ layer.outputs.T)[layer.rows, layer.indices]
    weights = expected(layer.weights, [state.copy() for state in states], sums)
    size = int(rng.choice(CHUNKS))

    def compare(arguments, _, where=slice(None)):
        layer.close(arguments["weights"][where], weights[where])

    arguments = {
        **layer.connections,
        **layer.layout,
        "size": size,
        "weights": layer.weights.copy(),
        "states": states,
        "errors": layer.tiled(layer.outputs),
        "total": total,
        "scratch": layer.scratch(size),
    }
    return step, arguments, compare


def update(rng):
    """Backward, gradient and step."""
    layer = Layer(rng)
    step, arguments, compare = updated(layer, rng)
    slope = rng.choice([0, 0.5, 1])
    has_errors = bool(rng.integers(2))

    def call(indptr, indices, n_out, edges, batch_size, size, **others):
        connections = Connections(indptr, indices, n_out)
        _loops.update(
            RowChunks(connections, layer.n_threads, size),
            TileLayout(edges, batch_size, layer.dtype),
            step,
            activation=_rules.Activation("piecewise linear", slope),
            **others,
        )

    def expected(arguments, result):
        compare(arguments, result)
        if has_errors:
            errors = layer.dense @ layer.outputs * np.where(layer.inputs > 0, 1, slope)
            layer.close(layer.untiled(arguments["in_errors"]), errors)
            sums = arguments["in_error_sums"][: layer.n_in]
            assert_allclose(sums, errors.sum(axis=1), rtol=1e-2, atol=1e-2)

    n_sums = _loops.N_GROUPS * layer.n_in
    return Case(
        call,
        expected,
        **arguments,
        inputs=layer.tiled(layer.inputs),
        in_errors=layer.blank(layer.n_in) if has_errors else None,
        in_error_sums=np.empty(n_sums, layer.dtype) if has_errors else None,
    )


def update_nonzeros(rng):
    """The same of the first layer, of non-zeros; other rows stay."""
    layer = Layer(rng)
    step, arguments, compare = updated(layer, rng)
    is_absent = ~np.isin(layer.rows, layer.nonzeros()[0])

    def expected(arguments, result):
        before = layer.weights[is_absent]
        assert_array_equal(arguments["weights"][is_absent], before)
        compare(arguments, result, where=~is_absent)

    def call(indptr, indices, n_out, edges, batch_size, size, inputs, **others):
        connections = Connections(indptr, indices, n_out)
        _loops.update_nonzeros(
            RowChunks(connections, layer.n_threads, size),
            TileLayout(edges, batch_size, layer.dtype),
            step,
            inputs=NonZeros(*inputs),
            **others,
        )

    return Case(call, expected, **arguments, inputs=layer.nonzeros())


def catch_up(rng):
    """A step that all rows but those of some non-zeros have missed."""
    layer = Layer(rng)
    step, n_states, total, stepped = layer.step(rng)
    states = [abs(layer.normal(rng, layer.weights.shape)) for _ in range(n_states)]
    zeros = np.zeros_like(layer.weights)
    moved = stepped(layer.weights, [state.copy() for state in states], zeros)
    taken = layer.nonzeros()
    has_moved = ~np.isin(layer.rows, taken[0])

    def call(indptr, indices, n_out, n_rows, longest, inputs, **others):
        history = StepHistory(n_rows, longest)
        history.append(step, total, NonZeros(*inputs))
        _lag.catch_up(
            Connections(indptr, indices, n_out), history, inputs=None, **others
        )

    def expected(arguments, _):
        layer.close(arguments["weights"], np.where(has_moved, moved, layer.weights))

    return Case(
        call,
        expected,
        **layer.connections,
        n_rows=layer.n_in,
        longest=int(rng.integers(1, 4)),
        inputs=taken,
        weights=layer.weights.copy(),
        states=states,
        n_threads=layer.n_threads,
    )


def add_covariances(rng):
    """The Hebbian term, of tiles or non-zeros."""
    layer = Layer(rng)
    inputs, weights = layer.inputs.astype(float), rng.random(layer.batch)
    nonzeros = layer.nonzeros() if rng.integers(2) else None
    out_means = (layer.outputs @ weights / weights.sum()).astype(layer.dtype)
    out_scales = abs(layer.normal(rng, layer.n_out))
    in_means = (inputs @ weights / weights.sum()).astype(layer.dtype)
    in_scales = abs(layer.normal(rng, layer.n_in))
    centred = inputs - in_means[:, None]
    covariance = centred * weights @ (layer.outputs - out_means[:, None]).T
    change = 0.1 * in_scales[:, None] * covariance * out_scales
    active = slice(None) if nonzeros is None else nonzeros[0]
    size = int(rng.choice(CHUNKS))

    def call(indptr, indices, n_out, edges, batch_size, size, inputs, **others):
        connections = Connections(indptr, indices, n_out)
        _hebbian.add_covariances(
            RowChunks(connections, layer.n_threads, size),
            TileLayout(edges, batch_size, layer.dtype),
            inputs=NonZeros(*inputs) if isinstance(inputs, tuple) else inputs,
            **others,
        )

    def expected(arguments, _):
        found = arguments["weights"] - layer.weights
        layer.close(found, change[layer.rows, layer.indices])

    return Case(
        call,
        expected,
        **layer.connections,
        **layer.layout,
        size=size,
        weights=layer.weights.copy(),
        inputs=layer.tiled(layer.inputs) if nonzeros is None else nonzeros,
        sample_weight=layer.tiles.columns(weights, layer.dtype),
        factor=0.1,
        in_means=in_means[active],
        in_scales=in_scales[active],
        outputs=layer.tiled(layer.outputs),
        out_means=out_means,
        out_scales=out_scales,
        centred=layer.blank(layer.n_out),
        scratch=layer.scratch(size),
    )


def add_rounded(rng):
    """The Hebbian term in integers, from the deviations of both sides on."""
    layer = Layer(rng, dtype="f4")
    weights = rng.random(layer.batch).astype("f4")
    both = layer.inputs, layer.outputs
    sizes = layer.n_in, layer.n_out

    def call(indptr, indices, n_out, edges, batch_size, size, activations, **others):
        chunks = RowChunks(Connections(indptr, indices, n_out), layer.n_threads, size)
        tiles = TileLayout(edges, batch_size, layer.dtype)
        deviations = [Deviations(n, tiles) for n in sizes]
        for neurons, a in zip(deviations, activations, strict=True):
            _hebbian.round_deviations(
                neurons,
                activations=a,
                sample_weight=others["sample_weight"],
                total=weights.sum(),
                n_threads=layer.n_threads,
            )
        rule = {"weights": others["weights"], "factor": others["factor"]}
        _hebbian.add_rounded(chunks, before=deviations[0], after=deviations[1], **rule)

    def expected(arguments, _):
        scaled = []
        for a in both:
            centred = a.astype(float) - np.average(a, 1, weights)[:, None]
            ranges = np.ptp(a, axis=1, keepdims=True)
            scaled.append(centred / np.where(ranges > 0, ranges, np.inf))
        change = (scaled[0] * weights @ scaled[1].T)[layer.rows, layer.indices]
        found = arguments["weights"] - layer.weights
        # A 5790th of what is at most 1, on both sides.
        assert_allclose(found, change, rtol=1e-3, atol=2e-4 * weights.sum() + 1e-5)

    return Case(
        call,
        expected,
        **layer.connections,
        **layer.layout,
        size=int(rng.choice(CHUNKS)),
        weights=layer.weights.copy(),
        activations=[layer.tiled(a) for a in both],
        sample_weight=layer.tiles.columns(weights, layer.dtype),
        factor=1.0,
    )


def take_step(rng):
    """A step of biases."""
    layer = Layer(rng)
    step, n_states, total, expected = layer.step(rng)
    sums = layer.normal(rng, layer.n_out)
    states = [abs(layer.normal(rng, layer.n_out)) for _ in range(n_states)]
    biases = expected(layer.biases, [state.copy() for state in states], sums)

    def compare(arguments, _):
        layer.close(arguments["parameters"], biases)

    return Case(
        _loops.take_step,
        compare,
        parameters=layer.biases,
        states=states,
        sums=sums,
        total=total,
        step=step,
    )


def sum_of_squares(rng):
    """A norm."""
    layer = Layer(rng)

    def expected(_, result):
        layer.close(result, np.sum(layer.weights.astype(float) ** 2))

    return Case(_loops.sum_of_squares, expected, values=layer.weights)


def batch_statistics(rng):
    """Means and ranges."""
    layer = Layer(rng)
    weights = rng.random(layer.batch)
    ranges = np.ptp(layer.outputs.astype(float), axis=1)

    def expected(arguments, _):
        layer.close(arguments["means"], np.average(layer.outputs, 1, weights))
        scales = np.divide(1, ranges, where=ranges > 0, out=np.zeros_like(ranges))
        assert_allclose(arguments["scales"], scales, rtol=1e-4)

    def call(edges, batch_size, **others):
        tiles = TileLayout(edges, batch_size, layer.dtype)
        _hebbian.batch_statistics(tiles, **others)

    return Case(
        call,
        expected,
        **layer.layout,
        activations=layer.tiled(layer.outputs),
        sample_weight=layer.tiles.columns(weights, layer.dtype),
        total=weights.sum(),
        means=np.empty(layer.n_out, layer.dtype),
        scales=np.empty(layer.n_out, layer.dtype),
        n_threads=layer.n_threads,
    )


def drop(rng):
    """Dropout."""
    layer = Layer(rng)
    before = layer.biases.copy()

    def expected(arguments, _):
        after = arguments["activations"]
        layer.close(after, np.where(after == 0, 0, before / 0.5))

    return Case(
        _loops.drop,
        expected,
        activations=layer.biases,
        key=rng.integers(1 << 64, dtype=np.uint64),
        n_threads=layer.n_threads,
        activation=_rules.Activation("piecewise linear", 0, 0.5),
    )


KERNELS = [
    load_rows,
    forward,
    forward_nonzeros,
    update,
    update_nonzeros,
    catch_up,
    add_covariances,
    add_rounded,
    take_step,
    sum_of_squares,
    batch_statistics,
    drop,
]
