"""Training that is killed goes on where it was."""

import tempfile
import warnings
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import Any

from sklearn.callback import CallbackContext

from skhebb._training.run import Run
from skhebb._training.stopping import StopReason
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.base_convolution import BaseConvolution
from skhebb._typing import Estimator, FilePath
from skhebb.callbacks._fit_callback import FitCallback, task_names
from skhebb.callbacks._snapshots import DamagedSnapshot, Snapshots, load


class Checkpoint(FitCallback):
    """Callback that keeps a fit on disk, so that the same script run again goes on.

    If a run is killed or interrupted, the next one begins with its newest snapshot and
    ends with the bits that an undisturbed fit would have given. After a complete fit it
    gives the result at once. Other callbacks see the epochs that are trained in the
    run.

    A snapshot is used by the same fit only: by an estimator of the same parameters but
    for `verbose` and `n_jobs`, on the same data. (Functions among the parameters are
    known by their names.) Where a snapshot is damaged, the one before it is used, with
    a warning.

    Of `ConvolutionalFeatures` it keeps the passes over all patches; where patches are
    drawn, the fit of the features to them, which wants a `random_state`.

    In searches and pipelines each fit has a folder of its own within `folder`, and so
    has each `warm_start`. Whatever calls `fit` several times without telling callbacks,
    such as `cross_val_score` and ensembles, needs a folder for each call.

    Parameters
    ----------
    folder : str or path-like
        Where the files are; it is made if need be. One fit at a time may use it.
    every : int, default=10
        Epochs from one snapshot to the next.
    keep : int, default=2
        How many of the last snapshots stay.

    Raises
    ------
    OSError
        By `fit`, if a file cannot be written or read.
    TypeError
        By `fit`, if the estimator is not one of this package that trains by epochs, or
        those features are not.
    ValueError
        By `fit`, if a snapshot is of another fit or another version, or if all are
        damaged.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from skhebb import SETClassifier
    >>> from skhebb.callbacks import Checkpoint
    >>> X, y = load_iris(return_X_y=True)
    >>> folder = tempfile.mkdtemp()
    >>> def run():
    ...     clf = SETClassifier(tol=None, random_state=0)
    ...     return clf.set_callbacks(Checkpoint(folder)).fit(X, y)
    >>> bool((run().predict(X) == run().predict(X)).all())
    True
    """

    def __init__(self, folder: FilePath, every: int = 10, keep: int = 2) -> None:
        for name, n in {"every": every, "keep": keep}.items():
            if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
                raise ValueError(f"{name} must be an integer in [1, inf). Got {n!r}.")
        self.folder = Path(folder).absolute()  # workers may have another one to be in
        self.every = every
        self.keep = keep

    def __repr__(self):
        folder = str(self.folder)
        return f"Checkpoint({folder!r}, every={self.every}, keep={self.keep})"

    def _check(self, estimator):
        if not isinstance(estimator, BaseConvolution):
            super()._check(estimator)
        elif not isinstance(estimator.features, BaseHebbianFeatures | None):
            raise TypeError(
                "Checkpoint keeps Hebbian features of skhebb, but the features of this "
                f"{type(estimator).__name__} are {estimator.features!r:.80}."
            )

    def on_fit_task_end(self, estimator: Estimator, context: CallbackContext) -> None:
        """Do nothing: `save_state` and `save_result` are called, too.

        Parameters
        ----------
        estimator : estimator
            The one that is fitted.
        context : sklearn.callback.CallbackContext
            The task that ends, an epoch or the whole fit.
        """

    def load_state(self, run: Run) -> Any:
        """Return what a run is to go on from.

        Parameters
        ----------
        run : Run
            That asks, of one fit.

        Returns
        -------
        kept : KeptState or None
            None where there are no snapshots.
        """
        snapshots, damaged = self._snapshots(run), []
        with explained(snapshots.folder, "look into"):
            paths = snapshots.newest_first()
        for path in paths:
            try:
                kept = load(path, run)
            except DamagedSnapshot as error:
                damaged.append(str(error))
                continue
            if damaged:
                warnings.warn(
                    f"{'. '.join(damaged)}. The fit goes on from {path} instead.",
                    UserWarning,
                    stacklevel=2,
                )
            break
        else:
            if damaged:
                raise ValueError(
                    f"{'. '.join(damaged)}. There is no other snapshot: remove these "
                    "files to start anew."
                )
            kept = None
        if kept is None or kept.reason is None:
            check_writable(snapshots.folder)
        return kept

    def save_state(self, run: Run, state: Any, epoch: int) -> None:
        """Write a snapshot, if it is time.

        Parameters
        ----------
        run : Run
            Of the fit that is kept.
        state : TrainingState or FeatureState
            What training goes on from.
        epoch : int
            How many epochs are complete.
        """
        if epoch % self.every == 0:
            snapshots = self._snapshots(run)
            with explained(snapshots.folder):
                snapshots.write_epoch(run, state, epoch, self.keep)

    def save_result(self, run: Run, state: Any, reason: StopReason) -> None:
        """Write what a complete fit gave.

        Parameters
        ----------
        run : Run
            Of the fit that is kept.
        state : TrainingState or FeatureState
            The result.
        reason : StopReason
            Why training ended.
        """
        if run.kept is None or run.kept.reason is None:
            snapshots = self._snapshots(run)
            with explained(snapshots.folder):
                snapshots.write_result(run, state, reason, self.keep)

    def _snapshots(self, run):
        """Return the Snapshots of a fit."""
        tasks = reversed(list(task_names(run.context)))
        folder = self.folder.joinpath(*tasks)
        if run.n_epochs_before:
            folder /= f"after-{run.n_epochs_before}-epochs"
        return Snapshots(folder)


def check_writable(folder):
    """Raise an OSError unless files can be written into a folder, which is made."""
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()


@contextmanager
def explained(folder, what="write to"):
    """Let an OSError tell that a snapshot could not be written, or found."""
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno,
            f"Checkpoint cannot {what} its folder ({error.strerror}). Snapshots that "
            "are there stay as they are",
            str(folder),
        ) from error
