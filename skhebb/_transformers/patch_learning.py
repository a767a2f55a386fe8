"""How any transformer learns from patches of images, and what it goes on from."""

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from skhebb._training.run import Run
from skhebb._training.stopping import NonFiniteTraining, StopReason
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.outcome import LAST_BATCH, warn_of_learning
from skhebb._transformers.state import FeatureState
from skhebb._transformers.winner_take_all import WinnerTakeAll
from skhebb._utils.identity import identity_of
from skhebb._utils.persistence import check_counts, generator, require
from skhebb._utils.random import SEEDS
from skhebb._utils.sklearn import callbacks_of
from skhebb._utils.threads import one_blas_thread
from skhebb._utils.validation import parameters_of

EXPLAINED = {"explained_variance_", "explained_variance_ratio_"}


def features_can_go_on(convolution):
    """Tell whether the features have `partial_fit`."""
    features = convolution.features
    return features is None or hasattr(features, "partial_fit")


def features_of(convolution):
    """Return a clone of the features that parameters describe."""
    features = convolution.features
    return WinnerTakeAll() if features is None else clone(features)


def new_features(convolution, random_state):
    """Return features whose random states are set, checked as far as is known."""
    features = features_of(convolution)
    set_random_states(features, random_state)
    if isinstance(features, BaseHebbianFeatures):
        features._validate_params()
    return features


def set_random_states(estimator, random_state):
    """Set random states that are None, also those of parts."""
    for name, value in sorted(estimator.get_params().items()):
        if name.split("__")[-1] == "random_state" and value is None:
            estimator.set_params(**{name: random_state.randint(SEEDS)})


@dataclass
class PassState:
    """State that later passes over all patches go on from.

    Attributes
    ----------
    convolution : BaseConvolution
        That is learning.
    """

    convolution: object

    def pack(self):
        """Return plain data."""
        features = self.convolution.features_
        return {
            "features": features._state().pack(),
            "explained": {
                name: getattr(features, name)
                for name in EXPLAINED & vars(features).keys()
            },
            "rng": self.convolution._rng.bit_generator.state,
            "n_iter": self.convolution.n_iter_,
        }


def run_of_passes(convolution, observed, context, X):
    """Return the Run of passes over all patches; what is kept resumes a convolution.

    Parameters
    ----------
    convolution : BaseConvolution
        A draft, which has not begun.
    observed : BaseConvolution
        With callbacks.
    context : sklearn.callback.CallbackContext
        Of the fit.
    X : {ndarray, ComputedRows} of shape (n_samples, n_features)
    """

    def describe():
        identity = identity_of(convolution, X=X)
        if convolution.features is not None:
            del identity["features"]
            parts = identity_of(convolution.features)
            identity |= {f"features__{name}": text for name, text in parts.items()}
        return identity

    def unpack(features, explained, rng, n_iter):
        make_components = features_of(convolution)._components_of
        state = FeatureState.unpack(make_components, **features)
        n_units, n_features = state.components.weights.shape
        shapes = {np.shape(each) for each in explained.values()}
        require(explained.keys() <= EXPLAINED and shapes <= {(n_units,)}, "explained")
        check_counts(n_iter=n_iter)
        rng = generator(rng)

        def resume(begun):
            fitted = begun.features_
            vars(fitted).update(BaseHebbianFeatures._fitted(fitted, state, None))
            vars(fitted).update(explained, n_features_in_=n_features)
            fitted._begun_with = parameters_of(fitted, fitted._of_new)
            begun._rng, begun.n_iter_ = rng, n_iter

        return resume

    return Run(callbacks_of(observed), context, describe, unpack)


@contextmanager
def kept_by(observed, features):
    """Let those that keep fits of a convolution keep one fit of its features."""
    keepers = [each for each in callbacks_of(observed) if hasattr(each, "load_state")]
    if not keepers:  # features may be of others, and know of no callbacks
        yield
        return
    own = list(callbacks_of(features))
    features.set_callbacks(*own, *keepers)
    yield
    features.set_callbacks(*own)


def teach(features, batches):
    """Pass batches of patches to the features; return why that ended early, or None.

    Parameters
    ----------
    features : estimator
        Which has `partial_fit`; changed in place.
    batches : iterable of ndarray of shape (n_patches, patch_size)
    """
    if not isinstance(features, BaseHebbianFeatures):
        with one_blas_thread():
            for patches in batches:
                features.partial_fit(patches)
        return None
    try:
        complaint = features._pass_over(batches)
    except (KeyboardInterrupt, NonFiniteTraining) as error:
        if not hasattr(features, "components_"):
            raise_from_nothing(features, error)
        reason = StopReason.of(error)
        warn_of_learning(features, reason, kept=LAST_BATCH)
        return reason
    warn_of_learning(features, StopReason.MAX_EPOCHS, complaint)
    return None


def raise_from_nothing(features, error):
    """Raise because training stopped before a mini-batch was complete."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    raise ValueError(
        "The features became non-finite in their first mini-batch. Lower "
        f"learning_rate_init ({features.learning_rate_init}), or scale X."
    ) from error
