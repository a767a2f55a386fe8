"""
Regression, and how much it depends on chance
=============================================

A network's prediction depends on its random numbers: the first graph, the first
weights, the order of the samples. Fitting it again with others shows by how much, and
the mean of the fits predicts better than one.
"""

# %%
# Progress of diabetes after a year, which is hard to predict. Targets need no scaling:
# `SETRegressor` does that itself.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import SETRegressor

X, y = load_diabetes(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, random_state=0)

predictions = np.array(
    [
        make_pipeline(StandardScaler(), SETRegressor(random_state=seed))
        .fit(X, y)
        .predict(X_test)
        for seed in range(20)
    ]
)
scores = [r2_score(y_test, predicted) for predicted in predictions]
mean, deviation = predictions.mean(axis=0), predictions.std(axis=0)
print(f"R² of one fit   {np.mean(scores):.3f} ± {np.std(scores):.3f}")
print(f"R² of the mean  {r2_score(y_test, mean):.3f}")
print(f"deviation between fits   {deviation.mean():.1f}")
print(f"mean error of their mean {np.abs(mean - y_test).mean():.1f}")

# %%
# Bars are two standard deviations between fits, to both sides. They are far shorter
# than the errors: they tell what chance in training does, not what the data leave open,
# and are no prediction intervals.

figure, ax = plt.subplots(layout="constrained")
ax.errorbar(y_test, mean, 2 * deviation, fmt="o", markersize=4, linewidth=1, alpha=0.7)
ends = y_test.min(), y_test.max()
ax.plot(ends, ends, color="gray", linestyle="--", label="without error")
ax.set(xlabel="measured", ylabel="predicted by the mean of 20 fits")
ax.legend()
plt.show()
