"""Time of wiring by Hebb: epochs with Hebbian growth, and correlation graphs.

Epochs are the first ones of a network of three hidden layers as wide as the images are
large, at 1 % of the connections, of 60 000, 6000 and 1000 images (`--samples`), with
random and with Hebbian growth in turn; printed are medians of the ratio of processor
time and of wall time, and the quartiles of the former. The rest are the defaults.
Graphs are made in processes of their own, which print seconds and the most memory on
top of X.

    SKHEBB_DATA=... python tests/benchmarks/wiring_time.py [--epochs 6] [--repeats 5]
        [--samples 1000] [--no-graphs]
"""

import argparse
import multiprocessing
import time
import tracemalloc
import warnings
from itertools import pairwise

import numpy as np
from scipy.sparse import random_array

from skhebb import SETClassifier
from skhebb._training.batches import as_batch_source
from skhebb._training.data import FitData
from skhebb._utils.threads import effective_n_threads
from skhebb.datasets import fetch_dataset
from skhebb.topology import GRAPHS


def images():
    """MNIST in float32, or noise of its shape if there is no such file."""
    try:
        X, y = fetch_dataset("mnist")
        return X[:60_000].astype(np.float32) / 255, y[:60_000]
    except OSError:
        rng = np.random.default_rng(0)
        return rng.random((60_000, 784), dtype=np.float32), rng.integers(
            10, size=60_000
        )


class Stopwatch:
    """Callback that takes the time of epochs, and ends the fit after some."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def setup(self, estimator, context):
        """Do nothing before the fit."""

    def teardown(self, estimator, context):
        """Do nothing after the fit."""

    def on_fit_task_begin(self, estimator, context):
        """Take the time when the first epoch begins."""
        if context.task_name == "epoch" and context.task_id == 0:
            self.start = np.array([time.process_time(), time.perf_counter()])

    def on_fit_task_end(self, estimator, context):
        """Take the time after each epoch; tell whether it is the last one."""
        if context.task_name == "epoch":
            now = np.array([time.process_time(), time.perf_counter()])
            self.seconds = (now - self.start) / (context.task_id + 1)
            return context.task_id + 1 >= self.n_epochs
        return False


def times_of_epochs(X, y, growth, n_epochs):
    """Processor and wall seconds of an epoch, of those that defaults begin with."""
    n, stopwatch = X.shape[1], Stopwatch(n_epochs)
    clf = SETClassifier((n, n, n), density=0.01, growth=growth, random_state=0)
    clf.set_callbacks(stopwatch).fit(X, y)
    return stopwatch.seconds


def compare_epochs(sizes, n_epochs, repeats):
    """Print how many times as long Hebbian growth takes."""
    X, y = images()
    for n_samples in sizes:
        pairs = []
        for repeat in range(repeats):
            order = ("random", "hebbian") if repeat % 2 else ("hebbian", "random")
            epochs = max(n_epochs, n_epochs * 6000 // n_samples)
            both = {
                growth: times_of_epochs(X[:n_samples], y[:n_samples], growth, epochs)
                for growth in order
            }
            pairs.append(np.divide(both["hebbian"], both["random"]))
        processor, wall = np.transpose(pairs)
        low, high = np.quantile(processor, [0.25, 0.75])
        print(
            f"{n_samples} samples: epoch of {both['random'][1]:.3f} s with random "
            f"growth; with Hebbian growth {np.median(processor):.3f} times the "
            f"processor time ({low:.3f} to {high:.3f}), {np.median(wall):.3f} times "
            "the wall time",
            flush=True,
        )


def make_graph(kind, hidden, density):
    """Print time and memory of a correlation graph."""
    rng = np.random.default_rng(0)
    if kind == "60000 x 784":
        X, _ = images()
        X = X.astype(np.float64)
    elif kind == "200 x 20000":
        X = rng.standard_normal((200, 50)) @ rng.standard_normal((50, 20_000))
        X += rng.standard_normal((200, 20_000))
    else:
        X = random_array((20_000, 20_000), density=0.002, format="csr", rng=rng)
    data = FitData(as_batch_source(X), None, None, None, np.arange(X.shape[0]))
    sizes = [X.shape[1], *hidden, 10]
    shapes = list(pairwise(sizes))
    tracemalloc.start()
    start = time.process_time(), time.perf_counter()
    graph = GRAPHS["correlation"](shapes, None, density)
    graph.look_at(data, rng, effective_n_threads(None))
    n = sum(len(graph.draw(depth, rng)[1]) for depth in range(len(shapes)))
    processor, wall = time.process_time() - start[0], time.perf_counter() - start[1]
    print(
        f"{kind}, hidden layers {hidden}: {n} connections in {wall:.2f} s, "
        f"{processor:.2f} s of processors, {tracemalloc.get_traced_memory()[1] >> 20} "
        "MiB",
        flush=True,
    )


GRAPHS_MADE = [
    ("60000 x 784", (784, 784, 784), 0.01),
    ("200 x 20000", (1000,), "auto"),
    ("200 x 20000", (20_000,), 0.01),
    ("20000 x 20000, 0.2 % non-zeros", (1000,), "auto"),
    ("20000 x 20000, 0.2 % non-zeros", (20_000,), 0.01),
]


def main():
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--samples", type=int, nargs="+", default=[60_000, 6000, 1000])
    parser.add_argument("--no-graphs", action="store_true", help="epochs only")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    context = multiprocessing.get_context("spawn")
    for case in [] if arguments.no_graphs else GRAPHS_MADE:
        process = context.Process(target=make_graph, args=case)
        process.start()
        process.join()
    if arguments.epochs:
        compare_epochs(arguments.samples, arguments.epochs, arguments.repeats)


if __name__ == "__main__":
    main()
