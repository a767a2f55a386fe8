"""Convolutions before a network that learn with it, by the errors of its inputs."""

import numpy as np
from sklearn.pipeline import Pipeline

from skhebb._network.kernels import Kernels
from skhebb._training.batches import HiddenRows, load_dense
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.blocks import blocks, in_blocks
from skhebb._transformers.convolution_block import ConvolutionBlock
from skhebb._transformers.convolved_images import ConvolvedImages
from skhebb._utils.threads import effective_n_threads


class LearningImages(ConvolvedImages):
    """Pooled maps that convolutions make of images while these learn.

    Their statistics stay what they are. Products are of the kernels that `kernels` has
    at the moment.

    Parameters
    ----------
    images, convolutions
        See `ConvolvedImages`. Features are units of dense components.
    n_jobs : int or None
    kernel_rate : float, default=1.0
        Learning rate of kernels, in units of the network's.

    Attributes
    ----------
    kernels : Kernels
    """

    def __init__(self, images, convolutions, n_jobs, kernel_rate=1.0):
        super().__init__(images, convolutions)
        self.blocks = [block_of(layer) for layer in convolutions]
        kernels = [kernels_of(layer) for layer in convolutions]
        self.kernels = Kernels(kernels, kernel_rate)
        self.n_jobs = n_jobs

    def maps_of(self, images):
        """Return what some images become, (n_images, n_features)."""
        n_threads = effective_n_threads(self.n_jobs)
        return self.convolve(images, n_threads, keeps=False)[0]

    def batch_source(self):
        """Return where batches of these come from."""
        return ConvolutionalFront(self)

    def slices(self, n_images):
        """Return slices of images whose patches and maps take a fixed memory."""
        n_bytes = [
            block.bytes_of_image(len(kernels))
            for block, kernels in zip(self.blocks, self.kernels.arrays, strict=True)
        ]
        return blocks(n_images, max(n_bytes))

    def convolve(self, images, n_threads, keeps):
        """Return what images become, and what errors will be propagated by.

        Returns
        -------
        maps : ndarray of shape (n_images, n_features)
        traces : list of list of Trace
            For each slice of images, one for each convolution.
        """
        maps = np.empty((len(images), self.shape[1]), dtype=self.dtype)

        def work(some):
            X, traces = images[some], []
            for block, kernels in zip(self.blocks, self.kernels.arrays, strict=True):
                X, trace = block.activations(X, kernels, keeps)
                traces.append(trace)
            maps[some] = X
            return traces

        return maps, in_blocks(work, self.slices(len(images)), n_threads)


class ConvolutionalFront(HiddenRows):
    """Where batches come from: images, through convolutions that learn.

    A batch is convolved in blocks of images, each in a thread and with one BLAS thread.
    Blocks depend on the batch alone, and so do the sums over them.

    Parameters
    ----------
    X : LearningImages
    """

    learns = True

    def new_kernels(self):
        """Return the Kernels that a new network begins with."""
        return self.X.kernels.copy()

    def bind(self, kernels):
        """Go on with these Kernels, in whatever state they are."""
        self.X.kernels = kernels

    def load(self, samples, tiles, out, n_threads):
        """Write maps of `samples` into `out`, in tiles, and return it."""
        maps, _ = self.X.convolve(self.X.images[samples], n_threads, keeps=False)
        return load_dense(maps, tiles, out, n_threads)

    def load_to_learn(self, samples, tiles, out, n_threads):
        """Do the same, and keep what errors will go back by.

        Sets: `_traces`, until `gradients` are known.
        """
        images = self.X.images[samples]
        maps, self._traces = self.X.convolve(images, n_threads, keeps=True)
        return load_dense(maps, tiles, out, n_threads)

    def gradients(self, errors, tiles, n_threads):
        """Return the gradients of all kernels, summed over the batch that was loaded.

        Parameters
        ----------
        errors : ndarray
            dJ/dinputs of the network, in tiles.
        tiles : Tiles
        n_threads : int

        Returns
        -------
        gradients : list of ndarray of shape (n_kernels, patch_size)
        """
        by_feature = np.empty((self.X.shape[1], tiles.batch_size), dtype=errors.dtype)
        tiles.unpack(errors, by_feature)
        kernels, traces = self.X.kernels.arrays, self._traces
        slices = self.X.slices(tiles.batch_size)

        def work(place):
            of_block = np.ascontiguousarray(by_feature[:, slices[place]].T)
            gradients = []
            for depth in reversed(range(len(kernels))):
                gradient, of_block = self.X.blocks[depth].errors(
                    traces[place][depth], kernels[depth], of_block, depth > 0
                )
                gradients.insert(0, gradient)
            return gradients

        of_blocks = in_blocks(work, range(len(slices)), n_threads)
        self._traces = None
        return [sum(each[1:], each[0]) for each in zip(*of_blocks, strict=True)]


def block_of(layer):
    """Return the ConvolutionBlock of a fitted convolution."""
    features = layer.features_
    activation, power = features.activation, getattr(features, "power", 1)
    if layer.activation is not None:
        activation, power = layer.activation, layer.power
    return ConvolutionBlock(
        layer._source(),
        activation,
        power,
        layer._pooling,
        layer.output_statistics_,
        layer.standardize == "layer",
    )


def kernels_of(layer):
    """Return the kernels of a fitted convolution."""
    layer.features_._check_components()
    components = layer.features_.components_
    return np.ascontiguousarray(components, dtype=layer._dtype)


def check_can_learn(features, place):
    """Raise unless errors can go back through features.

    Parameters
    ----------
    features : estimator
        Of ConvolutionalFeatures.
    place : int
        Where these are among the convolutions.
    """
    if isinstance(features, BaseHebbianFeatures) and features.density == 1:
        return
    what = type(features).__name__
    if isinstance(features, Pipeline):
        what = "a Pipeline"
    elif isinstance(features, BaseHebbianFeatures):
        what = f"{what} with density={features.density}"
    raise TypeError(
        "fine_tune='all' wants convolutions by features of skhebb that see whole "
        f"patches, such as SoftHebb(). Got {what} in convolutions[{place}]. Set "
        "fine_tune='head', which any features go with."
    )
