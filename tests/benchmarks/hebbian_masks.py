"""How many connections a Hebbian mask prunes on MNIST, and at what accuracy.

Networks with the output layer, or all layers, behind a mask, beside the same network
without one; dense at the start. Prints the mean and half of the 95 % confidence
interval over seeds of the share that is pruned in each layer and of the accuracy on the
test images, and the difference to the network without a mask.

    SKHEBB_DATA=... python tests/benchmarks/hebbian_masks.py
"""

import argparse

import numpy as np
from joblib import Parallel, delayed
from scipy import stats

from skhebb import HebbianMaskClassifier
from skhebb.datasets import fetch_dataset

MASKS = {
    "no mask": {"mask_rate": 0},
    "output layer, contribution": {"masked_layers": [-1]},
    "output layer, contribution, centred": {"masked_layers": [-1], "mask_center": True},
    "output layer, sign": {"masked_layers": [-1], "mask_rule": "sign"},
    "all layers, contribution": {},
    "all layers, sign": {"mask_rule": "sign"},
}


def run(mask, hidden, rate, n_samples, max_iter, seed):
    """Share pruned of each layer, and accuracy, in percent."""
    X, y = fetch_dataset("mnist")
    X, y = (X / 255).astype(np.float32), y.astype(int)
    train = np.random.default_rng(seed).permutation(60_000)[:n_samples]
    params = {"mask_rate": rate, **mask}
    clf = HebbianMaskClassifier(
        hidden, max_iter=max_iter, random_state=seed, n_jobs=1, **params
    ).fit(X[train], y[train])
    accuracy = 100 * clf.score(X[60_000:], y[60_000:])
    return [*(100 * clf.pruned_shares_[-1]), accuracy]


def interval(values):
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return f"{np.mean(values):.1f} ± {half:.1f}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--hidden", type=int, nargs="+", default=[100])
    add("--rate", type=float, nargs="+", default=[0.1, 0.001])
    add("--samples", type=int, default=60_000)
    add("--epochs", type=int, default=10)
    add("--seeds", type=int, default=5)
    add("--n-jobs", type=int, default=2)
    args = parser.parse_args()

    pairs = [
        (name, rate)
        for name in MASKS
        for rate in (args.rate if MASKS[name].get("mask_rate") != 0 else [0])
    ]
    jobs = [(*pair, seed) for pair in pairs for seed in range(args.seeds)]
    rows = Parallel(n_jobs=args.n_jobs)(
        delayed(run)(MASKS[name], args.hidden, rate, args.samples, args.epochs, seed)
        for name, rate, seed in jobs
    )
    figures = np.array(rows).reshape(len(pairs), args.seeds, -1)
    layers = " | ".join(f"layer {n + 1} pruned, %" for n in range(len(args.hidden) + 1))
    print(f"| mask | rate | {layers} | accuracy, % | difference |")
    print("|---" * (len(args.hidden) + 5) + "|")
    for (name, rate), of_pair in zip(pairs, figures, strict=True):
        cells = [name, f"{rate:g}", *map(interval, of_pair.T)]
        cells.append(interval(of_pair[:, -1] - figures[0][:, -1]))
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
