"""Classifiers and data of several tests."""

import pytest
from sklearn.datasets import make_classification

from skhebb import HebbSETClassifier, SETClassifier

ESTIMATORS = [SETClassifier, HebbSETClassifier]


@pytest.fixture(params=ESTIMATORS, ids=lambda cls: cls.__name__)
def estimator_class(request):
    return request.param


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        300, 20, n_informative=8, n_classes=3, class_sep=2, random_state=0
    )
    return X, y
