"""Convolutions before a small network, which several tests pre-train."""

import pytest

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    HebbianPretrainingClassifier,
    SETClassifier,
    SoftHebb,
    WinnerTakeAll,
)

NETWORK = {
    "hidden_layer_sizes": (30,),
    "batch_size": 32,
    "learning_rate_init": 0.01,
    "max_iter": 10,
    "random_state": 0,
}
both = pytest.mark.parametrize("fine_tune", ["head", "all"])


def convolutions(**params):
    """Two of them, of which only the first knows the size of its images."""
    return [
        ConvolutionalFeatures(
            SoftHebb(12),
            **{
                "image_shape": (8, 8, 1),
                "kernel_size": 3,
                "padding": 1,
                "standardize_input": True,
                "standardize": "channels",
                "n_patches": 500,
                **params,
            },
        ),
        ConvolutionalFeatures(
            HebbianPCA(10),
            kernel_size=2,
            pooling="average",
            standardize="layer",
            n_patches=500,
        ),
    ]


def classifier(fine_tune, layers=None, **params):
    return HebbianPretrainingClassifier(
        SETClassifier(**{**NETWORK, **params}),
        WinnerTakeAll(max_iter=1),
        convolutions=convolutions() if layers is None else layers,
        fine_tune=fine_tune,
        random_state=0,
    )


def kernels(clf):
    return [layer.features_.components_ for layer in clf.convolutions_]
