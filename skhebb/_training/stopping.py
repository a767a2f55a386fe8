"""Why and when training ends."""

from dataclasses import dataclass
from enum import Enum

from skhebb._utils.records import changed


class NonFiniteTraining(ArithmeticError):
    """The loss or a weight became NaN or infinite."""


class InterruptedWarning(UserWarning):
    """Training was interrupted from the keyboard; what it learned before is kept."""


class StopReason(Enum):
    """Why training ended."""

    MAX_EPOCHS = "all epochs that were wanted are complete"
    CONVERGED = "training improves no more"
    BY_CALLBACK = "a callback asked for it"
    INTERRUPTED = "interrupted from the keyboard"
    DIVERGED = "the loss or a weight became non-finite"

    @classmethod
    def of(cls, error):
        """Return the reason that a KeyboardInterrupt or NonFiniteTraining is."""
        is_interrupt = isinstance(error, KeyboardInterrupt)
        return cls.INTERRUPTED if is_interrupt else cls.DIVERGED

    @property
    def is_regular(self):
        """Whether training went on for as long as it was meant to."""
        return self in (StopReason.MAX_EPOCHS, StopReason.CONVERGED)

    @property
    def is_failure(self):
        """Whether the last epoch could not be completed."""
        return self in (StopReason.INTERRUPTED, StopReason.DIVERGED)


@dataclass
class StoppingRule:
    """A score has not improved by `tol` for more than `patience` epochs.

    With `tol` None there is no such plateau, but the best score is still known. Where
    there are no validation data, the negative loss is the score.
    """

    tol: float | None
    patience: float

    def update(self, progress, score):
        """Return the Progress after an epoch of this score."""
        is_worse = self.tol is not None and score < progress.best_score + self.tol
        n_epochs = progress.epochs_without_improvement + 1 if is_worse else 0
        return changed(
            progress,
            best_score=max(progress.best_score, score),
            epochs_without_improvement=n_epochs,
        )

    def is_plateau(self, progress):
        """Whether patience is exhausted."""
        return progress.epochs_without_improvement > self.patience
