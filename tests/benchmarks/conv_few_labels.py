"""Lagani's Table 1: a convolutional network, pre-trained without labels, few labels.

His network for CIFAR-10: 5 x 5 convolution to 96 maps, ReLU, max-pooling; 3 x 3 to 128,
ReLU; 3 x 3 to 192, ReLU, max-pooling; 3 x 3 to 256, ReLU; channels standardised after
each; then 4096 neurons, here sparse. It is cut after the first, second ... fifth layer,
a linear classifier is put on top, and this, or everything, is trained on 1, 5 or 10 % of
40 000 images. Layers learned by a Hebbian rule before, or are random: as He et al. draw
them ("none"), or standardised in the same way as those that learned ("random").

What differs from the paper: the statistics that channels are standardised by stay those
of the images without labels; the learning rate falls along a cosine, where his is halved
before each of the last ten of 20 epochs; and no labelled validation images choose an
epoch. Convolutions learn from `N_PRETRAIN` images, once for each seed, and are kept in a
folder, from which all depths and shares of labels start.

Results are added to a file as they come and what it has is not run again.

    SKHEBB_DATA=... python tests/benchmarks/conv_few_labels.py --shares 1 --depths 1 2 3
"""

import time

import joblib
import numpy as np

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    SoftHebb,
    WinnerTakeAll,
    ZCAWhitening,
)
from skhebb.datasets import fetch_dataset

N_TRAIN, N_PRETRAIN = 40_000, 10_000
SHAPES = {"cifar10": (32, 32, 3), "mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1)}
# Maps, kernel size, pooling, and how channels are standardised.
LAYERS = (
    (96, 5, "max", "channels"),
    (128, 3, None, "channels"),
    (192, 3, "max", "layer"),
    (256, 3, None, "layer"),
)


def still(n, depth):
    """Random kernels, N(0, 2 / patch size)."""
    return SoftHebb(n, initial_norm=2**0.5, learning_rate_init=1e-12)


def soft_hebb(n, depth):
    """With the temperatures and rates that are published for three layers."""
    temperature = (1, 1 / 0.65, 1 / 0.25, 1 / 0.25)[depth]
    rate = (0.08, 0.005, 0.01, 0.01)[depth]
    return SoftHebb(n, temperature=temperature, learning_rate_init=rate, shuffle=False)


RULES = {
    "none": still,
    "random": still,
    "soft-WTA": lambda n, depth: WinnerTakeAll(
        n, init="samples", learning_rate_init=0.1
    ),
    "HPCA": lambda n, depth: HebbianPCA(n, learning_rate_init=0.001),
    "SoftHebb": soft_hebb,
}


def images(name, rule):
    """Training and test images as floats in planes, and their classes.

    Of soft-WTA they are whitened, as in the paper.
    """
    X, y = fetch_dataset(name)
    X, y = np.asarray(X, dtype=np.float32) / 255, np.asarray(y).astype(int)
    n_train = N_TRAIN if name == "cifar10" else 60_000
    X = X[: n_train + 10_000]
    if rule == "soft-WTA":
        some = np.random.default_rng(0).permutation(n_train)[:N_PRETRAIN]
        whiten = ZCAWhitening(0.01).fit(X[some])
        X = np.concatenate(
            [whiten.transform(X[i : i + 1000]) for i in range(0, len(X), 1000)]
        )
    return X[:n_train], y[:n_train], X[n_train:], y[n_train : n_train + 10_000]


def new_layers(name, rule, seed):
    """The convolutions, not yet fitted."""
    shape, layers = SHAPES[name], []
    for depth, (n, kernel_size, pooling, standardize) in enumerate(LAYERS):
        features = RULES[rule](n, depth)
        n_patches = 200_000
        if rule == "SoftHebb":  # a mini-batch: all patches of ten images
            n_patches = None
            size = 10 * (784, 144, 100, 9)[depth]
            features.set_params(batch_size=size)
        layers.append(
            ConvolutionalFeatures(
                features,
                image_shape=shape if depth == 0 else None,
                channels_first=depth == 0,
                kernel_size=kernel_size,
                activation="relu",
                pooling=pooling,
                standardize_input=depth == 0,
                standardize=None if rule == "none" else standardize,
                n_patches=n_patches if rule not in ("none", "random") else 100,
                random_state=seed,
                n_jobs=1,
            )
        )
    return layers


def pretrained(name, rule, seed, cache):
    """The fitted convolutions, from the folder if they are there."""
    path = cache / f"{name}-{rule}-{seed}.joblib"
    if path.exists():
        return joblib.load(path)
    X = images(name, rule)[0]
    X = X[np.random.default_rng(seed).permutation(len(X))[:N_PRETRAIN]]
    layers, seconds = new_layers(name, rule, seed), []
    for depth, layer in enumerate(layers):
        start = time.perf_counter()
        if depth:
            layer.set_params(image_shape=layers[depth - 1].output_shape_)
        X = layer.fit_transform(X)
        seconds.append(round(time.perf_counter() - start, 1))
        print(name, rule, seed, depth, seconds[-1], flush=True)
    cache.mkdir(exist_ok=True, parents=True)
    joblib.dump(layers, path)
    return layers
