"""What a Checkpoint every ten epochs adds to the time of a fit on MNIST.

Pairs of fits, one with a Checkpoint, take turns in going first: medians of the ratios
of wall and of processor time. These are noisy; so what the fit with one does for it,
the checksum of the data included, is timed by itself, too, and divided by the rest of
the same fit.

    SKHEBB_DATA=... python tests/benchmarks/checkpoint_time.py
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

import skhebb
from skhebb import SETClassifier
from skhebb._training.run import Run
from skhebb._utils.plain_files import write_plain
from skhebb.callbacks import Checkpoint
from skhebb.datasets import fetch_dataset

PARTS = "__init__", "save_state", "save_result"  # of Run, where keepers are asked


def timed(function, *args, **kwargs):
    """Seconds on the wall and on the processor."""
    start = time.perf_counter(), time.process_time()
    function(*args, **kwargs)
    return np.array([time.perf_counter() - start[0], time.process_time() - start[1]])


def time_parts(spent):
    """Let `spent` have, by name, the seconds of all calls of PARTS."""

    def with_clock(name, method):
        def call(run, *args, **kwargs):
            spent[name] = spent.get(name, 0) + timed(method, run, *args, **kwargs)

        return call

    for name in PARTS:
        setattr(Run, name, with_clock(name, getattr(Run, name)))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--folder", default=None, help="on the disk to try")
    options = parser.parse_args()
    skhebb.show_versions()
    X, y = fetch_dataset("mnist")
    X, y = (X[: options.samples] / 255).astype(np.float32), y[: options.samples]
    model = SETClassifier(max_iter=options.epochs, tol=None, random_state=0)
    spent, found = {}, {"ratios": [], "shares": [], "seconds": []}
    time_parts(spent)
    for turn in range(options.turns):
        seconds = {}
        for keeps in [False, True][:: 1 if turn % 2 else -1]:
            spent.clear()
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                model.set_callbacks(*[Checkpoint(folder)] * keeps)
                seconds[keeps] = timed(model.fit, X, y)
            if keeps:
                more = sum(spent.values())
                found["shares"].append(more / (seconds[True] - more))
                parts = {
                    name: (1e3 * each).round(1).tolist() for name, each in spent.items()
                }
        found["ratios"].append(seconds[True] / seconds[False])
        found["seconds"].append(seconds[False])
        print(
            f"pair {turn}: with / without {found['ratios'][-1].round(4)}, in the fit "
            f"{(100 * found['shares'][-1]).round(2)} % (wall, processor), {parts} ms",
            flush=True,
        )
    for name, values in found.items():
        wall, processor = np.median(values, axis=0)
        print(f"{name}, medians: {wall:.4f} on the wall, {processor:.4f} of processor")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path, state = Path(folder, "state"), model._state.pack()
        writes = [timed(write_plain, path, state) for _ in range(9)]
        print(
            f"a snapshot: {path.stat().st_size / 1e6:.1f} MB, "
            f"{(1e3 * np.median(writes, 0)).round(1)} ms (wall, processor)"
        )


if __name__ == "__main__":
    main()
