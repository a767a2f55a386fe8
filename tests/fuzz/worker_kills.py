"""Kills workers of Dask clusters at random moments while networks are trained on them.

    python tests/fuzz/worker_kills.py --kills 30 --seed 0

Each case fits a network on a cluster of its own number of workers, of which SIGKILL
ends one after the other: while they get their shard, train, add up or hold what others
want. Dask starts them again. The fit must have the bits of one in this process. Case
number k depends on the seed and k, and on time.
"""

import argparse
import logging
import os
import signal
import threading
import time
import warnings

import dask
import numpy as np
from distributed import Client, LocalCluster
from sklearn.exceptions import ConvergenceWarning

import skhebb
from skhebb.dask import DataParallel

SMALL = {"hidden_layer_sizes": (60, 50), "density": 0.4, "random_state": 0}
SMALL |= {"batch_size": 100, "tol": None, "max_iter": 10}
SGD = SMALL | {"solver": "sgd", "momentum": 0.9, "dropout": 0.1}
FITS = {
    "SET, sgd": skhebb.SETClassifier(**SGD, evolution_interval="epoch"),
    "SET, adam": skhebb.SETRegressor(**SMALL, evolution_interval=15),
    "HebbSET, adam": skhebb.HebbSETClassifier(**SMALL, early_stopping=True),
    "mask, sgd": skhebb.HebbianMaskClassifier(**SGD),
}
N_SAMPLES, N_FEATURES = 2000, 40


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_SAMPLES, N_FEATURES))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


def as_given(X, how):
    """X as an array in memory, or as one of Dask with other chunks than shards."""
    return X if how == "array" else dask.array.from_array(X, chunks=(300, 17))


class Killer(threading.Thread):
    """Kills a random worker that is at work again and again, once all are there.

    Parameters
    ----------
    cluster : LocalCluster
    rng : numpy.random.Generator
    mean : float
        Seconds between two kills, on average.
    most : int
    """

    def __init__(self, cluster, rng, mean, most):
        super().__init__(daemon=True)
        self.cluster, self.rng, self.mean, self.most = cluster, rng, mean, most
        self.n_workers = len(cluster.workers)
        self.n_kills = 0
        self.is_over = threading.Event()

    def run(self):
        while self.n_kills < self.most:
            if self.is_over.wait(self.rng.exponential(self.mean)):
                return
            alive = self.pids()
            if len(alive) == self.n_workers:  # or else there might never be one
                os.kill(alive[self.rng.integers(self.n_workers)], signal.SIGKILL)
                self.n_kills += 1

    def pids(self):
        """Those of workers that are at work."""
        known = self.cluster.scheduler.workers
        found = [
            nanny.process and nanny.process.pid
            for nanny in list(self.cluster.workers.values())
            if nanny.worker_address in known
        ]
        return [pid for pid in found if pid is not None]


def parts(fitted):
    """All that training leaves, as arrays."""
    arrays = [np.array(fitted.loss_curve_)]
    for weights, biases in zip(fitted.coefs_, fitted.intercepts_, strict=True):
        arrays += weights.indptr, weights.indices, weights.data, biases
    for layer in fitted._state.network.layers:
        arrays += [*layer.weight_state, *layer.bias_state]
    return arrays


def run_case(seed, case, most):
    """Return how many workers were killed; raise if that changed a bit."""
    rng = np.random.default_rng([seed, case])
    name = list(FITS)[case % len(FITS)]
    how = ["array", "dask"][case // len(FITS) % 2]
    n_shards, n_workers = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    sync_every = ["epoch", 7, 2][rng.integers(3)]
    X, y = data()
    meta = DataParallel(FITS[name], n_shards, sync_every=sync_every)
    expected = parts(meta.fit(X, y).estimator_)
    with (
        LocalCluster(n_workers, threads_per_worker=1, dashboard_address=":0") as here,
        Client(here) as client,
    ):
        killer = Killer(here, rng, rng.uniform(1, 4), most)
        killer.start()
        begin = time.perf_counter()
        try:
            meta.set_params(client=client).fit(as_given(X, how), y)
        finally:
            killer.is_over.set()
            killer.join()
        seconds = time.perf_counter() - begin
    for one, other in zip(expected, parts(meta.estimator_), strict=True):
        np.testing.assert_array_equal(one, other, f"{name}, case {case}")
    print(
        f"case {case}: {name}, {how}, {n_shards} shards on {n_workers} workers, "
        f"sync_every={sync_every}: {killer.n_kills} kills in {seconds:.1f} s",
        flush=True,
    )
    return killer.n_kills


def run(kills, seed, first=0):
    """Run cases until so many workers were killed; return how many."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    # A LocalCluster gives up workers that are dead so long after they died before.
    dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"})
    dask.config.set({"distributed.comm.timeouts.connect": "120s"})
    logging.disable(logging.CRITICAL)  # Dask tells of every worker that is gone
    n_kills, case = 0, first
    while n_kills < kills:
        n_kills += run_case(seed, case, kills - n_kills)
        case += 1
    print(f"{case - first} cases, {n_kills} kills: same bits")
    return n_kills


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    run(options.kills, options.seed, options.first)
