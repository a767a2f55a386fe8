"""Time to predict many samples, and one, beside scikit-learn's dense MLPClassifier.

MNIST in float32: the networks of the defaults, and three hidden layers with epsilon 20.
Both take turns; medians, and that of the ratios of neighbouring turns.

    SKHEBB_DATA=... python tests/benchmarks/prediction.py
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import time
import warnings

import numpy as np
from settings import PUBLISHED
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import skhebb
from skhebb import SETClassifier
from skhebb.datasets import fetch_dataset


def seconds_of(models, X, turns):
    """Of `predict`, for each of the models and turns."""
    times = [[] for _ in models]
    for _ in range(turns + 1):  # the first warms up
        for model, seconds in zip(models, times, strict=True):
            start = time.perf_counter()
            model.predict(X)
            seconds.append(time.perf_counter() - start)
    return np.array(times)[:, 1:]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--neurons", type=int, nargs="+", default=[1000, 4000])
    parser.add_argument("--samples", type=int, default=20_000)
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    X, y = fetch_dataset("mnist")
    X = X[: args.samples].astype(np.float32) / 255
    skhebb.show_versions()
    pairs = {"defaults": (SETClassifier(), MLPClassifier())}
    for n in args.neurons:
        hidden = {"hidden_layer_sizes": (n,) * 3}
        models = SETClassifier(**PUBLISHED, **hidden), MLPClassifier(**hidden)
        pairs[f"{n} neurons in each of three layers"] = models
    for name, models in pairs.items():
        for model in models:
            model.set_params(max_iter=1).fit(X[:200], y[:200])
        print(f"\n{name}")
        for label, samples, turns in (("all", X, 5), ("one", X[:1], 300)):
            times = seconds_of(models, samples, turns)
            ours, dense = np.median(times, axis=1)
            print(
                f"{label:>4}: {1e3 * ours:8.2f} ms, dense {1e3 * dense:8.2f} ms, "
                f"sparse / dense {np.median(times[0] / times[1]):6.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
