"""Uniform sampling without replacement from ranges too large to be listed."""

import numpy as np

from skhebb._kernels._ranking import sort_below

LARGEST_INT32 = np.iinfo(np.int32).max


def sample_ranks(n_total, n, rng):
    """A uniformly drawn sorted subset of `n` of range(n_total), as int64."""
    if n > n_total // 2:
        kept = np.ones(n_total, dtype=bool)
        kept[sample_ranks(n_total, n_total - n, rng)] = False
        return np.flatnonzero(kept)
    ranks = distinct_draws(n_total, n, rng)
    while n_missing := n - len(ranks):
        # Drawing only what is missing never overshoots, so that no draw has to be
        # discarded: this is drawing one by one until there are n different ones.
        more = distinct_draws(n_total, n_missing, rng)
        places = np.searchsorted(ranks, more)
        known = np.append(ranks, -1)[places] == more
        ranks = np.insert(ranks, places[~known], more[~known])
    return ranks.astype(np.int64)


def distinct_draws(n_total, n, rng):
    """Draw from range(n_total) `n` times; return what was drawn, sorted."""
    values = rng.integers(n_total, size=n)
    if n_total <= LARGEST_INT32:
        values = values.astype(np.int32)  # half as far apart
    values = sort_below(values, n_total)
    return values[np.append(True, values[1:] != values[:-1])[:n]]
