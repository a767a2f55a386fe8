"""What callbacks that remember networks share."""

from numbers import Integral

from sklearn.callback import CallbackContext

from skhebb._predictors.base import BaseSparseNetwork
from skhebb._typing import Estimator
from skhebb._utils.sklearn import can_reuse_listener, open_listener, send


class NetworkMonitor:
    """Callback that remembers what `_look` sees in networks while they are fitted.

    Looks at the initial network, at that after each `every` epochs and after the last
    one, and, with early stopping, at the best one, which `fit` leaves. What is seen
    goes to the process in which the monitor was made, also from the workers of a
    search. Subclasses have `_look(estimator)`, what to remember of a fitted network.

    Parameters
    ----------
    every : int
        Epochs between two looks.
    """

    def __init__(self, every):
        if isinstance(every, bool) or not isinstance(every, Integral) or every < 1:
            raise ValueError(f"every must be an integer in [1, inf). Got {every!r}.")
        self.every = every
        self._seen = []
        self._listener = open_listener(self._seen.append, owner=self)

    def _fits(self):
        """For each fit, what was seen by epoch; None stands for the best network."""
        fits = {}
        for fit, epoch, seen in list(self._seen):
            fits.setdefault(fit, {})[epoch] = seen
        return list(fits.values())

    def setup(self, estimator: Estimator, context: CallbackContext) -> None:
        """Check, before the fit, that there is a network to look at.

        Parameters
        ----------
        estimator : estimator
            The network that is fitted.
        context : sklearn.callback.CallbackContext
            The root of its tasks.

        Raises
        ------
        TypeError
            If the estimator is not a network of this package.
        """
        if not isinstance(estimator, BaseSparseNetwork):
            raise TypeError(
                f"{type(self).__name__} is for the networks of skhebb, also within "
                f"pipelines and searches, but was set on {type(estimator).__name__}. "
                "Call set_callbacks of the network itself."
            )

    def on_fit_task_begin(
        self,
        estimator: Estimator,
        context: CallbackContext,
        *,
        fitted_estimator: Estimator | None = None,
    ) -> None:
        """Look at the initial network.

        Parameters
        ----------
        estimator : estimator
            The network that is fitted.
        context : sklearn.callback.CallbackContext
            The task that begins, an epoch or the whole fit.
        fitted_estimator : estimator, default=None
            A copy that is fitted as far as training is.
        """
        if context.task_name == "epoch" and context.task_id == 0:
            self._tell(context.parent, fitted_estimator)

    def on_fit_task_end(
        self,
        estimator: Estimator,
        context: CallbackContext,
        *,
        fitted_estimator: Estimator | None = None,
    ) -> None:
        """Look at the network of an epoch, or at the one that fit leaves.

        Parameters
        ----------
        estimator : estimator
            The network that is fitted.
        context : sklearn.callback.CallbackContext
            The task that ends, an epoch or the whole fit.
        fitted_estimator : estimator, default=None
            A copy that is fitted as far as training is.
        """
        if context.task_name != "epoch":
            self._tell(context, fitted_estimator, is_best=estimator.early_stopping)
        elif (context.task_id + 1) % self.every == 0:
            self._tell(context.parent, fitted_estimator)

    def teardown(self, estimator: Estimator, context: CallbackContext) -> None:
        """Do nothing after the fit.

        Parameters
        ----------
        estimator : estimator
            The network that is fitted.
        context : sklearn.callback.CallbackContext
            The root of its tasks.
        """

    def _tell(self, context, fitted_estimator, is_best=False):
        fit = fit_of(context)
        epoch = None if is_best else len(fitted_estimator.loss_curve_)
        send(self._listener, (fit, epoch, self._look(fitted_estimator)))

    def __getstate__(self):
        return {**vars(self), "_seen": list(self._seen)}

    def __setstate__(self, state):
        vars(self).update(state)
        if not can_reuse_listener(self._listener):
            self._listener = open_listener(self._seen.append, owner=self)


def fit_of(context):
    """Return what tells a fit, given by its task, from all others."""
    return context.root_uuid, tuple(task_ids(context))


def task_ids(context):
    """Return the numbers of a task and of all it is part of."""
    while context is not None:
        yield context.task_id
        context = context.parent
