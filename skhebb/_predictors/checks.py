"""Raises, before any work is done, where parameters and data do not go together."""

from itertools import pairwise

import numpy as np

from skhebb._predictors.recipe import batch_size_for
from skhebb._training.batches import as_batch_source
from skhebb._training.schedules import SCHEDULES
from skhebb._utils.memory import bytes_of_training, check_memory
from skhebb._utils.validation import check_layer_sizes
from skhebb.topology import GRAPHS


def check_combinations(estimator, validation):
    """Raise if parameters that are sound by themselves make no sense together.

    Parameters
    ----------
    estimator : estimator
    validation : Given
        What there is to judge by; None for what there is not.
    """
    estimator._scorer(None)
    X_val, y_val, sample_weight_val = validation
    if (X_val is None) != (y_val is None):
        names = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ValueError("{} was given without {}. Give both.".format(*names))
    if sample_weight_val is not None and X_val is None:
        raise ValueError("sample_weight_val was given without X_val and y_val.")
    if SCHEDULES[estimator.learning_rate].cuts and estimator.tol is None:
        raise ValueError(
            f"learning_rate={estimator.learning_rate!r} falls where training does not "
            "improve by `tol`, but tol=None. Set tol to a number."
        )
    if X_val is not None and not estimator.early_stopping:
        raise ValueError(
            "X_val and y_val are for early stopping, but early_stopping=False. "
            "Set early_stopping=True, or leave them out."
        )


def check_goes_on(estimator, encoder, initial):
    """Raise unless a warm start can go on with the fitted network."""
    if initial.coefs is not None or initial.intercepts is not None:
        raise ValueError(
            "coefs_init and intercepts_init start a new network, but "
            "warm_start=True goes on with the fitted one. Set warm_start=False."
        )
    if difference := estimator._encoder.difference(encoder):
        raise ValueError(
            "warm_start can only be used where `y` has the same "
            f"{difference}. Set warm_start=False to start anew."
        )
    check_layers_stay(
        estimator, "warm_start=True", "Set warm_start=False to start anew."
    )


def check_layers_stay(estimator, what, advice):
    """Raise unless the fitted network, which goes on, has the layers wanted now."""
    given = estimator.hidden_layer_sizes
    fitted_sizes = estimator._state.network.layer_sizes[1:-1]
    if check_layer_sizes(given) != fitted_sizes:
        raise ValueError(
            f"{what} goes on with hidden layers of {fitted_sizes} neurons, "
            f"but hidden_layer_sizes={given!r}. {advice}"
        )


def check_memory_of_training(
    estimator, checked, n_outputs, n_connections=None, is_stream=False
):
    """Raise if this machine cannot hold the network and a mini-batch.

    Parameters
    ----------
    estimator : estimator
    checked : Given
        X, y and sample_weight, checked.
    n_outputs : int
    n_connections : int or None
        As many as there are already; None for a new network that is to be drawn.
    is_stream : bool
        Whether others may follow, so that mini-batches do not go by these.

    Raises
    ------
    MemoryError
    """
    X, y, sample_weight = checked
    hidden_sizes = check_layer_sizes(estimator.hidden_layer_sizes)
    sizes = [X.shape[1], *hidden_sizes, n_outputs]
    if n_connections is None:
        density = estimator.density if estimator.epsilon is None else None
        graph = GRAPHS[estimator.initial_graph]
        shapes = list(pairwise(sizes))
        n_connections = sum(graph(shapes, estimator.epsilon, density).counts)
    n_samples = len(y) if sample_weight is None else np.count_nonzero(sample_weight)
    batch_size = batch_size_for(estimator.batch_size, n_samples, is_stream)
    n_bytes = bytes_of_training(
        sizes,
        as_batch_source(X).tiled_sizes(sizes),
        n_connections,
        batch_size,
        X.dtype,
        estimator._optimizer().n_arrays,
    )
    amount = "density" if estimator.epsilon is None else "epsilon"
    check_memory(
        n_bytes,
        f"Training with hidden_layer_sizes={estimator.hidden_layer_sizes!r}, {amount}="
        f"{getattr(estimator, amount)!r} and mini-batches of {batch_size} samples",
        f"Lower hidden_layer_sizes, {amount} or batch_size.",
    )
