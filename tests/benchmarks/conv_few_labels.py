"""Lagani's Table 1: a convolutional network, pre-trained without labels, few labels.

His network for CIFAR-10 (`lagani_network.py`) is cut after the first, second ... fifth
layer and gets a linear classifier, with dropout of its inputs. Everything ("all") or
the classifier alone ("head") is trained on 1, 5 or 10 % of the images. Layers have
learned by a Hebbian rule before, or are random: as He et al. draw them ("none"), or
standardised in the same way as those that learned ("random").

What differs from the paper: the statistics that channels are standardised by stay those
of images without labels; kernels are not penalised, and take larger steps
(`KERNEL_RATE`); the learning rate falls along a cosine, where his is halved before each
of the last ten of 20 epochs, which comes to the same in all; the images are
standardised by channel for all rules but soft-WTA, for which they are whitened; and no
labelled validation images choose an epoch. Layers learn from `N_PATCHES` patches of
`N_PRETRAIN` of the images, once for each rule, and are kept in a folder, from which all
cells of the table start: seeds differ in the images that have labels, initial weights
of the classifier and order. Tested on 5000 images: of CIFAR-10 the first of the last
10 000 of its training set, which nothing learns from. The other 5000 of these judged
what was tried while this was written.

Results are added to a file as they come and what it has is not run again. Times are of
the processor.

    SKHEBB_DATA=... python tests/benchmarks/conv_few_labels.py --shares 1 --depths 1 2 3
    python tests/benchmarks/conv_few_labels.py --print
"""

import argparse
import json
import time
import warnings
from itertools import product
from pathlib import Path

import numpy as np
from lagani_network import (
    N_TRAIN,
    RULES,
    classifier,
    fine_tuned,
    images,
    inputs_of,
    labelled,
    pretrained,
)
from result_rows import add_rows, in_percent, read_rows
from sklearn.exceptions import ConvergenceWarning

from skhebb._transformers.convolved_images import ConvolvedImages

HERE = Path(__file__).parent
N_SEEDS = {1: 5, 5: 5, 10: 2, 100: 1}  # by share of labels
# Table 1: accuracy on CIFAR-10, in %, by share of labels and layer.
PUBLISHED = {
    ("VAE", 1): (33.54, 34.41, 29.92, 24.91, 22.54),
    ("soft-WTA", 1): (35.47, 35.75, 36.09, 30.57, 30.23),
    ("HPCA", 1): (37.01, 37.65, 41.88, 40.06, 39.75),
    ("VAE", 5): (46.31, 48.21, 48.98, 36.32, 32.75),
    ("soft-WTA", 5): (48.34, 52.90, 54.01, 49.80, 48.35),
    ("HPCA", 5): (48.49, 50.14, 53.33, 52.49, 52.20),
    ("VAE", 10): (53.83, 56.33, 57.85, 52.26, 45.67),
    ("soft-WTA", 10): (54.23, 59.40, 61.27, 58.33, 58.00),
    ("HPCA", 10): (54.36, 56.08, 58.46, 56.54, 57.35),
    ("VAE", 100): (67.53, 75.83, 80.78, 84.27, 85.23),
    ("soft-WTA", 100): (67.37, 77.39, 81.83, 84.42, 85.37),
    ("HPCA", 100): (66.76, 75.16, 79.90, 83.55, 84.38),
}


def cells_of_head(name, rule, cells, folder):
    """Yield cells and results of classifiers that learn alone.

    Each layer makes its maps of all images that any cell wants once.
    """
    X, y = images(name)
    tests = np.arange(N_TRAIN[name], len(X))
    trains = [labelled(name, cell["seed"], cell["share"]) for cell in cells]
    wanted = np.unique(np.concatenate([*trains, tests]))
    maps = inputs_of(X[wanted], name, rule)
    n_layers = max(cell["depth"] for cell in cells)
    for depth, layer in enumerate(pretrained(name, rule, folder, n_layers), 1):
        maps = layer.transform(maps)
        for cell, train in zip(cells, trains, strict=True):
            if cell["depth"] == depth:
                few = maps[: len(train)]  # of all images, with no copy
                if cell["share"] < 100:
                    few = maps[np.searchsorted(wanted, train)]
                start = time.process_time()
                network = classifier(maps.shape[1], cell["seed"]).fit(few, y[train])
                fitted = time.process_time() - start
                predicted = network.predict(maps[-len(tests) :])
                yield cell, summary(network, predicted, y[tests], fitted)


def cells_of_all(name, rule, cells, folder):
    """Yield cells and results of convolutions that learn with the classifier."""
    X, y = images(name)
    others = inputs_of(X[N_TRAIN[name] :], name, rule)
    for cell in cells:
        layers = pretrained(name, rule, folder, cell["depth"])
        start = time.process_time()
        layers, network = fine_tuned(name, rule, layers, cell["seed"], cell["share"])
        fitted = time.process_time() - start
        predicted = network.predict(ConvolvedImages(others, layers))
        yield cell, summary(network, predicted, y[N_TRAIN[name] :], fitted)


def summary(network, predicted, y, seconds):
    """What is kept of a cell."""
    return {
        "accuracy": float(np.mean(predicted == y)),
        "loss": network.loss_,
        "fit_cpu_s": round(seconds, 1),
    }


def interval(values):
    """Mean and half of the 95 % confidence interval, or of two values these, in %."""
    mean = f"{100 * np.mean(values):.1f}"
    if len(values) == 1:
        return mean
    if len(values) == 2:
        return f"{mean} ({100 * min(values):.1f}, {100 * max(values):.1f})"
    return in_percent(values)


def tables(results):
    """Print a table for each set of images and share of labels."""
    for name, share in product(N_TRAIN, (1, 5, 10, 100)):
        of = {"data": name, "share": share}
        chosen = [r for r in results if of.items() <= r.items()]
        if not chosen:
            continue
        n_seeds = len({r["seed"] for r in chosen})
        seeds = f"up to {n_seeds} seeds" if n_seeds > 1 else "one seed"
        print(f"\n**{name}, {share} % of the labels, {seeds}**\n")
        print(
            "| pre-training | trained | L1 | L2 | L3 | L4 | L5 |\n" + "|---" * 7 + "|"
        )
        for fine_tune, rule in product(("all", "head"), RULES):
            cells = []
            for depth in range(1, 6):
                cell = {"rule": rule, "depth": depth, "fine_tune": fine_tune}
                found = [r["accuracy"] for r in chosen if cell.items() <= r.items()]
                cells.append(interval(found) if found else "")
            if any(cells):
                print(f"| {rule} | {fine_tune} | {' | '.join(cells)} |")
        for (rule, of_share), figures in PUBLISHED.items():
            if name == "cifar10" and of_share == share:
                cells = " | ".join(f"{figure:.1f}" for figure in figures)
                print(f"| {rule}, published | all | {cells} |")


def missing_cells(args, name, rule, fine_tune):
    """Return what is asked for and not yet among the results."""
    found = read_rows(args.results)
    cells = [
        {
            "data": name,
            "share": share,
            "depth": depth,
            "rule": rule,
            "fine_tune": fine_tune,
            "seed": seed,
        }
        for depth, share, seed in product(args.depths, args.shares, args.seeds)
        if seed < N_SEEDS[share]
    ]
    return [c for c in cells if not any(c.items() <= r.items() for r in found)]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", nargs="+", choices=N_TRAIN, default=["cifar10"])
    add("--rules", nargs="+", choices=RULES, default=list(RULES))
    add("--depths", nargs="+", type=int, choices=range(1, 6), default=[1, 2, 3, 4, 5])
    add("--shares", nargs="+", type=int, choices=N_SEEDS, default=[1, 5, 10])
    add("--fine-tune", nargs="+", choices=["all", "head"], default=["all", "head"])
    add("--seeds", nargs="+", type=int, default=list(range(5)))
    add("--results", type=Path, default=HERE / "results" / "conv_few_labels.jsonl")
    add("--folder", type=Path, default=HERE / "results" / "conv_few_labels")
    add("--print", action="store_true", help="run nothing")
    args = parser.parse_args()

    warnings.simplefilter("ignore", ConvergenceWarning)
    for name, rule in [] if args.print else product(args.data, args.rules):
        for fine_tune in args.fine_tune:
            cells = missing_cells(args, name, rule, fine_tune)
            run = cells_of_head if fine_tune == "head" else cells_of_all
            for cell, result in run(name, rule, cells, args.folder) if cells else []:
                print(json.dumps({**cell, **result}), flush=True)
                add_rows(args.results, {**cell, **result})
    tables(read_rows(args.results))


if __name__ == "__main__":
    main()
