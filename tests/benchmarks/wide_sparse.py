"""Time of an epoch on sparse samples of very many features, by optimiser and L2 term.

Samples are drawn like texts, with a hundred words each of a vocabulary of a million
whose frequencies fall as 1 / rank; a hidden layer of 300 neurons, epsilon 20, float32.
What is told of each optimiser is the median over the epochs of all turns but the first
of each, on the wall and of the processor, and its ratio to plain gradient descent,
whose steps leave the weights of absent words alone.

    python tests/benchmarks/wide_sparse.py
    python tests/benchmarks/wide_sparse.py --features 20000 --evolves
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import resource
import time

import numpy as np
from scipy.sparse import csr_array

import skhebb
from skhebb import SETClassifier

PLAIN = {"solver": "sgd", "momentum": 0, "weight_decay": 0, "dropout": 0}
OPTIMISERS = {
    "plain gradient descent": PLAIN,
    "weight decay": {**PLAIN, "weight_decay": 1e-4},
    "momentum": {**PLAIN, "momentum": 0.9},
    "momentum, weight decay": {**PLAIN, "momentum": 0.9, "weight_decay": 1e-4},
    "Adam": {"weight_decay": 0, "dropout": 0},
    "Adam, weight decay": {"dropout": 0},
}


class EpochTimes:
    """Callback that takes the time of each epoch but the first, which makes arrays."""

    def __init__(self):
        self.seconds = []

    def setup(self, estimator, context):
        """Do nothing."""

    def teardown(self, estimator, context):
        """Do nothing."""

    def on_fit_task_begin(self, estimator, context):
        """Note the time."""
        self.start = time.perf_counter(), time.process_time()

    def on_fit_task_end(self, estimator, context):
        """Note how long an epoch took."""
        if context.task_name == "epoch" and context.task_id > 0:
            now = time.perf_counter(), time.process_time()
            self.seconds.append(np.subtract(now, self.start))


def texts(n_samples, n_features, n_words, rng):
    """Counts of words, (n_samples, n_features), and classes that words tell of."""
    words = (n_features ** rng.random((n_samples, n_words))).astype(np.int64) - 1
    y = rng.integers(0, 10, n_samples)
    topical = rng.random(words.shape) < 0.1
    words[topical] = (words - words % 10 + y[:, np.newaxis])[topical] % n_features
    starts = np.arange(n_samples + 1) * n_words
    X = csr_array(
        (np.ones(words.size, np.float32), words.ravel(), starts),
        shape=(n_samples, n_features),
    )
    X.sum_duplicates()
    return X, y


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=11_000)
    parser.add_argument("--features", type=int, default=10**6)
    parser.add_argument("--words", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--evolves", action="store_true", help="as by default")
    parser.add_argument("--optimisers", nargs="+", default=list(OPTIMISERS))
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    X, y = texts(args.samples, args.features, args.words, rng)
    skhebb.show_versions()
    print(f"\n{X.shape[0]} x {X.shape[1]}, {X.nnz} non-zeros, load {os.getloadavg()}")
    times = {name: EpochTimes() for name in args.optimisers}
    for _ in range(args.turns):
        for name, callback in times.items():
            clf = SETClassifier(
                epsilon=20,
                max_iter=args.epochs,
                learning_rate="constant",
                tol=None,
                random_state=0,
                **({} if args.evolves else {"zeta": 0}),
                **OPTIMISERS[name],
            )
            clf.set_callbacks(callback).fit(X, y)
    print(f"{'':>24}   wall   ratio  processor ratio")
    first = np.median(times[args.optimisers[0]].seconds, axis=0)
    for name, callback in times.items():
        seconds = np.median(callback.seconds, axis=0)
        pairs = zip(seconds, seconds / first, strict=True)
        print(f"{name:>24}", *(f"{s:7.3f} s {ratio:5.2f}" for s, ratio in pairs))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory {peak / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
