"""How any transformer learns from patches of images."""

from sklearn.base import clone

from skhebb._training.stopping import NonFiniteTraining, StopReason
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._utils.random import SEEDS
from skhebb._utils.threads import one_blas_thread


def new_features(features, random_state):
    """Return a clone whose random states are set, checked as far as is known."""
    features = clone(features)
    set_random_states(features, random_state)
    if isinstance(features, BaseHebbianFeatures):
        features._validate_params()
    return features


def set_random_states(estimator, random_state):
    """Set random states that are None, also those of parts."""
    for name, value in sorted(estimator.get_params().items()):
        if name.split("__")[-1] == "random_state" and value is None:
            estimator.set_params(**{name: random_state.randint(SEEDS)})


def teach(features, batches):
    """Pass batches of patches to the features; tell whether they stopped early.

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
        return False
    try:
        complaint = features._pass_over(batches)
    except (KeyboardInterrupt, NonFiniteTraining) as error:
        if not hasattr(features, "components_"):
            raise_from_nothing(features, error)
        kept = "those of the last complete mini-batch are kept"
        features._warn(StopReason.of(error), kept=kept)
        return True
    features._warn(StopReason.MAX_EPOCHS, complaint)
    return False


def raise_from_nothing(features, error):
    """Raise because training stopped before a mini-batch was complete."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    raise ValueError(
        "The features became non-finite in their first mini-batch. Lower "
        f"learning_rate_init ({features.learning_rate_init}), or scale X."
    ) from error
