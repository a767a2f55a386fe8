"""Reproduces the HebbSET thesis and what lies beyond it; see docs/thesis.md.

    SKHEBB_DATA=... python -m tests.benchmarks.thesis table2_mnist_text

trains what is not in `results/` yet, several networks at a time, and adds each to
`results/<experiment>.jsonl` as soon as it is trained. Without names, all experiments,
"looks" among them, which is the network of Figures 3, 4 and 8.
"""

import argparse
import time

from joblib import Parallel, delayed
from rich.progress import track

from . import looks
from .experiments import EXPERIMENTS
from .results import Results
from .training import train


def run(name, n_jobs):
    """Train what is missing of an experiment."""
    results = Results(name)
    missing = results.missing(EXPERIMENTS[name]())
    if not missing:
        print(f"{name}: all networks are trained")
        return
    start = time.perf_counter()
    pool = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    trained = pool(delayed(keyed)(job) for job in missing)
    for job, record in track(trained, description=name, total=len(missing)):
        results.add(job, record)
    minutes = (time.perf_counter() - start) / 60
    print(f"{name}: {len(missing)} networks in {minutes:.1f} min", flush=True)


def keyed(job):
    """The job beside what came of it, since results come in any order."""
    return job, train(job)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*EXPERIMENTS, "looks"]
    parser.add_argument("experiments", nargs="*", default=names)
    parser.add_argument("--n-jobs", type=int, default=-1)
    args = parser.parse_args()
    if unknown := set(args.experiments) - set(names):
        parser.error(f"unknown: {sorted(unknown)}. There are {', '.join(names)}.")
    for name in args.experiments:
        if name in EXPERIMENTS:
            run(name, args.n_jobs)
        elif not looks.PATH.exists():
            looks.main()


if __name__ == "__main__":
    main()
