"""
Several labels per sample
=========================

y is an array of zeros and ones with a column for each label. One network learns them
all: labels share its hidden neurons. `class_weight` may count the rarer side of each
label more.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier

X, Y = make_multilabel_classification(
    3000, n_features=100, n_classes=8, n_labels=2, random_state=0
)
X, X_test, Y, Y_test = train_test_split(X, Y, random_state=0)
print("samples with each label:", Y.sum(axis=0))

# %%
# The F1 score of each label, with samples as they are and with both sides of each label
# balanced.

classifiers = {
    "as they are": SETClassifier(random_state=0),
    "balanced": SETClassifier(class_weight="balanced", random_state=0),
}
figure, ax = plt.subplots(layout="constrained")
places = np.arange(Y.shape[1])
for i, (name, network) in enumerate(classifiers.items()):
    clf = make_pipeline(StandardScaler(), network).fit(X, Y)
    predicted = clf.predict(X_test)
    ax.bar(
        places + 0.4 * i,
        f1_score(Y_test, predicted, average=None),
        width=0.4,
        label=name,
    )
    print(
        f"{name:<12} mean F1 {f1_score(Y_test, predicted, average='macro'):.3f}, "
        f"all labels right {clf.score(X_test, Y_test):.3f}"
    )
ax.set_xticks(places + 0.2, [f"{n}" for n in Y.sum(axis=0)])
ax.set(xlabel="labels, by their number of training samples", ylabel="F1")
ax.set_ylim(0, 0.85)
ax.legend(loc="upper left", ncols=2)
plt.show()

# %%
# Probabilities are those of each label, and need not add up to one.

print(clf.predict_proba(X_test[:3]).round(2))
