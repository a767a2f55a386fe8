"""What features make of patches, with an activation in place of their own."""

import numpy as np
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline
from sklearn.utils.extmath import row_norms

from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.feature_activations import rectify
from skhebb._utils.transaction import twin


class PatchEncoder:
    """Turns patches into activations, in two steps between which maps may be pooled.

    Parameters
    ----------
    features : estimator
        Fitted.
    activation : {"relu", "triangle"} or None
        None for what the features themselves have.
    power : float
        Of "triangle".
    dtype : dtype
        Of the activations.
    """

    def __init__(self, features, activation, power, dtype):
        self.features = features
        if isinstance(last_step(features), BaseHebbianFeatures):
            changes = {"n_jobs": 1}  # blocks of images have threads of their own
            if activation is not None:
                changes["activation"] = "identity"
            self.features = with_changed_last_step(features, changes)
        self._transform = transform_of(self.features)
        self.activation = activation
        self.power = power if activation == "triangle" else 1
        self.dtype = dtype

    def encode(self, patches):
        """Return what features make of (n_patches, n_features), not yet rectified."""
        is_triangle = self.activation == "triangle"
        if is_triangle and hasattr(last_step(self.features), "cluster_centers_"):
            distances = self._distances(patches)
            mean = distances.mean(axis=1, keepdims=True)
            return np.subtract(mean, distances, out=distances)
        encoded = self._transform(patches)
        if issparse(encoded):
            raise TypeError(
                "features must return dense arrays. transform of "
                f"{self.features!r} returned a sparse one."
            )
        encoded = np.require(encoded, self.dtype, ["W", "E"])  # frames' may not be
        if encoded.ndim != 2 or len(encoded) != len(patches):
            raise ValueError(
                "features must return a row for each patch. transform of "
                f"{self.features!r} made {encoded.shape} of {patches.shape}."
            )
        if is_triangle:
            encoded -= encoded.mean(axis=1, keepdims=True)
        return encoded

    def _distances(self, patches):
        """Return distances from centres; scikit-learn makes float32 float64 for it."""
        kmeans = last_step(self.features)
        if kmeans is not self.features:
            patches = self.features[:-1].transform(patches)
        patches = np.asarray(patches, dtype=self.dtype)
        centers = kmeans.cluster_centers_.astype(self.dtype, copy=False)
        distances = patches @ (-2 * centers.T)
        distances += row_norms(patches, squared=True)[:, None]
        distances += row_norms(centers, squared=True)
        np.maximum(distances, 0, out=distances)
        return np.sqrt(distances, out=distances)

    def rectify(self, maps):
        """Replace maps by activations; a maximum may be taken before or after."""
        return maps if self.activation is None else rectify(maps, self.power)


def transform_of(features):
    """Return what transforms patches, which are known to be sound.

    Features of this package are checked once, not for each block of images.
    """
    if isinstance(features, BaseHebbianFeatures):
        return features._check_fitted()._features_of
    return features.transform


def last_step(features):
    """Return the last step of a Pipeline, and what is not a Pipeline as it is."""
    return features[-1] if isinstance(features, Pipeline) else features


def with_changed_last_step(features, changes):
    """Return a twin whose last step is a twin with other parameters."""
    last = twin(last_step(features))
    vars(last).update(changes)
    if not isinstance(features, Pipeline):
        return last
    features = twin(features)
    features.steps = [*features.steps[:-1], (features.steps[-1][0], last)]
    return features
