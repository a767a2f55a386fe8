"""Time of an epoch of Hebbian features beside IncrementalPCA and MiniBatchKMeans.

One pass over the training images of MNIST, float32, with as many components, by each in
turn, in one process; once with mini-batches of the sizes that are their defaults and
once with 1024 samples for all. Prints medians and their ratios to the peers' times.
MiniBatchKMeans starts from random samples and does not label all samples at the end.

    SKHEBB_DATA=... python tests/benchmarks/pretraining_time.py
"""

import argparse
import os
from time import perf_counter

for name in (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
):  # slow NumPy down where they are set
    os.environ.pop(name, None)

import numpy as np
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import IncrementalPCA

import skhebb
from skhebb import HebbianPCA, WinnerTakeAll
from skhebb.datasets import fetch_dataset

KMEANS = {"init": "random", "n_init": 1, "max_iter": 1, "compute_labels": False}
PEERS = "IncrementalPCA", "MiniBatchKMeans"


def transformers(n, sparse_density):
    few = {"max_iter": 1, "random_state": 0}
    return {
        "soft-WTA": WinnerTakeAll(n, **few),
        "hard WTA": WinnerTakeAll(n, competition="hard", init="samples", **few),
        "HPCA": HebbianPCA(n, **few),
        f"soft-WTA, density {sparse_density}": WinnerTakeAll(
            n, density=sparse_density, **few
        ),
        f"HPCA, density {sparse_density}": HebbianPCA(n, density=sparse_density, **few),
        "IncrementalPCA": IncrementalPCA(n),
        "MiniBatchKMeans": MiniBatchKMeans(
            n, max_no_improvement=None, random_state=0, **KMEANS
        ),
    }


def medians(estimators, X, turns):
    times = {name: [] for name in estimators}
    for _ in range(turns):
        for name, estimator in estimators.items():
            start = perf_counter()
            clone(estimator).fit(X)
            times[name].append(perf_counter() - start)
    return {name: np.median(found) for name, found in times.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--components", type=int, nargs="+", default=[100, 300])
    add("--density", type=float, default=0.1)
    add("--samples", type=int, default=60_000)
    add("--turns", type=int, default=5)
    args = parser.parse_args()

    skhebb.show_versions()
    X, _ = fetch_dataset("mnist")
    X = (X[: args.samples] / 255).astype(np.float32)
    X -= X.mean(axis=0)
    for n in args.components:
        for batch_size in None, 1024:
            estimators = transformers(n, args.density)
            if batch_size is not None:
                for estimator in estimators.values():
                    estimator.set_params(batch_size=batch_size)
            found = medians(estimators, X, args.turns)
            batches = batch_size or "default"
            print(f"\n{n} components, mini-batches: {batches}\n")
            print("| | s | " + " | ".join(f"/ {peer}" for peer in PEERS) + " |")
            print("|---" * (len(PEERS) + 2) + "|")
            for name, time in found.items():
                ratios = " | ".join(f"{time / found[peer]:.2f}" for peer in PEERS)
                print(f"| {name} | {time:.2f} | {ratios} |")


if __name__ == "__main__":
    main()
