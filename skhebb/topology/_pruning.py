"""Pruning rules: which connections of a layer to keep.

A rule takes the weights of a layer's connections and the fraction to remove, and
gives a boolean array that is True where a connection stays.
"""

import numpy as np

from skhebb._kernels._ranking import magnitude_of_rank


def keep_largest(weights, fraction):
    """Drop floor(fraction * n) of those closest to 0; of equals, the first ones.

    The rule of the HebbSET thesis, Algorithm 1.
    """
    keep = np.ones(len(weights), dtype=bool)
    # A fraction such as 0.3 of 10 must be 3, though 0.3 * 10 may fall short of it.
    n_dropped = int(fraction * len(weights) + 1e-9)
    if n_dropped:
        limit = magnitude_of_rank(weights, n_dropped - 1)
        magnitudes = np.abs(weights)
        np.greater(magnitudes, limit, out=keep)
        n_kept_equals = len(weights) - n_dropped - np.count_nonzero(keep)
        if n_kept_equals:
            keep[np.flatnonzero(magnitudes == limit)[-n_kept_equals:]] = True
    return keep


def by_sign(weights, fraction):
    """Drop the fractions of positive and of negative weights closest to zero.

    The rule of Mocanu et al. 2018. Zeros count as positive.
    """
    keep = np.empty(len(weights), dtype=bool)
    negative = weights < 0
    keep[negative] = keep_largest(weights[negative], fraction)
    keep[~negative] = keep_largest(weights[~negative], fraction)
    return keep


PRUNING_RULES = {"magnitude": keep_largest, "sign": by_sign}
