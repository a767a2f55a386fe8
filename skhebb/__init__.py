"""Truly sparse neural networks with Hebbian learning for scikit-learn."""

from skhebb._hebbset import HebbSETClassifier, HebbSETRegressor
from skhebb._set import SETClassifier, SETRegressor
from skhebb._show_versions import show_versions
from skhebb._version import __version__

__all__ = [
    "HebbSETClassifier",
    "HebbSETRegressor",
    "SETClassifier",
    "SETRegressor",
    "__version__",
    "show_versions",
]
