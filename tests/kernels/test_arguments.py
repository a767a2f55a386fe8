"""Kernels refuse arrays that do not fit their handles, and say which and why."""

import re

import numpy as np
import pytest
from skhebb._kernels._handles import (
    ByPostsynaptic,
    Connections,
    NonZeros,
    OutputParts,
    RowChunks,
    TileLayout,
)
from skhebb._kernels._rules import Activation, OptimizerStep

from skhebb._kernels import _hebbian, _loops

INDPTR = np.array([0, 2, 2, 5], dtype=np.int32)
INDICES = np.array([0, 3, 1, 2, 3], dtype=np.int32)
N_IN, N_OUT, N_CONNECTIONS, BATCH_SIZE = 3, 4, 5, 4
TILES = TileLayout(np.array([0, 4]), BATCH_SIZE, np.float32)
LINEAR = Activation("piecewise linear", 1)
STEP = OptimizerStep("gradient descent", (0.1, 0.9, False), 1, 0.0, 0.0)
NONZEROS = {
    "features": np.array([0, 2]),
    "starts": np.array([0, 2, 3]),
    "columns": np.array([0, 3, 2]),
    "values": np.ones(3, dtype=np.float32),
}


def refused(*words):
    """A context in which an error has these words in this order."""
    pattern = ".*".join(re.escape(word) for word in words)
    return pytest.raises(ValueError, match=rf"(?s){pattern}")


def connections():
    return Connections(INDPTR, INDICES, N_OUT)


def reals(*shape):
    return np.ones(shape, dtype=np.float32)


def forward(**arrays):
    _loops.forward(
        OutputParts(connections(), 2), None, TILES, LINEAR, n_threads=1, **arrays
    )


def forward_nonzeros(**arrays):
    _loops.forward_nonzeros(connections(), TILES, LINEAR, n_threads=1, **arrays)


def update(**arrays):
    chunks = RowChunks(connections(), 1, 100)
    _loops.update(chunks, TILES, STEP, total=1.0, activation=LINEAR, **arrays)


def update_nonzeros(**arrays):
    chunks = RowChunks(connections(), 1, 100)
    _loops.update_nonzeros(chunks, TILES, STEP, total=1.0, **arrays)


def add_covariances(**arrays):
    _hebbian.add_covariances(
        RowChunks(connections(), 1, 100), TILES, factor=1.0, **arrays
    )


def batch_statistics(**arrays):
    _hebbian.batch_statistics(TILES, total=4.0, n_threads=1, **arrays)


def load_rows(**arrays):
    _loops.load_rows(tiles=TILES, n_threads=1, **arrays)


def take_step(**arrays):
    _loops.take_step(total=1.0, step=STEP, **arrays)


def drop(**arrays):
    _loops.drop(key=1, activation=LINEAR, n_threads=1, **arrays)


LAYER = {"weights": (N_CONNECTIONS,)}
FORWARD = {**LAYER, "biases": (N_OUT,), "outputs": (N_OUT * 4,)}
UPDATE = {**LAYER, "errors": (N_OUT * 4,), "scratch": (2, N_CONNECTIONS)}
HEBBIAN = {
    **LAYER,
    "sample_weight": (4,),
    "outputs": (N_OUT * 4,),
    "out_means": (N_OUT,),
    "out_scales": (N_OUT,),
    "centred": (N_OUT * 4,),
    "scratch": (2, N_CONNECTIONS),
}
OF_INPUTS = {"in_means": (N_IN,), "in_scales": (N_IN,)}
# The shapes of the arrays of reals that each kernel takes, by name.
KERNELS = {
    forward: {**FORWARD, "inputs": (N_IN * 4,)},
    forward_nonzeros: FORWARD,
    update: {
        **UPDATE,
        "inputs": (N_IN * 4,),
        "in_errors": (N_IN * 4,),
        "in_error_sums": (2 * N_IN,),
    },
    update_nonzeros: UPDATE,
    add_covariances: {**HEBBIAN, **OF_INPUTS, "inputs": (N_IN * 4,)},
    batch_statistics: {
        "activations": (7 * 4,),
        "sample_weight": (4,),
        "means": (7,),
        "scales": (7,),
    },
    load_rows: {"X": (9, 7), "out": (7 * 4,)},
    take_step: {"parameters": (7,), "sums": (7,)},
    drop: {"activations": (7,)},
}
WRITTEN = {
    forward: {"outputs"},
    forward_nonzeros: {"outputs"},
    update: {"weights", "in_errors", "in_error_sums", "scratch"},
    update_nonzeros: {"weights", "scratch"},
    add_covariances: {"weights", "centred", "scratch"},
    batch_statistics: {"means", "scales"},
    load_rows: {"out"},
    take_step: {"parameters"},
    drop: {"activations"},
}
CASES = [(kernel, name) for kernel, arrays in KERNELS.items() for name in arrays]


def arguments_of(kernel):
    arguments = {name: reals(*shape) for name, shape in KERNELS[kernel].items()}
    if kernel in (forward_nonzeros, update_nonzeros):
        arguments["inputs"] = NonZeros(**NONZEROS)
    if kernel in (update, update_nonzeros):
        arguments["states"] = [reals(N_CONNECTIONS)]
    if kernel is take_step:
        arguments["states"] = [reals(7)]
    if kernel is load_rows:
        arguments["samples"] = np.arange(BATCH_SIZE)
    return arguments


@pytest.mark.parametrize("kernel", KERNELS)
def test_arrays_that_fit(kernel):
    kernel(**arguments_of(kernel))


def shorter(array):
    return np.ascontiguousarray(array[..., :-1])


def of_other_type(array):
    return array.astype(np.float64)


def strided(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


def listed(array):
    return array.tolist()


# Another array is named where this one says of which size or type all must be.
SIZE_DECIDES = {(batch_statistics, "means"), (load_rows, "X")}
BOTH_DECIDE = {(take_step, "parameters")}
DECIDES = {shorter: SIZE_DECIDES | BOTH_DECIDE, of_other_type: BOTH_DECIDE}
SPOILED = [
    (*case, spoil)
    for case in CASES
    for spoil in (shorter, of_other_type, strided, listed)
    # There is no other array that these would not fit.
    if not (case[0] is drop and spoil in (shorter, of_other_type))
]


@pytest.mark.parametrize(("kernel", "name", "spoil"), SPOILED)
def test_wrong_arrays_are_named(kernel, name, spoil):
    arguments = arguments_of(kernel)
    arguments[name] = spoil(arguments[name])
    named = "" if (kernel, name) in DECIDES.get(spoil, ()) else name
    with refused(f"{named} must be a", "contiguous array, float", "Got"):
        kernel(**arguments)


@pytest.mark.parametrize(("kernel", "name"), CASES)
def test_arrays_that_are_written_must_be_writable(kernel, name):
    arguments = arguments_of(kernel)
    arguments[name].flags.writeable = False
    if name in WRITTEN[kernel]:
        with refused(f"{name} must be a writable", "Got read-only"):
            kernel(**arguments)
    else:
        kernel(**arguments)


@pytest.mark.parametrize("kernel", [update, update_nonzeros, take_step])
def test_states_of_the_optimiser(kernel):
    arguments = arguments_of(kernel)
    arguments["states"] = []
    with refused("states must be 1. Got 0"):
        kernel(**arguments)
    arguments["states"] = [reals(3)]
    with refused("states must be", "Got float32 of shape (3,)"):
        kernel(**arguments)


@pytest.mark.parametrize("kernel", [forward_nonzeros, update_nonzeros, add_covariances])
def test_nonzeros_of_other_layers_and_batches(kernel):
    for part, array, *words in [
        ("features", [0, 3], "features must be below 3", "Got 3"),
        ("columns", [0, 4, 2], "columns must be below 4", "Got 4"),
        ("values", [1.0] * 3, "values must be", "float32", "Got float64"),
    ]:
        arguments = arguments_of(kernel)
        arguments["inputs"] = NonZeros(**{**NONZEROS, part: np.array(array)})
        with refused(*words):
            kernel(**arguments)


@pytest.mark.parametrize("samples", [[0, 1, 2, 9], [-1, 0, 1, 2]])
def test_samples_outside(samples):
    arguments = {**arguments_of(load_rows), "samples": np.array(samples)}
    with refused("samples must be", "below 9", "Got"):
        load_rows(**arguments)


def test_gathering_by_other_connections_or_fewer_threads():
    parts = OutputParts(connections(), 1)
    for gathered, n_threads in [
        (ByPostsynaptic(connections(), 1), 1),
        (ByPostsynaptic(parts.connections, 1), 2),
    ]:
        with refused("gathered must be of the connections of parts"):
            _loops.forward(
                *(parts, gathered, TILES, LINEAR),
                **arguments_of(forward),
                n_threads=n_threads,
            )


def test_none_is_no_handle():
    with pytest.raises(TypeError, match="'tiles'"):
        _loops.load_rows(reals(9, 7), np.arange(4), None, reals(28), 1)
