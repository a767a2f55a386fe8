"""
Stop and go on
==============

A fit with a `Checkpoint` that is killed goes on when the same script runs again, and
ends with the bits that an undisturbed fit would have given.
"""

# %%
# In the place of a power failure there is a callback that raises an error after 25
# epochs. Another one prints which epochs are trained.

import os
import pickle
import tempfile

import numpy as np
from sklearn.datasets import load_digits

from skhebb import HebbSETClassifier
from skhebb.callbacks import Checkpoint, LogFigures

X, y = load_digits(return_X_y=True)
X /= 16
folder = tempfile.TemporaryDirectory()


def print_loss(figures, step):
    print(f"epoch {step:>2}: loss {figures['loss']:.4f}")


def fail(figures, step):
    if step == 25:
        raise RuntimeError("power failure")


def network(*callbacks):
    clf = HebbSETClassifier(max_iter=40, random_state=0)
    return clf.set_callbacks(
        Checkpoint(folder.name, every=10), LogFigures(print_loss, every=5), *callbacks
    )


try:
    network(LogFigures(fail)).fit(X, y)
except RuntimeError as error:
    print(error)

# %%
# Once more, from the snapshot after 20 epochs.

resumed = network().fit(X, y)
undisturbed = HebbSETClassifier(max_iter=40, random_state=0).fit(X, y)
same = np.array_equal(resumed.coefs_[0].data, undisturbed.coefs_[0].data)
print("the same bits:", same)
folder.cleanup()

# %%
# `partial_fit` has no callbacks, but a network that is saved has all that training goes
# on from: the optimiser's state, the random numbers to come, the topology's. Two
# epochs, a file and two more give the same bits as four epochs.

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
