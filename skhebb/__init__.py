"""Truly sparse neural networks with Hebbian learning for scikit-learn."""

import importlib

from skhebb._export import export_npz
from skhebb._predictors.hebbian_mask_classifier import HebbianMaskClassifier
from skhebb._predictors.hebbian_mask_regressor import HebbianMaskRegressor
from skhebb._predictors.hebbset_classifier import HebbSETClassifier
from skhebb._predictors.hebbset_regressor import HebbSETRegressor
from skhebb._predictors.pretraining import HebbianPretrainingClassifier
from skhebb._predictors.set_classifier import SETClassifier
from skhebb._predictors.set_regressor import SETRegressor
from skhebb._show_versions import show_versions
from skhebb._transformers.convolutional_features import ConvolutionalFeatures
from skhebb._transformers.hebbian_pca import HebbianPCA
from skhebb._transformers.soft_hebb import SoftHebb
from skhebb._transformers.whitening import ZCAWhitening
from skhebb._transformers.winner_take_all import WinnerTakeAll
from skhebb._version import __version__

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
    "export_npz",
    "show_versions",
]


def __getattr__(name):
    """Import a folder when it is first asked for."""
    if name in ("callbacks", "datasets", "inspection", "onnx"):
        return importlib.import_module(f"skhebb.{name}")
    raise AttributeError(f"module 'skhebb' has no attribute {name!r}")
