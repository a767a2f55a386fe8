"""Accuracy on test images against the processor time that training took.

Networks of one shape, three hidden layers of 1000 neurons, on all images of MNIST and
Fashion-MNIST: SET and HebbSET with the density of the thesis and else the defaults, and
beside them scikit-learn's and torch's dense networks, and SparseLab's SET at the same
density. All have Adam and batches of 128; torch and SparseLab take a rate that falls
along a cosine, as ours does: 0.001, and 0.005 where neurons have few inputs. Each point
is a fit of its own, planned for so many epochs, in one thread; one seed.

    pip install torch
    pip install sparselab --no-deps
    SKHEBB_DATA=... python tests/benchmarks/time_accuracy.py fit
    python tests/benchmarks/time_accuracy.py report

`fit` appends a line per fit to results/time_accuracy.jsonl and skips those that are
there; `report` prints a table and draws docs/time_accuracy.png. Multiply-adds are those
of the products: forward and gradient for each connection and sample, errors for each
beyond the first layer, and one more for a Hebbian term.
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import math
import time
import warnings
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from defaults import load, scaled
from peers import Torch, realised, sparselab_network
from result_rows import add_rows, read_rows
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from skhebb import HebbSETClassifier, SETClassifier, show_versions

RESULTS = Path(__file__).parent / "results" / "time_accuracy.jsonl"
PICTURE = Path(__file__).parents[2] / "docs" / "time_accuracy.png"
KEYS = "data", "network", "epochs"
TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
EPOCHS = 1, 2, 5, 10, 20
TICKS = 1, 2, 5, 10, 20, 50
N_TRAIN = 60_000
HIDDEN = (1000,) * 3
BATCH = 128
EPSILON = 20
RATE, SPARSE_RATE = 1e-3, 5e-3


def ours(estimator):
    """What trains an estimator of skhebb for so many epochs."""

    def train(X, y, epochs):
        return estimator(
            HIDDEN,
            batch_size=BATCH,
            epsilon=EPSILON,
            max_iter=epochs,
            dropout=0,
            random_state=0,
        ).fit(X, y)

    return train


def sklearn_dense(X, y, epochs):
    """Train an MLPClassifier."""
    model = MLPClassifier(
        HIDDEN, batch_size=BATCH, max_iter=epochs, n_iter_no_change=10**9,
        random_state=0,
    )  # fmt: skip
    return model.fit(X, y)


def fit_torch(network, rate, X, y, epochs):
    """Train a `Torch` by Adam, with a rate that falls along a cosine."""
    import torch
    from torch.nn.functional import cross_entropy

    X, y = torch.from_numpy(X), torch.from_numpy(y)
    parameters = [p for layer in network.layers for p in layer.parameters()]
    network.optimizer = torch.optim.Adam(parameters)
    for epoch in range(epochs):
        for group in network.optimizer.param_groups:
            group["lr"] = rate * (1 + math.cos(math.pi * epoch / epochs)) / 2
        for batch in torch.randperm(len(X)).split(BATCH):
            network.optimizer.zero_grad()
            cross_entropy(network.outputs(X[batch]), y[batch]).backward()
            network.optimizer.step()
            network.algorithm()
    return network


def shapes_of(X, y):
    """Shapes of the layers."""
    return list(pairwise([X.shape[1], *HIDDEN, int(y.max()) + 1]))


def torch_dense(X, y, epochs):
    """Train a dense network of torch."""
    import torch

    layers = [torch.nn.Linear(*shape) for shape in shapes_of(X, y)]
    return fit_torch(Torch(layers, BATCH), RATE, X, y, epochs)


def sparselab_set(X, y, epochs):
    """Train a sparse network of SparseLab by its SET, once an epoch."""
    shapes = shapes_of(X, y)
    densities, _ = realised(shapes, {"epsilon": EPSILON})
    n_batches = -(-len(X) // BATCH)
    network = sparselab_network(shapes, densities, BATCH, n_batches, evolves=True)
    return fit_torch(network, SPARSE_RATE, X, y, epochs)


NETWORKS = {
    "SETClassifier": ours(SETClassifier),
    "HebbSETClassifier": ours(HebbSETClassifier),
    "scikit-learn, dense": sklearn_dense,
    "torch, dense": torch_dense,
    "SparseLab, SET": sparselab_set,
}


def connections_of(model, shapes):
    """Connections of each layer of a trained network."""
    if hasattr(model, "coefs_"):
        return [getattr(coef, "nnz", coef.size) for coef in model.coefs_]
    if type(model.layers[0]).__name__ == "Linear":
        return [n_in * n_out for n_in, n_out in shapes]
    densities, _ = realised(shapes, {"epsilon": EPSILON})
    return [
        round(density * n_in * n_out)
        for density, (n_in, n_out) in zip(densities, shapes, strict=True)
    ]


def run(row, parts):
    """What a line holds of a fit."""
    X, y, X_test, y_test = parts
    start = time.process_time()
    model = NETWORKS[row["network"]](X, y, row["epochs"])
    seconds = time.process_time() - start
    connections = connections_of(model, shapes_of(X, y))
    products = 2 + ("Hebb" in row["network"])
    per_sample = products * sum(connections) + sum(connections[1:])
    return {
        "accuracy": round(100 * float(model.score(X_test, y_test)), 2),
        "processor_seconds": round(seconds, 2),
        "connections": int(sum(connections)),
        "multiply_adds": int(per_sample * len(X) * row["epochs"]),
    }


def fit(args):
    """Fit what is not in the results yet, short fits first."""
    show_versions()
    warnings.simplefilter("ignore", ConvergenceWarning)
    try:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(0)
    except ImportError:
        print("(torch is not installed)")
    for epochs, data, network in product(args.epochs, TITLES, args.networks):
        row = dict(zip(KEYS, (data, network, epochs), strict=True))
        if any(row.items() <= known.items() for known in read_rows(RESULTS)):
            continue
        X, y, _ = load(data)
        n = len(y)
        parts = scaled(X, y, np.arange(N_TRAIN), np.arange(N_TRAIN, n), False)
        row |= run(row, parts)
        add_rows(RESULTS, row)
        print(*row.values(), flush=True)


def report(args):
    """Print a table and draw the picture."""
    from matplotlib import pyplot as plt

    fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    print("| data | network | epochs | accuracy, % | processor s | 10⁹ multiply-adds |")
    print("|---" * 6 + "|")
    for ax, data in zip(axes, TITLES, strict=True):
        for network in args.networks:
            found = (data, network)
            rows = [r for r in read_rows(RESULTS) if (r["data"], r["network"]) == found]
            rows.sort(key=lambda row: row["epochs"])
            seconds = [row["processor_seconds"] for row in rows]
            ax.plot(
                seconds, [row["accuracy"] for row in rows], "o-", ms=3, label=network
            )
            for row in rows:
                work = row["multiply_adds"] / 1e9
                cells = TITLES[data], network, row["epochs"], row["accuracy"]
                cells = *cells, f"{row['processor_seconds']:.1f}", f"{work:.0f}"
                print("| " + " | ".join(map(str, cells)) + " |")
        ax.set(xscale="log", xlabel="processor seconds of training", title=TITLES[data])
        ax.set_xticks(TICKS, labels=TICKS)
        ax.minorticks_off()
    axes[0].set_ylabel("accuracy on 10 000 test images, %")
    handles = axes[0].get_lines()
    fig.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8)
    fig.savefig(PICTURE, dpi=90)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["fit", "report"])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--epochs", nargs="+", type=int, default=EPOCHS)
    args = parser.parse_args()
    {"fit": fit, "report": report}[args.action](args)


if __name__ == "__main__":
    main()
