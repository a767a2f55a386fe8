"""Networks to put into tools of scikit-learn, and their data."""

import numpy as np
import pytest
from sklearn.datasets import make_classification

from .networks import CLASSIFIERS, NETWORK, REGRESSORS


@pytest.fixture(params=CLASSIFIERS, ids=lambda cls: cls.__name__)
def classifier(request):
    return request.param(**NETWORK)


@pytest.fixture(params=REGRESSORS, ids=lambda cls: cls.__name__)
def regressor(request):
    return request.param(**NETWORK)


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__)
def estimator(request):
    return request.param(**NETWORK)


@pytest.fixture(scope="module")
def data():
    """Classes that are numbers as well."""
    return make_classification(
        120, 10, n_informative=6, n_classes=3, n_clusters_per_class=1, random_state=0
    )


@pytest.fixture(scope="module")
def binary(data):
    X, y = data
    return X, y % 2


@pytest.fixture(scope="module")
def sparse_data(data):
    X, y = data
    return np.where(np.abs(X) > 0.8, X, 0), y


@pytest.fixture
def weights(data):
    """Of samples, some of them 0; uneven enough to matter."""
    return np.random.default_rng(0).choice([0.0, 0.2, 1.0, 5.0], size=len(data[0]))
