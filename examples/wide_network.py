"""
A million neurons
=================

Two hidden layers of 500 000 neurons each, on the digits. A dense network of that shape
would have 250 billion weights, a terabyte of float32; this one has four million.
"""

import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X).astype(np.float32)  # float32 stays float32
X, X_test, y, y_test = train_test_split(
    X, y, train_size=600, test_size=200, stratify=y, random_state=0
)

# %%
# ``epsilon=2`` gives a layer about two connections for each of its neurons before and
# after it. Plain gradient descent has nothing to remember of them, and small
# mini-batches keep activations small.

clf = SETClassifier(
    (500_000, 500_000),
    epsilon=2,
    solver="sgd",
    momentum=0,
    learning_rate_init=0.02,
    batch_size=32,
    max_iter=3,
    random_state=0,
)
start = time.perf_counter()
clf.fit(X, y)
seconds = time.perf_counter() - start

n_dense = sum(np.prod(weights.shape, dtype=float) for weights in clf.coefs_)
n_bytes = sum(weights.data.nbytes + weights.indices.nbytes for weights in clf.coefs_)
print(f"connections  {clf.n_connections_:>15,}")
print(f"dense        {n_dense:>15,.0f}")
print(f"megabytes    {n_bytes / 1e6:>15.1f}")
print(f"accuracy     {clf.score(X_test, y_test):>15.3f}")
print(f"{clf.n_iter_} epochs in {seconds:.1f} s")

# %%
# So wide a network is of no use for digits, on which one of 300 neurons, trained for
# longer, is better; this only shows what it takes. With ten million neurons an epoch
# is a matter of minutes.
