"""At which density does a sparse step of training become faster than a dense one?

A step is forward, backward and update of a network n - n - n - 10 (n neurons each)
with plain gradient descent on cross-entropy. Densities of the two wide layers from
0.1 % to 100 %, beside the dense step of torch, if installed, and of NumPy (BLAS); all
take turns in one process, medians. Prints times and the density where the lines cross,
and draws them into a file if matplotlib is installed.

    python tests/benchmarks/crossover.py --plot docs/crossover.png
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import importlib.util
import time
import warnings

import numpy as np
from settings import PUBLISHED
from sklearn.exceptions import ConvergenceWarning

import skhebb
from skhebb import SETClassifier

if importlib.util.find_spec("torch"):
    import torch

N_CLASSES = 10
STEPS = 20  # in a turn; the sparse one has the start and the end of an epoch, too
DENSITIES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0]
# neurons: batch sizes, and the highest density that is tried
CASES = {1000: ([32, 128, 512], 1.0), 3000: ([32, 128, 512], 1.0), 10_000: ([128], 0.3)}


def numpy_steps(n, batch_size, X, y):
    """Steps of a dense network in NumPy, without copies."""
    rng = np.random.default_rng(0)
    shapes = [(n, n), (n, n), (n, N_CLASSES)]
    weights = [rng.standard_normal(s, dtype=np.float32) / n**0.5 for s in shapes]
    products = [np.empty_like(w) for w in weights]
    onehot = np.eye(N_CLASSES, dtype=np.float32)[y]

    def run():
        for start in range(0, len(X), batch_size):
            part = slice(start, start + batch_size)
            activations = [X[part]]
            for w in weights[:-1]:
                z = activations[-1] @ w
                activations.append(np.maximum(z, 0, out=z))
            z = activations[-1] @ weights[-1]
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            error = (p - onehot[part]) / batch_size
            for depth in (2, 1, 0):
                np.matmul(activations[depth].T, error, out=products[depth])
                if depth:
                    error = (error @ weights[depth].T) * (activations[depth] > 0)
                products[depth] *= 1e-6
                weights[depth] -= products[depth]

    return run


def torch_steps(n, batch_size, X, y):
    """Steps of a dense network in torch."""
    network = torch.nn.Sequential(
        torch.nn.Linear(n, n),
        torch.nn.ReLU(),
        torch.nn.Linear(n, n),
        torch.nn.ReLU(),
        torch.nn.Linear(n, N_CLASSES),
    )
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-6)
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def run():
        for part in torch.arange(len(X)).split(batch_size):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(X[part]), y[part]).backward()
            optimizer.step()

    return run


def sparse_steps(n, batch_size, density, X, y, n_threads):
    """Steps of a sparse network of fixed topology."""
    network = SETClassifier(
        (n, n),
        batch_size=batch_size,
        learning_rate_init=1e-6,
        max_iter=1,
        warm_start=True,
        random_state=0,
        n_jobs=n_threads,
        **{
            **PUBLISHED,
            "epsilon": -np.log1p(-density) * n / 2 if density < 1 else 50 * n,
            "zeta": 0,
        },
    )
    return lambda: network.fit(X, y)


def measure(n, batch_size, top, turns, n_threads):
    """Median seconds of a step, by name or density."""
    rng = np.random.default_rng(0)
    X = rng.random((STEPS * batch_size, n), dtype=np.float32)
    y = np.arange(len(X)) % N_CLASSES
    arguments = n, batch_size, X, y
    runs = {"NumPy": numpy_steps(*arguments)}
    if importlib.util.find_spec("torch"):
        runs["torch"] = torch_steps(*arguments)
    # The sparse networks one at a time: all together would not fit into memory.
    times = {}
    for density in (d for d in DENSITIES if d <= top):
        sparse = sparse_steps(n, batch_size, density, X, y, n_threads)
        for turn in range(turns + 1):  # the first warms up
            for name, run in {**runs, density: sparse}.items():
                time.sleep(0.02)
                start = time.perf_counter()
                run()
                seconds = (time.perf_counter() - start) / STEPS
                if turn:
                    times.setdefault(name, []).append(seconds)
    return {name: np.median(seconds) for name, seconds in times.items()}


def crossing(times, dense):
    """The density where the sparse step takes as long as the dense one, if any."""
    densities = np.array([name for name in times if isinstance(name, float)])
    ratios = np.log([times[density] / dense for density in densities])
    above = np.flatnonzero(ratios > 0)
    if not len(above):
        return f"above {densities[-1]:.0%}"
    if above[0] == 0:
        return f"below {densities[0]:.1%}"
    pair = slice(above[0] - 1, above[0] + 1)
    found = np.exp(np.interp(0, ratios[pair], np.log(densities[pair])))
    return f"{found:.1%}"


def draw(results, path):
    """One panel for each number of neurons, relative to the fastest dense step."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    sizes = sorted({n for n, _ in results})
    figure, axes = plt.subplots(
        1, len(sizes), figsize=(4 * len(sizes), 3.6), sharey=True, layout="constrained"
    )
    for ax, n in zip(np.atleast_1d(axes), sizes, strict=True):
        for (neurons, batch_size), times in results.items():
            if neurons != n:
                continue
            dense = min(times[name] for name in times if isinstance(name, str))
            densities = [name for name in times if isinstance(name, float)]
            relative = [times[density] / dense for density in densities]
            ax.loglog(densities, relative, "o-", label=f"batch {batch_size}")
        ax.axhline(1, color="k", linewidth=0.8)
        ax.set(title=f"{n} neurons wide", xlabel="density")
        ax.legend()
    np.atleast_1d(axes)[0].set_ylabel("sparse step / fastest dense step")
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--neurons", type=int, nargs="+", default=list(CASES))
    parser.add_argument("--batch-sizes", type=int, nargs="+", help="all by default")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--plot", help="a file to draw into")
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    skhebb.show_versions()
    if importlib.util.find_spec("torch"):
        torch.set_num_threads(args.threads)
        print(f"torch {torch.__version__}")
    results = {}
    for n in args.neurons:
        batch_sizes, top = CASES[n]
        for batch_size in args.batch_sizes or batch_sizes:
            times = measure(n, batch_size, top, args.turns, args.threads)
            results[n, batch_size] = times
            print(f"\n{n} neurons wide, batch {batch_size}: ms of a step")
            for name, seconds in times.items():
                label = f"{name:.1%}" if isinstance(name, float) else f"dense, {name}"
                print(f"{label:>14} {1e3 * seconds:9.2f}")
            for name in ("torch", "NumPy"):
                if name in times:
                    where = crossing(times, times[name])
                    print(f"as fast as {name} at a density of {where}", flush=True)
    if args.plot:
        draw(results, args.plot)


if __name__ == "__main__":
    main()
