"""Networks to watch, and their data."""

import pytest
from sklearn.datasets import make_classification

from .hooks import CLASSIFIERS, REGRESSORS


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__)
def estimator_class(request):
    return request.param


@pytest.fixture(scope="module")
def data():
    """Classes that are numbers as well."""
    X, y = make_classification(
        100, 12, n_informative=6, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    return X, y
