"""How many connections a Hebbian mask prunes, and at what accuracy.

On MNIST or, with ``--data convolutions``, on what three convolutions that learned by
HPCA give for CIFAR-10 (4800 features, those of `conv_few_labels.py`), as the published
claim is of the last layer of a convolutional network: ``--hidden`` without a number is
that layer alone. With ``--data fine-tuned`` these convolutions have learned with a
linear classifier before, from the same images and their classes.

Networks with the output layer, or all layers, behind a mask, beside the same network
without one; dense at the start. Prints the mean and half of the 95 % confidence
interval over seeds of the share that is pruned of each layer, the accuracy on the test
images, its difference to the network without a mask, and the difference of that network
when the same shares of its weights, the smallest ones, are removed after training and
nothing is trained any more. The last lines remove 50 and 90 % of its output layer in
this way. With all images, seeds differ in initial weights and order only.

    SKHEBB_DATA=... python tests/benchmarks/hebbian_masks.py
"""

import argparse
import copy
from pathlib import Path

import joblib
import numpy as np
from conv_few_labels import fine_tuned, images, labelled, pretrained
from joblib import Parallel, delayed
from result_rows import in_percent
from sklearn.base import clone

from skhebb import HebbianMaskClassifier
from skhebb._transformers.convolved_images import ConvolvedImages
from skhebb.datasets import fetch_dataset

RESULTS = Path(__file__).parent / "results"
SETTINGS = {
    "defaults": {},
    # As wide residual networks are trained, one of which the claim is about.
    "sgd": {
        "solver": "sgd",
        "learning_rate_init": 0.1,
        "weight_decay": 5e-4,
        "batch_size": 128,
    },
}
MASKS = {
    "output layer, contribution": {"masked_layers": [-1]},
    "output layer, contribution, centred": {"masked_layers": [-1], "mask_center": True},
    "output layer, sign": {"masked_layers": [-1], "mask_rule": "sign"},
    "all layers, contribution": {},
    "all layers, sign": {"mask_rule": "sign"},
}


def without_smallest(clf, shares):
    """The network without these shares of the weights of each layer."""
    pruned = copy.deepcopy(clf)
    for weights, share in zip(pruned.coefs_, shares, strict=True):
        smallest = np.argsort(abs(weights.data))[: round(share * weights.nnz)]
        weights.data[smallest] = 0
    return pruned


def mnist(n_samples, seed):
    """Images and classes to train on, and to test."""
    X, y = fetch_dataset("mnist")
    X, y = (X / 255).astype(np.float32), y.astype(int)
    train = np.random.default_rng(seed).permutation(60_000)[:n_samples]
    return X[train], y[train], X[60_000:], y[60_000:]


def convolutions(n_samples, seed, folder=RESULTS / "conv_few_labels", n_train=40_000):
    """The same of pooled maps; each channel has mean 0."""
    X, y = images("cifar10")
    maps = ConvolvedImages(X, pretrained("cifar10", "HPCA", folder, 3))
    train = np.random.default_rng(seed).permutation(n_train)[:n_samples]
    return maps[train], y[train], maps[n_train:], y[n_train:]


def fine_tuned_convolutions(n_samples, seed, n_train=40_000):
    """The same where the kernels have seen the classes, too; images of one seed."""
    (X, y), share = images("cifar10"), 100 * n_samples // n_train
    folder = RESULTS / "conv_few_labels"
    path = folder / f"fine-tuned-{share}.joblib"
    if not path.exists():
        layers = pretrained("cifar10", "HPCA", folder, 3)
        joblib.dump(fine_tuned("cifar10", "HPCA", layers, 0, share)[0], path)
    maps, train = ConvolvedImages(X, joblib.load(path)), labelled("cifar10", 0, share)
    return maps[train], y[train], maps[n_train:], y[n_train:]


DATA = {
    "mnist": mnist,
    "convolutions": convolutions,
    "fine-tuned": fine_tuned_convolutions,
}


def run(name, setting, hidden, rates, n_samples, max_iter, seed):
    """By mask and rate: shares pruned, accuracy, and that of pruning by magnitude."""
    X, y, X_test, y_test = DATA[name](n_samples, seed)
    params = {"max_iter": max_iter, "random_state": seed, "n_jobs": 1}
    clf = HebbianMaskClassifier(hidden, **params, **SETTINGS[setting])

    def fitted(**mask):
        return clone(clf).set_params(**mask).fit(X, y)

    def accuracy(clf):
        return clf.score(X_test, y_test)

    plain = fitted(mask_rate=0)
    nothing = np.zeros(len(hidden) + 1)
    rows = {("no mask", 0): [*nothing, accuracy(plain), accuracy(plain)]}
    masks = MASKS if hidden else [*MASKS][:3]  # the output layer is all there is
    for mask in masks:
        for rate in rates:
            masked = fitted(mask_rate=rate, **MASKS[mask])
            shares = masked.pruned_shares_[-1]
            by_size = accuracy(without_smallest(plain, shares))
            rows[mask, rate] = [*shares, accuracy(masked), by_size]
    for share in (0.5, 0.9):
        shares = [*nothing[:-1], share]
        by_size = accuracy(without_smallest(plain, shares))
        rows[f"no mask, {share:.0%} by size", 0] = [*shares, by_size, by_size]
    return rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    add("--data", choices=DATA, default="mnist")
    add("--hidden", type=int, nargs="*", default=[100])
    add("--rates", type=float, nargs="+", default=[0.1, 0.001])
    add("--samples", type=int, default=60_000)
    add("--epochs", type=int, default=10)
    add("--seeds", type=int, default=5)
    add("--n-jobs", type=int, default=2)
    args = parser.parse_args()

    jobs = [(s, seed) for s in args.settings for seed in range(args.seeds)]
    shared = args.hidden, args.rates, args.samples, args.epochs
    results = Parallel(n_jobs=args.n_jobs)(
        delayed(run)(args.data, setting, *shared, seed) for setting, seed in jobs
    )
    layers = [f"layer {n + 1} pruned, %" for n in range(len(args.hidden) + 1)]
    head = ["settings", "mask", "rate", *layers, "accuracy, %", "difference"]
    head.append("difference by size")
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for setting in args.settings:
        of_setting = [
            r for (s, _), r in zip(jobs, results, strict=True) if s == setting
        ]
        plain = np.array([rows["no mask", 0] for rows in of_setting])[:, -1]
        for name, rate in of_setting[0]:
            *shares, accuracy, by_size = np.array([r[name, rate] for r in of_setting]).T
            cells = [setting, name, f"{rate:g}", *map(in_percent, [*shares, accuracy])]
            cells += [in_percent(accuracy - plain), in_percent(by_size - plain)]
            print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
