"""Truly sparse neural networks with Hebbian learning for scikit-learn."""

from skhebb._hebbset import HebbSETClassifier
from skhebb._set import SETClassifier
from skhebb._show_versions import show_versions
from skhebb._version import __version__

__all__ = ["HebbSETClassifier", "SETClassifier", "__version__", "show_versions"]
