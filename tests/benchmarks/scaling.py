"""Time and memory of an epoch against the number of neurons and connections.

SET with plain gradient descent, float32, batches of 2, epsilon 20, on the Lung data:
the ladder of Mocanu et al. 2018, whose sequential Python took 0.3, 3, 49 and 112
minutes an epoch for 12 317, 93 317, 903 317 and 1 803 317 neurons (with 3312 genes;
1543 are public), and one rung to ten million. Each rung is a process of its own, which
trains two epochs; time is that of the second, its evolution included, memory the peak
of the process less that before `fit`, per connection. Another process loads what was
trained and predicts two samples; memory is its peak less that before loading.

    SKHEBB_DATA=... python tests/benchmarks/scaling.py
"""

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from settings import PUBLISHED

import skhebb
from skhebb import SETClassifier
from skhebb.datasets import fetch_dataset

HIDDEN = [300, 3000, 30_000, 300_000, 600_000, 3_333_334]
PUBLISHED_MINUTES = {3000: 0.3, 30_000: 3, 300_000: 49, 600_000: 112}


def peak():
    """Bytes of this process's memory at their most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Clock:
    """A callback that takes the time after each epoch."""

    def __init__(self):
        self.ends = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.ends.append(time.perf_counter())


def train(hidden, batch_size, max_batches, file):
    """One rung; the estimator goes into `file`."""
    X, y = fetch_dataset("lung_bhattacharjee1543")
    X = (X / np.abs(X).max(axis=0)).astype(np.float32)
    if max_batches:
        X, y = X[: max_batches * batch_size], y[: max_batches * batch_size]
    before = peak()
    clf = SETClassifier(
        (hidden,) * 3,
        batch_size=batch_size,
        learning_rate_init=0.001,
        max_iter=2,
        random_state=0,
        **PUBLISHED,
    )
    clock = Clock()
    start = time.perf_counter()
    clf.set_callbacks(clock).fit(X, y)
    after = peak()
    clf.set_callbacks()
    ends = clock.ends
    with file.open("wb") as opened:
        pickle.dump(clf, opened, protocol=5)
    return {
        "neurons": X.shape[1] + sum(clf.hidden_layer_sizes) + len(clf.classes_),
        "connections": clf._state.network.n_connections_target,
        "first": ends[0] - start,
        "epoch": ends[1] - ends[0],
        "samples": len(X),
        "bytes": (after - before) / clf._state.network.n_connections_target,
    }


def predict(file):
    """Bytes per connection to load an estimator and to predict two samples."""
    X, _ = fetch_dataset("lung_bhattacharjee1543")
    before = peak()
    with file.open("rb") as opened:
        clf = pickle.load(opened)
    clf.predict(X[:2].astype(np.float32))
    return (peak() - before) / clf.n_connections_


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hidden", type=int, nargs="+", default=HIDDEN)
    parser.add_argument("--batch-size", type=int, default=2)
    parser.add_argument("--max-batches", type=int, default=0, help="0 for all")
    parser.add_argument("--rung", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.rung:
        print(
            json.dumps(train(args.rung, args.batch_size, args.max_batches, args.file))
        )
        return
    if args.file:
        print(predict(args.file))
        return
    skhebb.show_versions()
    print(
        "\n  neurons  connections  samples  epoch, s  in 2018, s  with start, s  "
        "bytes per connection, training  prediction"
    )
    for hidden in args.hidden:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--file", Path(folder, "fitted")]
            rung = ["--rung", str(hidden), "--batch-size", str(args.batch_size)]
            rung += ["--max-batches", str(args.max_batches)]
            found, of_prediction = (
                json.loads(subprocess.run(c, check=True, stdout=subprocess.PIPE).stdout)
                for c in (command + rung, command)
            )
        minutes = PUBLISHED_MINUTES.get(hidden, float("nan"))
        published = 60 * minutes
        print(
            f"{found['neurons']:9}  {found['connections']:11}  {found['samples']:7}  "
            f"{found['epoch']:8.2f}  {published:10.0f}  {found['first']:13.1f}  "
            f"{found['bytes']:30.1f}  {of_prediction:10.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
