"""No field of what training goes on from is forgotten where it is copied or saved."""

import pickle
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from skhebb._network.kernels import Kernels
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._network.topology_state import MaskState
from skhebb._training.state import (
    Counters,
    History,
    Progress,
    RandomStreams,
    TrainingState,
)

# The validation split is one for life; an optimiser that was restored starts anew.
NEVER_CHANGES, STARTS_ANEW = ("random", "split_seed"), ("counters", "n_steps")

# What is not the default of a field, by its type and place; a field of another type
# wants to be thought of here.
OTHERS = {
    int: lambda n: 3 + n,
    float: lambda n: 0.5 + n,
    int | None: lambda n: 100 + n,
    float | None: lambda n: 0.25 / (n + 1),
    list: lambda n: [n, n + 1],
}


def make_network(rng, random_weights):
    sizes = (6, 5), (5, 3)
    layers = [
        SparseLayer(random_weights(*s, 0.5, np.float64, rng), rng.normal(size=s[1]))
        for s in sizes
    ]
    for layer in layers:
        layer.start_anew(2)
        for array in (*layer.weight_state, *layer.bias_state):
            array[:] = rng.normal(size=array.shape)
        layer.n_connections_target += 2
        layer.input_scale = 1.5
    layers[0].topology_state = MaskState.begin(layers[0].weights)
    network = Network(layers)
    network.kernels = Kernels([rng.normal(size=(3, 4)), rng.normal(size=(2, 3))])
    network.kernels.start_anew(2)
    for array in (a for states in network.kernels.states for a in states):
        array[:] = rng.normal(size=array.shape)
    return network


def filled(cls, **given):
    """An instance with no field left at its default."""
    others = {
        each.name: OTHERS[each.type](n)
        for n, each in enumerate(fields(cls))
        if each.name not in given
    }
    return cls(**others, **given)


@pytest.fixture
def state(rng, random_weights):
    network = make_network(rng, random_weights)
    best = make_network(rng, random_weights).parameters
    streams = RandomStreams(*rng.spawn(2), rng.spawn(2), 7)
    for each in streams.generators:
        each.random(5)
    return TrainingState(
        network,
        streams,
        filled(Counters),
        filled(Progress, best_parameters=best),
        filled(History, connection_counts=[[9, 8], [7, 6]]),
    )


def leaves(value, path=()):
    """All fields of fields that have no fields themselves, with their paths."""
    if is_dataclass(value) and not isinstance(value, MaskState):
        for each in fields(value):
            yield from leaves(getattr(value, each.name), (*path, each.name))
    else:
        yield path, value


def plain(value):
    """What can be compared, apart from the value that it is of."""
    if isinstance(value, Network):
        layers = [
            [
                *plain(layer.parameters),
                plain(layer.weight_state),
                plain(layer.bias_state),
                layer.n_connections_target,
                layer.input_scale,
            ]
            for layer in value.layers
        ]
        kernels = value.kernels
        return [*layers, plain([kernels.arrays, kernels.scales, kernels.states])]
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, MaskState):
        return plain(list(value.pack().values()))
    if hasattr(value, "indptr"):
        return plain([value.data, value.indices, value.indptr])
    if isinstance(value, np.ndarray):
        return value.dtype, value.tolist()
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def plain_leaves(state):
    return {path: plain(value) for path, value in leaves(state)}


def change(state):
    """Change every field, in the ways in which training does."""
    network = state.network
    network.unshare_from(network.parameters)
    kernels = network.kernels
    for array in (*kernels.arrays, *(a for states in kernels.states for a in states)):
        array += 1
    for layer in network.layers:
        layer.weights.data += 1
        layer.biases += 1
        for array in (*layer.weight_state, *layer.bias_state):
            array += 1
        if layer.topology_state is not None:
            layer.topology_state.values -= 0.5
    for each in state.random.generators:
        each.random()
    state.counters, state.progress = Counters(), Progress()
    for values in vars(state.history).values():
        values.append(values[-1])


def test_the_test_sees_every_field(state):
    before = plain_leaves(state)
    change(state)
    same = {
        path for path, value in plain_leaves(state).items() if value == before[path]
    }
    assert same == {NEVER_CHANGES}


def test_copy(state):
    before, other = plain_leaves(state), state.copy()
    assert plain_leaves(other) == before
    change(other)
    assert plain_leaves(state) == before
    other = state.copy()
    change(state)
    assert plain_leaves(other) == before


def test_snapshot(state):
    before, snapshot = plain_leaves(state), state.snapshot()
    for _ in range(2):  # it can be gone back to again
        change(state)
        state.restore(snapshot)
        after = plain_leaves(state)
        assert after.pop(STARTS_ANEW) == 0
        networks = after.pop(("network",)), before[("network",)]
        (*layers, (arrays, scales, states)), (*layers_before, kernels) = networks
        assert [arrays, scales] == kernels[:2]
        assert not any(np.any(array) for each in states for _, array in each)
        for (*learned, weight_state, bias_state, _, _), layer_before in zip(
            layers, layers_before, strict=True
        ):
            assert learned == layer_before[:3]
            assert not np.any(weight_state[0][1])
            assert not np.any(bias_state[0][1])
        assert after == {path: before[path] for path in after}


def test_pack(state):
    packed = pickle.dumps(state.pack())
    other = TrainingState.unpack(**pickle.loads(packed))
    assert plain_leaves(other) == plain_leaves(state)
    assert b"skhebb" not in packed  # files know no class of this package


@pytest.mark.parametrize("part", ["counters", "progress", "history", "random"])
def test_what_is_missing_or_unknown_is_refused(state, part):
    packed = state.pack()
    packed[part] = {**packed[part], "unknown": 1}
    with pytest.raises(TypeError, match="unknown"):
        TrainingState.unpack(**packed)


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("counters", {"n_steps": -1}, "n_steps=-1"),
        ("counters", {"n_steps": 1.5}, "n_steps=1.5"),
        ("progress", {"learning_rate": np.inf}, "learning_rate=inf"),
        ("progress", {"best_score": np.nan}, "best_score=nan"),
        ("progress", {"max_epochs": "all"}, "max_epochs=all"),
        ("history", {"losses": [None]}, "losses="),
        ("history", {"connection_counts": [[1]]}, "connection_counts"),
        ("random", {"split_seed": -1}, "split_seed=-1"),
    ],
)
def test_what_is_not_sound_is_refused(state, part, change, message):
    packed = state.pack()
    packed[part] = {**packed[part], **change}
    with pytest.raises(ValueError, match=message):
        TrainingState.unpack(**packed)


def test_the_best_network_must_be_one_of_these_layers(state):
    best = state.progress.best_parameters
    state.progress = replace(
        state.progress, best_parameters=best._replace(layers=best.layers[::-1])
    )
    with pytest.raises(ValueError, match="best_parameters"):
        TrainingState.unpack(**state.pack())
