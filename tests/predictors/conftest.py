"""Classifiers and data of several tests."""

import pytest
from sklearn.datasets import load_digits, make_classification
from sklearn.model_selection import train_test_split

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


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, stratify=y, random_state=0)
