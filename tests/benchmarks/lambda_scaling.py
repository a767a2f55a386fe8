"""What one lambda0 does for data sets and mini-batches of different sizes.

MNIST, the first n training images, each pixel scaled to [0, 1], and mini-batches of
several sizes; HebbSET with the same lambda0 in either `lambda_unit`, and without the
Hebbian term. Prints the accuracy on the 10 000 test images and the mean absolute weight
of the hidden layers. The two lambda0 are equal where an epoch has twelve mini-batches,
as in the HebbSET thesis. Two settings of the rest: the defaults, and the thesis's loss,
optimiser and initial weights.

    SKHEBB_DATA=... python tests/benchmarks/lambda_scaling.py
"""

import argparse
import itertools

import numpy as np
from joblib import Parallel, delayed
from settings import PUBLISHED

from skhebb import HebbSETClassifier
from skhebb.datasets import fetch_dataset

THESIS = {
    **PUBLISHED,
    "loss": "squared_error_published",
    "learning_rate_init": 0.02,
}
WIRING = {"initial_graph": "erdos_renyi", "growth": "random"}  # that of SET
SETTINGS = {"defaults": WIRING, "thesis": THESIS}
UNITS = {"none": 0.0, "batch": 1.0, "evolution": 12.0}  # factors of lambda0


def job(setting, n_samples, batch_size, unit, lambda0, n_epochs, seed):
    """Test accuracy in percent, and mean |w| of the hidden layers."""
    X, y = fetch_dataset("mnist")
    X, y = X.astype(np.float32) / 255, y.astype(int)
    clf = HebbSETClassifier(
        (300, 300),
        lambda0=lambda0 * UNITS[unit],
        lambda_unit="evolution" if unit == "none" else unit,
        batch_size=batch_size,
        max_iter=n_epochs,
        random_state=seed,
        n_jobs=1,
        **SETTINGS[setting],
    )
    clf.fit(X[:n_samples], y[:n_samples])
    size = np.mean(np.abs(np.concatenate([coefs.data for coefs in clf.coefs_[:-1]])))
    return 100 * clf.score(X[60_000:], y[60_000:]), size


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--samples", type=int, nargs="+", default=[1000, 2400, 10_000, 60_000]
    )
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[20, 200, 1000])
    parser.add_argument("--lambda0", type=float, default=0.01)
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()

    print(f"lambda0 = {args.lambda0} per batch or {12 * args.lambda0:g} per generation")
    print(f"{args.epochs} epochs, {args.seeds} seeds: accuracy in % (mean |w|)")
    print(f"{'setting':10}{'samples':>8}{'batch':>6}{'batches/epoch':>14}", end="")
    print("".join(f"{unit:>18}" for unit in UNITS))
    for setting, n, size in itertools.product(
        args.settings, args.samples, args.batch_sizes
    ):
        runs = list(itertools.product(UNITS, range(args.seeds)))
        results = Parallel(args.n_jobs)(
            delayed(job)(setting, n, size, unit, args.lambda0, args.epochs, seed)
            for unit, seed in runs
        )
        print(f"{setting:10}{n:8}{min(n, size):6}{-(-n // size):14}", end="")
        for unit in UNITS:
            figures = [
                r for run, r in zip(runs, results, strict=True) if run[0] == unit
            ]
            accuracy, mean_size = np.mean(figures, axis=0)
            print(f"{accuracy:9.1f} ({mean_size:6.3f})", end="")
        print(flush=True)


if __name__ == "__main__":
    main()
