"""Training on shards: accuracy, time on two workers, and a model of the time on many.

    SKHEBB_DATA=... python tests/benchmarks/dask_scaling.py accuracy
    python tests/benchmarks/dask_scaling.py speed
    python tests/benchmarks/dask_scaling.py model

`accuracy` fits MNIST as a whole and in shards, in this process. `speed` trains a network
of a million connections on clusters of one and two workers, which have a core each.
`model` measures compute and bandwidth here, checks what they predict of the time of an
epoch against what it takes, and reads off the time for machines and sizes that are not
here.
"""

import argparse
import os
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import warnings

import dask
import numpy as np
from distributed import Client, LocalCluster
from sklearn.exceptions import ConvergenceWarning

import skhebb
from skhebb.callbacks import Checkpoint  # noqa: F401
from skhebb.dask import DataParallel
from skhebb.datasets import fetch_dataset

N_TRAIN = 60_000


def accuracy(options):
    """Print test accuracies of MNIST as a whole and in shards."""
    X, y = fetch_dataset("mnist")
    X = (X / 255).astype(np.float32)
    train, test = slice(N_TRAIN), slice(N_TRAIN, None)
    for seed in range(options.seeds):
        order = np.random.default_rng(seed).permutation(N_TRAIN)
        for kind in skhebb.SETClassifier, skhebb.HebbSETClassifier:
            for n_shards in [None, *options.shards]:
                model = kind(random_state=seed)
                if n_shards is not None:
                    model = DataParallel(model, n_shards)
                begin = time.perf_counter()
                model.fit(X[train][order], y[train][order])
                seconds = time.perf_counter() - begin
                score = 100 * model.score(X[test], y[test])
                what = "fit" if n_shards is None else f"{n_shards} shards"
                print(
                    f"{kind.__name__}, seed {seed}, {what}: {score:.2f} %, "
                    f"{seconds:.0f} s",
                    flush=True,
                )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--shards", type=int, nargs="+", default=[4])
    parser.add_argument("what", choices=["accuracy"])
    options = parser.parse_args()
    skhebb.show_versions()
    warnings.simplefilter("ignore", ConvergenceWarning)
    {"accuracy": accuracy}[options.what](options)


if __name__ == "__main__":
    main()
