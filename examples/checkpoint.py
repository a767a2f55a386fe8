"""
Stop and go on
==============

A network that is saved has all that training goes on from: the optimiser's state, the
random numbers to come, the topology's. Two epochs, a file and two more give the same
bits as four epochs.
"""

import os
import pickle
import tempfile

import numpy as np
from sklearn.datasets import load_digits

from skhebb import HebbSETClassifier

X, y = load_digits(return_X_y=True)
X /= 16
classes = np.unique(y)


def train(clf, n_epochs):
    """`partial_fit` goes through what it is given once."""
    for _ in range(n_epochs):
        clf.partial_fit(X, y, classes=classes)
    return clf


through = train(HebbSETClassifier(random_state=0), 4)

# %%
# The other stops half-way and goes on from a file.

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "network.pickle")
    with open(path, "wb") as file:
        pickle.dump(train(HebbSETClassifier(random_state=0), 2), file)
    print(f"{os.path.getsize(path) / 1e3:.0f} kB with the optimiser's state")
    with open(path, "rb") as file:
        stopped = train(pickle.load(file), 2)

same = [
    np.array_equal(one.toarray(), other.toarray())
    for one, other in zip(through.coefs_, stopped.coefs_, strict=True)
]
print("the same bits in each layer:", same)

# %%
# For deployment the optimiser's state may go.

stopped.drop_optimizer_state()
print(f"{len(pickle.dumps(stopped)) / 1e3:.0f} kB without")
