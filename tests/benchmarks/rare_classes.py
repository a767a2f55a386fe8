"""F1 of a rare class: the default network beside dense ones, trees and a linear model.

20 000 training samples, fewer where a set has fewer, of which a share is positive:
drawn by `make_classification`, or one class of a set of the folder SKHEBB_DATA against
all others. Of that class as many samples are kept as make up the share, in the held-out
samples, too. A seed draws the samples and the class, the rarer one of two. After a
StandardScaler; all defaults.

    SKHEBB_DATA=... python tests/benchmarks/rare_classes.py
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import warnings
from collections import defaultdict

import numpy as np
from defaults import CLASSIFIERS
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skhebb import show_versions
from skhebb.datasets import fetch_dataset

N_TRAIN = 20_000
SHARES = 0.002, 0.01, 0.05
# Features, informative ones, and the distance of the clusters.
DRAWN = {"drawn 20": (20, 10, 1.0), "drawn 100": (100, 20, 2.0)}
SETS = (*DRAWN, "letter", "mnist", "emnist_bymerge60k", "w8a")


def draw(name, share, seed):
    """X and a boolean y, of the share wanted."""
    if name in DRAWN:
        n_features, n_informative, distance = DRAWN[name]
        X, y = make_classification(
            2 * N_TRAIN,
            n_features,
            n_informative=n_informative,
            class_sep=distance,
            weights=[1 - share],
            flip_y=0,
            random_state=seed,
        )
        return X, y == 1
    X, y = fetch_dataset(name)
    rng = np.random.default_rng(seed)
    classes, counts = np.unique(y, return_counts=True)
    rarest = classes[counts.argmin()]
    is_rare = y == (rarest if len(classes) == 2 else rng.choice(classes))
    positives = rng.permutation(np.flatnonzero(is_rare))
    others = rng.permutation(np.flatnonzero(~is_rare))
    n_others = min(len(others), 2 * N_TRAIN, int(len(positives) * (1 / share - 1)))
    n_positives = round(n_others * share / (1 - share))
    kept = np.concatenate([positives[:n_positives], others[:n_others]])
    return X[kept].astype(float), is_rare[kept]


def scores(name, share, seed, estimators):
    """F1 of the estimators, in %, in their order."""
    X, y = draw(name, share, seed)
    n_train = min(N_TRAIN, int(0.75 * len(y)))
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=n_train, stratify=y, random_state=seed
    )
    scaler = StandardScaler().fit(X)
    X, X_test = (scaler.transform(part).astype(np.float32) for part in (X, X_test))
    found = []
    for key in estimators:
        model = clone(CLASSIFIERS[key])
        if "random_state" in model.get_params():
            model.set_params(random_state=seed)
        predicted = model.fit(X, y).predict(X_test)
        found.append(100 * f1_score(y_test, predicted, zero_division=0))
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--shares", nargs="+", type=float, default=SHARES)
    parser.add_argument("--estimators", nargs="+", default=list(CLASSIFIERS))
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    show_versions()
    print("| | positives, % |", " | ".join(args.estimators), "|", flush=True)
    means = defaultdict(list)
    for name in args.sets:
        for share in args.shares:
            row = np.mean(
                [
                    scores(name, share, seed, args.estimators)
                    for seed in range(args.seeds)
                ],
                axis=0,
            )
            means[share].append(row)
            print_row(name, share, row)
    for share, rows in means.items():
        print_row("mean", share, np.mean(rows, axis=0))


def print_row(name, share, row):
    figures = " | ".join(f"{value:.1f}" for value in row)
    print(f"| {name} | {100 * share:g} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
