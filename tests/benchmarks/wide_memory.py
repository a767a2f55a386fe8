"""Peak memory of training a network too wide for a dense one.

Three hidden layers (30 000 neurons each by default, 7 GB as dense float32 weights) on
the Lung data with 1543 genes, in float32. Prints the peak resident memory of the
whole process, interpreter and libraries included.

    SKHEBB_DATA=... python tests/benchmarks/wide_memory.py
"""

import argparse
import resource
import time

import numpy as np
from settings import PUBLISHED
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from skhebb import SETClassifier
from skhebb.datasets import fetch_dataset


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="lung_bhattacharjee1543")
    parser.add_argument("--hidden", type=int, nargs="+", default=[30_000] * 3)
    parser.add_argument("--epochs", type=int, default=150)
    args = parser.parse_args()

    X, y = fetch_dataset(args.dataset)
    X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
    scaler = MinMaxScaler(clip=True).fit(X)
    X, X_test = (scaler.transform(part).astype(np.float32) for part in (X, X_test))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clf = SETClassifier(
        args.hidden,
        batch_size=30,
        max_iter=args.epochs,
        random_state=0,
        **{**PUBLISHED, "learning_rate_init": 0.01, "momentum": 0.9},
    )
    start = time.perf_counter()
    clf.fit(X, y)
    seconds = (time.perf_counter() - start) / args.epochs
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{clf.n_connections_} connections, density {clf.density_:.2%}, "
        f"{seconds:.2f} s per epoch, accuracy {clf.score(X_test, y_test):.3f} on "
        f"held-out samples, of which {np.mean(y_test == np.bincount(y).argmax()):.3f} "
        "are of the largest class\n"
        f"peak memory {peak / 1024:.0f} MiB, {before / 1024:.0f} MiB of it before fit"
    )


if __name__ == "__main__":
    main()
