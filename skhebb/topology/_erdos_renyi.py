"""Erdős-Rényi graphs between two layers, as SET draws them."""

import math

import numpy as np

from skhebb._kernels._ranking import sort_below
from skhebb._utils.csr import index_dtype
from skhebb._utils.memory import check_memory

# Draws per cell above which a cell that is never drawn is less likely than an
# error of the machine: exp(-40).
CERTAIN = 40
DRAWS_PER_BLOCK = 1 << 18
BYTES_PER_CONNECTION = 8  # an index, once in blocks and once whole


def erdos_renyi(n_in, n_out, epsilon, rng):
    """Draw round(epsilon (n_in + n_out)) cells with replacement.

    The density is therefore 1 - exp(-p) with p = epsilon (n_in + n_out) / (n_in
    n_out), not p.

    Parameters
    ----------
    n_in, n_out : int
    epsilon : float
    rng : numpy.random.Generator

    Returns
    -------
    indptr, indices : int32 or int64 ndarrays
        As of a csr_array.

    Raises
    ------
    MemoryError
        If the connections would not fit into the memory of this machine.
    """
    draws_per_cell = epsilon * (n_in + n_out) / (n_in * n_out)
    n_at_most = min(n_in * n_out, epsilon * (n_in + n_out))
    index_type = index_dtype(n_at_most)
    check_memory(
        n_at_most * BYTES_PER_CONNECTION,
        f"A layer of {n_in} x {n_out} neurons with epsilon={epsilon:.6g}",
        "Lower epsilon, density or the layer sizes.",
    )
    if draws_per_cell >= CERTAIN:
        indices = np.tile(np.arange(n_out, dtype=index_type), n_in)
        return np.arange(0, n_in * n_out + 1, n_out, dtype=index_type), indices

    # Blocks of rows bound the memory; splitting the draws among them by a
    # multinomial leaves the distribution as it is.
    n_draws = round(epsilon * (n_in + n_out))
    rows_per_block = max(1, DRAWS_PER_BLOCK * n_in // max(n_draws, 1))
    edges = np.append(np.arange(0, n_in, rows_per_block), n_in)
    draws = rng.multinomial(n_draws, np.diff(edges) / n_in)
    counts = np.zeros(n_in + 1, dtype=index_type)
    blocks = []
    for start, stop, n in zip(edges[:-1], edges[1:], draws, strict=True):
        cells = rng.integers(start * n_out, stop * n_out, size=n)
        cells = sort_below(cells, stop * n_out)
        cells = cells[np.append(True, cells[1:] != cells[:-1])[: len(cells)]]
        rows, columns = np.divmod(cells, n_out)
        counts[start + 1 : stop + 1] = np.bincount(rows - start, minlength=stop - start)
        blocks.append(columns.astype(index_type))
    return np.cumsum(counts, dtype=index_type), np.concatenate(blocks)


def expected_connections(n_in, n_out, epsilon):
    """Return how many connections a layer of this epsilon has in the mean."""
    n_cells = n_in * n_out
    return -n_cells * math.expm1(-epsilon * (n_in + n_out) / n_cells)


def epsilon_for(n_in, n_out, n_connections):
    """Return the epsilon of so many connections in the mean; infinite for all."""
    n_cells = n_in * n_out
    if n_connections >= n_cells:
        return math.inf
    return -n_cells * math.log1p(-n_connections / n_cells) / (n_in + n_out)
