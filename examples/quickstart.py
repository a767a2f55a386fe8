"""SET and HebbSET next to scikit-learn's dense network of the same shape.

Trains the three on the digits that scikit-learn ships, or on another data set by
name, with the same solver settings, and prints how accurate, how large and how fast
they are.

    python examples/quickstart.py
    python examples/quickstart.py --dataset mnist --epochs 20 --lambda0 0.0001

The Hebbian term is added at each mini-batch. Where an epoch has many more of them
than on digits, such as on MNIST, a smaller `--lambda0` is needed for the same effect.
The defaults were chosen by cross-validation on the training part of digits.
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import MinMaxScaler

from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset

SEED = 0


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--dataset", default="digits", help="name for skhebb.datasets.fetch_dataset")
    add("--hidden", type=int, nargs="+", default=[400, 400, 400], help="layer sizes")
    add("--epochs", type=int, default=50)
    add("--batch-size", type=int, default=100)
    add("--learning-rate", type=float, default=0.1)
    add("--epsilon", type=float, default=10, help="density of the sparse networks")
    add("--lambda0", type=float, default=0.003, help="strength of the Hebbian term")
    return parser.parse_args()


def load(name):
    """Training and test part, of type float32 and scaled to [0, 1]."""
    X, y = fetch_dataset(name)
    X_train, X_test, y_train, y_test = train_test_split(
        X.astype(np.float32), y, test_size=0.25, stratify=y, random_state=SEED
    )
    scaler = MinMaxScaler(clip=True).fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test), y_train, y_test


def build_models(args):
    shared = {
        "hidden_layer_sizes": args.hidden,
        "batch_size": args.batch_size,
        "learning_rate_init": args.learning_rate,
        "momentum": 0.9,
        "max_iter": args.epochs,
        "random_state": SEED,
    }
    # Neither kind may stop early: all are trained for the same number of epochs.
    sparse = {**shared, "epsilon": args.epsilon, "tol": None}
    return {
        "SETClassifier": SETClassifier(**sparse),
        "HebbSETClassifier": HebbSETClassifier(lambda0=args.lambda0, **sparse),
        "MLPClassifier": MLPClassifier(
            solver="sgd", alpha=0, n_iter_no_change=args.epochs, **shared
        ),
    }


def connections(model):
    """Number of connections, and that of a dense network of this shape."""
    n_cells = sum(weights.shape[0] * weights.shape[1] for weights in model.coefs_)
    return getattr(model, "n_connections_", n_cells), n_cells


def main():
    args = parse_arguments()
    X_train, X_test, y_train, y_test = load(args.dataset)
    # MLPClassifier warns after its last epoch, but that many epochs are the task.
    warnings.filterwarnings(
        "ignore", category=ConvergenceWarning, module="sklearn.neural_network"
    )
    print(f"{args.dataset}: {len(X_train)} training and {len(X_test)} test samples")
    print(
        f"{'model':<18}{'test accuracy':>14}{'connections':>13}{'density':>9}"
        f"{'s/epoch':>9}"
    )
    for name, model in build_models(args).items():
        start = time.perf_counter()
        model.fit(X_train, y_train)
        seconds = (time.perf_counter() - start) / model.n_iter_
        accuracy = model.score(X_test, y_test)
        n_connections, n_cells = connections(model)
        print(
            f"{name:<18}{accuracy:>14.4f}{n_connections:>13,}"
            f"{n_connections / n_cells:>9.1%}{seconds:>9.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
