"""Features of one competitive layer, judged by a linear classifier on all of MNIST.

Images are whitened (ZCA); 2000 units learn from the 60 000 training images; logistic
regression sees the features. Beside soft- and hard-WTA features are those of the same
units before they learned, that is of samples, and of random weights; k-means features;
and no features. Prints accuracies in % on the test images, mean and range over seeds.

    SKHEBB_DATA=... python tests/benchmarks/mnist_features.py
"""

import argparse

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skhebb
from skhebb import WinnerTakeAll, ZCAWhitening
from skhebb.datasets import fetch_dataset

LEARNING = {"init": "samples", "learning_rate_init": 0.1, "temperature": 0.005}
STILL = {"learning_rate_init": 1e-12, "max_iter": 1}
# Of features divided by their overall standard deviation; the penalty is a guess.
CLASSIFIER = LogisticRegression(C=1e-3, max_iter=200)


def triangle(distances):
    """How much nearer a centre is than centres are in the mean."""
    return np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0)


def features(n, seed):
    kmeans = MiniBatchKMeans(n, batch_size=4096, n_init=1, random_state=seed)
    return {
        "soft-WTA": WinnerTakeAll(n, **LEARNING, random_state=seed),
        "hard WTA": WinnerTakeAll(n, competition="hard", **LEARNING, random_state=seed),
        "samples": WinnerTakeAll(n, **{**LEARNING, **STILL}, random_state=seed),
        "random": WinnerTakeAll(n, **STILL, random_state=seed),
        "k-means": make_pipeline(kmeans, FunctionTransformer(triangle)),
        "none": FunctionTransformer(),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--units", type=int, default=2000)
    add("--seeds", type=int, default=3)
    args = parser.parse_args()

    skhebb.show_versions()
    X, y = fetch_dataset("mnist")
    X = (X / 255).astype(np.float32)
    white = ZCAWhitening(regularization=0.1).fit(X[:60_000]).transform(X)
    print("\n| features | accuracy, % | range |\n|---|---|---|", flush=True)
    for name in features(args.units, 0):
        scores = []
        for seed in range(args.seeds):
            transformer = features(args.units, seed)[name]
            F = transformer.fit(white[:60_000]).transform(white)
            F = (F - F[:60_000].mean(axis=0)) / F[:60_000].std()
            clf = CLASSIFIER.fit(F[:60_000], y[:60_000])
            scores.append(100 * clf.score(F[60_000:], y[60_000:]))
        spread = f"{min(scores):.2f} to {max(scores):.2f}"
        print(f"| {name} | {np.mean(scores):.2f} | {spread} |", flush=True)


if __name__ == "__main__":
    main()
