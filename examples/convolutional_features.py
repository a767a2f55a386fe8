"""
Kernels learned without labels
==============================

Learn kernels from patches of images, without labels, and draw them.

Units of SoftHebb compete for patches of the digits that scikit-learn ships, 8 x 8
pixels each. A linear classifier that sees few labels then does better on their pooled
responses than on pixels, or on those of kernels that did not learn.
"""

import matplotlib.pyplot as plt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skhebb import ConvolutionalFeatures, SoftHebb
from skhebb.datasets import fetch_dataset
from skhebb.inspection import KernelsDisplay


def layer(**learning):
    """32 kernels of 3 x 3 pixels, which learn from all patches of ten images a time."""
    return ConvolutionalFeatures(
        SoftHebb(32, batch_size=10 * 8 * 8, shuffle=False, **learning),
        image_shape=(8, 8, 1),
        kernel_size=3,
        padding=1,
        pool_size=2,
        standardize_input=True,
        n_patches=None,
        max_iter=3,
        random_state=0,
    )


X, y = fetch_dataset("digits")
X, X_test, y, y_test = train_test_split(
    X, y, test_size=0.25, stratify=y, random_state=0
)
# %%
# A linear classifier on each kind of features, with a hundred labels and with all.

features = {
    "pixels": FunctionTransformer(),
    "random kernels": layer(learning_rate_init=1e-12),
    "learned kernels": layer(),
}
print("features          100 labels   all labels")
for name, transformer in features.items():
    transformer.fit(X)  # without labels
    scores = []
    for n in 100, len(y):
        clf = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
        clf.fit(transformer.transform(X[:n]), y[:n])
        scores.append(clf.score(transformer.transform(X_test), y_test))
    print(f"{name:<17} {scores[0]:<12.3f} {scores[1]:.3f}")

# %%
# What the kernels look for.

display = KernelsDisplay.from_estimator(features["learned kernels"])
plt.show()
