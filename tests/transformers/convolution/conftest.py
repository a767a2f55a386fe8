"""Images to convolve, and digits."""

import pytest
from sklearn.datasets import load_digits

from .layers import SHAPE


@pytest.fixture
def images(rng):
    return rng.standard_normal((6, *SHAPE))


@pytest.fixture(scope="module")
def digits():
    return load_digits().data
