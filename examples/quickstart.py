"""
Sparse beside dense
===================

SET and HebbSET next to scikit-learn's dense network of the same shape.

Trains the three with their default settings on the digits that scikit-learn ships, or
on another data set by name, and prints how accurate, how large and how fast they are::

    python examples/quickstart.py
    python examples/quickstart.py --dataset mnist --hidden 1000 --epochs 20
"""

import argparse
import time

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset

SEED = 0


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--dataset", default="digits", help="name for skhebb.datasets.fetch_dataset")
    add("--hidden", type=int, nargs="+", default=[300], help="layer sizes")
    add("--epochs", type=int, default=75, help="of the sparse networks")
    add("--density", type=float, default=0.1, help="of the sparse networks")
    add("--lambda0", type=float, default=0.01, help="strength of the Hebbian term")
    return parser.parse_args()


def load(name):
    """Training and test part, of type float32 and standardised."""
    X, y = fetch_dataset(name)
    X_train, X_test, y_train, y_test = train_test_split(
        X.astype(np.float32), y, test_size=0.25, stratify=y, random_state=SEED
    )
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test), y_train, y_test


def build_models(args):
    shared = {"hidden_layer_sizes": args.hidden, "random_state": SEED}
    sparse = {**shared, "density": args.density, "max_iter": args.epochs}
    return {
        "SETClassifier": SETClassifier(**sparse),
        "HebbSETClassifier": HebbSETClassifier(lambda0=args.lambda0, **sparse),
        "MLPClassifier": MLPClassifier(**shared),
    }


def connections(model):
    """Number of connections, and that of a dense network of this shape."""
    n_cells = sum(weights.shape[0] * weights.shape[1] for weights in model.coefs_)
    return getattr(model, "n_connections_", n_cells), n_cells


def main():
    args = parse_arguments()
    X_train, X_test, y_train, y_test = load(args.dataset)
    print(f"{args.dataset}: {len(X_train)} training and {len(X_test)} test samples")
    print(
        f"{'model':<18}{'test accuracy':>14}{'connections':>13}{'density':>9}"
        f"{'epochs':>8}{'seconds':>9}"
    )
    for name, model in build_models(args).items():
        start = time.perf_counter()
        model.fit(X_train, y_train)
        seconds = time.perf_counter() - start
        accuracy = model.score(X_test, y_test)
        n_connections, n_cells = connections(model)
        print(
            f"{name:<18}{accuracy:>14.4f}{n_connections:>13,}"
            f"{n_connections / n_cells:>9.1%}{model.n_iter_:>8}{seconds:>9.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
