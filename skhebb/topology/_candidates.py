"""Growth by scores of candidates, which are drawn among the absent connections."""

from abc import ABC, abstractmethod

import numpy as np
from scipy.sparse import csr_array

from skhebb._kernels import _connections
from skhebb._kernels._ranking import value_of_rank
from skhebb._utils.csr import make_csr
from skhebb.topology._probe import LayerProbe
from skhebb.topology._results import array_of
from skhebb.topology._sampling import sample_ranks


class CandidateRule(ABC):
    """Grows the candidates whose scores are best.

    Candidates are drawn uniformly among the absent connections, as many as the layer is
    to have, so that growth stays linear in the connections and is not greedy (as in
    guided stochastic exploration, Heddes et al. 2024). Of equal scores, chance decides.

    Attributes
    ----------
    needs_errors : bool
        Whether `scores` looks at the errors of the probe.
    """

    needs_errors = False

    @abstractmethod
    def scores(self, candidates: csr_array, probe: LayerProbe) -> np.ndarray:
        """Return the scores of candidates, larger is better; NaN is worst.

        Parameters
        ----------
        candidates : csr_array of shape (n_in, n_out)
            What it stores are the candidates, sorted.
        probe : LayerProbe

        Returns
        -------
        scores : ndarray of shape (n_candidates,)
        """

    def __call__(self, weights, n, rng, probe):
        """Return the ranks of the `n` best among the absent connections, sorted."""
        n_absent = weights.shape[0] * weights.shape[1] - weights.nnz
        ranks = sample_ranks(n_absent, min(n_absent, weights.nnz + n), rng)
        if n == len(ranks):
            return ranks
        scores = self.scores(candidates_at(weights, ranks), probe)
        wanted = f"`scores` must give {len(ranks)} real numbers, one per candidate."
        return ranks[best(array_of(scores, "fiub", len(ranks), wanted), n, rng)]


class Hebbian(CandidateRule):
    """Connect neurons that are active together: by |corr(a_i, a_j)|.

    Those that are active in turn count as well: their weight will be negative.
    """

    def scores(self, candidates, probe):
        """Return the absolute correlations."""
        return np.abs(probe.correlations(candidates))


class Gradient(CandidateRule):
    """Connect where the loss would fall fastest: by |mean_b a_i dJ/dz_j|.

    The rule of RigL (Evci et al. 2020), on candidates.
    """

    needs_errors = True

    def scores(self, candidates, probe):
        """Return the absolute gradients."""
        return np.abs(probe.gradients(candidates))


def candidates_at(weights, ranks):
    """Return absent connections, given by their ranks, as a csr_array of ones."""
    n_out = weights.shape[1]
    merged = _connections.insert(weights.indptr, weights.indices, n_out, ranks)
    indptr, indices, is_new = merged
    return make_csr(
        np.ones(len(ranks), dtype=bool),
        _connections.compress(indices, is_new, len(ranks)),
        _connections.count_kept(indptr, is_new),
        weights.shape,
    )


def best(scores, n, rng):
    """Return the sorted places of the `n` largest scores; chance decides a tie."""
    scores = np.where(np.isnan(scores), -np.inf, scores)
    if scores.dtype != np.float32:
        scores = scores.astype(np.float64, copy=False)
    limit = value_of_rank(scores, len(scores) - n)
    chosen = scores > limit
    equals = np.flatnonzero(scores == limit)
    n_equals = n - np.count_nonzero(chosen)
    if n_equals < len(equals):
        equals = equals[sample_ranks(len(equals), n_equals, rng)]
    chosen[equals] = True
    return np.flatnonzero(chosen)
