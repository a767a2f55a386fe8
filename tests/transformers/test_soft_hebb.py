"""SoftHebb: norms, and units that see nothing."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.preprocessing import scale

from skhebb import SoftHebb


def test_units_of_soft_hebb_approach_norm_1(digits):
    """Where they rest: at norm 1 the rate is 0."""
    start = np.eye(8, 64)
    soft_hebb = SoftHebb(8).fit(digits, components_init=start)
    assert_array_equal(soft_hebb.components_, start)
    soft_hebb.set_params(initial_norm=4.0, max_iter=60, random_state=0)
    norms = np.linalg.norm(soft_hebb.fit(scale(digits)).components_, axis=1)
    assert_allclose(norms, 1, atol=0.05)


def test_what_sees_nothing_wins_nothing_of_soft_hebb(rng):
    """Where the products of all other units are negative."""
    X = rng.random((50, 2)) + 1
    weights = sparse.csr_array([[-1.0, -2.0], [0.0, 0.0], [-2.0, -1.0]])
    soft_hebb = SoftHebb(3, batch_size=50, learning_rate_init=0.1)
    found = soft_hebb.fit(X, components_init=weights).components_.toarray()
    alone = SoftHebb(2, batch_size=50, learning_rate_init=0.1)
    expected = alone.fit(X, components_init=weights.toarray()[::2]).components_
    assert_allclose(found[::2], expected)
