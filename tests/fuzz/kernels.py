"""Fuzzer of the kernels: they raise, or compute what a few lines of NumPy do.

    python tests/fuzz/kernels.py --cases 2000 --seed 0

Each case calls a kernel with random arrays, half of them with one that is spoiled. Case
number k depends on the seed and k alone; `--first k --cases 1` runs it again.
"""

import argparse

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array, random_array

from skhebb._kernels import _connections, _loops
from skhebb._network.buffers import tiles_for
from skhebb._network.layer import SparseLayer, even_edges
from skhebb._utils.csr import make_csr

REFUSALS = (ValueError, TypeError, IndexError, BufferError, AttributeError)
# Arrays whose sizes kernels check, but not what they hold: connections are checked
# where they come in, and what is derived from them belongs to them.
TRUSTED = {"indptr", "indices", "n_out", "neurons", "splits", "by_postsynaptic"}
# Arguments that may still make sense when they are spoiled, and mean something else.
FREE = {"samples", "ranks", "batch", "n_out", "values", "indptr", "neurons"}


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


class Layer:
    """Random connections with a batch on both sides, and NumPy's view of them."""

    def __init__(self, rng):
        self.dtype = np.dtype(rng.choice(["f4", "f8"]))
        self.index = np.dtype(rng.choice(["i4", "i8"]))
        self.n_in, self.n_out = rng.integers(1, 40, 2)
        density = rng.choice([0, 0.1, 0.5, 1])
        weights = csr_array(random_array((self.n_in, self.n_out), density=density))
        weights.sum_duplicates()
        self.indptr = weights.indptr.astype(self.index)
        self.indices = weights.indices.astype(self.index)
        self.weights = self.normal(rng, weights.nnz)
        self.rows = np.repeat(np.arange(self.n_in), np.diff(self.indptr))
        self.dense = np.zeros((self.n_in, self.n_out))
        self.dense[self.rows, self.indices] = self.weights
        self.batch = int(rng.choice([1, 2, 5, 16, rng.integers(1, 300)]))
        self.tiles = tiles_for(self.batch, self.dtype)
        self.n_threads = int(rng.integers(1, 4))
        self.inputs = self.normal(rng, (self.n_in, self.batch))
        self.inputs[rng.random(self.inputs.shape) < rng.choice([0, 0.7, 1])] = 0
        self.outputs = self.normal(rng, (self.n_out, self.batch))
        self.biases = self.normal(rng, self.n_out)

    def normal(self, rng, shape):
        """Random numbers of the layer's type."""
        return rng.standard_normal(shape).astype(self.dtype)

    @property
    def connections(self):
        """The first arguments of most kernels."""
        return {
            "indptr": self.indptr,
            "indices": self.indices,
            "weights": self.weights.copy(),
        }

    @property
    def layer(self):
        """The layer of the package."""
        shape = self.n_in, self.n_out
        weights = make_csr(self.weights, self.indices, self.indptr, shape)
        return SparseLayer(weights, self.biases)

    def tiled(self, values):
        """An array of tiles."""
        flat = np.empty(len(values) * self.tiles.stride, dtype=self.dtype)
        self.tiles.pack(values, flat)
        return flat

    def blank(self, n):
        """Tiles to be written."""
        return np.full(n * self.tiles.stride, np.nan, dtype=self.dtype)

    def untiled(self, flat):
        """Values of shape (n_neurons, batch_size)."""
        values = np.empty((flat.size // self.tiles.stride, self.batch), self.dtype)
        self.tiles.unpack(flat, values)
        return values

    def nonzeros(self):
        """The inputs by feature."""
        sparse = csr_array(self.inputs)
        features = np.flatnonzero(np.diff(sparse.indptr))
        starts = np.append(sparse.indptr[features], sparse.nnz).astype(np.intp)
        return features, starts, sparse.indices.astype(np.intp), sparse.data

    def close(self, found, expected):
        """Raise if they differ by more than rounding."""
        tolerance = 2e-3 if self.dtype == np.float32 else 1e-9
        assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

    def scratch(self):
        """Room for the products of all connections."""
        shape = _loops.N_GROUPS, self.layer.largest_chunk(self.n_threads)
        return np.full(shape, np.nan, self.dtype)

    def step(self, rng):
        """A step of an optimiser, its states, and the same by NumPy."""
        rate, total = 0.1, float(rng.choice([1, self.batch]))
        alpha, decay = rng.choice([0, 0.1], 2)
        momentum, nesterov = rng.choice([0, 0.9]), bool(rng.integers(2))
        is_adam = bool(rng.integers(2))
        if is_adam:
            step = _loops.OptimizerStep(
                "adam", (rate, 0.9, 0.99, 1e-8), 2, alpha, decay
            )
        else:
            factors = rate, momentum, nesterov
            n_states = int(momentum > 0)
            step = _loops.OptimizerStep(
                "gradient descent", factors, n_states, alpha, decay
            )

        def expected(weights, states, sums):
            weights, sums = weights.astype(float), sums.astype(float)
            gradient = sums / total + (alpha / total + decay) * weights
            if is_adam:
                mean = 0.9 * states[0] + 0.1 * gradient
                square = 0.99 * states[1] + 0.01 * gradient**2
                return weights - rate * mean / (np.sqrt(square) + 1e-8)
            velocity = -rate * gradient
            if momentum:
                velocity = momentum * states[0] - rate * gradient
                if nesterov:
                    velocity = momentum * velocity - rate * gradient
            return weights + velocity

        n_states = 2 if is_adam else int(momentum > 0)
        return step, n_states, total, expected


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

OTHER = {"f4": "f8", "f8": "f4", "i4": "i8", "i8": "i4", "u1": "i8"}
SIZES = [
    lambda array, rng: array[:-1],
    lambda array, rng: array[:0],
    lambda array, rng: np.append(array, array[:1]),
    lambda array, rng: np.repeat(array, 2, axis=0)[::2],  # not contiguous
    lambda array, rng: array[..., np.newaxis],
    lambda array, rng: array.astype(OTHER[array.dtype.str[1:]]),
    lambda array, rng: None,
]


def replace_item(array, rng):
    """The same but for one item, an integer that may lie anywhere."""
    if array.dtype.kind != "i" or not array.size:
        return array
    array = array.copy()
    extremes = [-(2**31), -1, 0, 1, array.max() + 1, 2**31 - 1]
    array.flat[rng.integers(array.size)] = rng.choice(extremes)
    return array


def spoiled(value, rng, contents):
    """`value`, an argument of a kernel, but wrong, or `None` for what it has."""
    if isinstance(value, np.ndarray):
        change = rng.choice([*SIZES, replace_item] if contents else SIZES)
        return change(value, rng)
    if isinstance(value, list | tuple) and value:
        parts, k = list(value), rng.integers(len(value))
        parts[k] = spoiled(parts[k], rng, contents)
        return type(value)(parts)
    if isinstance(value, int | np.integer) and contents:
        return int(rng.choice([-1, 0, value + 1, 2**31 - 1]))
    return value


def spoil(case, rng, trusted=False):
    """Change one argument of a case."""
    name = rng.choice(list(case.arguments))
    # A number of threads is never wrong, but a large one would start them.
    contents = (trusted or name not in TRUSTED) and name != "n_threads"
    case.arguments[name] = spoiled(case.arguments[name], rng, contents)
    return name


def run(cases, seed=0, first=0, trusted=False):
    """Run cases number first, first + 1, ...; return how many kernels refused."""
    n_refused = 0
    for number in range(first, first + cases):
        rng = np.random.default_rng([seed, number])
        make = KERNELS[rng.integers(len(KERNELS))]
        case = make(rng)
        name = spoil(case, rng, trusted) if rng.integers(2) else None
        try:
            case.run(compare=name not in FREE)
        except REFUSALS as error:
            n_refused += 1
            if name is None:
                raise AssertionError(f"case {number}: {make.__name__}") from error
        except AssertionError as error:
            about = f"case {number}: {make.__name__}, spoiled: {name}"
            raise AssertionError(about) from error
    return n_refused


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument(
        "--trusted", action="store_true", help="spoil what kernels trust, too"
    )
    options = vars(parser.parse_args())
    print(f"{run(**options)} of {options['cases']} calls were refused")
