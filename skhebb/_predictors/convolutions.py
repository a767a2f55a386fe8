"""Convolutions before a network: checked, learned without labels, ready for labels."""

import math
import warnings
from contextlib import contextmanager

from sklearn.base import clone

from skhebb._predictors.data_preparation import Given
from skhebb._training.computed_rows import whole
from skhebb._training.stopping import InterruptedWarning
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.base_convolution import BaseConvolution
from skhebb._transformers.convolutional_front import LearningImages, check_can_learn
from skhebb._transformers.convolved_images import ConvolvedImages, with_kernels
from skhebb._transformers.geometry import geometry, geometry_of
from skhebb._transformers.patch_learning import features_of
from skhebb._utils.random import SEEDS

# Up to which maps of labelled images are kept, where convolutions stay what they are.
LABELLED_BYTES = 2**30


def new_convolutions(convolutions, fine_tune, n_features, random_state):
    """Return clones with random states, whose sizes fit together as far as is known.

    Parameters
    ----------
    convolutions : list of BaseConvolution
    fine_tune : {"head", "all"}
    n_features : int
        Of samples.
    random_state : RandomState

    Raises
    ------
    TypeError, ValueError
    """
    layers, shape = [], None
    for place, given in enumerate(convolutions):
        if not isinstance(given, BaseConvolution):
            raise TypeError(
                "convolutions must be a list of ConvolutionalFeatures. Got "
                f"{given!r:.80} in convolutions[{place}]."
            )
        layer = clone(given)
        layers.append(layer)
        layer._validate_params()
        if isinstance(layer.features, BaseHebbianFeatures):
            layer.features._validate_params()
        if fine_tune == "all" and layer.features is not None:
            check_can_learn(layer.features, place)
        if layer.random_state is None:
            layer.set_params(random_state=random_state.randint(SEEDS))
        try:
            shape = shape_after(layer, shape, n_features if place == 0 else None)
        except ValueError as error:
            raise ValueError(f"convolutions[{place}]: {error}") from error
    return layers


def shape_after(layer, shape, n_features):
    """Return rows, columns and channels of what a convolution will give.

    Parameters
    ----------
    layer : BaseConvolution
        Not fitted.
    shape : tuple or None
        What the convolution before gives, with None for channels if that is not known;
        None for the first one.
    n_features : int or None
        Of samples, for the first one.
    """
    if shape is None:
        grid, pooling = geometry(layer, n_features)
    elif layer.image_shape is None:
        grid, pooling = geometry_of(layer, (*shape[:2], shape[2] or 1))
    elif shape[2] is None:
        grid, pooling = geometry_of(layer, layer.image_shape)
    else:
        grid, pooling = geometry(layer, shape[0] * shape[1] * shape[2])
    features, n_channels = features_of(layer), None
    if isinstance(features, BaseHebbianFeatures):
        n_channels = features.n_components
    return (*pooling.shape(grid.map_shape), n_channels)


def learn_convolutions(layers, X, phases):
    """Let convolutions learn from images, each from what those before it give.

    Parameters
    ----------
    layers : list of BaseConvolution
        Changed in place.
    X : ndarray of shape (n_samples, n_features)
    phases : Phases or NoPhases
    """
    for place, layer in enumerate(layers):
        inputs = X
        if place > 0:
            before = layers[place - 1].output_shape_
            if layer.image_shape is None:
                layer.set_params(image_shape=before)
            inputs = ConvolvedImages(X, layers[:place]).whole_if_small()
        phase = phases.run("pre-training", layer, lambda inputs=inputs: whole(inputs))
        with phase, interrupts_that_raise():
            layer._observe_fit(layer, inputs, False)


@contextmanager
def interrupts_that_raise():
    """Raise where features keep what they learned before an interrupt, and warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", InterruptedWarning)
        try:
            yield
        except InterruptedWarning:
            raise KeyboardInterrupt from None  # nothing to fine-tune yet


def convolved(data, layers, fine_tune, n_jobs, kernel_rate=1.0):
    """Return PartlyLabelled data as convolutions turn it into inputs of a network.

    Parameters
    ----------
    data : PartlyLabelled
    layers : list of BaseConvolution
        Fitted; if there are none, the data stay as they are.
    fine_tune : {"head", "all"}
    n_jobs : int or None
        Of the network.
    kernel_rate : float, default=1.0
        Learning rate of kernels that learn, in units of the network's.
    """
    if not layers:
        return data
    X, y, sample_weight = data.labelled
    if fine_tune == "all":
        labelled = LearningImages(X, layers, n_jobs, kernel_rate)
    else:
        labelled = ConvolvedImages(X, layers).keep(LABELLED_BYTES)
    return data._replace(
        X=ConvolvedImages(data.X, layers),
        labelled=Given(labelled, y, sample_weight),
    )


def after_training(layers, network):
    """Return convolutions with the kernels that a network has, if it has any."""
    kernels = network._state.network.kernels
    return layers if kernels is None else with_kernels(layers, kernels.arrays)


def go_on(network, layers, data):
    """Return data as `convolved` does, for a network that is to be trained further.

    Sets: the kernels of the network, if it has any, to those of the convolutions, which
    users may have changed.

    Parameters
    ----------
    network : estimator
    layers : list of BaseConvolution
    data : PartlyLabelled
    """
    kernels = network._state.network.kernels
    fine_tune = "head" if kernels is None else "all"
    data = convolved(data, layers, fine_tune, network.n_jobs)
    if kernels is not None:
        kernels.arrays = data.labelled.X.kernels.arrays
    return data


def are_chain(layers, n_features, n_features_out):
    """Tell whether these are fitted convolutions, each of what the one before gives."""
    n = n_features
    for layer in layers:
        is_next = isinstance(layer, BaseConvolution) and layer.__sklearn_is_fitted__()
        if not is_next or layer.n_features_in_ != n:
            return False
        n = math.prod(layer.output_shape_)
    return isinstance(layers, list) and n == n_features_out
