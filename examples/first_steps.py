"""
First steps
===========

Train a sparse network on handwritten digits, in a pipeline, and look at what it is made
of.
"""

# %%
# Digits of 8 x 8 pixels. As for any network that is trained by gradient descent,
# features are standardised first.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier
from skhebb.inspection import TrainingCurveDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.25, stratify=y, random_state=0
)
clf = make_pipeline(StandardScaler(), SETClassifier((300, 300), random_state=0))
clf.fit(X_train, y_train)

# %%
# It classifies as any other.

print(f"accuracy {clf.score(X_test, y_test):.3f}")
print("classes ", clf.predict(X_test[:5]))
print("highest probabilities", clf.predict_proba(X_test[:5]).max(axis=1).round(2))

# %%
# Its weights are sparse arrays, in which every stored item is a connection. There is no
# dense matrix behind them.

network = clf[-1]
for weights in network.coefs_:
    kind = type(weights).__name__
    print(f"{weights.shape!s:<11} {weights.nnz:>6} connections, a {kind}")
print(f"density {network.density_:.3f}")

# %%
# What the defaults came to for so many samples and such layers:

for name in "max_iter_", "batch_size_", "learning_rate_init_", "evolution_interval_":
    print(f"{name:<20} {getattr(network, name):.4g}")

# %%
# The loss by epoch.

display = TrainingCurveDisplay.from_estimators({"SET": network})
