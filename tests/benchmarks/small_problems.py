"""Time of fits to small data, with default settings, beside MLPClassifier's.

Digits, and sets of 60 to 250 samples with 1500 to 10 000 features: those in the folder
SKHEBB_DATA and some that are made. Both estimators by turns; medians of the ratios of
neighbouring fits, by the clock and by the time of processors.

    SKHEBB_DATA=... python tests/benchmarks/small_problems.py
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

import skhebb
from skhebb import SETClassifier
from skhebb.datasets import fetch_dataset

N_SAMPLES = 250  # of a set in the folder, at most
FETCHED = (
    "leukemia", "prostate_ge", "lymphoma", "glioma", "lung_bhattacharjee1543",
)  # fmt: skip
MADE = ((60, 1500), (100, 3000), (150, 6000), (250, 10_000))


def make(n_samples, n_features):
    """Three classes that 40 of the features tell of."""
    rng = np.random.default_rng(n_samples)
    X = rng.standard_normal((n_samples, n_features))
    y = (X[:, :20].sum(axis=1) > 0).astype(int) + (X[:, 20:40].sum(axis=1) > 0)
    return X, y


def data_sets():
    """Names, and what gives X and y."""
    yield "digits", lambda: fetch_dataset("digits")
    for name in FETCHED:
        yield name, lambda name=name: fetch_dataset(name)
    for shape in MADE:
        yield "{} x {}".format(*shape), lambda shape=shape: make(*shape)


def seconds_of_fit(model, X, y):
    """Seconds by the clock, and of processors."""
    time.sleep(0.1)  # threads of the fit before spin for a while
    start = time.perf_counter(), time.process_time()
    model.fit(X, y)
    return time.perf_counter() - start[0], time.process_time() - start[1]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=None, help="ours")
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    skhebb.show_versions()
    print(f"\n{'':24} {'shape':>13}  SET, ms  MLP, ms  SET/MLP  of processors")
    for name, load in data_sets():
        X, y = load()
        n = len(y) if name == "digits" else N_SAMPLES
        X = StandardScaler().fit_transform(X[:n]).astype(np.float32)
        times = []
        for turn in range(args.turns + 1):  # the first warms up
            models = (
                SETClassifier(random_state=turn, n_jobs=args.n_jobs),
                MLPClassifier(random_state=turn),
            )
            times.append([seconds_of_fit(model, X, y[:n]) for model in models])
        ours, peers = np.array(times[1:]).swapaxes(0, 1)
        ratio, of_processors = np.median(ours / peers, axis=0)
        print(
            f"{name:24} {X.shape!s:>13} {1e3 * np.median(ours[:, 0]):8.0f}"
            f" {1e3 * np.median(peers[:, 0]):8.0f} {ratio:8.2f} {of_processors:10.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
