"""Growth rules: where new connections of a layer are to be.

A rule takes the layer's weights, a csr_array, the number of connections to add and a
numpy.random.Generator, and gives the sorted ranks of the new connections among the
absent ones, counted row by row. `absent_ranks` turns rows and columns into these. A
rule with a parameter named `probe` also gets a `LayerProbe`, with errors unless its
attribute `needs_errors` is False.
"""

import inspect
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from skhebb.topology._candidates import Gradient, Hebbian
from skhebb.topology._results import array_of
from skhebb.topology._sampling import sample_ranks


def at_random(weights, n, rng):
    """Uniformly among the absent connections, as SET has it (Mocanu et al. 2018)."""
    return sample_ranks(weights.shape[0] * weights.shape[1] - weights.nnz, n, rng)


def absent_ranks(weights: csr_array, rows: ArrayLike, columns: ArrayLike) -> np.ndarray:
    """Sorted ranks of absent connections, for a growth rule to return.

    Parameters
    ----------
    weights : csr_array of shape (n_in, n_out)
        Sorted, without duplicates.
    rows : array-like of int of shape (n,)
        Presynaptic neurons of absent connections.
    columns : array-like of int of shape (n,)
        Their postsynaptic neurons.

    Returns
    -------
    ranks : int64 ndarray of shape (n,)
        Their numbers among the absent connections, counted row by row.

    Raises
    ------
    ValueError
        If a connection is not absent, given twice, or no connection of this layer.
    """
    n_in, n_out = weights.shape
    rows, columns = np.asarray(rows), np.asarray(columns)
    for name, places, n in (("rows", rows, n_in), ("columns", columns, n_out)):
        are_integers = places.dtype.kind in "iu" or not places.size
        if not are_integers or ((places < 0) | (places >= n)).any():
            raise ValueError(f"{name} must be integers in [0, {n}). Got {places}.")
    if rows.ndim != 1 or rows.shape != columns.shape:
        raise ValueError("rows and columns must be 1d arrays of the same length")
    degrees = np.diff(weights.indptr)
    sources = np.repeat(np.arange(n_in, dtype=np.int64), degrees)
    present = sources * n_out + weights.indices
    cells = np.sort(rows.astype(np.int64) * n_out + columns)
    before = np.searchsorted(present, cells)
    is_present = np.append(present, -1)[before] == cells
    if is_present.any() or (cells[1:] == cells[:-1]).any():
        raise ValueError("connections to grow must be absent, and each given once")
    return cells - before


def checked(ranks, n_absent, n):
    """`ranks` as int64, if they are `n` > 0 different ones of range(n_absent)."""
    wanted = (
        f"The growth rule must give {n} sorted ranks, all different, of "
        f"{n_absent} absent connections."
    )
    ranks = array_of(ranks, "iu", n, wanted)
    is_sound = 0 <= ranks[0] <= ranks[-1] < n_absent
    if not is_sound or (ranks[1:] <= ranks[:-1]).any():
        raise ValueError(f"{wanted} Got {ranks!s:.200}.")
    return ranks.astype(np.int64, copy=False)


def takes_probe(rule):
    """Whether a rule has a parameter named `probe`."""
    try:
        return "probe" in inspect.signature(rule).parameters
    except ValueError:  # there are functions in C that do not tell
        return False


GROWTH_RULES: dict[str, Callable[..., ArrayLike]] = {
    "gradient": Gradient(),
    "hebbian": Hebbian(),
    "random": at_random,
}
