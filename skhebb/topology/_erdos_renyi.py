"""Erdős-Rényi graphs between two layers, as SET draws them."""

import numpy as np

from skhebb._kernels import MAX_CONNECTIONS

# Draws per cell above which a cell that is never drawn is less likely than an
# error of the machine: exp(-40).
CERTAIN = 40
DRAWS_PER_BLOCK = 1 << 22


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
    indptr : int32 ndarray of shape (n_in + 1,)
    indices : int32 ndarray of shape (n_connections,)

    Raises
    ------
    ValueError
        If a layer would have 2**31 connections or more.
    """
    draws_per_cell = epsilon * (n_in + n_out) / (n_in * n_out)
    n_expected = n_in * n_out * -np.expm1(-draws_per_cell)
    if n_expected > 0.999 * MAX_CONNECTIONS:
        raise ValueError(
            f"epsilon={epsilon} gives a layer of {n_in} x {n_out} neurons about "
            f"{n_expected:.3g} connections; at most {MAX_CONNECTIONS} are supported"
        )
    if draws_per_cell >= CERTAIN:
        indices = np.tile(np.arange(n_out, dtype=np.int32), n_in)
        return np.arange(0, n_in * n_out + 1, n_out, dtype=np.int32), indices

    # Blocks of rows bound the memory; splitting the draws among them by a
    # multinomial leaves the distribution as it is.
    n_draws = round(epsilon * (n_in + n_out))
    rows_per_block = max(1, DRAWS_PER_BLOCK * n_in // max(n_draws, 1))
    edges = np.append(np.arange(0, n_in, rows_per_block), n_in)
    draws = rng.multinomial(n_draws, np.diff(edges) / n_in)
    counts = np.zeros(n_in + 1, dtype=np.int32)
    blocks = []
    for start, stop, n in zip(edges[:-1], edges[1:], draws, strict=True):
        cells = np.sort(rng.integers(start * n_out, stop * n_out, size=n))
        cells = cells[np.append(True, cells[1:] != cells[:-1])[: len(cells)]]
        rows, columns = np.divmod(cells, n_out)
        counts[start + 1 : stop + 1] = np.bincount(rows - start, minlength=stop - start)
        blocks.append(columns.astype(np.int32))
    return np.cumsum(counts, dtype=np.int32), np.concatenate(blocks)
