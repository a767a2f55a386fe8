"""Training on shards: accuracy, time on two workers, and a model of that on many.

    SKHEBB_DATA=... python tests/benchmarks/dask_scaling.py accuracy
    python tests/benchmarks/dask_scaling.py speed
    python tests/benchmarks/dask_scaling.py model
    python tests/benchmarks/dask_scaling.py memory

`accuracy` fits MNIST as a whole and in shards, in this process. `speed` trains a
network of a million connections, by turns, on clusters of one and of two workers with
a core each. `model` measures compute, bandwidth and latency here, predicts the time of
epochs on two workers from that, and compares; then it predicts what is not here.
`memory` measures what workers have at most while they train and add up.
"""

import argparse
import math
import os
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import logging
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
from distributed import Client, LocalCluster, wait
from sklearn.exceptions import ConvergenceWarning

import skhebb
from skhebb.dask import DataParallel
from skhebb.datasets import fetch_dataset

N_TRAIN = 60_000  # images of MNIST
N_FEATURES, BATCH_SIZE = 500, 200
NETWORK = {"hidden_layer_sizes": (2000, 2000), "density": 0.2, "batch_size": BATCH_SIZE}
NETWORK |= {"tol": None, "random_state": 0, "evolution_interval": "epoch"}
CLUSTER = {"threads_per_worker": 1, "dashboard_address": ":0"}


class EpochTimes:
    """Callback that notes when epochs end, on the wall and of this process."""

    def setup(self, estimator, context):
        self.ends = []

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.ends.append([time.perf_counter(), time.process_time()])

    def teardown(self, estimator, context):
        pass


def data(n_samples):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, N_FEATURES)).astype(np.float32)
    return X, (X[:, :3].sum(axis=1) > 0).astype(int)


def seconds_of_epochs(client, options, n_epochs=None, sync_every="epoch"):
    """Seconds of epochs but the first, wall and processor, and the fitted network."""
    n_epochs = n_epochs or options.epochs
    times = EpochTimes()
    network = skhebb.SETClassifier(**NETWORK, max_iter=n_epochs + 1)
    meta = DataParallel(
        network.set_callbacks(times), 2, sync_every=sync_every, client=client
    )
    meta.fit(*data(options.samples))
    return np.median(np.diff(times.ends, axis=0), axis=0), meta.estimator_


def accuracy(options):
    """Print test accuracies of MNIST as a whole and in shards."""
    X, y = fetch_dataset("mnist")
    X = (X / 255).astype(np.float32)
    train, test = slice(N_TRAIN), slice(N_TRAIN, None)
    for seed in options.seeds:
        order = np.random.default_rng(seed).permutation(N_TRAIN)
        for kind in (getattr(skhebb, name) for name in options.networks):
            for n_shards in [None, *options.shards]:
                model = kind(random_state=seed)
                if n_shards is not None:
                    model = DataParallel(model, n_shards)
                begin = time.perf_counter()
                model.fit(X[train][order], y[train][order])
                seconds = time.perf_counter() - begin
                score = 100 * model.score(X[test], y[test])
                what = "fit" if n_shards is None else f"{n_shards} shards"
                print(
                    f"{kind.__name__}, seed {seed}, {what}: {score:.2f} %, "
                    f"{seconds:.0f} s",
                    flush=True,
                )


def speed(options):
    """Print how many times faster two workers are than one."""
    with (
        LocalCluster(n_workers=1, **CLUSTER) as one,
        LocalCluster(n_workers=2, **CLUSTER) as two,
        Client(one) as client_of_one,
        Client(two) as client_of_two,
    ):
        ratios = []
        for turn in range(options.turns + 1):
            (alone, _), network = seconds_of_epochs(client_of_one, options)
            (both, _), _ = seconds_of_epochs(client_of_two, options)
            if turn == 0:  # workers import
                print(
                    f"{network.n_connections_:,} connections, {options.samples} samples"
                )
                continue
            ratios += [alone / both]
            print(
                f"one worker {alone:.2f} s, two {both:.2f} s an "
                f"epoch: {ratios[-1]:.2f}",
                flush=True,
            )
        print(f"median of {len(ratios)}: {np.median(ratios):.2f} times faster")


def identity(value):
    return value


def links(client):
    """Seconds to send to a worker, to another one, and back: latency, and per byte."""
    first, second = client.scheduler_info()["workers"]
    sizes, found = (1_000, 20_000_000), {}
    for n_bytes in sizes:
        payload = np.random.default_rng(0).bytes(n_bytes)
        seconds = []
        for _ in range(9):
            begin = time.perf_counter()
            (sent,) = client.scatter([payload], workers=[first], hash=False)
            wait(client.submit(len, sent, workers=[first], pure=False))
            there = time.perf_counter()
            wait(client.submit(len, sent, workers=[second], pure=False))
            moved = time.perf_counter()
            result = client.submit(identity, sent, workers=[first], pure=False)
            wait(result)
            computed = time.perf_counter()
            result.result()
            seconds.append(
                [there - begin, moved - there, time.perf_counter() - computed]
            )
        found[n_bytes] = np.median(seconds, axis=0)
    small, large = (found[n_bytes] for n_bytes in sizes)
    return small, np.maximum(large - small, 0) / (sizes[1] - sizes[0])


def bytes_of_round(n_connections, n_arrays, itemsize=4):
    """What travels in one direction: weights and the optimiser's arrays."""
    return n_connections * itemsize * (1 + n_arrays)


def model(options):
    """Predict the time of an epoch from its parts; print both."""
    n_arrays = 2  # Adam
    n_batches = options.samples // BATCH_SIZE
    with LocalCluster(n_workers=2, **CLUSTER) as cluster, Client(cluster) as client:
        seconds_of_epochs(client, options, 1)  # workers import
        latency, per_byte = links(client)
        for what, seconds, rate in zip(
            ("to a worker", "between workers", "back"), latency, per_byte, strict=True
        ):
            print(f"{what}: {1e3 * seconds:.1f} ms, {1e-6 / rate:.0f} MB/s")
        for n_rounds in 1, 4, n_batches:
            sync_every = n_batches // n_rounds
            (here, of_core), network = seconds_of_epochs(
                None, options, sync_every=sync_every
            )
            (there, _), _ = seconds_of_epochs(client, options, sync_every=sync_every)
            n_bytes = bytes_of_round(network.n_connections_, n_arrays)
            travel = latency + per_byte * n_bytes
            # To one worker, from there to the other, its copy back, the average back.
            of_round = travel[0] + 2 * travel[1] + travel[2]
            predicted = here / 2 + n_rounds * of_round
            print(
                f"{n_rounds} rounds: compute {here:.2f} s on one core, "
                f"{1e3 * of_round:.0f} ms of travel a round; an epoch on two workers: "
                f"predicted {predicted:.2f} s, measured {there:.2f} s",
                flush=True,
            )
            if n_rounds == 1:
                rate = of_core / options.samples / network.n_connections_
    print(f"compute: {1e9 * rate:.3f} ns of processor per sample and connection")
    extrapolate(rate, options)


def extrapolate(rate, options):
    """Print what the model says of sizes and machines that are not here."""
    n_connections, n_samples = 10**8, 10**9
    n_bytes = bytes_of_round(n_connections, 2)
    print(
        f"{n_connections:.0e} connections, {n_samples:.0e} samples, machines of "
        f"{options.cores} cores and {options.gigabits} Gbit/s: a state of "
        f"{n_bytes / 1e9:.1f} GB"
    )
    for n_machines in 1, 8, 64, 512:
        compute = rate * n_connections * n_samples / options.cores / n_machines
        hops = 2 * (1 + math.ceil(math.log2(n_machines)))
        of_round = hops * n_bytes * 8 / options.gigabits / 1e9
        fewest = compute / of_round / 9
        print(
            f"{n_machines} machines: {compute / 3600:.1f} h of compute an epoch, "
            f"{of_round:.0f} s a round; a tenth of the time travels at "
            f"{fewest:,.0f} rounds an epoch, one for "
            f"{n_samples / n_machines / fewest:,.0f} samples of each machine"
        )


def resident():
    """Bytes of this process in memory, at most until now (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if "VmHWM" in line)


def begin_counting():
    tracemalloc.start()
    return resident()


def most_bytes():
    """Bytes taken since counting began, at most, and `resident`."""
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most, resident()


def memory(options):
    """Print what workers need beside their shards, in states with indices."""
    for n_workers, n_shards in (1, 1), (1, 2), (2, 2), (2, 4), (2, 8):
        with LocalCluster(n_workers, **CLUSTER) as cluster, Client(cluster) as client:
            small = NETWORK | {"hidden_layer_sizes": 20, "max_iter": 1, "n_jobs": 1}
            meta = DataParallel(skhebb.SETClassifier(**small), n_shards, client=client)
            meta.fit(*data(options.samples))  # workers import
            before = client.run(begin_counting)
            size = options.neurons
            meta.estimator.set_params(hidden_layer_sizes=(size, size), max_iter=3)
            meta.fit(*data(options.samples))
            after = client.run(most_bytes)
        n_connections = meta.estimator_.n_connections_
        state = bytes_of_round(n_connections, 2) + 4 * n_connections
        counted = max(most for most, _ in after.values()) / state
        more = max(n_bytes - before[who] for who, (_, n_bytes) in after.items())
        print(
            f"{n_shards} shards on {n_workers} workers, {n_connections:,} connections, "
            f"states of {state / 1e6:.0f} MB: {counted:.2f} states allocated at most, "
            f"{more / state:.2f} resident",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["accuracy", "speed", "model", "memory"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--shards", type=int, nargs="+", default=[4])
    parser.add_argument(
        "--networks", nargs="+", default=["SETClassifier", "HebbSETClassifier"]
    )
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--neurons", type=int, default=5000)
    parser.add_argument("--cores", type=int, default=32)
    parser.add_argument("--gigabits", type=float, default=10)
    options = parser.parse_args()
    skhebb.show_versions()
    warnings.simplefilter("ignore", ConvergenceWarning)
    logging.getLogger("distributed").setLevel(logging.ERROR)
    commands = {"accuracy": accuracy, "speed": speed, "model": model, "memory": memory}
    commands[options.what](options)


if __name__ == "__main__":
    main()
