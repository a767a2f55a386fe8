"""Unsupervised convolutional features of CIFAR-10, judged by a linear classifier.

One layer of 96 units as in Journé et al. 2023 (5 x 5 patches of standardised images,
the triangle to the power of 0.7, max-pooling to 16 x 16) and one of 1600 units as in
Coates et al. 2011 (6 x 6 patches, contrasts normalised and whitened, the triangle, sums
of four quadrants), each by several rules: random kernels, random patches, k-means,
competition, principal components. Then SoftHebb in two and three layers, at full and
half width. On top, as in these papers, a softmax regression with dropout or, for 1600
units, support vectors with squared hinge loss (L2-SVM), with the C of Coates's code.
Trained on the first 40 000 images of the official training set, tested on its other
10 000.

Results are appended to a file; rows that it has are not run again. Times are of the
processor.

    SKHEBB_DATA=... python tests/benchmarks/cifar10_features.py --rows softhebb-96
"""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
from linear_classifiers import DropoutClassifier, SupportVectors
from result_rows import add_rows, read_rows
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    SoftHebb,
    WinnerTakeAll,
    ZCAWhitening,
)
from skhebb.datasets import fetch_dataset

N_TRAIN, N_TEST = 40_000, 10_000
RESULTS = Path(__file__).parent / "results" / "cifar10_features.jsonl"
IMAGES = {"image_shape": (32, 32, 3), "channels_first": True}
STILL = {"learning_rate_init": 1e-12, "max_iter": 1}


def normalize_contrast(patches):
    """Coates's: mean 0, variance 1 but for flat patches, in units of bytes."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(patches.var(axis=1, keepdims=True) + 10)
    return patches


def whitened(features):
    return make_pipeline(
        FunctionTransformer(normalize_contrast), ZCAWhitening(0.1), features
    )


def kmeans(n):
    return MiniBatchKMeans(
        n,
        init="random",
        n_init=1,
        batch_size=8192,
        max_iter=10,
        max_no_improvement=None,
    )


def lloyd(n):
    """Fifty iterations over all patches that are drawn, as Coates's code has.

    Like his centres, those here start near 0: of those that start from patches, some
    that few others resemble never get company.
    """
    return KMeans(n, init=small_centers, n_init=1, max_iter=50, tol=0, copy_x=False)


def small_centers(patches, n, random_state):
    """Return centres drawn from 0.1 N(0, 1)."""
    return 0.1 * random_state.standard_normal((n, patches.shape[1]))


def soft_hebb(n, n_patches=32 * 32, **params):
    """The paper's: mini-batches of all patches of ten images."""
    return SoftHebb(n, batch_size=10 * n_patches, shuffle=False, **params)


RULES = {
    "random": lambda n: SoftHebb(n, **STILL),
    "patches": lambda n: WinnerTakeAll(n, init="samples", **STILL),
    "k-means": kmeans,
    "hard-wta": lambda n: WinnerTakeAll(
        n, competition="hard", init="samples", learning_rate_init=0.1
    ),
    "soft-wta": lambda n: WinnerTakeAll(n, init="samples", learning_rate_init=0.1),
    "hpca": lambda n: HebbianPCA(n, learning_rate_init=0.001),
    "softhebb": soft_hebb,
}
ALL_RULES = {**RULES, "lloyd": lloyd}
SIZES_96 = {
    "kernel_size": 5,
    "padding": 2,
    "activation": "triangle",
    "power": 0.7,
    "pool_size": 4,
    "pool_stride": 2,
    "pool_padding": 1,
    "standardize_input": True,
}
SIZES_1600 = {
    "kernel_size": 6,
    "activation": "triangle",
    "pooling": "sum",
    "pool_size": 14,
    "pool_stride": 13,
    "n_patches": 400_000,
}


def layer_of_96(rule):
    n_patches = None if rule == "softhebb" else 200_000
    return ConvolutionalFeatures(
        RULES[rule](96), **IMAGES, **SIZES_96, n_patches=n_patches
    )


def layer_of_1600(rule):
    return ConvolutionalFeatures(
        whitened(ALL_RULES[rule](1600)), **IMAGES, **SIZES_1600
    )


def deep(*widths):
    """The network of Journé et al., or its first two layers."""
    shared = {"activation": "triangle", "standardize_input": True, "n_patches": None}
    pooling = {"pool_size": 4, "pool_stride": 2, "pool_padding": 1}
    layers = [
        layer_of_96("softhebb"),
        ConvolutionalFeatures(
            soft_hebb(widths[1], 256, temperature=1 / 0.65, learning_rate_init=0.005),
            image_shape=(16, 16, widths[0]),
            kernel_size=3,
            padding=1,
            power=1.4,
            **pooling,
            **shared,
        ),
    ]
    if len(widths) == 3:
        third = ConvolutionalFeatures(
            soft_hebb(widths[2], 64, temperature=1 / 0.25, learning_rate_init=0.01),
            image_shape=(8, 8, widths[1]),
            kernel_size=3,
            padding=1,
            power=1.0,
            pooling="average",
            **shared,
        )
        layers.append(third)
    return make_pipeline(*layers)


ROWS = {
    "pixels": lambda: FunctionTransformer(np.float32),
    **{f"{rule}-96": lambda rule=rule: layer_of_96(rule) for rule in RULES},
    **{
        f"{rule}-1600": lambda rule=rule: layer_of_1600(rule)
        for rule in RULES
        if rule not in ("softhebb", "hpca")  # patches have 108 principal components
    },
    "lloyd-1600": lambda: layer_of_1600("lloyd"),
    "softhebb-96-384": lambda: deep(96, 384),
    "softhebb-96-192-384": lambda: deep(96, 192, 384),
    "softhebb-96-384-1536": lambda: deep(96, 384, 1536),
}
# Accuracies in % that papers have, of 50 000 training images.
PUBLISHED = {
    "k-means-1600": 77.9,
    "lloyd-1600": 77.9,
    "patches-1600": 74,
    "random-1600": 70,
    "random-96": 64.0,
    "hard-wta-96": 62.7,
    "softhebb-96": 71.1,
    "softhebb-96-384": 77.7,
    "softhebb-96-192-384": 73.9,
    "softhebb-96-384-1536": 80.3,
}


def with_random_states(transformer, seed):
    names = [n for n in transformer.get_params() if n.split("__")[-1] == "random_state"]
    # A layer hands its seed on to its features.
    ours = [name for name in names if "features" not in name.split("__")]
    return transformer.set_params(**dict.fromkeys(ours, seed))


def classifier(row, seed):
    """That of the paper."""
    return SupportVectors() if row.endswith("-1600") else DropoutClassifier(seed)


def run(row, seed, n_train, n_test):
    """Result of a row."""
    X, y = fetch_dataset("cifar10")
    X, X_test = X[:n_train], X[N_TRAIN : N_TRAIN + n_test]
    y, y_test = y[:n_train], y[N_TRAIN : N_TRAIN + n_test]
    transformer = with_random_states(ROWS[row](), seed)
    start = time.process_time()
    F = transformer.fit_transform(X)
    fitted = time.process_time()
    F_test = transformer.transform(X_test)
    transformed = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scaler = StandardScaler(copy=False)
    F, F_test = scaler.fit_transform(F), scaler.transform(F_test)
    with threadpool_limits(1):  # more of them only wait in products of ten columns
        clf = classifier(row, seed).fit(F, y)
    return {
        "row": row,
        "seed": seed,
        "n_train": n_train,
        "n_test": n_test,
        "n_features": F.shape[1],
        "fit_transform_s": round(fitted - start, 1),
        "transform_test_s": round(transformed - fitted, 1),
        "classifier_s": round(time.process_time() - transformed, 1),
        "peak_mib": round(peak),
        "C": getattr(clf, "C", None),
        "accuracy": clf.score(F_test, y_test),
        "train_accuracy": clf.score(F, y),
    }


def table(results):
    print("| row | features | accuracy, % | published, % | fit and transform, s |")
    print("|---|---|---|---|---|")
    for row in ROWS:
        of_row = [r for r in results if r["row"] == row and r["n_train"] == N_TRAIN]
        if of_row:
            scores = [100 * r["accuracy"] for r in of_row]
            seconds = np.mean([r["fit_transform_s"] for r in of_row])
            print(
                f"| {row} | {of_row[0]['n_features']} | {np.mean(scores):.1f} "
                f"({min(scores):.1f} to {max(scores):.1f}) | "
                f"{PUBLISHED.get(row, '')} | {seconds:.0f} |"
            )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    add("--seeds", type=int, default=1)
    add("--n-train", type=int, default=N_TRAIN)
    add("--n-test", type=int, default=N_TEST)
    add("--results", type=Path, default=RESULTS)
    add("--print", action="store_true", help="run nothing")
    args = parser.parse_args()

    about = {"n_train": args.n_train, "n_test": args.n_test}
    for seed in range(args.seeds):
        for row in [] if args.print else args.rows:
            key = {"row": row, "seed": seed, **about}
            if any(key.items() <= r.items() for r in read_rows(args.results)):
                continue
            result = run(row, seed, **about)
            print(json.dumps(result), flush=True)
            add_rows(args.results, result)
    table(read_rows(args.results))


if __name__ == "__main__":
    main()
