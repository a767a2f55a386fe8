"""Which converter is for which estimator."""

from skl2onnx import update_registered_converter

from skhebb._predictors.hebbian_mask_classifier import HebbianMaskClassifier
from skhebb._predictors.hebbian_mask_regressor import HebbianMaskRegressor
from skhebb._predictors.hebbset_classifier import HebbSETClassifier
from skhebb._predictors.hebbset_regressor import HebbSETRegressor
from skhebb._predictors.pretraining import HebbianPretrainingClassifier
from skhebb._predictors.set_classifier import SETClassifier
from skhebb._predictors.set_regressor import SETRegressor
from skhebb._transformers.convolutional_features import ConvolutionalFeatures
from skhebb._transformers.hebbian_pca import HebbianPCA
from skhebb._transformers.soft_hebb import SoftHebb
from skhebb._transformers.whitening import ZCAWhitening
from skhebb._transformers.winner_take_all import WinnerTakeAll
from skhebb.onnx import _features, _networks

CLASSIFIERS = (
    SETClassifier,
    HebbSETClassifier,
    HebbianMaskClassifier,
    HebbianPretrainingClassifier,
)
REGRESSORS = SETRegressor, HebbSETRegressor, HebbianMaskRegressor
FEATURES = WinnerTakeAll, SoftHebb, HebbianPCA


def register():
    """Register all converters with skl2onnx."""
    for cls in CLASSIFIERS:
        add(
            cls,
            _networks.classifier_shapes,
            _networks.convert_classifier,
            parser=_networks.parse_classifier,
            options=_networks.CLASSIFIER_OPTIONS,
        )
    for cls in REGRESSORS:
        add(cls, _networks.regressor_shapes, _networks.convert_regressor)
    for cls in FEATURES:
        add(cls, _features.features_shapes, _features.convert_features)
    whitening = _features.features_shapes, _features.convert_whitening
    add(ZCAWhitening, *whitening)
    add(ConvolutionalFeatures, _features.refuse_shapes, _features.refuse)


def add(cls, shapes, convert, **others):
    """Register what converts a class of this package."""
    update_registered_converter(cls, f"Skhebb{cls.__name__}", shapes, convert, **others)
