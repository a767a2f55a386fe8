"""
Looking into networks
=====================

Fit SET and HebbSET with a monitor set on them, and draw how long connections live and
how weights are distributed.
"""

import matplotlib.pyplot as plt
from sklearn.base import clone

from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset
from skhebb.inspection import (
    TopologyMonitor,
    TopologyPersistenceDisplay,
    WeightDistributionDisplay,
)

X, y = fetch_dataset("digits")
classifiers = {
    "SET": SETClassifier(density=0.1, growth="random"),
    "HebbSET": HebbSETClassifier(density=0.1, growth="random", lambda0=0.1),
}

# %%
# A monitor looks every five epochs. It remembers each of the three fits that it is set
# on.

figure, axes = plt.subplots(2, 2, figsize=(9, 7), layout="constrained")
histories = {}
for name, classifier in classifiers.items():
    monitor = TopologyMonitor(every=5)
    for seed in range(3):
        clf = clone(classifier).set_params(random_state=seed)
        clf.set_callbacks(monitor).fit(X / 16, y)
    histories[name] = monitor.histories
    WeightDistributionDisplay.from_estimator(clf, axes=axes[1], label=name)
TopologyPersistenceDisplay.from_histories(histories, axes=axes[0])
plt.show()
