"""Runs of the fits of networks, see `Run`."""

from skhebb._training.run import Run
from skhebb._training.state import TrainingState
from skhebb._utils.identity import identity_of
from skhebb._utils.sklearn import callbacks_of


def run_of(estimator, observed, checked, held_out, initial, fitted):
    """Return the Run of a fit, which begins for callbacks.

    Parameters
    ----------
    estimator, observed : estimator
        The draft that is fitted, and the estimator that callbacks see.
    checked : Given
    held_out : FitData or None
        Validation data that users gave.
    initial : InitialParameters
    fitted : TrainingState or None
        What a warm start begins with.
    """

    def describe():
        judge = held_out and (held_out.inputs.X, held_out.y, held_out.sample_weight)
        return identity_of(
            estimator,
            **checked._asdict(),
            validation_data=judge,
            coefs_init=initial.coefs,
            intercepts_init=initial.intercepts,
            fitted_state=fitted and fitted.pack(),
        )

    return Run(
        callbacks_of(observed),
        observed._init_callback_context(max_subtasks=None),  # not known yet
        describe,
        TrainingState.unpack,
        n_epochs_before=len(fitted.history.losses) if fitted else 0,
    )
