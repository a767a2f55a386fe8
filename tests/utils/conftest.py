"""Networks to save, their data, and the ways to save them."""

import pytest
from sklearn.datasets import make_classification

from .saving import CLASSIFIERS, REGRESSORS, WAYS


@pytest.fixture(params=WAYS)
def again(request):
    """A function that saves and loads, or copies, an estimator."""
    return WAYS[request.param]


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__)
def estimator_class(request):
    return request.param


@pytest.fixture(scope="module")
def labelled():
    return make_classification(
        90, 12, n_informative=6, n_classes=3, n_clusters_per_class=1, random_state=0
    )


@pytest.fixture
def data(labelled, estimator_class):
    """Samples and targets for the estimator."""
    X, y = labelled
    return (X, y) if estimator_class in CLASSIFIERS else (X, X[:, 0] - 2 * X[:, 1])
