"""Who is connected: initial graph, growth and Hebbian term, at equal density.

Each row is one fit: a fully connected shape, of whose connections a share is there, by
Adam on the cross-entropy, with a rate that falls along a cosine. Accuracy is that of
the network after the last epoch on samples that had no part in anything. The plan
"dense" trains all connections by the same recipe with torch, products in bfloat16, at
the rate that `learning_rate_init="auto"` would scale the sparse one to, by sqrt(32 /
inputs). "usual" fits one hidden layer by the defaults of HebbSETClassifier instead.

    SKHEBB_DATA=... python tests/benchmarks/wiring.py fit --plans main ablation
    python tests/benchmarks/wiring.py report

`fit` appends a line per fit to results/wiring.jsonl and skips those that are there;
`report` prints tables of means, of paired differences to SET and their 95 % intervals
(Student's t over the seeds); `draw` draws docs/wiring.png.
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import math
import time
from collections import defaultdict
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from defaults import load, scaled, split
from result_rows import add_rows, half_interval, read_rows

from skhebb import HebbSETClassifier, show_versions

RESULTS = Path(__file__).parent / "results" / "wiring.jsonl"
PICTURE = Path(__file__).parents[2] / "docs" / "wiring.png"
KEYS = "job", "density", "graph", "growth", "lambda0", "seed"
N_TEST = 10_000
# Data set, training samples (all, or the first so many), hidden layers, learning rate
# and epochs.
JOBS = {
    "fashion": ("fashion_mnist", None, (784,) * 3, 0.005, 40),
    "mnist": ("mnist", None, (784,) * 3, 0.005, 40),
    "cifar10": ("cifar10", None, (3072,) * 3, 0.002, 30),
    "fashion x2": ("fashion_mnist", None, (1568,) * 3, 0.005, 40),
    "mnist x2": ("mnist", None, (1568,) * 3, 0.005, 40),
    "fashion x2 all_relu": ("fashion_mnist", None, (1568,) * 3, 0.005, 40),
    "mnist x2 all_relu": ("mnist", None, (1568,) * 3, 0.005, 40),
    "mnist x2 all_relu together": ("mnist", None, (1568,) * 3, 0.005, 40),
    "emnist": ("emnist_bymerge60k", None, (784,) * 3, 0.005, 40),
    "fashion 20000": ("fashion_mnist", 20_000, (784,) * 3, 0.005, 20),
}
SMALL = ["fashion 20000"]
LARGE = [job for job in JOBS if job not in SMALL]
DENSE = [job for job in LARGE if "all_relu" not in job]
USUAL = "lung_bhattacharjee1543", "prostate_ge", "cnae9", "pcmac", "relathe"
RECIPE = {"batch_size": 128, "weight_decay": 2e-4, "dropout": 0.1}
SET = "erdos_renyi", "random"
HEBB = "correlation", "hebbian"
RULES = "none", "random", "gradient", "hebbian"
ALL = [*product(("erdos_renyi", "correlation"), RULES)]
# Jobs, densities, pairs of graph and growth, lambda0.
PLANS = {
    "main": (LARGE, [0.01], [SET, HEBB], [0]),
    "ablation": (SMALL, [0.01], ALL, [0]),
    "term": (SMALL, [0.01], [SET, HEBB], [0.01]),
    "density": (SMALL, [0.0025, 0.05, 0.1], [SET, HEBB], [0]),
    "usual": (USUAL, ["auto"], [SET, ("erdos_renyi", "hebbian"), HEBB], [0]),
    "dense": (DENSE, [1], [("dense", "none")], [0]),
}


def rows_of(plan, n_seeds):
    """The rows of a plan, without their results; one seed after the other."""
    jobs, densities, wirings, strengths = PLANS[plan]
    for seed in range(n_seeds):
        for job, density, wiring, lambda0 in product(
            jobs, densities, wirings, strengths
        ):
            yield dict(zip(KEYS, (job, density, *wiring, lambda0, seed), strict=True))


def parts_of(row, kept={}):  # noqa: B006
    """Standardised X and y for training and for testing; those of the last row kept.

    Pixels one by one, or all together by one mean and deviation.
    """
    job = row["job"]
    name, n_train, *_ = JOBS.get(job, (job, None))
    is_together = job.endswith("together")
    key = name, n_train, is_together, row["seed"] if job in USUAL else None
    if key not in kept:
        kept.clear()
        X, y, n_official = load(name)
        if job in USUAL:
            train, test = split(X, y, n_official, row["seed"])
        else:
            train = np.arange(n_train or n_official)
            test = np.arange(n_official, min(n_official + N_TEST, len(y)))
        if is_together:
            X = X.astype(np.float32)
            X = (X - X[train].mean()) / X[train].std()
            kept[key] = X[train], y[train], X[test], y[test]
        else:
            kept[key] = scaled(X, y, train, test, is_regression=False)
    return kept[key]


def params_of(job):
    """The parameters that a job sets."""
    *_, hidden, rate, epochs = JOBS[job]
    names = "hidden_layer_sizes", "learning_rate_init", "max_iter"
    params = dict(zip(names, (hidden, rate, epochs), strict=True))
    activation = "all_relu" if "all_relu" in job else "relu"
    return {**RECIPE, **params, "activation": activation}


def fit_sparse(row):
    """What a line holds of the fit of a sparse network."""
    X, y, X_test, y_test = parts_of(row)
    params = {}
    if row["job"] not in USUAL:
        params = params_of(row["job"])
    is_static = row["growth"] == "none"
    model = HebbSETClassifier(
        initial_graph=row["graph"],
        growth="random" if is_static else row["growth"],
        lambda0=row["lambda0"],
        density=row["density"],
        random_state=row["seed"],
        **params,
    )
    if is_static:
        model.set_params(zeta=0)
    wall, processor = time.perf_counter(), time.process_time()
    model.fit(X, y)
    processor = time.process_time() - processor
    wall = time.perf_counter() - wall
    return {
        "accuracy": round(100 * model.score(X_test, y_test), 3),
        "train_accuracy": round(100 * model.score(X[:10_000], y[:10_000]), 3),
        "connections": model.n_connections_,
        "seconds": round(wall, 2),
        "processor_seconds": round(processor, 2),
    }


def fit_dense(row):
    """What a line holds of the fit of a dense network, by torch."""
    import torch
    from torch.nn.functional import cross_entropy, dropout, relu

    X, y, X_test, y_test = map(torch.from_numpy, parts_of(row))
    torch.manual_seed(row["seed"])
    *_, hidden, rate, epochs = JOBS[row["job"]]
    sizes = [X.shape[1], *hidden, int(y.max()) + 1]
    layers = [torch.nn.Linear(*shape) for shape in pairwise(sizes)]
    for layer in layers:
        torch.nn.init.xavier_normal_(layer.weight)
        torch.nn.init.zeros_(layer.bias)

    def outputs(X, training=False):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            for layer in layers[:-1]:
                X = dropout(relu(layer(X)), RECIPE["dropout"], training)
            return layers[-1](X).float()

    def accuracy(X, y):
        with torch.no_grad():
            found = torch.cat([outputs(part).argmax(dim=1) for part in X.split(1000)])
        return round(100 * float((found == y).float().mean()), 3)

    weights, biases = zip(*((la.weight, la.bias) for la in layers), strict=True)
    decayed = {"params": weights, "weight_decay": RECIPE["weight_decay"]}
    optimizer = torch.optim.Adam([decayed, {"params": biases}], fused=True)
    wall, processor = time.perf_counter(), time.process_time()
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            scale = math.sqrt(min(1, 32 / sizes[0]))
            group["lr"] = rate * scale * (1 + math.cos(math.pi * epoch / epochs)) / 2
        for batch in torch.randperm(len(X)).split(RECIPE["batch_size"]):
            optimizer.zero_grad()
            cross_entropy(outputs(X[batch], True), y[batch]).backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: {time.perf_counter() - wall:.0f} s", flush=True)
    processor = time.process_time() - processor
    wall = time.perf_counter() - wall
    return {
        "accuracy": accuracy(X_test, y_test),
        "train_accuracy": accuracy(X[:10_000], y[:10_000]),
        "connections": sum(weight.numel() for weight in weights),
        "seconds": round(wall, 2),
        "processor_seconds": round(processor, 2),
    }


def key_of(row):
    """What tells a fit from others."""
    return tuple(row[key] for key in KEYS)


def fit(args):
    """Fit what is not in the results yet."""
    show_versions()
    for plan in args.plans:
        for row in rows_of(plan, args.seeds):
            is_there = key_of(row) in map(key_of, read_rows(RESULTS))
            if is_there or (args.jobs and row["job"] not in args.jobs):
                continue
            found = (fit_dense if row["graph"] == "dense" else fit_sparse)(row)
            add_rows(RESULTS, {**row, **found})
            print(*key_of(row), found["accuracy"], found["seconds"], flush=True)


def report(args):
    """Print a table."""
    table = defaultdict(dict)
    for row in read_rows(RESULTS):
        *setting, seed = key_of(row)
        table[tuple(setting)][seed] = row
    columns = [
        *KEYS[:-1],
        "accuracy",
        "less SET",
        "seeds",
        "connections",
        "processor s",
    ]
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for setting, rows in table.items():
        of_set = table.get((*setting[:2], *SET, 0), {})
        accuracies = [row["accuracy"] for row in rows.values()]
        gains = [
            row["accuracy"] - of_set[seed]["accuracy"]
            for seed, row in rows.items()
            if seed in of_set and row is not of_set[seed]
        ]
        cells = [
            *setting,
            f"{np.mean(accuracies):.2f} ± {half_interval(accuracies):.2f}",
            f"{np.mean(gains):+.2f} ± {half_interval(gains):.2f}" if gains else "",
            len(rows),
            *(
                f"{np.mean([row[key] for row in rows.values()]):.0f}"
                for key in ("connections", "processor_seconds")
            ),
        ]
        print("| " + " | ".join(map(str, cells)) + " |")


def draw(args):
    """Draw how often each pixel is connected, before training and after it."""
    from matplotlib import pyplot as plt

    from skhebb.inspection import InputConnectivityDisplay

    X, y, *_ = parts_of({"job": SMALL[0], "seed": 0})
    fig, axes = plt.subplots(2, 2, figsize=(7, 5.4), layout="constrained")
    for line, (graph, growth) in zip(axes, (SET, HEBB), strict=True):
        for ax, when in zip(line, ("before", "after"), strict=True):
            model = HebbSETClassifier(
                initial_graph=graph, growth=growth, lambda0=0, density=0.01,
                random_state=0, **params_of(SMALL[0]),
            )  # fmt: skip
            if when == "before":
                model.set_params(zeta=0, max_iter=1)
            model.fit(X, y)
            InputConnectivityDisplay.from_estimator(model, image_shape=(28, 28), ax=ax)
            ax.set_title(f"{graph}, {growth}: {when} training", fontsize=7)
    fig.savefig(PICTURE, dpi=80)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["fit", "report", "draw"])
    parser.add_argument("--plans", nargs="+", default=list(PLANS), choices=PLANS)
    parser.add_argument("--jobs", nargs="+", help="of the plans; all by default")
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    {"fit": fit, "report": report, "draw": draw}[args.action](args)


if __name__ == "__main__":
    main()
