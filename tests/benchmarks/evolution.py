"""Time of an evolution of one layer on all threads beside that on one.

The published rules prune and grow: magnitude, random growth. Both by turns; medians by
the clock, of the steps in the order in which they come, and the median of the ratios.

    python tests/benchmarks/evolution.py
"""

import argparse
import os
import time

import numpy as np

import skhebb
from skhebb._network.layer import SparseLayer
from skhebb._utils.csr import make_csr
from skhebb.topology._erdos_renyi import erdos_renyi
from skhebb.topology._growth import at_random
from skhebb.topology._pruning import keep_largest

ZETA = 0.3


def new_layer(n_connections, n_neurons, rng):
    """A layer of so many connections, about, between layers of so many neurons."""
    epsilon = n_connections / n_neurons / 2
    indptr, indices = erdos_renyi(n_neurons, n_neurons, epsilon, rng)
    data = rng.standard_normal(len(indices), np.float32)
    weights = make_csr(data, indices, indptr, (n_neurons, n_neurons))
    layer = SparseLayer(weights, np.zeros(n_neurons, np.float32))
    layer.begin_training(0)
    return layer


def seconds_of_evolution(layer, rng):
    """Seconds of choosing, removing, drawing, weights, adding, and the view of it."""
    times = [time.perf_counter()]

    def note():
        times.append(time.perf_counter())

    n = layer.n_connections
    keep = keep_largest(layer.weights.data, ZETA)
    note()
    layer.keep_connections(keep)
    note()
    n_new = n - layer.n_connections
    ranks = at_random(layer.weights, n_new, rng)
    note()
    values = rng.standard_normal(n_new, np.float32)
    note()
    layer.add_connections(ranks, values)
    note()
    _ = layer.connections
    note()
    return np.diff(times)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connections", type=int, default=1_000_000)
    parser.add_argument("--neurons", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    layer = new_layer(args.connections, args.neurons, rng)
    counts = 1, args.threads
    times = []
    for _ in range(args.turns + 1):  # the first warms up
        row = []
        for layer.n_threads in counts:
            time.sleep(0.02)  # threads spin for a while
            row.append(seconds_of_evolution(layer, rng))
        times.append(row)
    times = 1e3 * np.array(times[1:])
    totals = times.sum(axis=2)
    skhebb.show_versions()
    print(f"\n{layer.n_connections} connections, ms of an evolution")
    print("threads    all  choose  remove    draw weights     add    view")
    for n_threads, total, parts in zip(
        counts, np.median(totals, 0), np.median(times, 0), strict=True
    ):
        print(f"{n_threads:7} {total:6.1f} " + " ".join(f"{p:7.2f}" for p in parts))
    low, ratio, high = np.quantile(totals[:, 1] / totals[:, 0], (0.25, 0.5, 0.75))
    print(f"ratio {ratio:.2f} ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
