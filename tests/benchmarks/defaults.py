"""The default classifiers beside others that are not tuned either.

Cross-validates each of them, after a StandardScaler and otherwise with its defaults, on
the classification sets that scikit-learn ships and those in the folder SKHEBB_DATA,
subsampled where they are large. Prints mean accuracy, number of connections (weights of
the dense networks and coefficients of the linear model), and seconds to fit one fold;
the estimators take turns, fold by fold.

    SKHEBB_DATA=... python tests/benchmarks/defaults.py
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skhebb
from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset

SHIPPED = {
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
    "iris": load_iris,
    "wine": load_wine,
}
HIDDEN = SETClassifier().hidden_layer_sizes
ESTIMATORS = {
    "SET": SETClassifier(),
    "HebbSET": HebbSETClassifier(),
    "MLP": MLPClassifier(),
    "MLP-same": MLPClassifier(HIDDEN),
    "logistic": LogisticRegression(),
    "HistGB": HistGradientBoostingClassifier(),
}


def load(name, n_samples, seed):
    """At most `n_samples` of a set, with the shares of the classes kept."""
    if name in SHIPPED:
        X, y = SHIPPED[name](return_X_y=True)
    else:
        X, y = fetch_dataset(name)
    if len(y) > n_samples:
        X, _, y, _ = train_test_split(
            X, y, train_size=n_samples, stratify=y, random_state=seed
        )
    return X.astype(np.float32), y


def n_weights(estimator):
    """How many weights it has; not a number for trees."""
    coefs = getattr(estimator, "coefs_", None) or [getattr(estimator, "coef_", None)]
    if coefs[0] is None:
        return np.nan
    return sum(c.nnz if issparse(c) else c.size for c in coefs)


def cross_validate(estimators, X, y, n_folds, seed):
    """Accuracy, weights and seconds of each estimator, means over the folds."""
    results = {name: [] for name in estimators}
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    for train, test in folds.split(X, y):
        for name, estimator in estimators.items():
            model = make_pipeline(StandardScaler(), clone(estimator))
            if "random_state" in estimator.get_params():
                model[-1].set_params(random_state=seed)
            start = time.perf_counter()
            model.fit(X[train], y[train])
            seconds = time.perf_counter() - start
            figures = model.score(X[test], y[test]), n_weights(model[-1]), seconds
            results[name].append(figures)
    return {name: np.mean(figures, axis=0) for name, figures in results.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    folder = os.environ.get("SKHEBB_DATA")
    stored = sorted(file.stem for file in Path(folder).glob("*.npz")) if folder else []
    parser.add_argument("--sets", nargs="+", default=[*SHIPPED, *stored])
    parser.add_argument("--estimators", nargs="+", default=list(ESTIMATORS))
    parser.add_argument("--samples", type=int, default=3000, help="at most, of a set")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    skhebb.show_versions()
    print("\naccuracy in %; thousands of weights; seconds to fit a fold")
    estimators = {name: ESTIMATORS[name] for name in args.estimators}
    print(f"{'':24}" + "".join(f"{name:>23}" for name in estimators))
    table = []
    for name in args.sets:
        X, y = load(name, args.samples, args.seed)
        figures = cross_validate(estimators, X, y, args.folds, args.seed)
        table.append(list(figures.values()))
        print_row(f"{name} {X.shape[0]}x{X.shape[1]}", table[-1])
    print_row("mean", np.mean(table, axis=0))
    table = np.array(table)
    shares = table[:, :, 1:] / table[:, :1, 1:]
    print(f"weights and time, relative to {args.estimators[0]}, geometric mean:")
    for name, share in zip(
        estimators, np.exp(np.log(shares).mean(axis=0)), strict=True
    ):
        print(f"  {name:12} {share[0]:8.2f} {share[1]:8.2f}")


def print_row(title, figures):
    cells = (
        f"{100 * accuracy:8.1f}{weights / 1000:8.1f}{seconds:7.2f}"
        for accuracy, weights, seconds in figures
    )
    print(f"{title:24.24}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
