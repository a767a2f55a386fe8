"""Why and when training ends."""

from dataclasses import dataclass
from enum import Enum


class NonFiniteTraining(ArithmeticError):
    """The loss or a weight became NaN or infinite."""


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
    """A figure has not improved by `tol` for more than `patience` epochs.

    With `tol` None there is no such plateau, but the best figure is still known.
    """

    tol: float | None
    patience: float

    def update(self, state, figure):
        """Take the figure of an epoch, larger is better; tell if it is the best."""
        if self.tol is not None and figure < state.best + self.tol:
            state.epochs_without_improvement += 1
        else:
            state.epochs_without_improvement = 0
        is_best = figure > state.best
        state.best = max(state.best, figure)
        return is_best

    def is_plateau(self, state):
        """Whether patience is exhausted."""
        return state.epochs_without_improvement > self.patience
