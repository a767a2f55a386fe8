"""
Feature selection
=================

`feature_importances_` is the strength of a feature's neuron: the sum of the absolute
weights of its connections. ``SelectFromModel`` selects by it.

The features are those of Madelon, or made as they were: few carry information, together
only, so that what looks at one at a time, as mutual information does, misses them.
"""

# %%
# Madelon from the folder that ``SKHEBB_DATA`` names, if there is one. Its informative
# features are the twenty that are correlated with another one.

import os

import numpy as np
from sklearn.datasets import make_classification
from sklearn.feature_selection import (
    SelectFromModel,
    SelectKBest,
    mutual_info_classif,
)
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier
from skhebb.datasets import fetch_dataset

if os.environ.get("SKHEBB_DATA"):
    X, y = fetch_dataset("madelon")
    X, y = X[:2000], y[:2000]
else:
    X, y = make_classification(
        2000,
        n_features=500,
        n_informative=5,
        n_redundant=15,
        n_clusters_per_class=16,
        shuffle=False,
        random_state=0,
    )
correlations = np.abs(np.corrcoef(X.T)) - np.eye(X.shape[1])
informative = np.sort(np.argsort(correlations.max(axis=0))[-20:])

# %%
# Each selects twenty features. How many of them are informative, and what five nearest
# neighbours make of them:

X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
selectors = {
    "strength in SET": SelectFromModel(
        SETClassifier(density=0.1, random_state=0),
        max_features=20,
        threshold=-np.inf,
    ),
    "mutual information": SelectKBest(mutual_info_classif, k=20),
    "all features": "passthrough",
}
print(f"{'':<20} informative   accuracy of neighbours")
for name, selector in selectors.items():
    clf = make_pipeline(StandardScaler(), selector, KNeighborsClassifier())
    accuracy = clf.fit(X_train, y_train).score(X_test, y_test)
    chosen = (
        range(X.shape[1])
        if selector == "passthrough"
        else clf[1].get_support(indices=True)
    )
    n_found = len(np.intersect1d(chosen, informative))
    print(f"{name:<20} {n_found:>2} of {len(chosen):<6} {accuracy:.3f}")
