"""Norms of vectors of any size: squares of numbers beyond 1e154 overflow.

What is divided by a power of two before it is squared, and the result multiplied by it,
has the bits that it would have had.
"""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.extmath import row_norms

SMALL = 1e-10  # norms below it may miss squares that vanished


def power_of_two(values):
    """Return the largest powers of two that are no larger; for 0 a half."""
    _, exponents = np.frexp(values)
    return np.ldexp(values.dtype.type(1), exponents - 1)


def largest_in_rows(X):
    """Return the largest absolute value in each row of a dense or CSR matrix."""
    largest = abs(X).max(axis=1)
    return largest.toarray().ravel() if issparse(largest) else largest


def divide_rows(X, divisors):
    """Return rows of a dense or CSR matrix, each divided by a number."""
    if not issparse(X):
        return X / divisors[:, None]
    X = X.copy()
    X.data /= np.repeat(divisors, np.diff(X.indptr))
    return X


def norms_of(X):
    """Return the Euclidean norms of the rows of a dense or CSR matrix."""
    with np.errstate(over="ignore"):
        norms = row_norms(X)
    if len(norms) and norms.min() > SMALL and norms.max() < np.inf:
        return norms
    powers = power_of_two(largest_in_rows(X))
    return row_norms(divide_rows(X, powers)) * powers


def norm_of(values):
    """Return the Euclidean norm of all numbers of an array."""
    power = power_of_two(np.abs(values).max(initial=0))
    return np.linalg.norm(values / power) * power
