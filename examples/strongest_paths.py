"""
The strongest paths through a network
=====================================

Which features lead to a prediction, and through which neurons? `NetworkDisplay` draws
the paths along which the product of absolute weights is largest. A sparse network has
few paths, so that there is something to be seen.
"""

# %%
# Measurements of tumours, standardised, so that weights of features compare.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import HebbSETClassifier, SETClassifier
from skhebb.inspection import NetworkDisplay

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
names = np.array(["malignant", "benign"])
X_train, X_test, y_train, y_test = train_test_split(
    X, names[y], stratify=y, random_state=0
)
scale = StandardScaler().set_output(transform="pandas")
network = SETClassifier((30, 20), density=0.1, random_state=0)
clf = make_pipeline(scale, network).fit(X_train, y_train)
print(f"accuracy {clf.score(X_test, y_test):.3f}, {network.n_connections_} connections")

# %%
# Of two classes there is one output, which stands for the second one in `classes_`.
# An even number of negative weights on a path lets the feature speak for that class, as
# far as the neurons between are active.

display = NetworkDisplay.from_estimator(network, n_paths=8)
plt.show()

# %%
# Large networks can be drawn as well: beside the paths, here to one of ten classes,
# there are the strongest connections of each layer.

X, y = load_digits(return_X_y=True)
network = HebbSETClassifier((1000, 1000, 1000), max_iter=5, random_state=0)
network.fit(StandardScaler().fit_transform(X).astype(np.float32), y)
print(f"{network.n_connections_} connections, density {network.density_:.3f}")

display = NetworkDisplay.from_estimator(network, output=7, n_paths=20)
plt.show()

# %%
# As numbers: inputs in rows, from 0, and how often the paths begin there.

counts = np.bincount(display.paths[:, 0], minlength=64).reshape(8, 8)
print(counts)
