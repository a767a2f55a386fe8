"""With how many threads mini-batches are computed: fewer where waiting takes longer."""

import math
from collections import deque
from contextlib import contextmanager
from time import perf_counter

from skhebb._kernels import _runtime

TRIAL = 0.005
SHORTEST, LONGEST = 0.05, 1.0


class ThreadChoice:
    """With how many threads mini-batches are computed.

    Threads that share a mini-batch wait for each other some dozen times. Where another
    process occupies a core, one of them is not running for part of the time, and fewer
    are faster. So these are tried now and then, and so are more after that. The choice
    may go by the clock because bits are the same for any number of threads.

    Parameters
    ----------
    n_threads : int
        At most.
    clock : callable, default=perf_counter
        Gives seconds.

    Attributes
    ----------
    n_threads : int
        Of the next mini-batch.
    """

    def __init__(self, n_threads, clock=perf_counter):
        self.n_threads, self._clock = n_threads, clock
        fewer = {n_threads - 1, n_threads // 2, 1} - {0, n_threads}
        self._others = deque(sorted(fewer))
        self._wait = SHORTEST if fewer else math.inf
        self._favourite = None  # while another is tried: its number, and its pace
        self._seconds, self._n_samples = 0.0, 0  # of this turn

    @contextmanager
    def measured(self, n_samples):
        """Return a context in which kernels compute a mini-batch of so many samples."""
        before = _runtime.limit_threads(self.n_threads)
        start = self._clock()
        try:
            yield
        finally:
            _runtime.limit_threads(before)
        self._seconds += self._clock() - start
        self._n_samples += n_samples
        self._choose()

    def _choose(self):
        """Decide on the next mini-batch."""
        if self._seconds < (TRIAL if self._favourite else self._wait):
            return
        pace = self._seconds / self._n_samples
        self._seconds, self._n_samples = 0.0, 0
        if self._favourite is None:
            self._favourite = self.n_threads, pace
            self.n_threads = self._others.popleft()
            return
        n_threads, its_pace = self._favourite
        if pace < its_pace:
            self._others.append(n_threads)
            self._wait = SHORTEST
        else:
            self._others.append(self.n_threads)
            self.n_threads = n_threads
            self._wait = min(2 * self._wait, LONGEST)
        self._favourite = None
