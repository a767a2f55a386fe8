"""Uniform sampling without replacement from ranges too large to be listed."""

import numpy as np


def sample_ranks(n_total, n, rng):
    """A uniformly drawn sorted subset of `n` of range(n_total), as int64."""
    if n > n_total // 2:
        kept = np.ones(n_total, dtype=bool)
        kept[sample_ranks(n_total, n_total - n, rng)] = False
        return np.flatnonzero(kept)
    ranks = sorted_unique(rng.integers(n_total, size=n))
    while n_missing := n - len(ranks):
        # Drawing only what is missing never overshoots, so that no draw has to be
        # discarded: this is drawing one by one until there are n different ones.
        more = sorted_unique(rng.integers(n_total, size=n_missing))
        places = np.searchsorted(ranks, more)
        known = np.append(ranks, -1)[places] == more
        ranks = np.insert(ranks, places[~known], more[~known])
    return ranks


def sorted_unique(values):
    """Sort `values` in place; return what is left without repetitions."""
    values.sort()
    return values[np.append(True, values[1:] != values[:-1])[: len(values)]]
