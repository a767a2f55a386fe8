"""Networks as plain data, for pickle, joblib and skops."""

from typing import Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhebb._network.activations import set_activations
from skhebb._predictors.encoders import Indicators, Labels, Numbers
from skhebb._training.state import TrainingState
from skhebb._utils.persistence import (
    PersistenceMixin,
    check_features,
    native,
    require,
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
            "training": self._fitted_state().pack(),
            "encoder": {
                "kind": self._encoder.kind,
                "is_1d": getattr(self._encoder, "is_1d", None),
            },
        }

    def _unpack(self, saved):
        if "training" in saved:
            self._encoder = unpack_encoder(self, **saved["encoder"])
            state = TrainingState.unpack(**saved["training"])
            hidden, negative_slope = self._activation
            set_activations(state.network, hidden, self.out_activation_, negative_slope)
            self._adopt(state)
            check_fits(self)

    def __copy__(self):
        new = super().__copy__()
        if hasattr(new, "_state"):
            new._adopt(new._fitted_state().copy())
        return new

    def drop_optimizer_state(self) -> Self:
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
            state.drop_optimizer_state()
            draft._adopt(state)
        return self

    def _adopt(self, state):
        """Go on from `state`, which is that of the fitted attributes."""
        self._state = state
        self.coefs_ = [layer.weights for layer in state.network.layers]
        self.intercepts_ = [layer.biases for layer in state.network.layers]
        self.loss_curve_ = state.history.losses
        if self.validation_scores_ is not None:
            self.validation_scores_ = state.history.scores
            self.validation_loss_curve_ = state.history.validation_losses


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
