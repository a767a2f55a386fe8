"""Lagani's convolutional network: layers that learn without labels, then with few.

5 x 5 convolution to 96 maps, ReLU, max-pooling; 3 x 3 to 128, ReLU; 3 x 3 to 192, ReLU,
max-pooling; 3 x 3 to 256, ReLU; then 4096 neurons, ReLU, which see all of these maps;
channels are standardised after each. `conv_few_labels.py` says what differs from the
paper.
"""

import time
from dataclasses import replace
from functools import cache

import joblib
import numpy as np

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    SETClassifier,
    SoftHebb,
    WinnerTakeAll,
    ZCAWhitening,
)
from skhebb._predictors.convolutions import after_training
from skhebb._transformers.convolutional_front import LearningImages
from skhebb.datasets import fetch_dataset

N_PRETRAIN, N_PATCHES, N_TEST = 5_000, 100_000, 5_000
N_TRAIN = {"cifar10": 40_000, "mnist": 60_000, "fashion_mnist": 60_000}
SHAPES = {"cifar10": (32, 32, 3), "mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1)}
# Maps, kernel size (None for that of the maps before), pooling, and how channels are
# standardised.
LAYERS = (
    (96, 5, "max", "channels"),
    (128, 3, None, "channels"),
    (192, 3, "max", "layer"),
    (256, 3, None, "layer"),
    (4096, None, None, "layer"),
)
FINE_TUNING = {
    "solver": "sgd",
    "learning_rate": "cosine",
    "learning_rate_init": 0.001,
    "momentum": 0.9,
    "weight_decay": 0.05,
    "batch_size": 64,
    "max_iter": 20,
    "dropout": 0.5,
    "zeta": 0,
    "tol": None,
    "n_jobs": 1,
}
# Learning rate of kernels beside the classifier's: the best of 1, 25 and 100 for HPCA
# and of 1, 5 and 25 for "none", two layers and 5 % of the labels, on images that
# nothing else is done with.
KERNEL_RATE = 25.0


def still(n, depth):
    """Random kernels, N(0, 2 / patch size)."""
    return SoftHebb(n, initial_norm=2**0.5, learning_rate_init=1e-12)


def batch_size(depth):
    """Patches; more for the neurons, each of which corrects what others leave."""
    return 64 if depth < 4 else 200


def soft_wta(n, depth):
    return WinnerTakeAll(
        n, init="samples", learning_rate_init=0.1, batch_size=batch_size(depth)
    )


def hpca(n, depth):
    """Rates add up to what those of the published code do: 12 500 steps of 0.001."""
    return HebbianPCA(n, learning_rate_init=0.008, batch_size=batch_size(depth))


def soft_hebb(n, depth):
    """With the temperatures and rates that are published for three layers."""
    temperature = (1, 1 / 0.65, 1 / 0.25, 1 / 0.25, 1 / 0.25)[depth]
    rate = (0.08, 0.005, 0.01, 0.01, 0.01)[depth]
    return SoftHebb(n, temperature=temperature, learning_rate_init=rate, shuffle=False)


RULES = {
    "none": still,
    "random": still,
    "soft-WTA": soft_wta,
    "HPCA": hpca,
    "SoftHebb": soft_hebb,
}


@cache
def images(name):
    """Images, of bytes, and classes: those to train on, then those to test."""
    X, y = fetch_dataset(name)
    n = N_TRAIN[name] + N_TEST
    return np.asarray(X[:n], dtype=np.uint8), np.asarray(y[:n]).astype(int)


def some_of(X, name):
    """The images that convolutions learn from."""
    return X[np.random.default_rng(0).permutation(N_TRAIN[name])[:N_PRETRAIN]]


@cache
def whitening(name):
    return ZCAWhitening(0.01).fit(scaled(some_of(images(name)[0], name)))


def scaled(X):
    return X.astype(np.float32) / 255


def inputs_of(X, name, rule):
    """Images as the first convolution sees them."""
    return whitening(name).transform(scaled(X)) if rule == "soft-WTA" else X


def new_layer(name, rule, depth, before):
    """A convolution, not yet fitted, behind another or None."""
    n, kernel_size, pooling, standardize = LAYERS[depth]
    features, n_patches = RULES[rule](n, depth), N_PATCHES
    image_shape = SHAPES[name] if before is None else before.output_shape_
    kernel_size = kernel_size or image_shape[0]
    layer = ConvolutionalFeatures(
        features,
        image_shape=image_shape,
        channels_first=depth == 0,
        kernel_size=kernel_size,
        activation="relu",
        pooling=pooling,
        standardize_input=depth == 0,
        standardize=None if rule == "none" else standardize,
        random_state=0,
        n_jobs=1,
    )
    if RULES[rule] is still:
        n_patches = 100
    if rule == "SoftHebb":  # a mini-batch: all patches of ten images
        n_patches_of_image = (image_shape[0] - kernel_size + 1) ** 2
        features.set_params(batch_size=max(10 * n_patches_of_image, batch_size(depth)))
        n_patches = None
    return layer.set_params(n_patches=n_patches)


def use_unit_kernels(layer):
    """Let all kernels have norm 1: his competing units give projections on these.

    That matters where channels keep their relative variances. Maps are proportional to
    kernels, and so are the means and deviations of channels.
    """
    kernels, statistics = layer.features_.components_, layer.output_statistics_
    norms = np.linalg.norm(kernels, axis=1)
    layer.features_.components_ = kernels / norms[:, None]
    layer.output_statistics_ = replace(
        statistics,
        mean=statistics.mean / norms,
        variance=statistics.variance / norms**2,
    )


@cache
def pretrained(name, rule, folder, n_layers):
    """The fitted convolutions; those that the folder has do not learn again."""
    path = folder / f"{name}-{rule}.joblib"
    layers = joblib.load(path) if path.exists() else []
    if len(layers) >= n_layers:
        return layers[:n_layers]
    start = time.process_time()
    X = inputs_of(some_of(images(name)[0], name), name, rule)
    for layer in layers:
        X = layer.transform(X)
    for depth in range(len(layers), n_layers):
        before = layers[-1] if layers else None
        layers.append(new_layer(name, rule, depth, before))
        maps = layers[-1].fit_transform(X)
        if rule == "soft-WTA":
            use_unit_kernels(layers[-1])
            maps = layers[-1].transform(X)
        X = maps
        seconds = time.process_time() - start
        print(f"{name} {rule}: {depth + 1} layers, {seconds:.0f} s", flush=True)
        folder.mkdir(exist_ok=True, parents=True)
        joblib.dump(layers, path)
    return layers


def labelled(name, seed, share):
    """Places of the images that have labels."""
    order = np.random.default_rng(seed).permutation(N_TRAIN[name])
    return np.sort(order[: len(order) * share // 100])


def classifier(n_inputs, seed):
    # PyTorch's initial weights, uniform on ±n**-0.5, have this standard deviation.
    params = {"density": 1, "weight_scale": (3 * n_inputs) ** -0.5}
    return SETClassifier((), **params, **FINE_TUNING, random_state=seed)


def fine_tuned(name, rule, layers, seed, share):
    """Convolutions that have learned with a classifier, and this."""
    X, y = images(name)
    train = labelled(name, seed, share)
    few = inputs_of(X[train], name, rule)
    inputs = LearningImages(few, layers, 1, KERNEL_RATE)
    network = classifier(inputs.shape[1], seed).fit(inputs, y[train])
    return after_training(layers, network), network
