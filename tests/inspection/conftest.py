"""Networks to look into, and their data."""

import matplotlib
import pytest
from matplotlib import pyplot as plt
from sklearn.datasets import make_classification

from skhebb import HebbSETClassifier

from .networks import NETWORK

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        90, 12, n_informative=6, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    return X, y


@pytest.fixture(scope="module")
def fitted(data):
    return HebbSETClassifier(**NETWORK, lambda0=0.1).fit(*data)
