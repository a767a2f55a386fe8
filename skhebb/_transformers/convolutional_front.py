"""Convolutions before a network that learn with it, by the errors of its inputs."""

import math

import numpy as np
from sklearn.pipeline import Pipeline

from skhebb._network.kernels import Kernels
from skhebb._training.batches import HiddenRows, load_dense
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.blocks import blocks, in_blocks
from skhebb._transformers.convolved_images import ConvolvedImages
from skhebb._transformers.differentiable_convolution import DifferentiableConvolution
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
    differentiable : list of DifferentiableConvolution
        The convolutions, without their kernels.
    """

    def __init__(self, images, convolutions, n_jobs, kernel_rate=1.0):
        super().__init__(images, convolutions)
        self.differentiable = [as_differentiable(layer) for layer in convolutions]
        kernels = [kernels_of(layer) for layer in convolutions]
        self.kernels = Kernels(kernels, kernel_rate)
        self.n_jobs = n_jobs

    def maps_of(self, images):
        """Return what some images become, (n_images, n_features)."""
        n_threads = effective_n_threads(self.n_jobs)
        return self.convolve(images, n_threads, is_traced=False)[0]

    def batch_source(self):
        """Return where batches of these come from."""
        return ConvolutionalFront(self)

    def described_by(self, describe_data):
        """Return a text that tells these, and how kernels learn, from others."""
        maps, images = super().described_by(describe_data), describe_data(self.images)
        kernels = describe_data(self.kernels.arrays)
        return (
            f"{maps} of maps of images ({images}) by kernels ({kernels}) that learn "
            f"with kernel_rate={float(self.kernels.rate)}"
        )

    def convolve(self, images, n_threads, is_traced):
        """Return what images become, and what errors go back by.

        Parameters
        ----------
        images : ndarray of shape (n_images, n_features)
        n_threads : int
        is_traced : bool
            Whether errors will go back.

        Returns
        -------
        maps : ndarray of shape (n_images, n_features)
        traces : list of list of Trace
            For each convolution, of its blocks of images; None in the place of each
            Trace unless `is_traced`.
        """
        traces = []
        for depth in range(len(self.differentiable)):
            images, of_blocks = self._convolved(depth, images, n_threads, is_traced)
            traces.append(of_blocks)
        return images, traces

    def _convolved(self, depth, X, n_threads, is_traced):
        """Return what one convolution makes of its inputs, and traces of blocks."""
        layer, kernels = self.differentiable[depth], self.kernels.arrays[depth]
        n_outputs = math.prod(self.convolutions[depth].output_shape_)
        maps = np.empty((len(X), n_outputs), dtype=self.dtype)

        def work(block):
            maps[block], trace = layer.forward(X[block], kernels, is_traced)
            return trace

        return maps, in_blocks(work, self._slices(depth, len(X)), n_threads)

    def backward(self, depth, traces, errors, n_threads):
        """Return the gradient of one convolution's kernels, and dJ/dX.

        Parameters
        ----------
        depth : int
        traces : list of Trace
            Of this convolution, from `convolve`.
        errors : ndarray of shape (n_images, n_outputs)
            dJ/dmaps.
        n_threads : int

        Returns
        -------
        gradient : ndarray of shape (n_kernels, patch_size)
            Summed over images.
        errors : ndarray of shape (n_images, n_inputs) or None
            None for the first convolution, whose inputs are given.
        """
        layer, kernels = self.differentiable[depth], self.kernels.arrays[depth]
        slices, in_errors = self._slices(depth, len(errors)), None
        if depth > 0:
            n_inputs = math.prod(self.convolutions[depth - 1].output_shape_)
            in_errors = np.empty((len(errors), n_inputs), dtype=self.dtype)

        def work(place):
            block = slices[place]
            gradient, of_block = layer.backward(
                traces[place], kernels, errors[block], wants_input_errors=depth > 0
            )
            if depth > 0:
                in_errors[block] = of_block
            return gradient

        gradient, *others = in_blocks(work, range(len(slices)), n_threads)
        for other in others:
            gradient += other
        return gradient, in_errors

    def _slices(self, depth, n_images):
        """Return slices of images whose patches and maps take a fixed memory."""
        n_kernels = len(self.kernels.arrays[depth])
        return blocks(n_images, self.differentiable[depth].bytes_of_image(n_kernels))


class ConvolutionalFront(HiddenRows):
    """Where batches come from: images, through convolutions that learn.

    A batch goes through one convolution after the other, in blocks of images, each in a
    thread and with one BLAS thread. Blocks depend on sizes alone, and so do sums over
    them.

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
        maps, _ = self.X.convolve(self.X.images[samples], n_threads, is_traced=False)
        return load_dense(maps, tiles, out, n_threads)

    def load_to_learn(self, samples, tiles, out, n_threads):
        """Load `samples` as `load` does, and keep what errors will go back by.

        Sets: `_traces`, until `gradients` are known.
        """
        images = self.X.images[samples]
        maps, self._traces = self.X.convolve(images, n_threads, is_traced=True)
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
        errors, gradients = by_feature.T, []
        while self._traces:
            depth, traces = len(self._traces) - 1, self._traces.pop()
            gradient, errors = self.X.backward(depth, traces, errors, n_threads)
            gradients.insert(0, gradient)
        return gradients


def as_differentiable(layer):
    """Return a fitted ConvolutionalFeatures as a DifferentiableConvolution."""
    features = layer.features_
    activation, power = features.activation, getattr(features, "power", 1)
    if layer.activation is not None:
        activation, power = layer.activation, layer.power
    return DifferentiableConvolution(
        layer._source(),
        activation,
        power if activation == "triangle" else 1,
        layer._pooling,
        layer.output_statistics_,
        layer.standardize == "layer",
    )


def kernels_of(layer):
    """Return the kernels of a fitted ConvolutionalFeatures, in the type of its maps."""
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
