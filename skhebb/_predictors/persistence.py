"""Networks as plain data, for pickle, joblib and skops."""

from dataclasses import fields
from numbers import Integral, Real

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhebb._network.activations import set_activations
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._network.topology_state import TOPOLOGY_STATES
from skhebb._predictors.encoders import Indicators, Labels, Numbers
from skhebb._training.trainer import HISTORIES, TrainingState
from skhebb._utils.persistence import (
    PersistenceMixin,
    are_alike,
    check_features,
    generator,
    native,
    require,
    unpack_csr,
)
from skhebb._utils.transaction import transaction


class NetworkPersistenceMixin(PersistenceMixin):
    """Saving, loading and copying of networks."""

    def _pack(self, attributes):
        if "_state" not in attributes:
            return {}
        for name in ("_state", "_encoder", "coefs_", "intercepts_"):
            attributes.pop(name, None)
        return {
            "training": pack(self._fitted_state()),
            "encoder": {
                "kind": self._encoder.kind,
                "is_1d": getattr(self._encoder, "is_1d", None),
            },
        }

    def _unpack(self, saved):
        if "training" in saved:
            self._encoder = unpack_encoder(self, **saved["encoder"])
            self._adopt(unpack(saved["training"], self))
            check_fits(self)

    def __copy__(self):
        new = super().__copy__()
        if hasattr(new, "_state"):
            new._adopt(new._fitted_state().copy())
        return new

    def drop_optimizer_state(self):
        """Forget what only the optimiser knows of connections.

        For deployment: with Adam two thirds of a file is the optimiser's. Predictions
        stay as they are, bit for bit. Where training goes on, by `partial_fit` or
        `warm_start`, the optimiser starts anew.

        Returns
        -------
        self : object
            The estimator.
        """
        check_is_fitted(self)
        with transaction(self) as draft:
            state = draft._fitted_state().copy()
            for layer in state.network.layers:
                layer.reset_state(0)
            state.n_steps = 0
            draft._adopt(state)
        return self

    def _adopt(self, state):
        """Go on from `state`, which is that of the fitted attributes."""
        self._state = state
        self.coefs_ = [layer.weights for layer in state.network.layers]
        self.intercepts_ = [layer.biases for layer in state.network.layers]
        self.loss_curve_ = state.losses
        if self.validation_scores_ is not None:
            self.validation_scores_ = state.scores
            self.validation_loss_curve_ = state.validation_losses


def pack(state):
    """A TrainingState as plain data."""
    fields = {
        name: value
        for name, value in vars(state).items()
        if name not in ("network", "shuffle_rng", "dropout_rng", "evolution_rngs")
    }
    return {
        **fields,
        "rngs": [rng.bit_generator.state for rng in state.rngs],
        "layers": [pack_layer(layer) for layer in state.network.layers],
    }


def pack_layer(layer):
    """A SparseLayer as plain data."""
    weights = layer.weights
    return {
        "shape": weights.shape,
        "data": weights.data,
        "indices": weights.indices,
        "indptr": weights.indptr,
        "biases": layer.biases,
        "n_connections_target": layer.n_connections_target,
        "input_scale": layer.input_scale,
        "weight_state": layer.weight_state,
        "bias_state": layer.bias_state,
        "topology_state": pack_topology_state(layer.topology_state),
    }


def unpack(packed, estimator):
    """The TrainingState of a fitted estimator; raises if it is not sound."""
    packed = dict(packed)
    network = Network([unpack_layer(**layer) for layer in packed.pop("layers")])
    hidden, negative_slope = estimator._activation
    set_activations(network, hidden, estimator.out_activation_, negative_slope)
    shuffle, dropout, *evolution = map(generator, packed.pop("rngs"))
    state = TrainingState(network, shuffle, dropout, evolution, **packed)
    require(len(evolution) == len(network.layers), "rngs are not one for each layer")
    require(network.is_chain(), "layers do not fit each other")
    require(network.is_finite(), "weights or biases are not finite")
    for field in fields(TrainingState):
        check_number(field.name, field.type, getattr(state, field.name))
    counts = state.connection_counts
    require(
        all(len(each) == len(network.layers) for each in counts),
        "connection_counts are not one for each layer",
    )
    return state


def unpack_layer(
    shape,
    data,
    indices,
    indptr,
    biases,
    n_connections_target,
    input_scale,
    weight_state,
    bias_state,
    topology_state,
):
    """The SparseLayer that `pack_layer` was given; raises if it is not sound."""
    data, indices, indptr, biases = map(native, (data, indices, indptr, biases))
    layer = SparseLayer(unpack_csr("a layer", shape, data, indices, indptr), biases)
    require(layer.is_sound(), "connections or biases of a layer lead out of it")
    layer.n_connections_target = n_connections_target
    require(
        isinstance(n_connections_target, Integral)
        and 0 <= n_connections_target <= layer.n_in * layer.n_out,
        f"n_connections_target={n_connections_target!r}",
    )
    layer.input_scale = input_scale
    require(
        isinstance(input_scale, Real) and 0 < input_scale < np.inf,
        f"input_scale={input_scale!r}",
    )
    layer.weight_state = [native(state) for state in weight_state]
    layer.bias_state = [native(state) for state in bias_state]
    for states, like in ((weight_state, data), (bias_state, biases)):
        require(
            all(are_alike(native(state), like) for state in states)
            and len(states) == len(weight_state) <= 2,
            "arrays of the optimiser do not fit their layer",
        )
    if topology_state is not None:
        layer.topology_state = unpack_topology_state(layer, **topology_state)
    return layer


def pack_topology_state(state):
    """Return what a topology keeps with a layer as plain data."""
    return None if state is None else {"kind": state.kind, **state.pack()}


def unpack_topology_state(layer, kind, **arrays):
    """Return what a topology keeps with a layer; raise if it is not sound."""
    state = TOPOLOGY_STATES[kind](
        **{name: native(array) for name, array in arrays.items()}
    )
    state.check(layer)
    return state


def check_number(name, kind, value):
    """Raise unless a field of TrainingState, or what its list holds, is of its kind."""
    if kind is int:
        is_sound = isinstance(value, Integral) and value >= 0
    elif kind is float:
        is_sound = isinstance(value, Real) and not np.isnan(value)
    elif name == "rate":
        is_sound = value is None or (isinstance(value, Real) and 0 <= value < np.inf)
    elif name == "connection_counts":
        is_sound = isinstance(value, list) and all(
            isinstance(n, Integral) for each in value for n in each
        )
    elif name in HISTORIES:
        is_sound = isinstance(value, list) and all(isinstance(n, Real) for n in value)
    else:
        is_sound = True  # generators and network, which have been checked
    require(is_sound, f"{name}={value!s:.80}")


def check_fits(estimator):
    """Raise unless the fitted attributes of an estimator fit its network."""
    network, encoder = estimator._state.network, estimator._encoder
    sizes = network.layer_sizes
    wanted = estimator.n_features_in_, encoder.n_outputs, estimator.n_outputs_
    require(
        (sizes[0], sizes[-1], sizes[-1]) == wanted,
        f"a network of {sizes} neurons has {wanted[0]} features, {wanted[1]} outputs",
    )
    check_features(estimator)


def unpack_encoder(estimator, kind, is_1d):
    """Return the encoder of a fitted estimator; raise if it makes no sense."""
    n_outputs = estimator.n_outputs_
    if kind == "continuous":
        mean, scale = native(estimator.y_mean_), native(estimator.y_scale_)
        sound = mean.shape == scale.shape == (n_outputs,)
        sound = sound and np.isfinite(mean).all() and np.isfinite(scale).all()
        require(sound and (scale > 0).all(), "y_mean_ or y_scale_")
        return Numbers(n_outputs, is_1d, mean, scale)
    if kind == "multilabel-indicator":
        return Indicators(n_outputs)
    classes = estimator.classes_
    require(isinstance(classes, np.ndarray) and classes.ndim == 1, "classes_")
    encoder = Labels(classes)
    require(encoder.kind == kind, f"{len(classes)} classes are not {kind!r}")
    return encoder
