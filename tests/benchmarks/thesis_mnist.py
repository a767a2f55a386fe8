"""Learning curves of SET and HebbSET on the MNIST job of the HebbSET thesis.

The first 2400 training images, each scaled to [0, 1] by its own range;
784-1000-1000-1000-10 neurons, epsilon 20, zeta 0.3, learning rate 0.02 without
momentum, batches of 200, 250 epochs. Accuracy is taken on the 2600 images that follow
the training ones, after each epoch and before the topology evolves, as the authors'
code takes it. Prints means over seeds, for windows of epochs too, because single
epochs jump by several points.

    SKHEBB_DATA=... python tests/benchmarks/thesis_mnist.py --loss log_loss
"""

import argparse

import numpy as np
from joblib import Parallel, delayed
from settings import PUBLISHED

from skhebb import HebbSETClassifier
from skhebb.datasets import fetch_dataset

EPOCHS = {"45-55": slice(44, 55), "50": [49], "240-249": slice(239, 249), "249": [248]}


def load():
    X, y = fetch_dataset("mnist")
    X, y = X[:5000].astype(np.float32), y[:5000].astype(int)
    low, high = X.min(axis=1, keepdims=True), X.max(axis=1, keepdims=True)
    X = (X - low) / (high - low + 1e-4)
    return X[:2400], y[:2400], X[2400:], y[2400:]


def accuracies(loss, lambda0, seed, n_epochs):
    """Accuracy in percent after each epoch."""
    X, y, X_test, y_test = load()
    clf = HebbSETClassifier(
        (1000, 1000, 1000),
        loss=loss,
        lambda0=lambda0,
        lambda_unit="batch",
        learning_rate_init=0.02,
        batch_size=200,
        random_state=seed,
        n_jobs=1,
        **PUBLISHED,
    )
    scores = []
    for _ in range(n_epochs):
        clf.partial_fit(X, y, classes=np.arange(10))
        scores.append(100 * clf.score(X_test, y_test))
    return scores


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--loss", default="squared_error_published")
    parser.add_argument(
        "--lambda0", type=float, nargs="+", default=[0, 0.005, 0.01, 0.025]
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=249)
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()

    print(f"loss={args.loss}, {args.seeds} seeds, accuracy in %, mean ± deviation")
    print("lambda0  " + "".join(f"{'epoch ' + name:>16}" for name in EPOCHS))
    jobs = [(lambda0, seed) for lambda0 in args.lambda0 for seed in range(args.seeds)]
    curves = Parallel(n_jobs=args.n_jobs)(
        delayed(accuracies)(args.loss, *job, args.epochs) for job in jobs
    )
    for lambda0 in args.lambda0:
        rows = np.array(
            [
                curve
                for job, curve in zip(jobs, curves, strict=True)
                if job[0] == lambda0
            ]
        )
        figures = [rows[:, epochs].mean(axis=1) for epochs in EPOCHS.values()]
        cells = (f"{figure.mean():9.1f} ± {figure.std():4.1f}" for figure in figures)
        print(f"{lambda0:<9}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
