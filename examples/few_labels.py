"""
Few labels
==========

Learn from few labels, after a Hebbian look at all samples.

Of the digits that scikit-learn ships, five in a hundred keep their label. A sparse
network is trained on these alone; then one of the same size is pre-trained on all
samples, without labels, by soft winner-take-all competition before it is fine-tuned.
"""

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skhebb import HebbianPretrainingClassifier, SETClassifier, WinnerTakeAll
from skhebb.datasets import fetch_dataset

X, y = fetch_dataset("digits")
X, X_test, y, y_test = train_test_split(
    StandardScaler(with_std=False).fit_transform(X) / 16,
    y,
    test_size=0.25,
    stratify=y,
    random_state=0,
)
# %%
# Accuracy on held-out samples; -1 stands for no label.

print("seed   labels alone   pre-trained")
for seed in range(5):
    is_labelled = np.random.default_rng(seed).random(len(y)) < 0.05
    network = SETClassifier((300, 300), zeta=0, random_state=seed)
    alone = network.fit(X[is_labelled], y[is_labelled]).score(X_test, y_test)
    pretrained = HebbianPretrainingClassifier(
        network, WinnerTakeAll(init="samples", learning_rate_init=0.1)
    )
    pretrained.fit(X, np.where(is_labelled, y, -1))
    print(f"{seed:<6} {alone:<14.3f} {pretrained.score(X_test, y_test):.3f}")
