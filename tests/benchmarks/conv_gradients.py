"""Convolutions that learn with a network, beside torch's: gradients and time.

Lagani's four convolutions with random kernels: gradients of a random linear function of
what they give for 32 images, in float64, beside those of torch's autograd; and the time
of forward and backward for a mini-batch of 64 images in float32, both alternately on
one thread, median of the ratios.

    python tests/benchmarks/conv_gradients.py
"""

import argparse
import time

import numpy as np
import torch
from lagani_network import LAYERS, still

from skhebb import ConvolutionalFeatures
from skhebb._network.buffers import tiles_for
from skhebb._transformers.convolutional_front import LearningImages


def fitted_layers(X, n_layers):
    """His convolutions with random kernels; channels are standardised over X."""
    layers = []
    for depth, (n, kernel_size, pooling, standardize) in enumerate(LAYERS[:n_layers]):
        layer = ConvolutionalFeatures(
            still(n, depth),
            image_shape=layers[-1].output_shape_ if layers else (32, 32, 3),
            kernel_size=kernel_size,
            activation="relu",
            pooling=pooling,
            standardize_input=depth == 0,
            standardize=standardize,
            n_patches=100,
            random_state=depth,
            n_jobs=1,
        )
        X = layer.fit_transform(X)
        layers.append(layer)
    return layers


def ours(front, weights):
    """Gradients of all kernels, of the weighted sum of the maps of all images."""
    n_images, n_features = weights.shape
    tiles = tiles_for(n_images, weights.dtype)
    out = np.empty(n_features * tiles.stride, dtype=weights.dtype)
    front.load_to_learn(np.arange(n_images), tiles, out, 1)
    tiles.pack(weights.T, out)
    return front.gradients(out, tiles, 1)


def as_torch(layers, X, weights):
    """Return a function that gives the gradients of all kernels."""
    images = X.reshape(-1, 32, 32, 3)
    statistics = layers[0].input_statistics_
    images = ((images - statistics.mean) / statistics.scale()).astype(X.dtype)
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    kernels, scales = [], []
    for layer in layers:
        size, channels = layer._grid.kernel_size, layer._grid.image_shape[2]
        array = layer.features_.components_.reshape(-1, *size, channels)
        kernel = torch.from_numpy(array.transpose(0, 3, 1, 2).copy())
        kernels.append(kernel.requires_grad_())
        of_layer = layer.output_statistics_
        pair = of_layer.mean, of_layer.scale(layer.standardize == "layer")
        scales.append(
            [torch.from_numpy(each.astype(X.dtype))[:, None, None] for each in pair]
        )
    rows, columns, channels = layers[-1].output_shape_
    factors = weights.reshape(-1, rows, columns, channels).transpose(0, 3, 1, 2)
    factors = torch.from_numpy(factors.copy())

    def gradients():
        maps = images
        for layer, kernel, (mean, scale) in zip(layers, kernels, scales, strict=True):
            maps = torch.relu(torch.nn.functional.conv2d(maps, kernel))
            if layer.pooling == "max":
                maps = torch.nn.functional.max_pool2d(maps, 2)
            maps = (maps - mean) / scale
        return torch.autograd.grad((maps * factors).sum(), kernels)

    return gradients


def compare(n_layers, dtype, n_images, n_repeats):
    """Largest relative difference, and the times of both."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_images, 3072)).astype(dtype)
    layers = fitted_layers(X, n_layers)
    front = LearningImages(X, layers, n_jobs=1).batch_source()
    weights = rng.standard_normal(front.X.shape).astype(dtype)
    theirs = as_torch(layers, X, weights)
    differences = []
    for gradient, other in zip(ours(front, weights), theirs(), strict=True):
        other = other.numpy().transpose(0, 2, 3, 1).reshape(gradient.shape)
        differences.append(np.abs(gradient - other).max() / np.abs(other).max())
    times = []
    for _ in range(n_repeats):
        start = time.process_time()
        ours(front, weights)
        middle = time.process_time()
        theirs()
        times.append((middle - start, time.process_time() - middle))
    return max(differences), np.array(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print("| layers | difference, float64 | ms an image | of torch | ratio |")
    print("|---|---|---|---|---|")
    for n_layers in range(1, 5):
        difference, _ = compare(n_layers, np.float64, 32, 0)
        _, times = compare(n_layers, np.float32, 64, args.turns)
        per_image = 1000 * np.median(times, axis=0) / 64
        ratio = np.median(times[:, 0] / times[:, 1])
        print(
            f"| {n_layers} | {difference:.0e} | {per_image[0]:.2f} | "
            f"{per_image[1]:.2f} | {ratio:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
