"""Time of fits where another process has one of the cores, and where none has.

The thesis's MNIST job, with all threads and with one by turns, on a machine that is
quiet and while a process that does nothing but spin is pinned to one core. Medians of
the ratios of neighbouring fits; the trainer tells how many mini-batches had how many
threads.

    SKHEBB_DATA=... python tests/benchmarks/busy_neighbour.py
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext

import numpy as np
from settings import PUBLISHED

import skhebb
from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset

N_SAMPLES = 2400
ESTIMATORS = {"SET": SETClassifier, "HebbSET": HebbSETClassifier}


@contextmanager
def neighbour():
    """Return a context in which another process occupies the last core."""
    core = max(os.sched_getaffinity(0))
    spin = f"import os\nos.sched_setaffinity(0, [{core}])\nwhile True: pass"
    process = subprocess.Popen([sys.executable, "-c", spin])
    try:
        time.sleep(0.5)
        yield
    finally:
        process.kill()
        process.wait()


def seconds_of_fit(estimator, n_threads, epochs, X, y):
    """Seconds of an epoch."""
    time.sleep(0.1)  # threads of the fit before spin for a while
    model = estimator(
        hidden_layer_sizes=(1000,) * 3,
        batch_size=200,
        max_iter=epochs,
        learning_rate_init=0.02,
        random_state=0,
        n_jobs=n_threads,
        **PUBLISHED,
    )
    start = time.perf_counter()
    model.fit(X, y)
    return (time.perf_counter() - start) / epochs


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    skhebb.show_versions()
    X, y = fetch_dataset("mnist")
    order = np.random.default_rng(0).permutation(len(y))[:N_SAMPLES]
    X, y = X[order].astype(np.float32) / 255, y[order]
    counts, epochs = (1, args.threads), args.epochs
    print(f"\n{'':8} {'':6}  ms/epoch: one   all   all/one (quartiles)")
    for label, context in (("quiet", nullcontext), ("busy", neighbour)):
        for name, estimator in ESTIMATORS.items():
            with context():
                times = np.array(
                    [
                        [seconds_of_fit(estimator, n, epochs, X, y) for n in counts]
                        for _ in range(args.turns + 1)  # the first warms up
                    ]
                )[1:]
            one, several = 1e3 * np.median(times, axis=0)
            low, ratio, high = np.quantile(times[:, 1] / times[:, 0], (0.25, 0.5, 0.75))
            print(
                f"{name:8} {label:6} {one:14.1f} {several:5.1f} {ratio:9.2f}"
                f"  ({low:.2f} to {high:.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
