"""How many threads the kernels may use."""

import os
from collections import deque
from contextlib import contextmanager
from functools import cache
from threading import Event, Thread

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

from skhebb._kernels import _runtime

# What starting a thread raises where the system has none left, or no memory for it.
CANNOT_START = RuntimeError, MemoryError

# The most threads that were seen to run at a time.
_n_started = 1

# GNU OpenMP does not survive a fork: a child that asks for the threads of its parent
# waits for them forever. It runs on one thread instead.
_is_forked = False


def _note_fork():
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def effective_n_threads(n_jobs, work=None):
    """Threads for `n_jobs`, resolved against what OpenMP may use here.

    Parameters
    ----------
    n_jobs : int or None
        None for all that OpenMP may use: it obeys ``OMP_NUM_THREADS``, threadpoolctl
        and joblib's workers, and is one in a forked process. A positive number
        bounds that; -1 is all, -2 all but one, as in joblib.
    work : int or None
        Multiply-adds that there are to do, if that is known. Where they are worth one
        thread only, nobody asks what the system allows, which takes longer.

    Returns
    -------
    int
        At least 1. No more than the system lets this process start, because GNU OpenMP
        ends the process if it cannot start one.

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
    if work is not None and _runtime.threads_worth(work) == 1:
        return 1
    limit = 1 if _is_forked else _runtime.openmp_max_threads()
    if not os.environ.get("OMP_NUM_THREADS"):
        limit = min(limit, cpu_count())
    if n_jobs is None:
        n_jobs = limit
    elif n_jobs < 0:
        n_jobs = max(1, limit + 1 + n_jobs)
    return startable(min(n_jobs, limit))


def startable(n_threads):
    """`n_threads`, or as many as the system starts now, the calling one included."""
    global _n_started
    if n_threads <= _n_started:
        return n_threads
    is_counted = Event()
    with others(n_threads - 1, is_counted.wait, is_counted.set) as threads:
        n_threads = len(threads) + 1
    _n_started = max(_n_started, n_threads)
    return n_threads


@contextmanager
def others(n_threads, target, stop):
    """Threads that run `target`: `n_threads`, or as many as can be started.

    `stop` lets them end, and is called where this ends: an interrupt, also of the
    start, leaves no thread behind.
    """
    threads = []
    try:
        for _ in range(n_threads):
            thread = Thread(target=target)
            try:
                thread.start()
            except CANNOT_START:
                break
            threads.append(thread)
        yield threads
    finally:
        stop()
        for thread in threads:
            thread.join()


def in_threads(function, arguments, n_threads):
    """Call `function` with each tuple of arguments, as many at a time as threads.

    The calling thread takes part, so that all is done even if no other can be started.
    """
    tasks, errors = deque(arguments), []

    def work():
        for task in iter(take, None):
            try:
                function(*task)
            except BaseException as error:
                errors.append(error)
                tasks.clear()

    def take():
        try:
            return tasks.popleft()
        except IndexError:  # done
            return None

    with others(min(n_threads, len(tasks)) - 1, work, tasks.clear):
        work()
    if errors:
        raise errors[0]


@cache
def loaded_libraries():
    """Return the libraries of this process that have threads of their own."""
    return ThreadpoolController()


def one_blas_thread():
    """Context in which BLAS has one thread: the bits of products depend on how many."""
    return loaded_libraries().limit(limits=1, user_api="blas")
