"""What a second thread is worth to convolutions, and that bits stay the same.

Three things, with one thread and with two in turns: a layer of 1600 units turns images
into features, one of 96 does, and two convolutions learn with a linear classifier.
Prints the times, the median of their ratios and whether all bits were the same.

    python tests/benchmarks/conv_threads.py
"""

import argparse
import time

import numpy as np

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    HebbianPretrainingClassifier,
    SETClassifier,
    WinnerTakeAll,
)


def transformed(n_components, n_jobs, X):
    """Return a function that transforms images by a fitted layer."""
    layer = ConvolutionalFeatures(
        WinnerTakeAll(n_components, init="samples", max_iter=1),
        image_shape=(32, 32, 3),
        kernel_size=6,
        activation="triangle",
        pooling="sum",
        pool_size=14,
        pool_stride=13,
        n_patches=5000,
        random_state=0,
        n_jobs=n_jobs,
    ).fit(X[:100])
    return lambda: layer.transform(X)


def fine_tuned(n_jobs, X, y):
    """Return a function that gives kernels that learned with a network."""
    clf = HebbianPretrainingClassifier(
        SETClassifier((), density=1, max_iter=1, tol=None, n_jobs=n_jobs),
        convolutions=[
            ConvolutionalFeatures(
                HebbianPCA(n),
                image_shape=image_shape,
                kernel_size=kernel_size,
                standardize="channels",
                n_patches=1000,
                n_jobs=n_jobs,
            )
            for n, image_shape, kernel_size in (
                (96, (32, 32, 3), 5),
                (128, None, 3),
            )
        ],
        fine_tune="all",
        random_state=0,
    ).fit(X[:64], y[:64])

    def train():
        again = clf.partial_fit(X, y)
        return again.convolutions_[1].features_.components_

    return train


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (400, 3072), dtype=np.uint8), np.arange(400) % 10
    rows = {
        "transform, 1600 units, 60 images": lambda n: transformed(1600, n, X[:60]),
        "transform, 96 units, 400 images": lambda n: transformed(96, n, X),
        "two convolutions learn, 400 images": lambda n: fine_tuned(n, X, y),
    }
    print("| what | one thread, s | two, s | one / two | same bits |")
    print("|---|---|---|---|---|")
    for name, make in rows.items():
        functions = make(1), make(2)
        times, same = [], True
        for _ in range(args.turns):
            results, seconds = [], []
            for function in functions:
                start = time.perf_counter()
                results.append(function())
                seconds.append(time.perf_counter() - start)
            times.append(seconds)
            same &= results[0].tobytes() == results[1].tobytes()
        one, two = np.median(times, axis=0)
        ratio = np.median(np.divide(*np.transpose(times)))
        print(f"| {name} | {one:.2f} | {two:.2f} | {ratio:.2f} | {same} |", flush=True)


if __name__ == "__main__":
    main()
