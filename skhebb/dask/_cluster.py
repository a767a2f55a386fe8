"""Computes on the workers of a Dask cluster, and again what was lost with one."""

import math
import time
from asyncio import CancelledError as Interrupted
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import partial

from distributed import KilledWorker, wait
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

    Attributes
    ----------
    key : str or None
        What Dask calls it, or called it before it was freed.
    """

    def __init__(self, start, was_sent, parents=(), shard=None):
        self._start = start
        self.was_sent = was_sent
        self.parents = parents
        self.shard = shard
        self._future = None
        self.key = None

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
            self.key = self._future.key
        return self._future

    def release(self):
        """Let Dask forget it; it is made again if it is needed again."""
        if self._future is not None:
            self._future.release()  # others may refer to it for a while
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

    def sent(self):
        """Return what was sent for it and has not been freed."""
        return [
            each
            for each in self.family()
            if each.was_sent and each.status != "released"
        ]


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
        return self._put(value, lambda: None)

    def put_shards(self, values):
        """Return Handles of values of shards; workers get those of neighbours."""
        n = len(values)

        def place(k):
            workers = sorted(self.client.nthreads())
            return [workers[k * len(workers) // n]] if workers else None

        return [self._put(each, partial(place, k)) for k, each in enumerate(values)]

    def compute_all(self, delayed):
        """Return Handles of what Dask computes; workers get neighbours, if they can."""
        workers = self._ask(lambda: sorted(self.client.nthreads()))

        def start(k):
            place = slice(k * len(workers) // len(delayed), None)
            near = {"workers": workers[place][:1], "allow_other_workers": True}
            return self.client.compute(delayed[k], **(near if workers else {}))

        return [Handle(partial(start, k), was_sent=False) for k in range(len(delayed))]

    def _put(self, value, place):
        def start():
            (future,) = self.client.scatter([value], workers=place(), hash=False)
            return future

        return Handle(start, was_sent=True)

    def call(self, function, *args, shard=None, uses_up=False):
        """Return a Handle of ``function(*args)``; handles stand for their values.

        If it `uses_up` these, they are freed as soon as it has been computed.
        """
        parents = [each for each in args if isinstance(each, Handle)]

        def start():
            given = [
                each.future() if isinstance(each, Handle) else each for each in args
            ]
            future = self.client.submit(function, *given, pure=False)
            if uses_up:
                self.free(*parents)
            return future

        return Handle(start, False, parents, shard)

    def n_summed(self, n_shards):
        """Return of how many shards at a time sums are computed as they come.

        That is half of those of a worker: memory then has neither many summands nor,
        together with few, what shards train on.
        """
        n_workers = max(1, self._ask(lambda: len(self.client.nthreads())))
        return max(1, math.ceil(n_shards / n_workers) // 2)

    def complete(self, handles):
        """Wait until these have been computed, where they are; errors as in `get`."""
        self._begin(handles)
        for each in handles:
            self._obtain(each, self._finish)

    def free(self, *handles):
        """Let the memory go that these take; they are made again if need be."""
        for each in handles:
            each.release()

    def get_all(self, handles):
        """Return values that are computed at the same time; see `get`."""
        self._begin(handles)
        return [self.get(each) for each in handles]

    def get(self, handle):
        """Return the value of a Handle, which is freed.

        Where workers die, it is computed again; if that does not help, shard after
        shard by itself, so that it is known which one they die of.

        Raises
        ------
        RoundFailed
            If workers die again and again, or the client is closed.
        """
        value = self._obtain(handle, self._fetch)
        self.free(handle)
        return value

    def _begin(self, handles):
        """Let all be computed at the same time; who wants them sees what is lost."""
        with suppress(*OF_LOSS):
            self._ask(lambda: [each.future() for each in handles])

    def _ask(self, question):
        """Return what an answer of Dask is; raise a RoundFailed if nobody is there."""
        try:
            return question()
        except Exception as error:
            self._check_open(error)
            raise

    def _obtain(self, handle, how):
        """Return what `how` gives for a Handle, with the attempts that `get` makes."""
        value, _ = self._attempt(handle, TOGETHER, how)
        if value is NOTHING:
            self._compute_shards(handle)
            self._release_lost(handle)
            value, error = self._attempt(handle, TOGETHER, how)
            if value is NOTHING:
                raise failure("shards") from error
        return value

    def _compute_shards(self, handle):
        """Compute what is about shards, one after the other."""
        of_shards = {}
        for each in handle.family():
            if each.shard is not None:
                of_shards.setdefault(each.shard, each)
        for number, each in sorted(of_shards.items()):
            value, error = self._attempt(each, ALONE, self._finish)
            if value is NOTHING:
                raise failure(f"shard {number} (the first is number 0)") from error

    def _attempt(self, handle, most, how):
        """Return the value, or NOTHING and the last error after so many attempts."""
        error = None
        for attempt in range(most):
            try:
                if attempt:
                    time.sleep(PAUSE * attempt)
                    self._release_lost(handle)
                value = self._wait(handle, how)
                if value is not NOTHING:
                    return value, None
            except KilledWorker as killed:
                if (name := name_of_failed(handle, killed)) is not None:
                    raise failure(name) from killed
                return NOTHING, killed
            except OF_LOSS as loss:
                self._check_open(loss)
                error = loss
                if isinstance(loss, TimeoutError):  # for long there was no worker
                    break
            except Exception as other:  # of a client that is being closed, any
                self._check_open(other)
                raise
        return NOTHING, error

    def _fetch(self, future):
        """Return the value of a future; raise a TimeoutError if that takes long."""
        return future.result(timeout=LOOK_AGAIN)

    def _finish(self, future):
        """Wait for a future, whose value stays where it is; likewise a TimeoutError."""
        wait(future, timeout=LOOK_AGAIN)
        if future.status != "finished":
            future.result(timeout=LOOK_AGAIN)  # raises

    def _wait(self, handle, how):
        """Return the value, or NOTHING if something that was sent has been lost."""
        future = handle.future()
        while True:
            try:
                return how(future)
            except TimeoutError:
                self._check_open(None)
                if future.status != "finished" and not self._are_there(handle.sent()):
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


def name_of_failed(handle, error):
    """Return what workers died of, None if it may be any of the shards."""
    of_shards = [each for each in handle.family() if each.shard is not None]
    failed = [
        each.shard
        for each in of_shards
        if each.status == "error" or each.key == error.task
    ]
    if failed:
        return f"shard {failed[-1]} (the first is number 0)"
    return None if of_shards else "X"


def failure(what):
    """Return a RoundFailed of a computation that workers died of."""
    return RoundFailed(
        f"Workers died again and again while they computed {what}, perhaps because "
        "they lack memory."
    )
