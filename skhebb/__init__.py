"""Truly sparse neural networks with Hebbian learning for scikit-learn."""

from skhebb._hebbset import HebbSETClassifier
from skhebb._set import SETClassifier
from skhebb._version import __version__

__all__ = ["HebbSETClassifier", "SETClassifier", "__version__"]
