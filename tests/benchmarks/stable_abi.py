"""What the stable ABI costs: small problems, where calls of kernels take most time.

Two builds of the same sources take turns, each in a process of its own, on one thread;
process time of the fastest turns, and whether their bits are equal.

    SKHEBB_ABI3=1 pip install --no-deps --target /tmp/abi3 .
    SKHEBB_ABI3=0 pip install --no-deps --target /tmp/own .
    python tests/benchmarks/stable_abi.py /tmp/abi3 /tmp/own
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np


def cases():
    """Functions that give the numbers that are to be the same."""
    from sklearn.datasets import load_digits

    from skhebb import HebbSETClassifier, SETClassifier

    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    fixed = {"random_state": 0, "n_jobs": 1}
    fitted = SETClassifier(max_iter=2, **fixed).fit(X, y)

    def fit(estimator):
        return [weights.data for weights in estimator.fit(X, y).coefs_]

    def one_by_one():
        stream = SETClassifier(**fixed)
        for sample in range(200):
            stream.partial_fit(X[[sample]], y[[sample]], classes=range(10))
        return [weights.data for weights in stream.coefs_]

    return {
        "fit, SET": lambda: fit(SETClassifier(max_iter=5, **fixed)),
        "fit, HebbSET": lambda: fit(HebbSETClassifier(max_iter=5, **fixed)),
        "fit, batches of 1": lambda: fit(
            SETClassifier(batch_size=1, max_iter=1, **fixed)
        ),
        "partial_fit, 200 times 1": one_by_one,
        "predict, 200 times 1": lambda: [
            fitted.predict_proba(X[[sample]]) for sample in range(200)
        ],
    }


def serve():
    """Run the cases that are asked for, and tell their seconds and a hash."""
    functions = cases()
    print(*functions, sep="\t", flush=True)
    for line in sys.stdin:
        start = time.process_time()
        arrays = functions[line.strip()]()
        seconds = time.process_time() - start
        digest = hashlib.sha256(b"".join(map(bytes, arrays))).hexdigest()
        print(seconds, digest, sep="\t", flush=True)


class Build:
    """A process that has imported one of the builds."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve"],
            env={**os.environ, "PYTHONPATH": str(Path(folder).resolve())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.cases = self.process.stdout.readline().strip().split("\t")

    def run(self, case):
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        seconds, digest = self.process.stdout.readline().strip().split("\t")
        return float(seconds), digest


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", help="of two builds")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        return serve()
    builds = [Build(folder) for folder in args.folders]
    for case in builds[0].cases:
        [build.run(case) for build in builds]  # warms up
        runs = [[build.run(case) for build in builds] for _ in range(args.turns)]
        ratios = [one[0] / other[0] for one, other in runs]
        fastest = [min(seconds for seconds, _ in of) for of in zip(*runs, strict=True)]
        same = len({digest for pair in runs for _, digest in pair}) == 1
        print(
            f"{case:>25}: {1e3 * fastest[0]:6.1f} ms, of the other's "
            f"{fastest[0] / fastest[1]:.3f} (fastest turns), {median(ratios):.3f} "
            f"(median turn); {'same' if same else 'other'} bits",
            flush=True,
        )


if __name__ == "__main__":
    main()
