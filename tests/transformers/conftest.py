"""Features to test, and their data."""

import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from .features import FEATURES


@pytest.fixture(scope="module")
def digits():
    return load_digits().data / 16


@pytest.fixture(params=FEATURES, ids=str)
def transformer(request):
    return clone(request.param)


@pytest.fixture(params=[1.0, 0.4])
def density(request):
    return request.param
