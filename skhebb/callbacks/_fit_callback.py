"""What callbacks of fits by epochs share."""

import re

from sklearn.callback import CallbackContext

from skhebb._predictors.base import BaseSparseNetwork
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._typing import Estimator


class FitCallback:
    """Callback for what this package trains by epochs, which does nothing yet."""

    def setup(self, estimator: Estimator, context: CallbackContext) -> None:
        """Check, before the fit, that this estimator trains by epochs.

        Parameters
        ----------
        estimator : estimator
            The one that is fitted.
        context : sklearn.callback.CallbackContext
            The root of its tasks.

        Raises
        ------
        TypeError
            If the estimator is not one of this package that trains by epochs.
        """
        self._check(estimator)

    def _check(self, estimator):
        """Raise a TypeError if this is not for such estimators."""
        if not isinstance(estimator, BaseSparseNetwork | BaseHebbianFeatures):
            raise TypeError(
                f"{type(self).__name__} is for networks and Hebbian features of "
                "skhebb, also within pipelines and searches, but was set on "
                f"{type(estimator).__name__}. Call set_callbacks of those themselves."
            )

    def on_fit_task_begin(self, estimator: Estimator, context: CallbackContext) -> None:
        """Do nothing at the beginning of a task.

        Parameters
        ----------
        estimator : estimator
            The one that is fitted.
        context : sklearn.callback.CallbackContext
            The task that begins, an epoch or the whole fit.
        """

    def teardown(self, estimator: Estimator, context: CallbackContext) -> None:
        """Do nothing after the fit.

        Parameters
        ----------
        estimator : estimator
            The one that is fitted.
        context : sklearn.callback.CallbackContext
            The root of its tasks.
        """


def task_names(context):
    """Yield names of a fit's task and those it is part of, but for the outermost."""
    while context.parent is not None:
        name = context.source_task_name or context.task_name
        yield re.sub(r"[^\w.-]+", "-", f"{name}-{context.task_id}")
        context = context.parent
