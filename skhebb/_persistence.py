"""Fitted estimators as plain data, for pickle, joblib and skops.

What training goes on from is saved as dicts, lists, numbers and arrays. Files then do
not depend on the classes inside of this package, and skops need trust no other than the
estimator's.
"""

import inspect

import numpy as np

from skhebb._activations import set_activations
from skhebb._csr import connections
from skhebb._layer import SparseLayer
from skhebb._network import Network
from skhebb._pool import Pool
from skhebb._targets import Indicators, Labels, Numbers
from skhebb._training import TrainingState
from skhebb._version import __version__

# What scikit-learn's callbacks keep during a fit.
OF_A_FIT = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")

# Raised when files of this version are of no use to those before.
FORMAT = 1


class PersistenceMixin:
    """Saving, loading and copying of estimators."""

    def __getstate__(self):
        attributes = {
            name: value
            for name, value in super().__getstate__().items()
            if name not in OF_A_FIT
        }
        saved = {"version": __version__, "format": FORMAT}
        if "_state" in attributes:
            saved["training"] = pack(self._fitted_state())
            saved["targets"] = {
                "kind": self._targets.kind,
                "is_1d": getattr(self._targets, "is_1d", None),
            }
            for name in ("_state", "_targets", "coefs_", "intercepts_"):
                del attributes[name]
        return {**attributes, "_saved": saved}

    def __setstate__(self, attributes):
        attributes = dict(attributes)
        saved = attributes.pop("_saved", {"version": "an earlier version", "format": 0})
        if saved["format"] != FORMAT:
            raise ValueError(
                f"This {type(self).__name__} was saved by skhebb {saved['version']}; "
                f"skhebb {__version__} cannot load it. Use the version that saved it, "
                "or fit it again."
            )
        # Parameters that are newer than the file.
        for parameter in inspect.signature(type(self)).parameters.values():
            attributes.setdefault(parameter.name, parameter.default)
        vars(self).update(attributes)
        if "training" in saved:
            self._targets = targets_of(self, **saved["targets"])
            self._adopt(unpack(saved["training"], self))

    def __copy__(self):
        new = type(self).__new__(type(self))
        vars(new).update(vars(self))
        for name in OF_A_FIT:
            vars(new).pop(name, None)
        if hasattr(self, "_state"):
            new._adopt(self._fitted_state().copy())
        return new

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
        "capacity": layer.capacity,
        "weight_state": layer.weight_state,
        "bias_state": layer.bias_state,
        "pool": layer.pool and vars(layer.pool),
    }


def unpack(packed, estimator):
    """The TrainingState of a fitted estimator."""
    packed = dict(packed)
    network = Network([unpack_layer(**layer) for layer in packed.pop("layers")])
    hidden, negative_slope = estimator._activation
    set_activations(network, hidden, estimator.out_activation_, negative_slope)
    shuffle, dropout, *evolution = map(generator, packed.pop("rngs"))
    return TrainingState(network, shuffle, dropout, evolution, **packed)


def unpack_layer(shape, data, indices, indptr, biases, pool=None, **attributes):
    """The SparseLayer that `pack_layer` was given."""
    layer = SparseLayer(connections(data, indices, indptr, shape), biases)
    vars(layer).update(attributes)
    layer.pool = pool and Pool(**pool)
    return layer


def generator(state):
    """A random generator in this state."""
    rng = np.random.default_rng()
    rng.bit_generator.state = state
    return rng


def targets_of(estimator, kind, is_1d):
    """What a fitted estimator learned."""
    if kind == "continuous":
        scales = estimator.y_mean_, estimator.y_scale_
        return Numbers(estimator.n_outputs_, is_1d, *scales)
    if kind == "multilabel-indicator":
        return Indicators(estimator.n_outputs_)
    return Labels(estimator.classes_)
