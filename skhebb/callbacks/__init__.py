"""Callbacks of scikit-learn for `set_callbacks` of estimators."""

from skhebb.callbacks._checkpoint import Checkpoint

__all__ = ["Checkpoint"]
