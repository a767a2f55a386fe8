"""How features are scaled, before networks with default settings.

Accuracy or R² in %, and log loss or mean squared error, on a quarter of the training
samples of each set (3000 at most), which nothing else learned from; one seed.

    SKHEBB_DATA=... python tests/benchmarks/scalers.py --samples 10000
"""

import argparse

import numpy as np
from defaults import judge, load, split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from skhebb import SETClassifier, SETRegressor

SETS = (
    "eeg_eye_state", "electricity", "nsl_kdd", "online_shoppers", "magic", "letter",
    "adult", "otto", "reg_california", "reg_bike",
)  # fmt: skip
SCALERS = {
    "standard": StandardScaler(),
    "standard, clipped at 4": make_pipeline(
        StandardScaler(), FunctionTransformer(np.clip, kw_args={"min": -4, "max": 4})
    ),
    "robust": RobustScaler(),
    "power": PowerTransformer(),
    "quantiles": QuantileTransformer(output_distribution="normal", random_state=0),
}


def run(name, n_samples):
    """Score and loss of each scaler."""
    X, y, n_train = load(name)
    train, _ = split(X, y, n_train, seed=0)
    n_held_out = min(len(train) // 4, 3000)
    held_out, train = train[:n_held_out], train[n_held_out:][:n_samples]
    X, is_regression = X.astype(np.float32), name.startswith("reg_")
    if is_regression:
        y = (y - y[train].mean()) / y[train].std()
    for scaler in SCALERS.values():
        X_train = scaler.fit_transform(X[train]).astype(np.float32)
        model = (SETRegressor if is_regression else SETClassifier)(random_state=0)
        model.fit(X_train, y[train])
        X_test = scaler.transform(X[held_out]).astype(np.float32)
        yield judge(model, X_test, y[held_out], is_regression)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--samples", type=int, default=10_000, help="at most")
    args = parser.parse_args()
    print("| |", " | ".join(SCALERS), "|")
    print("|---" * (len(SCALERS) + 1) + "|")
    for name in args.sets:
        cells = [
            f"{100 * score:.1f}, {loss:.3f}" for score, loss in run(name, args.samples)
        ]
        print("|", name, "|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
