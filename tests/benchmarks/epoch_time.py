"""Time of a training epoch beside scikit-learn's dense MLPClassifier.

The MNIST job of the HebbSET thesis: 2400 samples, 784-1000-1000-1000-10, epsilon 20,
batches of 200, float32. SET (evolution included), HebbSET and the dense network of
the same shape take turns in one process; medians and ratios are printed.

    SKHEBB_DATA=... python tests/benchmarks/epoch_time.py

Unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE, if set, or NumPy is slowed down.
"""

import argparse
import time

import numpy as np
from sklearn.neural_network import MLPClassifier

import skhebb
from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--n-jobs", type=int, default=None)
    args = parser.parse_args()

    X, y = fetch_dataset("mnist")
    X, y = X[:2400].astype(np.float32) / 255, y[:2400].astype(int)
    shared = {
        "hidden_layer_sizes": (1000, 1000, 1000),
        "learning_rate_init": 0.02,
        "momentum": 0.0,
        "alpha": 0.0,
        "batch_size": 200,
        "random_state": 0,
    }
    models = {
        "dense MLPClassifier": MLPClassifier(solver="sgd", **shared),
        "SETClassifier": SETClassifier(**shared, n_jobs=args.n_jobs),
        "HebbSETClassifier": HebbSETClassifier(**shared, n_jobs=args.n_jobs),
    }
    times = {name: [] for name in models}
    for _ in range(args.rounds + 1):  # the first warms up
        for name, model in models.items():
            time.sleep(0.1)  # BLAS threads spin for a while after the dense network
            start = time.perf_counter()
            model.partial_fit(X, y, classes=np.arange(10))
            times[name].append(time.perf_counter() - start)

    skhebb.show_versions()
    medians = {name: np.median(seconds[1:]) for name, seconds in times.items()}
    dense = medians["dense MLPClassifier"]
    for name, median in medians.items():
        print(
            f"{name:>20}: {1e3 * median:7.1f} ms, dense / this = {dense / median:5.2f}"
        )


if __name__ == "__main__":
    main()
