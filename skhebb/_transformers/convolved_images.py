"""What convolutions make of images, computed where it is wanted."""

import math

import numpy as np
from sklearn.utils import gen_batches

from skhebb._training.computed_rows import ComputedRows
from skhebb._utils.transaction import twin

# What goes through all convolutions at a time: so many images, or so many bytes of the
# largest maps if these are fewer.
IMAGES, MAPS_BYTES = 200, 2**27


class ConvolvedImages(ComputedRows):
    """Pooled maps that convolutions, one after the other, make of images.

    Parameters
    ----------
    images : ndarray of shape (n_images, n_features)
        Checked: floats or uint8.
    convolutions : list of BaseConvolution
        Fitted, one at least.
    """

    def __init__(self, images, convolutions):
        self.images = images
        self.convolutions = convolutions
        last = convolutions[-1]
        self.shape = len(images), math.prod(last.output_shape_)
        self.dtype = last._dtype
        of_image = max(math.prod(layer.output_shape_) for layer in convolutions)
        n_images = MAPS_BYTES // (of_image * self.dtype.itemsize)
        self.at_a_time = min(IMAGES, max(1, n_images))
        self.maps = None

    def keep(self, most_bytes):
        """Make all maps now, and keep them, if they take no more; return these."""
        if self.n_bytes <= most_bytes:
            self.maps = self[:]
        return self

    def __getitem__(self, rows):
        if self.maps is not None:
            return np.array(self.maps[rows])  # slices would be views
        images = self.images[rows]
        maps = np.empty((len(images), self.shape[1]), dtype=self.dtype)
        for some in gen_batches(len(images), self.at_a_time):
            maps[some] = self.maps_of(images[some])
        return maps

    def maps_of(self, images):
        """Return what some images become, (n_images, n_features)."""
        for layer in self.convolutions:
            images, _ = layer._convolve_all(images, returns_features=True)
        return images


def with_kernels(convolutions, kernels):
    """Return twins of fitted convolutions that have other kernels."""
    changed = []
    for layer, array in zip(convolutions, kernels, strict=True):
        layer = twin(layer)
        layer.features_ = twin(layer.features_)
        layer.features_.components_ = array
        changed.append(layer)
    return changed
