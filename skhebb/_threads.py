"""How many threads the kernels may use."""

import os
from functools import cache

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

from skhebb._kernels import _loops

# GNU OpenMP does not survive a fork: a child that asks for the threads of its parent
# waits for them forever. It runs on one thread instead.
_is_forked = False


def _note_fork():
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def effective_n_threads(n_jobs):
    """Threads for `n_jobs`, resolved against what OpenMP may use here.

    Parameters
    ----------
    n_jobs : int or None
        None for all that OpenMP may use: it obeys ``OMP_NUM_THREADS``, threadpoolctl
        and joblib's workers, and is one in a forked process. A positive number
        bounds that; -1 is all, -2 all but one, as in joblib.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        If `n_jobs` is 0.
    """
    if n_jobs is not None:
        n_jobs = int(n_jobs)
    if n_jobs == 0:
        raise ValueError(
            "The 'n_jobs' parameter must be None or an integer other than 0. "
            "Got 0 instead."
        )
    limit = 1 if _is_forked else _loops.openmp_max_threads()
    if not os.environ.get("OMP_NUM_THREADS"):
        limit = min(limit, cpu_count())
    if n_jobs is None:
        return limit
    if n_jobs < 0:
        return max(1, limit + 1 + n_jobs)
    return min(n_jobs, limit)


@cache
def loaded_libraries():
    """Those that have threads of their own, in this process."""
    return ThreadpoolController()


def one_blas_thread():
    """Context in which BLAS has one thread: the bits of products depend on how many."""
    return loaded_libraries().limit(limits=1, user_api="blas")
