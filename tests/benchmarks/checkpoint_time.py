"""What a Checkpoint every ten epochs adds to the time of a fit on MNIST.

Fits with and without one take turns; medians of wall and of processor time. Describing
the data, which happens once, is timed by itself, so that it can be set against fits of
another length.

    SKHEBB_DATA=... python tests/benchmarks/checkpoint_time.py
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

import skhebb
from skhebb import SETClassifier
from skhebb._utils.plain_files import checksum, write_plain
from skhebb.callbacks import Checkpoint
from skhebb.datasets import fetch_dataset


def timed(function):
    """Seconds on the wall and on the processor."""
    start = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - start[0], time.process_time() - start[1]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    skhebb.show_versions()
    X, y = fetch_dataset("mnist")
    X, y = (X[: options.samples] / 255).astype(np.float32), y[: options.samples]
    model = SETClassifier(max_iter=options.epochs, tol=None, random_state=0)

    def plain():
        model.set_callbacks().fit(X, y)

    def kept():
        with tempfile.TemporaryDirectory() as folder:
            model.set_callbacks(Checkpoint(folder)).fit(X, y)
            sizes.append(max(path.stat().st_size for path in Path(folder).iterdir()))

    sizes, times = [], {plain: [], kept: []}
    for _ in range(options.turns):
        for function, found in times.items():
            found.append(timed(function))
    without, with_one = (np.median(found, axis=0) for found in times.values())
    for n, clock in enumerate(("wall", "processor")):
        seconds = without[n], with_one[n], 100 * (with_one[n] / without[n] - 1)
        print("{}: {:.2f} s without, {:.2f} s with: {:+.2f} %".format(clock, *seconds))
    with tempfile.TemporaryDirectory() as folder:
        path, state, data = Path(folder, "state"), model._state.pack(), {"X": X, "y": y}
        writes = [timed(lambda: write_plain(path, state)) for _ in range(9)]
        checks = [timed(lambda: checksum(data)) for _ in range(9)]
    print(f"a snapshot: {max(sizes) / 1e6:.1f} MB")
    for what, found in ("snapshot", writes), ("checksum of the data", checks):
        wall, processor = 1e3 * np.median(found, axis=0)
        print(f"{what}: {wall:.1f} ms on the wall, {processor:.1f} ms of processor")


if __name__ == "__main__":
    main()
