"""Truly sparse neural networks with Hebbian learning for scikit-learn."""

import importlib

from skhebb._convolutional_features import ConvolutionalFeatures
from skhebb._hebbian_mask_classifier import HebbianMaskClassifier
from skhebb._hebbian_mask_regressor import HebbianMaskRegressor
from skhebb._hebbian_pca import HebbianPCA
from skhebb._hebbset_classifier import HebbSETClassifier
from skhebb._hebbset_regressor import HebbSETRegressor
from skhebb._pretraining import HebbianPretrainingClassifier
from skhebb._set_classifier import SETClassifier
from skhebb._set_regressor import SETRegressor
from skhebb._show_versions import show_versions
from skhebb._soft_hebb import SoftHebb
from skhebb._version import __version__
from skhebb._whitening import ZCAWhitening
from skhebb._winner_take_all import WinnerTakeAll

__all__ = [
    "ConvolutionalFeatures",
    "HebbSETClassifier",
    "HebbSETRegressor",
    "HebbianMaskClassifier",
    "HebbianMaskRegressor",
    "HebbianPCA",
    "HebbianPretrainingClassifier",
    "SETClassifier",
    "SETRegressor",
    "SoftHebb",
    "WinnerTakeAll",
    "ZCAWhitening",
    "__version__",
    "show_versions",
]


def __getattr__(name):
    """Import a folder when it is first asked for."""
    if name in ("datasets", "inspection"):
        return importlib.import_module(f"skhebb.{name}")
    raise AttributeError(f"module 'skhebb' has no attribute {name!r}")
