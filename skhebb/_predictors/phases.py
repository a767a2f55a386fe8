"""Tells callbacks which part of an estimator is being fitted."""

from contextlib import contextmanager, nullcontext


class Phases:
    """The phases of a fit, each the task of a part that is fitted in it.

    Parameters
    ----------
    estimator : estimator
        The whole.
    context : sklearn.callback.CallbackContext
        Of its fit.
    """

    def __init__(self, estimator, context):
        self.estimator = estimator
        self.context = context

    @contextmanager
    def run(self, name, part, X, y=None):
        """Tell callbacks of a phase, in which `part` is fitted."""
        phase = self.context.subcontext(task_name=name)
        about = {"estimator": self.estimator, "X": X, "y": y}
        with phase.propagate_callback_context(part):
            phase.call_on_fit_task_begin(**about)
            yield
            phase.call_on_fit_task_end(**about)


class NoPhases:
    """Phases of a fit that no callback is told of."""

    def run(self, name, part, X, y=None):
        """Return a context that does nothing."""
        return nullcontext()
