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
    """Calls the hooks of callbacks, too, and tells keepers of the state.

    Parameters
    ----------
    estimator : estimator
        The one being fitted.
    run : Run
    state : TrainingState or FeatureState
        What is trained.
    X, y, metadata : callable
        Give what hooks are told of the training data.
    fitted_attributes : callable
        Gives the attributes of the estimator as if fit had ended now.
    """

    def __init__(self, estimator, run, state, X, y, metadata, fitted_attributes):
        super().__init__(estimator.verbose)
        self.context = run.context
        self.run = run
        self.state = state
        self.about = {
            "estimator": estimator,
            "X": X,
            "y": y,
            "metadata": metadata,
            "reconstruction_attributes": fitted_attributes,
        }

    def begin_fit(self, n_epochs=0):
        """Call the hooks before the first epoch, when nothing could predict yet.

        `n_epochs` are complete already, in a run before; callbacks do not see these,
        but the others have the numbers that they would have had.
        """
        self.context.call_on_fit_task_begin(
            **{**self.about, "reconstruction_attributes": None}
        )
        for _ in range(n_epochs):
            self.context.subcontext(task_name="epoch")

    def end_fit(self, reason):
        """Tell keepers why training ended, and call the hooks."""
        self.run.save_result(self.state, reason)
        self.context.call_on_fit_task_end(**self.about)

    def begin_epoch(self):
        """Take note that an epoch begins."""
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.about)

    def end_epoch(self, metrics):
        """Tell, after each epoch, whether a callback wants to stop."""
        super().end_epoch(metrics)
        wants_to_stop = self.epoch.call_on_fit_task_end(**self.about)
        if not wants_to_stop:  # or else a later run would not know that this was wanted
            self.run.save_state(self.state, metrics.epoch)
        return wants_to_stop
