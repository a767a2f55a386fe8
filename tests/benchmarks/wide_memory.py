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
from sklearn.preprocessing import MinMaxScaler

from skhebb import SETClassifier
from skhebb.datasets import fetch_dataset


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="lung_bhattacharjee1543")
    parser.add_argument("--hidden", type=int, nargs="+", default=[30_000] * 3)
    parser.add_argument("--epochs", type=int, default=20)
    args = parser.parse_args()

    X, y = fetch_dataset(args.dataset)
    X = MinMaxScaler().fit_transform(X).astype(np.float32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clf = SETClassifier(
        args.hidden, batch_size=30, max_iter=args.epochs, tol=None, random_state=0
    )
    start = time.perf_counter()
    clf.fit(X, y)
    seconds = (time.perf_counter() - start) / args.epochs
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{clf.n_connections_} connections, density {clf.density_:.2%}, "
        f"{seconds:.2f} s per epoch, training accuracy {clf.score(X, y):.3f}\n"
        f"peak memory {peak / 1024:.0f} MiB, {before / 1024:.0f} MiB of it before fit"
    )


if __name__ == "__main__":
    main()
