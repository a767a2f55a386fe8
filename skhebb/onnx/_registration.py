"""Which converter is for which estimator."""

from skl2onnx import update_registered_converter

import skhebb
from skhebb.onnx import _features, _networks

CLASSIFIERS = (
    skhebb.SETClassifier,
    skhebb.HebbSETClassifier,
    skhebb.HebbianMaskClassifier,
    skhebb.HebbianPretrainingClassifier,
)
REGRESSORS = skhebb.SETRegressor, skhebb.HebbSETRegressor, skhebb.HebbianMaskRegressor
FEATURES = skhebb.WinnerTakeAll, skhebb.SoftHebb, skhebb.HebbianPCA


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
    add(skhebb.ZCAWhitening, *whitening)
    add(skhebb.ConvolutionalFeatures, _features.refuse_shapes, _features.refuse)


def add(cls, shapes, convert, **others):
    """Register one."""
    update_registered_converter(cls, f"Skhebb{cls.__name__}", shapes, convert, **others)
