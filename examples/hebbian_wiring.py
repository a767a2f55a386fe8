"""
Hebbian wiring
==============

Connections that are pruned come back elsewhere. By default chance says where; with
``growth="hebbian"`` they grow between neurons that are active together, and with
``initial_graph="correlation"`` the first graph connects features that are correlated,
too.

In a very sparse network it matters where the few connections are. How much it helps is
for each data set to show; with more connections the difference goes away.
"""

# %%
# Four networks on digits, by how many connections they have.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X).astype(np.float32)
X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)

wirings = {
    "at random": {},
    "growth: Hebbian": {"growth": "hebbian"},
    "graph: correlation": {"initial_graph": "correlation"},
    "both": {"growth": "hebbian", "initial_graph": "correlation"},
}
densities = 0.005, 0.01, 0.02, 0.05
seeds = range(3)

accuracies = {
    name: [
        [
            SETClassifier((300,), density=density, random_state=seed, **wiring)
            .fit(X, y)
            .score(X_test, y_test)
            for seed in seeds
        ]
        for density in densities
    ]
    for name, wiring in wirings.items()
}

# %%
# Means of three networks, and their standard deviations.

figure, ax = plt.subplots(layout="constrained")
for name, rows in accuracies.items():
    print(f"{name:<20}", np.mean(rows, axis=1).round(3))
    ax.errorbar(
        densities,
        np.mean(rows, axis=1),
        np.std(rows, axis=1),
        label=name,
        marker="o",
        capsize=3,
    )
ax.set(xscale="log", xlabel="density", ylabel="accuracy on held-out samples")
ax.set_xticks(densities, [f"{density:.1%}" for density in densities])
ax.legend()
plt.show()
