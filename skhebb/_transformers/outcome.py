"""Warns of features whose learning did not end well."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skhebb._training.computed_rows import thinned
from skhebb._training.stopping import InterruptedWarning, StopReason
from skhebb._utils.threads import one_blas_thread

# What becomes of the components of a training that failed.
LAST_EPOCH = "those of the last complete epoch are kept"
LAST_BATCH = "those of the last complete mini-batch are kept"
UNDONE = "the pass is undone"


def complaint_of(features, X, before, components):
    """Return a sentence about units that died on X, if half have, else None.

    Parameters
    ----------
    features : BaseHebbianFeatures
    X : {ndarray, csr_array, ComputedRows} of shape (n_samples, n_features)
    before, components : DenseComponents or SparseComponents
        Before training and after it.
    """
    alive = are_alive(features, components, X)
    if 2 * np.count_nonzero(alive) >= len(alive):
        return None  # without a look at those before
    were_alive = are_alive(features, before, X)
    n_died = np.count_nonzero(were_alive & ~alive)
    if 2 * n_died <= np.count_nonzero(were_alive):
        return None
    return (
        f"{n_died} of {len(were_alive)} units became 0 for all samples. Centre "
        "and scale X (sklearn.preprocessing.StandardScaler), or lower "
        f"learning_rate_init ({features.learning_rate_init})."
    )


def are_alive(features, components, X):
    """Return which units are not 0 for all samples, (n_units,)."""
    with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
        return features._activate(components.project(thinned(X))).any(axis=0)


def warn_of_learning(features, reason, complaint=None, kept=LAST_EPOCH):
    """Warn of training that failed, or of a complaint.

    Parameters
    ----------
    features : BaseHebbianFeatures
    reason : StopReason
        Why training ended.
    complaint : str or None
        From `complaint_of`.
    kept : str
        What became of the components where training failed.
    """
    if reason is StopReason.INTERRUPTED:
        warnings.warn(
            f"Training of the components interrupted by user; {kept}.",
            InterruptedWarning,
            stacklevel=5,
        )
    elif complaint is not None:
        warnings.warn(complaint, ConvergenceWarning, stacklevel=5)
    elif reason is StopReason.DIVERGED:
        warnings.warn(
            f"Training stopped because the components became non-finite; {kept}. "
            f"Lower learning_rate_init ({features.learning_rate_init}), or scale X.",
            ConvergenceWarning,
            stacklevel=5,
        )
