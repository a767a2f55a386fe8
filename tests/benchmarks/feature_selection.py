"""Features of Madelon by the strength of input neurons, beside other rankings.

Madelon has 500 features, of which 20 are informative: 5, and 15 linear combinations of
them. Which these are is not published; but they are correlated with each other and the
480 distractors with nothing, so that the data tell them: the 20 features with the
largest correlation with another one. Rankings are made on the training part: strength
of input neurons (QuickSelection: the sum of the absolute weights of a feature's
connections) of SET and HebbSET, mutual information, impurity decrease of a random
forest, and chance. Prints how many of the 20 features are among the first 20, and the
accuracy on the validation part of 5 nearest neighbours on these first 20.

    SKHEBB_DATA=... python tests/benchmarks/feature_selection.py
"""

import argparse
import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import mutual_info_classif
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset

N_TRAIN, N_INFORMATIVE = 2000, 20


def informative(X):
    """The features that are most correlated with another one."""
    correlations = np.abs(np.corrcoef(X.T))
    np.fill_diagonal(correlations, 0)
    strongest = correlations.max(axis=0)
    order = np.argsort(-strongest)
    inside, outside = strongest[order[[N_INFORMATIVE - 1, N_INFORMATIVE]]]
    print(
        f"correlation with another feature: {inside:.2f} at least, else {outside:.2f}"
    )
    return set(order[:N_INFORMATIVE])


def rankings(X, y, seed, epochs):
    """Importances by method."""
    network = {"max_iter": epochs, "random_state": seed}
    return {
        "SET": lambda: SETClassifier(**network).fit(X, y).feature_importances_,
        "HebbSET": lambda: HebbSETClassifier(**network).fit(X, y).feature_importances_,
        "mutual information": lambda: mutual_info_classif(X, y, random_state=seed),
        "random forest": lambda: (
            RandomForestClassifier(random_state=seed).fit(X, y).feature_importances_
        ),
        "chance": lambda: np.random.default_rng(seed).random(X.shape[1]),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=SETClassifier().max_iter)
    args = parser.parse_args()
    X, y = fetch_dataset("madelon")
    X = StandardScaler().fit(X[:N_TRAIN]).transform(X)
    X_train, y_train, X_val, y_val = X[:N_TRAIN], y[:N_TRAIN], X[N_TRAIN:], y[N_TRAIN:]
    wanted = informative(X_train)
    results = {}
    for seed in range(args.seeds):
        for name, rank in rankings(X_train, y_train, seed, args.epochs).items():
            start = time.perf_counter()
            chosen = np.argsort(-rank())[:N_INFORMATIVE]
            seconds = time.perf_counter() - start
            neighbours = KNeighborsClassifier().fit(X_train[:, chosen], y_train)
            accuracy = 100 * neighbours.score(X_val[:, chosen], y_val)
            figures = len(wanted & set(chosen)), accuracy, seconds
            results.setdefault(name, []).append(figures)
    print(f"{args.seeds} seeds; of the first 20, neighbours' accuracy in %, seconds")
    for name, figures in results.items():
        found, accuracy, seconds = np.mean(figures, axis=0)
        deviations = np.std(figures, axis=0)
        print(
            f"{name:20}{found:6.1f} ± {deviations[0]:3.1f}"
            f"{accuracy:8.1f} ± {deviations[1]:3.1f}{seconds:8.2f}"
        )


if __name__ == "__main__":
    main()
