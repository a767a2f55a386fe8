"""The default networks beside others that are not tuned either, by amount of data.

Each of them is fitted, after a StandardScaler and otherwise with its defaults, to some
of the training samples of a set, and judged by held-out ones: those that the set's
authors held out where there are such, else a fifth. A smaller size is a part of the
training samples; sets that have fewer than a size are left out there, so that the last
size of a set is "all". Each seed draws its own samples and, without official ones, its
own split. Sets are those that scikit-learn ships and those in the folder SKHEBB_DATA;
`--sets drawn_million` draws one.

    SKHEBB_DATA=... python tests/benchmarks/defaults.py fit
    python tests/benchmarks/defaults.py report
    python tests/benchmarks/defaults.py pairs

`fit` appends a line per fit to results/defaults.jsonl and skips those that are there;
`report` prints tables of these and draws the gain over dense networks; `pairs` prints
what HebbSET gains over SET where both have the same samples and seed. Accuracy or R²,
log loss or mean squared error of standardised targets, weights, seconds of `fit`.
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import time
import warnings
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
from result_rows import add_rows, half_interval, read_rows
from scipy.sparse import issparse
from sklearn import datasets
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from skhebb import (
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
    show_versions,
)
from skhebb.datasets import fetch_dataset

RESULTS = Path(__file__).parent / "results" / "defaults.jsonl"
PICTURE = Path(__file__).parents[2] / "docs" / "defaults.png"
SIZES = (100, 300, 1000, 3000, 10_000, 60_000, 10**6, 10**9)
N_TEST = 5000  # held-out samples that are predicted at most
SHIPPED = {
    "breast_cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "reg_diabetes": datasets.load_diabetes,
}
# A million samples for training; no real set here has so many. Only if it is named.
DRAWN = {
    "drawn_million": partial(
        datasets.make_classification,
        n_samples=1_250_000,
        n_features=50,
        n_informative=20,
        n_classes=10,
        n_clusters_per_class=4,
        random_state=0,
    )
}
# Training samples that come first in the file, the official or given ones.
N_TRAIN = {
    "mnist": 60_000, "fashion_mnist": 60_000, "cifar10": 40_000,
    "cifar10_jpeg_10k": 8000, "madelon": 2000, "isolet_full": 6238,
    "higgs_lightgbm7500": 7000, "emnist_bymerge60k": 50_000, "adult": 32_561,
    "letter": 16_000, "satimage": 4435, "magic": 15_216, "otto": 49_502,
    "w8a": 39_799, "poker25k": 20_008, "eeg_eye_state": 11_984, "mushroom": 6499,
    "online_shoppers": 9864, "reuters_r8": 5485, "dblp": 46_405,
    "reg_california": 16_512, "reg_bike": 8708, "reg_kin8nm": 6553, "reg_pol": 12_000,
}  # fmt: skip
# Sets by which the defaults were chosen, on parts of their training samples.
CHOSEN_BY = {
    "mnist", "letter", "adult", "magic", "isolet_full", "higgs_lightgbm7500", "digits",
    "pcmac", "lung_bhattacharjee1543", "otto", "reg_california", "reg_kin8nm",
    "eeg_eye_state", "electricity",
}  # fmt: skip
COMPARED = "SET", "MLP", "MLP-same"
CLASSIFIERS = {
    "SET": SETClassifier(),
    "HebbSET": HebbSETClassifier(),
    "MLP": MLPClassifier(),
    "MLP-same": MLPClassifier(SETClassifier().hidden_layer_sizes),
    "linear": LogisticRegression(),
    "HistGB": HistGradientBoostingClassifier(),
}
REGRESSORS = {
    "SET": SETRegressor(),
    "HebbSET": HebbSETRegressor(),
    "MLP": MLPRegressor(),
    "MLP-same": MLPRegressor(hidden_layer_sizes=SETRegressor().hidden_layer_sizes),
    "linear": Ridge(),
    "HistGB": HistGradientBoostingRegressor(),
}


def load(name):
    """X and y, and how many samples are for training; None if all may be."""
    if name in SHIPPED:
        X, y = SHIPPED[name](return_X_y=True)
    elif name in DRAWN:
        X, y = DRAWN[name]()
    else:
        X, y = fetch_dataset(name)
    return X, y, N_TRAIN.get(name)


def split(X, y, n_train, seed):
    """Places of the samples for training, in random order, and of those held out."""
    rng = np.random.default_rng(seed)
    if n_train is not None:
        train, test = np.arange(n_train), np.arange(n_train, len(y))
    else:
        is_rare = np.unique(y, return_counts=True)[1].min() < 2
        train, test = train_test_split(
            np.arange(len(y)),
            test_size=0.2,
            stratify=None if is_rare or y.dtype.kind == "f" else y,
            random_state=seed,
        )
    return rng.permutation(train), rng.permutation(test)[:N_TEST]


def sizes_of(n_train):
    """Which `SIZES` a set has; the last one is all it has, by number."""
    return [*(size for size in SIZES if size < 0.9 * n_train), n_train]


def scaled(X, y, train, test, is_regression):
    """Standardised parts of the data; the targets of regression, too."""
    scaler = StandardScaler(with_mean=not issparse(X))
    X_train = scaler.fit_transform(X[train].astype(np.float32))
    X_test = scaler.transform(X[test].astype(np.float32))
    y_train, y_test = y[train], y[test]
    if is_regression:
        mean, deviation = y_train.mean(), y_train.std()
        y_train, y_test = ((each - mean) / deviation for each in (y_train, y_test))
    return X_train, y_train, X_test, y_test


def judge(model, X, y, is_regression):
    """R² and mean squared error, or accuracy and log loss, clipped at 1e-7."""
    if is_regression:
        error = float(np.mean((y - model.predict(X)) ** 2))
        return 1 - error / float(np.var(y)), error
    probabilities = np.asarray(model.predict_proba(X), dtype=float)
    places = np.searchsorted(model.classes_, y).clip(max=len(model.classes_) - 1)
    is_known = model.classes_[places] == y  # small parts may lack a class
    of_truth = np.where(is_known, probabilities[np.arange(len(y)), places], 0)
    accuracy = np.mean(model.classes_[probabilities.argmax(axis=1)] == y)
    return float(accuracy), float(-np.log(of_truth.clip(1e-7, 1)).mean())


def n_weights(model):
    """How many weights it has; None for trees."""
    coefs = getattr(model, "coefs_", None) or [getattr(model, "coef_", None)]
    if coefs[0] is None:
        return None
    return int(sum(c.nnz if issparse(c) else c.size for c in coefs))


def fit_one(estimator, parts, seed, is_regression):
    """What a line of the results holds of a fit."""
    X, y, X_test, y_test = parts
    if issparse(X) and "HistGradient" in type(estimator).__name__:
        return None
    model = type(estimator)(**estimator.get_params())
    if "random_state" in model.get_params():
        model.set_params(random_state=seed)
    wall, processor = time.perf_counter(), time.process_time()
    model.fit(X, y)
    processor = time.process_time() - processor
    wall = time.perf_counter() - wall
    score, loss = judge(model, X_test, y_test, is_regression)
    return {
        "score": round(score, 5),
        "loss": round(loss, 5),
        "weights": n_weights(model),
        "seconds": round(wall, 4),
        "processor_seconds": round(processor, 4),
    }


def fit(args):
    """Fit what is not in the results yet, smaller sizes first."""
    KEYS = ("set", "size", "seed", "estimator")
    there = {tuple(row[key] for key in KEYS) for row in read_rows(RESULTS)}
    show_versions()
    loaded = (None, None)
    for size, name in jobs(args.sets, args.sizes):
        for seed in range(args.seeds):
            wanted = [e for e in args.estimators if (name, size, seed, e) not in there]
            if not wanted:
                continue
            if loaded[0] != name:
                loaded = name, load(name)
            X, y, n_train = loaded[1]
            train, test = split(X, y, n_train, seed)
            is_regression = name.startswith("reg_")
            parts = scaled(X, y, train[:size], test, is_regression)
            table = REGRESSORS if is_regression else CLASSIFIERS
            for key in wanted:
                found = fit_one(table[key], parts, seed, is_regression)
                if found is None:
                    continue
                row = {"set": name, "size": size, "seed": seed, "estimator": key}
                add_rows(RESULTS, {**row, **found})


def jobs(names, sizes):
    """Pairs of a size and a set, smallest size first."""
    pairs = []
    for name in names:
        _, y, n_train = load(name)
        n_train = n_train or len(y) - -(-len(y) // 5)
        pairs += [(size, name) for size in sizes_of(n_train) if size <= sizes]
    return sorted(pairs)


def read(path=RESULTS):
    """Means over the seeds in common, by kind, nominal size, set and estimator."""
    rows = defaultdict(list)
    for row in read_rows(path):
        rows[row["set"], row["size"], row["estimator"]].append(row)
    table = defaultdict(dict)
    for (name, size, estimator), found in [*rows.items()]:
        seeds = [{r["seed"] for r in rows[name, size, e]} for e in COMPARED]
        common = set.intersection(*seeds)
        some = [row for row in found if row["seed"] in common]
        if not some:
            continue
        nominal = max((s for s in SIZES if s <= size * 1.6), default=SIZES[0])
        kind = "regression" if name.startswith("reg_") else "classification"
        table[kind, nominal, name, size][estimator] = {
            key: np.mean([row[key] for row in some])
            for key in ("score", "loss", "weights", "seconds", "processor_seconds")
            if some[0][key] is not None
        }
    return table


def report(args):
    """Print tables, and draw the picture."""
    table = read()
    for kind in ("classification", "regression"):
        for nominal in SIZES:
            cells = {
                (name, size): found
                for (k, n, name, size), found in table.items()
                if (k, n) == (kind, nominal) and set(COMPARED) <= set(found)
            }
            if cells:
                print_size(kind, nominal, cells, args.details)
    draw(table)


def print_size(kind, nominal, cells, details):
    """Means over the sets of one size, and the worst of them."""
    n_seen = sum(name in CHOSEN_BY for name, _ in cells)
    print(f"\n{kind}, {nominal} samples: {len(cells)} sets, {n_seen} to choose by")
    for estimator in CLASSIFIERS:
        common = [cell for cell in cells.values() if estimator in cell]
        if not common:
            continue

        def mean(key, of=None, common=common, estimator=estimator):
            return np.mean([cell[of or estimator][key] for cell in common])

        def ratio(key, of, common=common, estimator=estimator):
            ratios = [cell[estimator][key] / cell[of][key] for cell in common]
            return np.exp(np.mean(np.log(ratios))), max(ratios)

        line = f"| {estimator} | {100 * mean('score'):.2f} | {mean('loss'):.3f} |"
        line += " {:.2f} ({:.2f}) |".format(*ratio("processor_seconds", "MLP"))
        print(line + (f" of {len(common)} sets" if len(common) < len(cells) else ""))
    gains = {cell: 100 * gain(found) for cell, found in cells.items()}
    for which in (True, False):
        some = [
            gain for (name, _), gain in gains.items() if (name in CHOSEN_BY) == which
        ]
        if some:
            print(f"mean gain {np.mean(some):+.2f}, sets chosen by: {which}")
    for cell in sorted(gains, key=gains.get)[: None if details else 3]:
        print(f"    {gains[cell]:+.1f} {cell[0]} {cell[1]}")


def gain(found):
    """Score gained over the better dense network."""
    return found["SET"]["score"] - max(found[e]["score"] for e in COMPARED[1:])


def pairs(args):
    """Print what HebbSET gains over SET on the same samples, by number of samples."""
    cells = defaultdict(dict)
    for row in read_rows(RESULTS):
        cells[row["set"], row["size"], row["seed"]][row["estimator"]] = row
    found = defaultdict(list)
    for (name, size, _), cell in cells.items():
        if {"SET", "HebbSET"} <= set(cell):
            kind = "regression" if name.startswith("reg_") else "classification"
            nominal = max((s for s in SIZES if s <= size * 1.6), default=SIZES[0])
            found[kind, nominal].append((name, cell["SET"], cell["HebbSET"]))
    print("| | sets | pairs | gain, points | 95 % | better / worse | loss | time |")
    print("|---|---|---|---|---|---|---|---|")
    for (kind, nominal), triples in sorted(found.items()):
        if len(triples) < 2:  # of which there is no interval
            continue
        gains = np.array([100 * (h["score"] - s["score"]) for _, s, h in triples])
        losses = np.mean([h["loss"] - s["loss"] for _, s, h in triples])
        seconds = [[each["processor_seconds"] for each in t[1:]] for t in triples]
        times = np.exp(np.mean(np.diff(np.log(seconds))))
        half = half_interval(gains)
        print(
            f"| {kind}, {nominal} | {len({name for name, *_ in triples})} "
            f"| {len(gains)} | {gains.mean():+.2f} | ± {half:.2f} "
            f"| {np.sum(gains > 0)} / {np.sum(gains < 0)} | {losses:+.3f} "
            f"| {times:.2f} |"
        )


def draw(table):
    """Draw the gain over the better dense network against the number of samples."""
    from matplotlib import pyplot as plt

    _, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for ax, kind in zip(axes, ("classification", "regression"), strict=True):
        points = [
            (size, 100 * gain(found), name in CHOSEN_BY, nominal)
            for (k, nominal, name, size), found in table.items()
            if k == kind and set(COMPARED) <= set(found)
        ]
        for is_seen, label in ((True, "chosen by"), (False, "kept aside")):
            some = [(size, g) for size, g, seen, _ in points if seen == is_seen]
            ax.plot(*zip(*some, strict=True), ".", alpha=0.6, label=label)
        nominal = sorted({n for *_, n in points})
        means = [np.mean([g for _, g, _, m in points if m == n]) for n in nominal]
        sizes = [np.median([s for s, _, _, m in points if m == n]) for n in nominal]
        ax.plot(sizes, means, "k-", label="mean")
        ax.axhline(0, color="grey", linewidth=0.8)
        unit = "points of accuracy" if kind == "classification" else "points of R²"
        ax.set(xscale="log", xlabel="samples", ylabel=unit, title=kind)
        ax.set_yscale("symlog", linthresh=5)
        ax.legend()
    plt.savefig(PICTURE, dpi=100)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    folder = os.environ.get("SKHEBB_DATA")
    stored = sorted(file.stem for file in Path(folder).glob("*.npz")) if folder else []
    parser.add_argument("action", choices=["fit", "report", "pairs"])
    parser.add_argument("--sets", nargs="+", default=[*SHIPPED, *stored])
    parser.add_argument("--estimators", nargs="+", default=list(CLASSIFIERS))
    parser.add_argument("--sizes", type=int, default=10**9, help="at most")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--details", action="store_true", help="all sets")
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    {"fit": fit, "report": report, "pairs": pairs}[args.action](args)


if __name__ == "__main__":
    main()
