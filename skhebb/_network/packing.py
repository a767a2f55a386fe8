"""Layers as plain data: dicts, lists, numbers and arrays.

What is unpacked may come from a damaged file; whatever is not sound raises.
"""

from numbers import Integral, Real

import numpy as np

from skhebb._network.layer import SparseLayer
from skhebb._network.topology_state import TOPOLOGY_STATES
from skhebb._utils.persistence import are_alike, native, require, unpack_csr


def pack_parameters(parameters):
    """Return LayerParameters as plain data, which shares their arrays."""
    weights, biases, topology_state = parameters
    return {
        "shape": weights.shape,
        "data": weights.data,
        "indices": weights.indices,
        "indptr": weights.indptr,
        "biases": biases,
        "topology_state": (
            None
            if topology_state is None
            else {"kind": topology_state.kind, **topology_state.pack()}
        ),
    }


def pack_layer(layer):
    """Return a SparseLayer as plain data, which shares its arrays."""
    return {
        **pack_parameters((layer.weights, layer.biases, layer.topology_state)),
        "n_connections_target": layer.n_connections_target,
        "input_scale": layer.input_scale,
        "weight_state": list(layer.weight_state),
        "bias_state": list(layer.bias_state),
    }


def unpack_parameters(shape, data, indices, indptr, biases, topology_state):
    """Return a SparseLayer with the LayerParameters that were packed."""
    data, indices, indptr, biases = map(native, (data, indices, indptr, biases))
    layer = SparseLayer(unpack_csr("a layer", shape, data, indices, indptr), biases)
    require(layer.is_sound(), "connections or biases of a layer lead out of it")
    if topology_state is not None:
        layer.topology_state = unpack_topology_state(layer, **topology_state)
    return layer


def unpack_topology_state(layer, kind, **arrays):
    """Return what a topology keeps with a layer."""
    state = TOPOLOGY_STATES[kind](
        **{name: native(array) for name, array in arrays.items()}
    )
    state.check(layer)
    return state


def unpack_layer(
    n_connections_target, input_scale, weight_state, bias_state, **parameters
):
    """Return the SparseLayer that was packed."""
    layer = unpack_parameters(**parameters)
    require(
        isinstance(n_connections_target, Integral)
        and 0 <= n_connections_target <= layer.n_in * layer.n_out,
        f"n_connections_target={n_connections_target!r}",
    )
    require(
        isinstance(input_scale, Real) and 0 < input_scale < np.inf,
        f"input_scale={input_scale!r}",
    )
    layer.n_connections_target = n_connections_target
    layer.input_scale = input_scale
    layer.weight_state = [native(state) for state in weight_state]
    layer.bias_state = [native(state) for state in bias_state]
    pairs = (layer.weight_state, layer.weights.data), (layer.bias_state, layer.biases)
    for states, like in pairs:
        require(
            all(are_alike(state, like) for state in states)
            and len(states) == len(weight_state) <= 2,
            "arrays of the optimiser do not fit their layer",
        )
    return layer
