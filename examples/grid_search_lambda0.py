"""
The strength of the Hebbian term, by grid search
================================================

`lambda0` is a parameter as any other, and 0, no Hebbian term, is one of its values.

Tries several on the digits that scikit-learn ships, in a pipeline. The samples held out
for the last line take no part in the choice. Differences within the deviation between
folds mean nothing.
"""

import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import HebbSETClassifier
from skhebb.datasets import fetch_dataset

LAMBDA0 = [0, 0.003, 0.01, 0.03, 0.1]

X, y = fetch_dataset("digits")
X_train, X_test, y_train, y_test = train_test_split(
    X.astype(np.float32), y, test_size=0.25, stratify=y, random_state=0
)
pipeline = make_pipeline(
    StandardScaler(),
    HebbSETClassifier(random_state=0),
)
search = GridSearchCV(
    pipeline,
    {"hebbsetclassifier__lambda0": LAMBDA0},
    cv=StratifiedKFold(n_splits=5, shuffle=True, random_state=0),
    n_jobs=2,
)
search.fit(X_train, y_train)

# %%
# What cross-validation says of each, and the held-out samples of the best.

print("lambda0   accuracy in cross-validation")
results = search.cv_results_
for lambda0, mean, std in zip(
    LAMBDA0, results["mean_test_score"], results["std_test_score"], strict=True
):
    print(f"{lambda0:<9} {mean:.4f} ± {std:.4f}")
best = search.best_params_["hebbsetclassifier__lambda0"]
accuracy = search.score(X_test, y_test)
print(f"lambda0={best}, refitted, on held-out samples: {accuracy:.4f}")
