"""Warns of trainings that did not end well."""

import warnings

from sklearn.exceptions import ConvergenceWarning

from skhebb._training.stopping import InterruptedWarning, StopReason


def warn_of_outcome(estimator, reason, complaint=None):
    """Warn of a training that failed, or whose result is not what users wish for.

    Parameters
    ----------
    estimator : estimator
        After training.
    reason : StopReason
        Why training ended.
    complaint : "no better", "max_iter" or None
        What is wrong with the network of a training that did not fail.
    """
    values = [
        f"{name} ({getattr(estimator, f'{name}_', getattr(estimator, name))})"
        for name in estimator._suspects
    ]
    suspects = ", ".join(values[:-1]) + f" or {values[-1]}"
    if reason is StopReason.DIVERGED:
        warnings.warn(
            f"Training stopped after {estimator.n_iter_} complete epochs because the "
            "loss or a weight became non-finite; the last finite weights are kept. "
            f"Lower {suspects}, or scale X.",
            ConvergenceWarning,
            stacklevel=5,
        )
    elif complaint == "no better":
        warnings.warn(
            f"After {estimator.n_iter_} epochs the loss on the training data is no "
            "better than that of a constant prediction. Scale X, for instance by "
            f"sklearn.preprocessing.StandardScaler, or lower {suspects}.",
            ConvergenceWarning,
            stacklevel=5,
        )
    elif reason is StopReason.INTERRUPTED:
        warnings.warn(
            f"Training interrupted by user after {estimator.n_iter_} complete epochs; "
            "the network of the last of them is kept, or the best one with "
            "early_stopping.",
            InterruptedWarning,
            stacklevel=5,
        )
    elif complaint == "max_iter":
        warnings.warn(
            f"Maximum number of epochs (max_iter={estimator.max_iter_}) reached and "
            "the optimization hasn't converged yet. Raise max_iter, or set tol=None to "
            "train for max_iter epochs without this check.",
            ConvergenceWarning,
            stacklevel=5,
        )
