"""Training as seen by MLflow, TensorBoard, Weights & Biases and their like."""

import os
import threading
from collections.abc import Callable
from numbers import Integral
from typing import Any
from weakref import WeakValueDictionary

from sklearn.callback import CallbackContext

from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._typing import Estimator
from skhebb._utils.sklearn import can_reuse_listener, open_listener, send
from skhebb.callbacks._fit_callback import FitCallback, task_names

# Those that have a log, by the address of their listener.
ORIGINALS: WeakValueDictionary[Any, "LogFigures"] = WeakValueDictionary()


class LogFigures(FitCallback):
    """Callback that hands the figures of each epoch to whatever keeps such.

    Of networks these are ``loss``; with early stopping ``validation_loss`` or
    ``validation_score``; ``learning_rate``; and ``n_connections``. Of Hebbian features
    ``change``, the relative change of the components.

    In searches and pipelines names begin with those of the tasks that the fit is part
    of, such as ``search-0/candidate-split-evaluation-3/loss``. `log` is called in the
    process that made the callback, by one thread at a time. If it raises an exception,
    so does `fit`. Files of estimators, and copies in other processes, have no `log`.

    Parameters
    ----------
    log : callable
        ``log(figures, step)``, where figures are a dict from names to numbers, and step
        is how many epochs the estimator was trained for.
    every : int, default=1
        Epochs between two calls. The last epoch is left out unless it is its turn.

    Raises
    ------
    RuntimeError
        By `fit`, if the callback was loaded from a file, without its `log`.
    TypeError
        By `fit`, if the estimator is not one of this package that trains by epochs.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhebb import SETClassifier
    >>> from skhebb.callbacks import LogFigures
    >>> X, y = load_iris(return_X_y=True)
    >>> seen = []
    >>> callback = LogFigures(lambda figures, step: seen.append((step, figures)), 10)
    >>> clf = SETClassifier(max_iter=30, random_state=0).set_callbacks(callback)
    >>> clf = clf.fit(X, y)
    >>> [step for step, _ in seen]
    [10, 20, 30]
    >>> list(seen[0][1])
    ['loss', 'learning_rate', 'n_connections']

    MLflow, Weights & Biases and TensorBoard have functions for it, ::

        LogFigures(mlflow.log_metrics)
        LogFigures(wandb.init().log)
        LogFigures(lambda figures, step: [
            writer.add_scalar(*figure, step) for figure in figures.items()
        ])  # writer = torch.utils.tensorboard.SummaryWriter()
    """

    def __init__(
        self, log: Callable[[dict[str, float], int], Any], every: int = 1
    ) -> None:
        if not callable(log):
            raise TypeError(
                f"log must be callable: log(figures, step). Got {type(log).__name__}."
            )
        is_integer = isinstance(every, Integral) and not isinstance(every, bool)
        if not is_integer or every < 1:
            raise ValueError(f"every must be an integer in [1, inf). Got {every!r}.")
        self.every = every
        self._process = os.getpid()
        # The listener must not hold the callback, whose end is its own.
        self._listener = open_listener(one_at_a_time(log), owner=self)
        ORIGINALS[self._listener.address] = self

    def setup(self, estimator: Estimator, context: CallbackContext) -> None:
        """Check, before the fit, that there will be figures, and who wants them.

        Parameters
        ----------
        estimator : estimator
            The one that is fitted.
        context : sklearn.callback.CallbackContext
            The root of its tasks.

        Raises
        ------
        RuntimeError
            If the callback was loaded from a file.
        TypeError
            If the estimator is not one of this package that trains by epochs.
        """
        super().setup(estimator, context)
        is_here = os.getpid() == self._process and self._listener.address in ORIGINALS
        if not is_here and not can_reuse_listener(self._listener):
            raise RuntimeError(
                "This LogFigures was loaded from a file, without its log. Set a new "
                "one by set_callbacks."
            )

    def on_fit_task_end(
        self,
        estimator: Estimator,
        context: CallbackContext,
        *,
        fitted_estimator: Estimator | None = None,
    ) -> None:
        """Log the figures of an epoch.

        Parameters
        ----------
        estimator : estimator
            The one that is fitted.
        context : sklearn.callback.CallbackContext
            The task that ends, an epoch or the whole fit.
        fitted_estimator : estimator, default=None
            A copy that is fitted as far as training is.
        """
        if context.task_name != "epoch" or (context.task_id + 1) % self.every:
            return
        fit = "".join(f"{name}/" for name in reversed([*task_names(context.parent)]))
        step, figures = figures_of(fitted_estimator)
        named = {f"{fit}{name}": value for name, value in figures.items()}
        send(self._listener, (named, step))


def one_at_a_time(log):
    """Return a function of a message that calls `log` with what the message has."""
    lock = threading.Lock()

    def receive(message):
        with lock:
            log(*message)

    return receive


def figures_of(fitted):
    """Return the number of epochs, and the figures of the last one by name."""
    if isinstance(fitted, BaseHebbianFeatures):
        return fitted.n_iter_, {"change": float(fitted.change_curve_[-1])}
    figures = {"loss": fitted.loss_curve_[-1]}
    if fitted.validation_loss_curve_:
        figures["validation_loss"] = fitted.validation_loss_curve_[-1]
    if fitted.validation_scores_:
        figures["validation_score"] = fitted.validation_scores_[-1]
    figures["learning_rate"] = fitted._state.progress.learning_rate
    figures["n_connections"] = fitted.n_connections_
    return len(fitted.loss_curve_), {
        name: float(value) for name, value in figures.items()
    }
