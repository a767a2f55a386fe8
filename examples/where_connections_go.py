"""
Where connections go
====================

At first each pixel has about as many connections as any other. Training takes them from
the border of the images, which says nothing of the digit, to where the digits are; with
a Hebbian term far more than without.

Here with plain gradient descent, constant `zeta` and an evolution after every epoch, as
the papers have it. MNIST is taken from the folder that ``SKHEBB_DATA`` names, if there
is one, and the small digits that scikit-learn ships otherwise.
"""

# sphinx_gallery_thumbnail_number = 1

import os

import matplotlib.pyplot as plt
import numpy as np

from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset
from skhebb.inspection import InputConnectivityDisplay

X, y = fetch_dataset("mnist" if os.environ.get("SKHEBB_DATA") else "digits")
X, y = X[:2400].astype(np.float32), y[:2400]
X /= X.max()
side = int(X.shape[1] ** 0.5)

# %%
# A network after one epoch and after fifty, without and with a Hebbian term.

published = {
    "hidden_layer_sizes": (300, 300),
    "density": 0.1,
    "zeta_schedule": "constant",
    "evolution_end": 1,
    "evolution_interval": "epoch",
    "solver": "sgd",
    "momentum": 0,
    "learning_rate": "constant",
    "learning_rate_init": 0.05,
    "weight_decay": 0,
    "dropout": 0,
    "batch_size": 200,
    "weight_scale": 0.1,
    "growth_scale": 0.1,
    "initial_graph": "erdos_renyi",
    "growth": "random",
    "tol": None,
    "random_state": 0,
}
figure, axes = plt.subplots(2, 2, figsize=(7, 6.4), layout="constrained")
brightness = X.mean(axis=0)
estimators = {
    "SET": SETClassifier(**published),
    "HebbSET": HebbSETClassifier(lambda0=0.1, **published),
}
print("                     correlation of connections and brightness of a pixel")
for (name, clf), row in zip(estimators.items(), axes, strict=True):
    for n_epochs, ax in zip((1, 50), row, strict=True):
        clf.set_params(max_iter=n_epochs).fit(X, y)
        InputConnectivityDisplay.from_estimator(clf, image_shape=(side, side), ax=ax)
        ax.set_title(f"{name}, {n_epochs} epoch{'s' * (n_epochs > 1)}")
        n_connections = np.diff(clf.coefs_[0].indptr)
        r = np.corrcoef(n_connections, brightness)[0, 1]
        print(f"{ax.get_title():<20} {r:.2f}")

plt.show()
