"""Calls of each kernel with random arguments, and what they must give by NumPy."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from random_layer import Layer
from scipy.sparse import csr_array

from skhebb._kernels import _connections, _loops
from skhebb._network.layer import even_edges


class Case:
    """A call of a kernel, and what it must give.

    Parameters
    ----------
    kernel : callable
    expected : callable
        Given the arguments and what the kernel returned, raises if that is wrong.
    **arguments : dict
        In the order of the kernel.
    """

    def __init__(self, kernel, expected, **arguments):
        self.kernel = kernel
        self.expected = expected
        self.arguments = arguments

    def run(self, compare=True):
        """Call the kernel, and compare what it gives."""
        result = self.kernel(*self.arguments.values())
        if compare:
            self.expected(self.arguments, result)


def load_rows(rng):
    """Samples in tiles."""
    layer = Layer(rng)
    X = layer.normal(rng, (rng.integers(1, 20), layer.n_in))
    samples = rng.integers(len(X), size=layer.batch)

    def expected(arguments, _):
        assert_array_equal(layer.untiled(arguments["out"]), X[samples].T)

    return Case(
        _loops.load_rows,
        expected,
        X=X,
        samples=samples,
        edges=layer.tiles.edges,
        out=layer.blank(layer.n_in),
        n_threads=layer.n_threads,
    )


def forward(rng):
    """Gathered or scattered."""
    layer = Layer(rng)
    slope = rng.choice([0, 0.5, 1, -0.5])
    neurons, splits = layer.layer._cut(int(rng.integers(1, 4)))

    def expected(arguments, _):
        z = layer.dense.T @ layer.inputs + layer.biases[:, None]
        layer.close(layer.untiled(arguments["outputs"]), np.where(z < 0, slope * z, z))

    return Case(
        _loops.forward,
        expected,
        **layer.connections,
        neurons=neurons,
        splits=splits,
        biases=layer.biases,
        inputs=layer.tiled(layer.inputs),
        edges=layer.tiles.edges,
        outputs=layer.blank(layer.n_out),
        activation=_loops.Activation("piecewise linear", slope),
        by_postsynaptic=layer.layer._transpose(layer.n_threads)
        if rng.integers(2)
        else None,
        n_threads=layer.n_threads,
    )


def forward_nonzeros(rng):
    """The same of non-zeros."""
    layer = Layer(rng)

    def expected(arguments, _):
        z = layer.dense.T @ layer.inputs + layer.biases[:, None]
        layer.close(layer.untiled(arguments["outputs"]), z)

    return Case(
        _loops.forward_nonzeros,
        expected,
        **layer.connections,
        neurons=even_edges(layer.n_out, int(rng.integers(1, 4))),
        biases=layer.biases,
        inputs=layer.nonzeros(),
        edges=layer.tiles.edges,
        outputs=layer.blank(layer.n_out),
        activation=_loops.Activation("piecewise linear", 1),
        n_threads=layer.n_threads,
    )


def updated(layer, rng):
    """Arguments that updates share, and a comparison of the new weights."""
    step, n_states, total, expected = layer.step(rng)
    size = layer.weights.shape
    states = [abs(layer.normal(rng, size)) for _ in range(n_states)]
    sums = (layer.inputs.astype(float) @ layer.outputs.T)[layer.rows, layer.indices]
    weights = expected(layer.weights, [state.copy() for state in states], sums)

    def compare(arguments, _):
        layer.close(arguments["weights"], weights)

    shares = layer.layer._share_rows(layer.n_threads)
    before = {
        **layer.connections,
        "n_out": layer.n_out,
        "states": states,
        "rows": shares,
        "n_parts": layer.n_threads,
    }
    after = {"edges": layer.tiles.edges, "total": total}
    after["errors"] = layer.tiled(layer.outputs)
    last = {"step": step, "scratch": layer.scratch(), "n_threads": layer.n_threads}
    return before, after, last, compare


def update(rng):
    """Backward, gradient and step."""
    layer = Layer(rng)
    before, after, last, compare = updated(layer, rng)
    slope = rng.choice([0, 0.5, 1])
    has_errors = bool(rng.integers(2))

    def expected(arguments, result):
        compare(arguments, result)
        if has_errors:
            errors = layer.dense @ layer.outputs * np.where(layer.inputs > 0, 1, slope)
            layer.close(layer.untiled(arguments["in_errors"]), errors)
            sums = arguments["in_error_sums"][: layer.n_in]
            assert_allclose(sums, errors.sum(axis=1), rtol=1e-2, atol=1e-2)

    n_sums = _loops.N_GROUPS * layer.n_in
    return Case(
        _loops.update,
        expected,
        **before,
        inputs=layer.tiled(layer.inputs),
        **after,
        in_errors=layer.blank(layer.n_in) if has_errors else None,
        in_error_sums=np.empty(n_sums, layer.dtype) if has_errors else None,
        activation=_loops.Activation("piecewise linear", slope),
        **last,
    )


def update_nonzeros(rng):
    """The same of the first layer, of non-zeros."""
    layer = Layer(rng)
    before, after, last, compare = updated(layer, rng)
    return Case(
        _loops.update_nonzeros,
        compare,
        **before,
        inputs=layer.nonzeros(),
        **after,
        **last,
    )


def add_covariances(rng):
    """The Hebbian term, of tiles or non-zeros."""
    layer = Layer(rng)
    inputs, weights = layer.inputs.astype(float), rng.random(layer.batch)
    v = layer.tiles.columns(weights, layer.dtype)
    nonzeros = layer.nonzeros() if rng.integers(2) else None
    out_means = (layer.outputs @ weights / weights.sum()).astype(layer.dtype)
    out_scales = abs(layer.normal(rng, layer.n_out))
    in_means = (inputs @ weights / weights.sum()).astype(layer.dtype)
    in_scales = abs(layer.normal(rng, layer.n_in))
    centred = inputs - in_means[:, None]
    covariance = centred * weights @ (layer.outputs - out_means[:, None]).T
    change = 0.1 * in_scales[:, None] * covariance * out_scales
    active = slice(None) if nonzeros is None else nonzeros[0]

    def expected(arguments, _):
        found = arguments["weights"] - layer.weights
        layer.close(found, change[layer.rows, layer.indices])

    return Case(
        _loops.add_covariances,
        expected,
        **layer.connections,
        n_out=layer.n_out,
        rows=layer.layer._share_rows(layer.n_threads),
        n_parts=layer.n_threads,
        inputs=layer.tiled(layer.inputs) if nonzeros is None else nonzeros,
        edges=layer.tiles.edges,
        batch=layer.batch,
        sample_weights=v,
        factor=0.1,
        in_means=in_means[active],
        in_scales=in_scales[active],
        outputs=layer.tiled(layer.outputs),
        out_means=out_means,
        out_scales=out_scales,
        scratch=layer.scratch(),
        n_threads=layer.n_threads,
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

    return Case(
        _loops.batch_statistics,
        expected,
        activations=layer.tiled(layer.outputs),
        edges=layer.tiles.edges,
        batch=layer.batch,
        sample_weights=layer.tiles.columns(weights, layer.dtype),
        total=weights.sum(),
        means=np.empty(layer.n_out, layer.dtype),
        scales=np.empty(layer.n_out, layer.dtype),
        n_threads=layer.n_threads,
    )


def drop(rng):
    """Dropout."""
    layer = Layer(rng)
    draws = rng.random(layer.n_out).astype(layer.dtype)
    kept = np.where(draws < layer.dtype.type(0.5), layer.biases / 0.5, 0)

    def expected(arguments, _):
        layer.close(arguments["activations"], kept)

    return Case(
        _loops.drop,
        expected,
        activations=layer.biases,
        draws=draws,
        activation=_loops.Activation("piecewise linear", 0, 0.5),
    )


def transpose(rng):
    """Connections by postsynaptic neuron."""
    layer = Layer(rng)
    by_column = csr_array((layer.dense != 0).T)

    def expected(_, result):
        assert_array_equal(result[0], by_column.indptr)
        assert_array_equal(result[1], by_column.indices)

    return Case(
        _connections.transpose,
        expected,
        indptr=layer.indptr,
        indices=layer.indices,
        n_out=layer.n_out,
    )


def splits(rng):
    """Where parts of neurons cut rows."""
    layer = Layer(rng)
    neurons = even_edges(layer.n_out, int(rng.integers(1, 5)))

    def expected(_, result):
        before = [(layer.dense[:, :j] != 0).sum(axis=1) for j in neurons]
        assert_array_equal(result, layer.indptr[:-1] + before)

    return Case(
        _connections.splits,
        expected,
        indptr=layer.indptr,
        indices=layer.indices,
        neurons=neurons,
    )


def count_kept(rng):
    """Rows of what is kept."""
    layer = Layer(rng)
    keep = rng.integers(2, size=len(layer.indices)).astype(np.uint8)

    def expected(_, result):
        counts = np.bincount(layer.rows[keep == 1], minlength=layer.n_in)
        assert_array_equal(result, np.append(0, np.cumsum(counts)))

    return Case(_connections.count_kept, expected, indptr=layer.indptr, keep=keep)


def compress(rng):
    """What is kept."""
    layer = Layer(rng)
    keep = rng.integers(2, size=len(layer.weights)).astype(np.uint8)

    def expected(_, result):
        assert_array_equal(result, layer.weights[keep == 1])

    return Case(
        _connections.compress,
        expected,
        values=layer.weights,
        keep=keep,
        n_kept=int(keep.sum()),
    )


def insert(rng):
    """New connections at absent cells."""
    layer = Layer(rng)
    absent = np.flatnonzero(layer.dense == 0)
    n_new = rng.integers(len(absent) + 1)
    ranks = np.sort(rng.permutation(len(absent))[:n_new])

    def expected(_, result):
        cells = np.sort(np.append(np.flatnonzero(layer.dense), absent[ranks]))
        rows, columns = np.divmod(cells, layer.n_out)
        counts = np.bincount(rows, minlength=layer.n_in)
        assert_array_equal(result[0], np.append(0, np.cumsum(counts)))
        assert_array_equal(result[1], columns)
        assert_array_equal(result[2], np.isin(cells, absent[ranks]))

    return Case(
        _connections.insert,
        expected,
        indptr=layer.indptr,
        indices=layer.indices,
        n_out=layer.n_out,
        ranks=ranks,
    )


def merge(rng):
    """Old and new values in one array."""
    layer = Layer(rng)
    is_new = rng.integers(2, size=len(layer.weights)).astype(np.uint8)
    old, new = layer.weights[is_new == 0], layer.weights[is_new == 1]

    def expected(_, result):
        assert_array_equal(result, layer.weights)

    return Case(_connections.merge, expected, old=old, new=new, is_new=is_new)


KERNELS = [
    load_rows,
    forward,
    forward_nonzeros,
    update,
    update_nonzeros,
    add_covariances,
    take_step,
    sum_of_squares,
    batch_statistics,
    drop,
    transpose,
    splits,
    count_kept,
    compress,
    insert,
    merge,
]
