"""Sorting and selecting beside NumPy's."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhebb._kernels import _ranking


@pytest.mark.parametrize("n", [0, 1, 2, 5000])
@pytest.mark.parametrize(
    ("dtype", "bound"),
    [("i4", 1), ("i4", 300), ("i4", 2**31 - 1), ("i8", 5000), ("i8", 2**52)],
)
def test_sort_below(rng, n, dtype, bound):
    values = rng.integers(bound, size=n).astype(dtype)
    values[: n // 5] = bound - 1
    expected = np.sort(values)
    found = _ranking.sort_below(values, bound)
    assert_array_equal(found, expected)
    assert found.dtype == dtype


@pytest.mark.parametrize("wrong", [-1, 10, 2**31])
def test_values_out_of_bounds(wrong):
    with pytest.raises(ValueError, match="values must be from 0 to 9"):
        _ranking.sort_below(np.array([3, wrong, 4]), 10)


@pytest.mark.parametrize(
    ("select", "key"),
    [(_ranking.magnitude_of_rank, np.abs), (_ranking.value_of_rank, np.positive)],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["normal", "equal", "zeros", "special", "one"])
def test_selection(rng, select, key, dtype, kind):
    values = rng.standard_normal(2000).astype(dtype)
    if kind == "equal":
        values = values.round(1)
    elif kind == "zeros":
        values[rng.random(2000) < 0.6] *= 0  # of either sign
    elif kind == "special":
        limits = np.finfo(dtype)
        values[:7] = [-np.inf, np.inf, 0, -0.0, limits.max, -limits.tiny, 0]
        values[7:9] = limits.smallest_subnormal, -limits.smallest_subnormal
        if key is np.abs:
            values[9] = np.nan  # above all
    elif kind == "one":
        values = values[:1]
    expected = np.sort(key(values))
    for rank in {0, 1, 7, 600, 1000, 1990, 1999}:
        if rank < len(values):
            found = select(values, rank)
            assert found.dtype == dtype
            assert_array_equal(found, expected[rank])


def test_values_that_are_not_changed(rng):
    values = rng.standard_normal(50)
    values.flags.writeable = False
    _ranking.magnitude_of_rank(values, 3)
    strided = rng.standard_normal(100)[::2]
    expected = np.sort(np.abs(strided))[3]
    assert _ranking.magnitude_of_rank(strided, 3) == expected


@pytest.mark.parametrize(
    ("values", "rank", "named"),
    [
        (np.ones(3, dtype=int), 0, "values"),
        (np.ones((3, 1)), 0, "values"),
        (np.ones(3), 3, "rank"),
        (np.ones(3), -1, "rank"),
        (np.ones(0), 0, "rank"),
    ],
)
def test_wrong_arguments(values, rank, named):
    for select in (_ranking.magnitude_of_rank, _ranking.value_of_rank):
        with pytest.raises(ValueError, match=f"{named} must be"):
            select(values, rank)
