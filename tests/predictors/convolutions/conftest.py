"""Images of which few are labelled."""

import numpy as np
import pytest
from sklearn.datasets import load_digits


@pytest.fixture(scope="module")
def digits():
    """A sixth of 500 images are labelled."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:500], y[:500]
    return X, np.where(np.arange(500) % 6 == 0, y, -1), y
