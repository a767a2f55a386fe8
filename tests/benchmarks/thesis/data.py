"""The data of the thesis, and more of it.

Text and code of the thesis differ, and so there are two readings of each set:

- "text": all data scaled to [0, 1], MNIST by its range and each gene of Lung by its own
  in the training data; a random subset (MNIST) and a random 75/25 split of each trial.
- "code": each sample scaled by its own range + 1e-4; of MNIST the first 2400 training
  and the first 400 test images; an incomplete last mini-batch is dropped.

Lung is the set of 203 samples with 1543 genes; the thesis had 3312 of them.
"""

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from skhebb.datasets import fetch_dataset

N_OFFICIAL = 60_000  # training images of MNIST and Fashion-MNIST, which come first


def load(name, reading, seed, n_train=None, n_test=None):
    """X, y, X_test and y_test of a trial."""
    X, y = fetch_dataset(name)
    y = np.asarray(y, dtype=np.int64)
    rng = np.random.default_rng(seed)
    if reading == "official":
        return official_split(X, y, n_train, n_test, rng)
    if name != "mnist":
        samples = rng.permutation(len(y))
    elif reading == "text":
        samples = rng.permutation(len(y))[:2400]
    else:
        samples = np.r_[:2400, N_OFFICIAL : N_OFFICIAL + 400]
    n_test = 400 if (name, reading) == ("mnist", "code") else 0.25
    train, test = train_test_split(samples, test_size=n_test, shuffle=False)
    X_train, X_test = X[train].astype(np.float32), X[test].astype(np.float32)
    if reading == "code":
        X_train, X_test = by_sample(X_train), by_sample(X_test)
    elif name == "mnist":
        X_train, X_test = X_train / 255, X_test / 255
    else:
        scaler = MinMaxScaler().fit(X_train)
        X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    return X_train, y[train], X_test, y[test]


def official_split(X, y, n_train, n_test, rng):
    """Random training and test images out of those that are meant to be such."""
    train = rng.permutation(N_OFFICIAL)[:n_train]
    test = N_OFFICIAL + rng.permutation(len(y) - N_OFFICIAL)[:n_test]
    X_train, X_test = X[train].astype(np.float32), X[test].astype(np.float32)
    return X_train / 255, y[train], X_test / 255, y[test]


def by_sample(X):
    """Scale each sample as the code of the thesis does."""
    low, high = X.min(axis=1, keepdims=True), X.max(axis=1, keepdims=True)
    return (X - low) / (high - low + 1e-4)
