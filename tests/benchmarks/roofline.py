"""Each kernel's rate beside what the processor can do at all, in one run.

One layer, one thread. The yardsticks are a plain loop of fused multiply-adds over
rows that stay in the second-level cache, and a copy in memory; both are compiled with
the C compiler at hand for this very processor. They and the kernels take turns;
medians. Bytes are those that a kernel has to read and write at least once for each
connection, wherever they come from: the row of a neuron, the index and the weight.

    python tests/benchmarks/roofline.py
    python tests/benchmarks/roofline.py --neurons 3000 --density 0.01 --batch 128
"""

import argparse
import ctypes
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from skhebb._kernels._handles import Deviations

import skhebb
from skhebb._kernels import _hebbian, _loops, _rules
from skhebb._network.buffers import (
    Backward,
    Batch,
    RoundedTerm,
    aligned_zeros,
    tiles_for,
)
from skhebb._network.layer import SparseLayer
from skhebb._utils.csr import make_csr
from skhebb.topology._erdos_renyi import erdos_renyi

YARDSTICKS = """
#include <stddef.h>
#include <string.h>
typedef float vector __attribute__((vector_size(64), aligned(4)));
float fma_rows(const float *restrict rows, ptrdiff_t n, float w, int passes)
{
    vector sums[8] = {{0}}, total = {0};
    for (int pass = 0; pass < passes; pass++)
        for (ptrdiff_t k = 0; k < n; k += 128)
            for (int v = 0; v < 8; v++)
                sums[v] += w * *(const vector *)(rows + k + 16 * v);
    for (int v = 0; v < 8; v++)
        total += sums[v];
    return total[0];
}
void copy(char *to, const char *from, ptrdiff_t n) { memcpy(to, from, n); }
"""


PASSES = 20  # over the rows; the first finds them elsewhere
COPY = "copy in memory"


def yardsticks():
    """The compiled loops."""
    folder = tempfile.mkdtemp()
    source, library = Path(folder, "yardsticks.c"), Path(folder, "yardsticks.so")
    source.write_text(YARDSTICKS)
    flags = ["-O3", "-march=native"]
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, *flags, "-shared", "-fPIC", source, "-o", library], check=True
    )
    loops = ctypes.CDLL(str(library))
    loops.fma_rows.argtypes = [
        ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_float, ctypes.c_int,
    ]  # fmt: skip
    loops.fma_rows.restype = ctypes.c_float
    loops.copy.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t]
    return loops


def new_layer(n, density, rng):
    """A layer of n x n neurons with random connections."""
    indptr, indices = erdos_renyi(n, n, -np.log(1 - density) * n / 2, rng)
    data = 0.1 * rng.standard_normal(len(indices), np.float32)
    layer = SparseLayer(
        make_csr(data, indices, indptr, (n, n)), np.zeros(n, np.float32)
    )
    layer.begin_training(0)
    return layer


def kernels(layer, batch, arrays, tiles):
    """By name: a function, its floating-point operations, and its bytes."""
    n, nnz, row = layer.n_in, layer.n_connections, 4 * tiles.stride
    inputs, outputs, errors, back = arrays
    whole = Batch(tiles, tiles.ones, batch)
    sums = np.zeros(_loops.N_GROUPS * n, np.float32)
    scratch = np.zeros((_loops.N_GROUPS, layer.largest_chunk(1)), np.float32)
    relu = _rules.Activation("piecewise linear", 0)
    step = _rules.OptimizerStep("gradient descent", (1e-9, 0, 0), 0, 0.0, 0.0)
    deviations = Deviations(n, tiles)
    term = RoundedTerm(1e-9, deviations, deviations)

    def forward(training):
        layer.forward(inputs, outputs, tiles, relu, training, 1)

    def update(*where):
        backward = Backward(*where, relu)
        layer.update(inputs, errors, backward, whole, step, scratch, 1)

    product = 2 * nnz * tiles.stride
    return {
        "forward, gathered (training)": (
            lambda: forward(True), product, nnz * (row + 8)),
        "forward, scattered (prediction)": (
            lambda: forward(False), product, nnz * (2 * row + 8)),
        "gradient and step (first layer)": (
            lambda: update(None, None), product, nnz * (row + 12)),
        "backward, gradient and step": (
            lambda: update(back, sums), 2 * product, nnz * (row + 12)),
        "Hebbian term": (
            lambda: layer.add_covariances(inputs, whole, term, None, None, 1),
            product, nnz * (row // 2 + 12)),
        "means, ranges, deviations": (
            lambda: _hebbian.round_deviations(
                deviations, activations=inputs, sample_weight=tiles.ones, total=batch,
                n_threads=1),
            0, n * (row + row // 2)),
    }  # fmt: skip


def limits(inputs):
    """The same of the yardsticks; `inputs` stay in the second-level cache."""
    loops = yardsticks()
    size = inputs.nbytes // 512 * 128
    big = np.ones((2, 1 << 28), np.uint8)
    return {
        "fused multiply-adds, rows in L2": (
            lambda: loops.fma_rows(inputs.ctypes.data, size, 1.0, PASSES),
            2 * size * PASSES,
            4 * size * PASSES,
        ),
        COPY: (
            lambda: loops.copy(big[0].ctypes.data, big[1].ctypes.data, 1 << 28),
            0,
            2 << 28,
        ),
    }


def measure(cases, turns):
    """Seconds of each case, which take turns; copies are few, because they are slow."""
    times = {name: [] for name in cases}
    for turn in range(turns):
        for name, (function, *_) in cases.items():
            if name == COPY and turn % 40:
                continue
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return times


def report(cases, times):
    fastest = None
    for name, (_, operations, size) in cases.items():
        median = np.median(times[name])
        rate = operations / median / 1e9
        fastest = fastest or rate
        share = f"{rate:8.1f}  {rate / fastest:6.1%}" if rate else f"{'':16}"
        print(f"{name:33}{1e6 * median:8.0f} {share} {size / median / 1e9:6.0f}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--density", type=float, default=0.04)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--turns", type=int, default=200)
    args = parser.parse_args()
    n, batch = args.neurons, args.batch

    rng = np.random.default_rng(0)
    layer = new_layer(n, args.density, rng)
    tiles = tiles_for(batch, np.dtype(np.float32))
    arrays = [aligned_zeros(n * tiles.stride, np.float32) for _ in range(4)]
    for array in arrays:
        array[:] = rng.random(array.size)
    cases = limits(arrays[0]) | kernels(layer, batch, arrays, tiles)
    times = measure(cases, args.turns)

    skhebb.show_versions()
    nnz = layer.n_connections
    print(
        f"\n{n} x {n} neurons, {nnz} connections ({nnz / n**2:.1%}), batch {batch}, "
        f"1 thread, float32\n{'':33}      us  GFLOP/s  of FMA   GB/s"
    )
    report(cases, times)


if __name__ == "__main__":
    main()
