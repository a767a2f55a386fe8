"""Computes on the workers of a Dask cluster, and again what was lost with one."""

import time
from asyncio import CancelledError as Interrupted
from concurrent.futures import CancelledError

from distributed import KilledWorker
from distributed.comm import CommClosedError

from skhebb._training.shards import RoundFailed

# Attempts to compute what was lost with workers: all shards at once, or one by itself.
TOGETHER, ALONE = 3, 5
PAUSE = 0.5  # seconds in which Dask takes note of what was lost
LOOK_AGAIN = 2  # seconds after which to look for what was lost
NOTHING = object()
# What Dask raises where something was lost, or nobody is there.
OF_LOSS = CancelledError, Interrupted, CommClosedError, TimeoutError


class Handle:
    """A value on a worker: one that was sent, or the result of a function there.

    Where it was lost with its worker it is sent or computed again, when it is asked
    for. (Dask repeats computations itself, but for those with values that were sent.)

    Parameters
    ----------
    start : callable
        ``start()`` gives a future.
    was_sent : bool
    parents : list of Handle
        What it is computed from.
    shard : int or None
        Number of the shard that it is about.
    """

    def __init__(self, start, was_sent, parents=(), shard=None):
        self._start = start
        self.was_sent = was_sent
        self.parents = parents
        self.shard = shard
        self._future = None

    @property
    def status(self):
        """State of the future, as Dask calls it."""
        return "released" if self._future is None else self._future.status

    @property
    def is_lost(self):
        """Whether it is to be made again, since Dask does not."""
        return self.status in ("cancelled", *(["lost"] if self.was_sent else []))

    def future(self):
        """Return its future, which is begun if need be."""
        if self._future is None or self.is_lost:
            self._future = self._start()
        return self._future

    def release(self):
        """Let Dask forget it; it is made again if it is needed again."""
        self._future = None

    def family(self):
        """Yield this, and all that it is computed from, each once."""
        seen, left = set(), [self]
        while left:
            handle = left.pop()
            if id(handle) not in seen:
                seen.add(id(handle))
                left.extend(handle.parents)
                yield handle


class OnCluster:
    """Computes on the workers of a Dask cluster; see `InProcess`.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client):
        self.client = client

    def put(self, value):
        """Return a Handle of a value that is sent to a worker."""

        def start():
            (future,) = self.client.scatter([value], hash=False)
            return future

        return Handle(start, was_sent=True)

    def compute(self, delayed):
        """Return a Handle of what Dask computes."""
        return Handle(lambda: self.client.compute(delayed), was_sent=False)

    def call(self, function, *args, shard=None):
        """Return a Handle of ``function(*args)``; handles stand for their values."""
        parents = [each for each in args if isinstance(each, Handle)]

        def start():
            given = [
                each.future() if isinstance(each, Handle) else each for each in args
            ]
            return self.client.submit(function, *given, pure=False)

        return Handle(start, False, parents, shard)

    def get(self, handle):
        """Return the value of a Handle.

        Where workers die, it is computed again; if that does not help, shard after
        shard by itself, so that it is known which one they die of.

        Raises
        ------
        RoundFailed
            If workers die again and again, or the client is closed.
        """
        value, _ = self._attempt(handle, TOGETHER)
        if value is NOTHING:
            self._compute_shards(handle)
            value, error = self._attempt(handle, TOGETHER)
            if value is NOTHING:
                raise failure("shards", error)
        return value

    def _compute_shards(self, handle):
        """Compute what is about shards, one after the other."""
        of_shards = {}
        for each in handle.family():
            if each.shard is not None:
                of_shards.setdefault(each.shard, each)
        for number, each in sorted(of_shards.items()):
            value, error = self._attempt(each, ALONE)
            if value is NOTHING:
                raise failure(f"shard {number} (the first is number 0)", error)

    def _attempt(self, handle, most):
        """Return the value, or NOTHING and the last error after so many attempts."""
        error = None
        for attempt in range(most):
            try:
                if attempt:
                    time.sleep(PAUSE * attempt)
                    self._release_lost(handle)
                value = self._wait(handle)
                if value is not NOTHING:
                    return value, None
            except KilledWorker as killed:
                raise failure(name_of_failed(handle), killed) from killed
            except OF_LOSS as loss:
                self._check_open(loss)
                error = loss
                if isinstance(loss, TimeoutError):  # for long there was no worker
                    break
            except Exception as other:  # of a client that is being closed, any
                self._check_open(other)
                raise
        return NOTHING, error

    def _wait(self, handle):
        """Return the value, or NOTHING if something that was sent has been lost."""
        future = handle.future()
        while True:
            try:
                return future.result(timeout=LOOK_AGAIN)
            except TimeoutError:
                self._check_open(None)
                sent = [each for each in handle.family() if each.was_sent]
                if future.status != "finished" and not self._are_there(sent):
                    return NOTHING

    def _are_there(self, handles):
        """Tell whether there are workers that have these values."""
        futures = [handle.future() for handle in handles]
        known = self.client.who_has(futures)
        return all(known.get(future.key) for future in futures)

    def _release_lost(self, handle):
        """Let all be made again that no worker has, whatever the client was told."""
        for each in handle.family():
            if each.status != "finished" or not self._are_there([each]):
                each.release()

    def _check_open(self, error):
        """Raise a RoundFailed if the client was closed."""
        if self.client.status != "running":
            raise RoundFailed(
                "The Dask client was closed while DataParallel was training (its "
                f"status is {self.client.status!r})."
            ) from error


def name_of_failed(handle):
    """Return what the first computation with an error was about."""
    shards = [
        each.shard
        for each in handle.family()
        if each.status == "error" and each.shard is not None
    ]
    return f"shard {shards[-1]} (the first is number 0)" if shards else "X"


def failure(what, error):
    """Return a RoundFailed of a computation that workers died of."""
    return RoundFailed(
        f"Workers died again and again while they computed {what}, perhaps because "
        f"they lack memory: {error}"
    )
