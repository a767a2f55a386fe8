"""Which features are correlated most with each, without a matrix of all pairs.

Blocks of features are multiplied by BLAS; of each column, what is above a rising
threshold is kept. A block of columns belongs to one thread, so that the result is the
same bits for any number of threads.
"""

import math

import numpy as np
from scipy.sparse import issparse

from skhebb._utils.threads import in_threads, one_blas_thread

MOST_SAMPLES, FEWEST_SAMPLES = 20_000, 500
# Multiply-adds, which take seconds, and numbers of dense columns, 256 MiB. Where there
# would be more, samples are fewer, but the fewest at least; then pairs are sampled,
# which begins at some 23 000 features.
MOST_PRODUCTS, MOST_NUMBERS = 1 << 38, 1 << 26
ROWS = 1000  # samples that are converted at a time
WIDTH = 512  # features of a block
# Bits of what `BestOfColumns` finds: 9 for the column, then score and place.
SCORE_BITS, PLACE_BITS = np.uint64(25), np.uint64(30)
SCORES = 1 << 24  # of the score 1
SCORE_MASK, PLACE_MASK = np.uint64((1 << 25) - 1), np.uint64((1 << 30) - 1)
MIXERS = np.array([0x1E3779B1, 0x2C1B3C6D], dtype=np.uint64)  # odd
UNMIXER = np.uint64(pow(int(MIXERS[0]), -1, 1 << 30))


def n_samples_for(n_samples, n_features, n_pairs):
    """Return how many samples to look at, where there are so many pairs of features."""
    n = min(MOST_PRODUCTS // max(n_pairs, 1), MOST_NUMBERS // max(n_features, 1))
    return min(n_samples, MOST_SAMPLES, max(n, FEWEST_SAMPLES))


class DenseColumns:
    """Features that are not constant, so that their products are correlations.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    samples : ndarray of int of shape (n_samples,)
        Rows to look at.
    weights : ndarray of shape (n_samples,)
        Of the samples, 1 in all.
    n_threads : int

    Attributes
    ----------
    n_samples : int
    varying : ndarray of int
        Which features these are. Places are numbers of them.
    """

    def __init__(self, X, samples, weights, n_threads):
        blocks = [slice(k, k + ROWS) for k in range(0, len(samples), ROWS)]

        def sums(centres, power):
            result = np.zeros(X.shape[1])
            for some in blocks:
                values = (X[samples[some]] - centres) ** power
                result += (values * weights[some, np.newaxis]).sum(axis=0)
            return result

        means, variances = moments(sums, X.shape[1])
        self.varying, scales = varying_ones(means, variances)
        self.n_samples = len(samples)
        means, roots = means[self.varying], np.sqrt(weights)[:, np.newaxis]
        shape = self.n_samples, len(self.varying)
        self._columns = np.empty(shape, dtype=np.float32)

        def convert(some):
            values = X[samples[some]][:, self.varying] - means
            values *= scales
            values *= roots[some]
            self._columns[some] = values

        in_threads(convert, [(some,) for some in blocks], n_threads)

    def block(self, places):
        """Return some of the features, (n_samples, n)."""
        return self._columns[:, places]


class SparseColumns:
    """DenseColumns for a csr_matrix or csr_array, never made dense as a whole."""

    def __init__(self, X, samples, weights, n_threads):
        X = X[samples].tocsc()
        n_features = X.shape[1]
        features = np.repeat(np.arange(n_features), np.diff(X.indptr))
        weights_of_values = weights[X.indices]
        of_zeros = 1 - np.bincount(features, weights_of_values, n_features)
        of_zeros[np.diff(X.indptr) == len(samples)] = 0  # exactly
        np.maximum(of_zeros, 0, out=of_zeros)

        def sums(centres, power):
            terms = weights_of_values * (X.data - centres[features]) ** power
            return np.bincount(features, terms, n_features) + of_zeros * centres**power

        means, variances = moments(sums, n_features)
        self.varying, scales = varying_ones(means, variances)
        self.n_samples = len(samples)
        self._roots = np.sqrt(weights, dtype=np.float32)[:, np.newaxis]
        self._offsets = (means[self.varying] * scales).astype(np.float32)
        columns = X[:, self.varying].astype(np.float64)
        columns.data *= np.repeat(scales, np.diff(columns.indptr))
        columns.data *= np.sqrt(weights)[columns.indices]
        self._columns = columns.astype(np.float32)

    def block(self, places):
        """Return some of the features, (n_samples, n)."""
        block = self._columns[:, places].toarray()
        block -= self._roots * self._offsets[places]
        return block


def moments(sums, n_features):
    """Means and variances, by the weighted sums of powers less centres."""
    with np.errstate(over="ignore", invalid="ignore"):
        means = sums(np.zeros(n_features), 1)
        return means, sums(means, 2)


def varying_ones(means, variances):
    """Which features are not constant, and the inverse deviations of these."""
    resolution = 64 * np.finfo(np.float64).eps * np.abs(means)
    varies = np.isfinite(variances) & (np.sqrt(variances) > resolution)
    return np.flatnonzero(varies), variances[varies] ** -0.5


def columns_of(X, samples, sample_weight, n_threads):
    """Return the DenseColumns or SparseColumns of some rows of X."""
    weights = np.ones(len(samples)) if sample_weight is None else sample_weight[samples]
    kind = SparseColumns if issparse(X) else DenseColumns
    return kind(X, samples, weights / weights.sum(dtype=np.float64), n_threads)


class BestOfColumns:
    """The places of the largest scores in each column; of equals, mixed ones.

    What is found is one number, that of column, score and place. The places are mixed,
    in another way in each column, so that features which are all alike do not have the
    same few partners.

    Parameters
    ----------
    columns : ndarray of int
        At most `WIDTH`.
    n : int
        How many to keep of each, at least 1.
    """

    def __init__(self, columns, n):
        self.n = n
        self._limits = np.full(len(columns), 1 / SCORES, dtype=np.float32)
        self._offsets = columns.astype(np.uint64) * MIXERS[1]
        self._found, self._n_found = [], 0

    def add(self, scores, places):
        """Take note of the scores of places, (n_places, n_columns), from 0 to 1."""
        n_places, n_columns = scores.shape
        if not self._found and n_places > self.n:  # or else all would be found
            nth = np.partition(scores, n_places - self.n, axis=0)[n_places - self.n]
            np.maximum(self._limits, nth, out=self._limits)
        cells = np.flatnonzero(scores >= self._limits)
        rows, columns = np.divmod(cells, n_columns)
        mixed = places[rows].astype(np.uint64) * MIXERS[0] + self._offsets[columns]
        found = columns.astype(np.uint64) << PLACE_BITS + SCORE_BITS
        found |= (scores.ravel()[cells] * SCORES).astype(np.uint64) << PLACE_BITS
        found |= mixed & PLACE_MASK
        self._found.append(found)
        self._n_found += len(found)
        if self._n_found > 2 * self.n * n_columns:
            self._keep_best()

    def _keep_best(self):
        """Drop what is not among the best; return columns and ranks of the others."""
        found = np.concatenate([*self._found, np.empty(0, np.uint64)])
        found.sort(kind="stable")  # faster, as the best so far are sorted
        columns = (found >> PLACE_BITS + SCORE_BITS).astype(np.intp)
        ends = np.cumsum(np.bincount(columns, minlength=len(self._limits)))
        ranks = ends[columns] - 1 - np.arange(len(found))
        are_best = ranks < self.n
        found, columns, ranks = found[are_best], columns[are_best], ranks[are_best]
        are_last = ranks == self.n - 1
        self._limits[columns[are_last]] = scores_of(found[are_last])
        self._found, self._n_found = [found], len(found)
        return columns, ranks

    def ranked(self):
        """Return places and scores, each (n_columns, n), the best first.

        Where there are less, places are -1 and scores 0.
        """
        columns, ranks = self._keep_best()
        (found,) = self._found
        places = np.full((len(self._limits), self.n), -1)
        scores = np.zeros(places.shape, dtype=np.float32)
        mixed = (found & PLACE_MASK) - self._offsets[columns]
        places[columns, ranks] = mixed * UNMIXER & PLACE_MASK
        scores[columns, ranks] = scores_of(found)
        return places, scores


def scores_of(found):
    """Return the scores that numbers of `BestOfColumns` hold."""
    return (found >> PLACE_BITS & SCORE_MASK).astype(np.float32) / np.float32(SCORES)


def most_correlated(columns, rows, others, n, rng, n_threads):
    """Return for some features those that are correlated most with each.

    Parameters
    ----------
    columns : DenseColumns or SparseColumns
    rows, others : ndarray of int
        Sorted places of features: which to choose from, and for which.
    n : int
        How many of `rows` for each of `others`, which itself is not chosen; at least 1.
    rng : numpy.random.Generator
        Draws what is looked at where there are too many pairs.
    n_threads : int

    Returns
    -------
    partners : ndarray of int of shape (len(others), n)
        Places, the best first, -1 where no more are correlated.
    correlations : float32 ndarray of shape (len(others), n)
        Their absolute values, 0 where there are none.
    """
    partners = np.empty((len(others), n), dtype=np.intp)
    correlations = np.empty(partners.shape, dtype=np.float32)
    n_products = columns.n_samples * len(rows) * len(others)
    n_compared = math.ceil(min(1, MOST_PRODUCTS / max(n_products, 1)) * len(rows))

    def look(some, compared):
        those = others[some]
        right, best = columns.block(as_slice(those)), BestOfColumns(those, n)
        for start in range(0, len(compared), WIDTH):
            places = compared[start : start + WIDTH]
            scores = columns.block(as_slice(places)).T @ right
            np.abs(scores, out=scores)
            scores[places[:, np.newaxis] == those] = 0
            best.add(np.minimum(scores, 1, out=scores), places)
        partners[some], correlations[some] = best.ranked()

    tasks = []
    for start in range(0, len(others), WIDTH):
        compared = rows
        if n_compared < len(rows):
            compared = np.sort(rng.choice(rows, n_compared, replace=False))
        tasks.append((slice(start, start + WIDTH), compared))
    with one_blas_thread():
        in_threads(look, tasks, n_threads)
    return partners, correlations


def as_slice(places):
    """Return sorted places as a slice if there is no gap between them."""
    start, stop = places[0], places[-1] + 1
    return slice(start, stop) if stop - start == len(places) else places
