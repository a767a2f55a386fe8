"""Tells users of the progress of a fit: printed lines, and scikit-learn's callbacks."""


class Observer:
    """Prints a line per epoch if wanted.

    Parameters
    ----------
    verbose : bool
    """

    def __init__(self, verbose):
        self.verbose = verbose

    def begin_epoch(self):
        """Take note that an epoch begins."""

    def end_epoch(self, metrics):
        """Tell, after each epoch, whether to stop."""
        if self.verbose:
            print(metrics)
        return False


class FitObserver(Observer):
    """Calls the hooks of callbacks, too.

    Parameters
    ----------
    estimator : estimator
        The one being fitted.
    context : sklearn.callback.CallbackContext
        Of the whole fit.
    X, y, metadata : callable
        Give what hooks are told of the training data.
    fitted_attributes : callable
        Gives the attributes of the estimator as if fit had ended now.
    """

    def __init__(self, estimator, context, X, y, metadata, fitted_attributes):
        super().__init__(estimator.verbose)
        self.context = context
        self.about = {
            "estimator": estimator,
            "X": X,
            "y": y,
            "metadata": metadata,
            "reconstruction_attributes": fitted_attributes,
        }

    def begin_fit(self):
        """Call the hooks before the first epoch, when nothing could predict yet."""
        self.context.call_on_fit_task_begin(
            **{**self.about, "reconstruction_attributes": None}
        )

    def end_fit(self):
        """Call the hooks after the last epoch."""
        self.context.call_on_fit_task_end(**self.about)

    def begin_epoch(self):
        """Take note that an epoch begins."""
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.about)

    def end_epoch(self, metrics):
        """Tell, after each epoch, whether a callback wants to stop."""
        super().end_epoch(metrics)
        return self.epoch.call_on_fit_task_end(**self.about)
