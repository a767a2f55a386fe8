"""Time of the evolution of a network on all threads beside that on one.

Of about as many connections in one hidden layer and in three alike, which threads
share. Fits by turns, with the published rules, of which only pruning and growth are
timed; medians by the clock, and the median of the ratios.

    python tests/benchmarks/evolution.py
"""

import argparse
import os
import time
import warnings
from itertools import pairwise
from unittest import mock

import numpy as np
from settings import PUBLISHED

import skhebb
from skhebb import SETClassifier
from skhebb._training.trainer import Trainer

N_SAMPLES = 16
EPOCHS = 6


def timed(method, seconds):
    """The method of a trainer, which adds what it takes to a list."""

    def replacement(self, *args):
        start = time.perf_counter()
        result = method(self, *args)
        seconds.append(time.perf_counter() - start)
        return result

    return replacement


def seconds_of_evolution(sizes, n_connections, n_threads):
    """Median seconds of pruning and of growth; the network has layers of such sizes."""
    X = np.random.default_rng(0).random((N_SAMPLES, sizes[0]), np.float32)
    pairs = list(pairwise(sizes))
    model = SETClassifier(
        sizes[1:],
        batch_size=N_SAMPLES,
        max_iter=EPOCHS,
        random_state=0,
        n_jobs=n_threads,
        **{**PUBLISHED, "epsilon": n_connections / sum(map(sum, pairs))},
    )
    pruning, growth = [], []
    with (
        mock.patch.object(Trainer, "prune", timed(Trainer.prune, pruning)),
        mock.patch.object(Trainer, "grow", timed(Trainer.grow, growth)),
    ):
        model.fit(X, np.arange(N_SAMPLES) % 2)
    # Some calls have nothing to do, and the first growth warms up.
    return [np.median(sorted(times)[-EPOCHS + 2 :]) for times in (pruning, growth)]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connections", type=int, default=1_000_000)
    parser.add_argument("--neurons", type=int, default=5000)
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    skhebb.show_versions()
    counts = 1, args.threads
    print("\nlayers threads: pruning, growth, both, ms")
    for n_layers in (1, 3):
        sizes = (args.neurons,) * (n_layers + 1)
        times = np.array(
            [
                [seconds_of_evolution(sizes, args.connections, n) for n in counts]
                for _ in range(args.turns + 1)  # the first warms up
            ]
        )[1:]
        for place, n in enumerate(counts):
            pruning, growth = 1e3 * np.median(times[:, place], axis=0)
            both = pruning + growth
            print(f"{n_layers:6} {n:7}: {pruning:6.1f} {growth:6.1f} {both:6.1f}")
        one, several = times.sum(axis=2).T
        low, ratio, high = np.quantile(several / one, (0.25, 0.5, 0.75))
        print(f"       {ratio:.2f} of the time on one ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
