"""
Calibration
===========

Of the samples to which a classifier gives a probability of 0.8, eight in ten should be
of the class. The default weight decay, which grows as samples get fewer, keeps the
sparse network from being as sure of itself as the dense network is, and with it the log
loss small.
"""

import matplotlib.pyplot as plt
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import make_classification
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from skhebb import SETClassifier

X, y = make_classification(
    10_500, n_features=20, n_informative=6, flip_y=0.2, random_state=0
)
X, X_test, y, y_test = train_test_split(X, y, train_size=500, random_state=0)

# %%
# A tenth of the labels are wrong, which no classifier can know. Both are as they come.

classifiers = {
    "SET": SETClassifier(random_state=0),
    "dense": MLPClassifier((300,), max_iter=500, random_state=0),
}
figure, ax = plt.subplots(layout="constrained")
print("        accuracy   log loss   Brier score")
for name, clf in classifiers.items():
    clf.fit(X, y)
    probabilities = clf.predict_proba(X_test)[:, 1]
    CalibrationDisplay.from_predictions(
        y_test, probabilities, n_bins=10, name=name, ax=ax
    )
    print(
        f"{name:<7} {clf.score(X_test, y_test):<10.3f} "
        f"{log_loss(y_test, probabilities):<10.3f} "
        f"{brier_score_loss(y_test, probabilities):.3f}"
    )
plt.show()
