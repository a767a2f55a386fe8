"""A network as ONNX model, as plain file and as it is: bytes, memory and time.

Two hidden layers of equal width on 784 inputs, float32, untrained. ONNX Runtime makes
weights dense; SciPy, from the file that `export_npz` writes, and `predict` keep them
sparse. Those compared take turns, medians; each width has a process of its own, so that
memory is that of one model.

    python tests/benchmarks/onnx_prediction.py
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import onnxruntime
import psutil
from scipy import sparse, special
from skl2onnx import to_onnx
from sklearn.exceptions import ConvergenceWarning

import skhebb
from skhebb import SETClassifier, export_npz
from skhebb.onnx import register_converters


def plain_network(path):
    """Read what `export_npz` wrote: a function of X, by NumPy and SciPy."""
    with np.load(path) as file:
        header = json.loads(str(file["header"]))
        layers = [
            (
                sparse.csr_array(
                    tuple(
                        file[f"layers.{n}.{name}"]
                        for name in ("data", "indices", "indptr")
                    ),
                    shape=layer["shape"],
                ),
                file[f"layers.{n}.biases"],
            )
            for n, layer in enumerate(header["layers"])
        ]

    def outputs(X):
        for weights, biases in layers[:-1]:
            X = np.maximum(X @ weights + biases, 0)
        weights, biases = layers[-1]
        return special.softmax(X @ weights + biases, axis=1)

    return outputs


def onnx_network(content, n_threads):
    """Load an ONNX model: a function of X."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    session = onnxruntime.InferenceSession(
        content, options, providers=["CPUExecutionProvider"]
    )
    return lambda X: session.run(None, {"X": X})[1]


def resident():
    """MiB that this process has."""
    return psutil.Process().memory_info().rss / 2**20


def median_times(functions, X, turns):
    """Milliseconds of each, which take turns."""
    times = [[] for _ in functions]
    for _ in range(turns + 1):  # the first warms up
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function(X)
            taken.append(time.perf_counter() - start)
    return [1e3 * np.median(taken[1:]) for taken in times]


def measure(width, epsilon, turns, n_threads):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 784), dtype=np.float32)
    clf = SETClassifier(
        (width, width), epsilon=epsilon, max_iter=1, zeta=0, n_jobs=n_threads
    ).fit(X[:100], np.arange(100) % 10)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.npz")
        export_npz(clf, path)
        n_bytes = os.path.getsize(path)
        before = resident()
        plain = plain_network(path)
        of_plain = resident() - before
    register_converters()
    content = to_onnx(clf, X[:1], options={"zipmap": False}).SerializeToString()
    before, start = resident(), time.perf_counter()
    runtime = onnx_network(content, n_threads)
    seconds, of_runtime = time.perf_counter() - start, resident() - before
    n_connections = clf.n_connections_
    print(
        f"\n784-{width}-{width}-10, {n_connections} connections, density "
        f"{clf.density_:.2%}\nbytes per connection: ONNX "
        f"{len(content) / n_connections:.2f}, plain {n_bytes / n_connections:.2f}\n"
        f"MiB when loaded: ONNX Runtime {of_runtime:.0f} in {seconds:.1f} s, SciPy "
        f"{of_plain:.0f}"
    )
    functions = [runtime, plain, clf.predict_proba]
    difference = np.abs(runtime(X[:50]) - clf.predict_proba(X[:50])).max()
    print(f"largest difference of a probability: {difference:.1e}")
    for n_samples in (1, 100):
        onnx, scipy, ours = median_times(functions, X[:n_samples], turns)
        print(
            f"{n_samples:>4} samples: ONNX Runtime {onnx:8.3f} ms, SciPy {scipy:8.3f} "
            f"ms ({onnx / scipy:5.1f}), predict_proba {ours:8.3f} ms "
            f"({onnx / ours:5.1f})",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--neurons", type=int, nargs="+", default=[300, 1000, 4000])
    parser.add_argument("--epsilon", type=float, default=10)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    if len(args.neurons) == 1:
        measure(args.neurons[0], args.epsilon, args.turns, args.threads)
        return
    skhebb.show_versions()
    for width in args.neurons:
        others = [f"--epsilon={args.epsilon}", f"--turns={args.turns}"]
        others.append(f"--threads={args.threads}")
        command = [sys.executable, __file__, "--neurons", str(width), *others]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
