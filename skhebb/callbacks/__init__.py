"""Callbacks of scikit-learn for `set_callbacks` of estimators."""

from skhebb.callbacks._checkpoint import Checkpoint
from skhebb.callbacks._log_figures import LogFigures

__all__ = ["Checkpoint", "LogFigures"]
