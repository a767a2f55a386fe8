"""Winner-take-all beside its formulas and k-means."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

from skhebb import WinnerTakeAll

from .features import dense


def test_cold_competition_is_hard(digits):
    params = {"learning_rate_init": 0.1, "random_state": 0}
    cold = WinnerTakeAll(10, temperature=1e-7, **params).fit(digits)
    hard = WinnerTakeAll(10, competition="hard", **params).fit(digits)
    assert_allclose(cold.components_, hard.components_, atol=1e-9)
    assert_allclose(cold.responses(digits), hard.responses(digits), atol=1e-12)


def test_clusters():
    """Where clusters lie in different directions, winners are their centres."""
    centres = 10 * np.eye(6)[:4] + 1
    X, y = make_blobs(2000, centers=centres, cluster_std=0.5, random_state=0)
    params = {"competition": "hard", "init": "samples", "learning_rate_init": 0.5}
    wta = WinnerTakeAll(4, **params, max_iter=30, random_state=0).fit(X)
    winners = wta.responses(X).argmax(axis=1)
    assert len({(a, b) for a, b in zip(winners, y, strict=True)}) == 4
    means = KMeans(4, n_init=5, random_state=0).fit(X).cluster_centers_
    distances = np.linalg.norm(wta.components_[:, None] - means, axis=2)
    assert distances.min(axis=1).max() < 0.1
    assert sorted(distances.argmin(axis=1)) == [0, 1, 2, 3]


@pytest.mark.parametrize("temperature", [1e-12, 0.02, 1e6])
def test_responses(digits, temperature):
    X = np.vstack([digits[:20], np.zeros(64), 1e-100 * digits[0], 1e150 * digits[1]])
    wta = WinnerTakeAll(5, temperature=temperature, random_state=0).fit(digits)
    responses = wta.responses(X)
    assert_allclose(responses.sum(axis=1), np.arange(23) != 20)
    assert_allclose(responses[-1], responses[1])


@pytest.mark.parametrize(
    ("dtype", "scales"),
    [
        (np.float32, [1e-25, 1e25, 1e37]),
        (np.float64, [1e-307, 1e-200, 1e160, 1e200, 1e307]),
    ],
)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_responses_do_not_depend_on_the_scale(
    digits, density, dtype, scales, container
):
    """No square of a number overflows or vanishes, nor a product with a weight."""
    X = digits.astype(dtype)
    wta = WinnerTakeAll(5, density=density, random_state=0).fit(X)
    expected = wta.responses(X)
    assert np.ptp(expected, axis=1).min() > 0.01
    for factor in scales:
        responses = wta.responses(container(X * dtype(factor)))
        assert_allclose(responses, expected, rtol=1e-4)
    wta.components_ = wta.components_ * dtype(scales[-1])
    assert_allclose(wta.responses(X), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.float32, 2.0**64), (np.float64, 2.0**512)]
)
def test_training_where_squares_of_samples_overflow(digits, density, dtype, scale):
    """Shares of units do not become equal: components scale with the samples."""
    X, scale = digits.astype(dtype), dtype(scale)
    wta = WinnerTakeAll(5, learning_rate_init=1e-4, random_state=0)
    given = 1e-3 * digits[::300][:5].astype(dtype)
    if density < 1:
        given = sparse.csr_array(given)
    small = clone(wta).fit(X, components_init=given)
    large = clone(wta).fit(scale * X, components_init=scale * given)
    with np.errstate(over="ignore"):
        assert np.isinf(np.square(scale * X)).any()
    expected = dense(small.components_) * scale
    assert_allclose(dense(large.components_), expected, rtol=1e-4)
    assert_allclose(large.change_curve_, small.change_curve_, rtol=1e-4)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_initial_samples(digits, density, container):
    params = {"init": "samples", "learning_rate_init": 1e-300, "density": density}
    wta = WinnerTakeAll(20, **params, random_state=0).fit(container(digits))
    components = dense(wta.components_)
    there = np.ones((20, 64), dtype=bool)
    if density < 1:
        rows, columns = wta.components_.tocoo().coords
        there[:] = False
        there[rows, columns] = True
    for unit, seen in zip(components, there, strict=True):
        distances = np.abs(digits[:, seen] - unit[seen]).max(axis=1)
        assert distances.min() < 1e-12


@pytest.mark.parametrize("competition", ["soft", "hard"])
def test_what_sees_nothing_wins_nothing(digits, competition):
    centred = digits - digits.mean(axis=0)
    fields = np.zeros((3, 64))
    fields[:2] = np.random.default_rng(0).standard_normal((2, 64))
    wta = WinnerTakeAll(3, competition=competition, learning_rate_init=1e-300)
    wta.fit(centred, components_init=sparse.csr_array(fields))
    # At a right angle to all samples it would have won one of three.
    assert wta.responses(centred)[:, 2].max() < 1e-4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("temperature", [1e-300, 1e-12, 1e30])
def test_extreme_temperatures(digits, dtype, temperature):
    wta = WinnerTakeAll(5, temperature=temperature, random_state=0)
    responses = wta.fit(digits.astype(dtype)).responses(digits.astype(dtype))
    assert responses.dtype == dtype
    assert_allclose(responses.sum(axis=1), 1, rtol=1e-6)
    assert wta.n_iter_ == 2
