"""
Imbalanced classes
==================

One sample in twenty is of the rare class. With ``class_weight="balanced"`` it counts as
much as the others together, and more of it is found, at the price of false alarms.

Accuracy says nothing here. To stop early by what matters, `scoring` takes the name of a
scorer.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
)
from sklearn.model_selection import train_test_split

from skhebb import SETClassifier

X, y = make_classification(
    6000, n_features=40, n_informative=10, weights=[0.95], flip_y=0.02, random_state=0
)
X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)

networks = {
    "as they are": SETClassifier(random_state=0),
    "balanced": SETClassifier(class_weight="balanced", random_state=0),
    "balanced, stops early": SETClassifier(
        class_weight="balanced",
        early_stopping=True,
        scoring="balanced_accuracy",
        random_state=0,
    ),
}

# %%
# Balanced accuracy is the mean of the shares of each class that are found. Average
# precision goes by the order of the probabilities alone: weights move the network
# towards the rare class, but do not order samples better.

figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
print(f"{'':<22} accuracy   balanced   average precision")
for (name, clf), ax in zip(networks.items(), axes, strict=True):
    clf.fit(X, y)
    predicted = clf.predict(X_test)
    print(
        f"{name:<22} {accuracy_score(y_test, predicted):<10.3f} "
        f"{balanced_accuracy_score(y_test, predicted):<10.3f} "
        f"{average_precision_score(y_test, clf.predict_proba(X_test)[:, 1]):.3f}"
    )
    ConfusionMatrixDisplay.from_predictions(
        y_test, predicted, ax=ax, colorbar=False, cmap="Blues"
    )
    ax.set_title(name)
plt.show()
