"""Refuses what this machine cannot hold, before the system ends the process.

Bytes are lower bounds: what is refused would never have worked.
"""

import os
from contextlib import suppress
from functools import cache

import numpy as np

from skhebb._utils.csr import index_dtype

LIMITS = (  # of this process's group, where there is one
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)


@cache
def memory():
    """Bytes that this process may hope for; infinity where that is not known."""
    limits = [np.inf]
    with suppress(AttributeError, ValueError, OSError):  # as on Windows
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in LIMITS:
        with suppress(OSError, ValueError), open(path) as file:  # it may be "max"
            limits.append(int(file.read()))
    return min(limits)


def check_memory(n_bytes, what, advice):
    """Raise if so many bytes are more than this machine has.

    Raises
    ------
    MemoryError
    """
    if n_bytes > memory():
        raise MemoryError(
            f"{what} needs at least {n_bytes / 2**30:.3g} GiB of memory; this machine "
            f"has {memory() / 2**30:.3g}. {advice}"
        )


def bytes_of_training(sizes, n_tiled, n_connections, batch_size, dtype, n_arrays):
    """Return the bytes of a network and of the arrays of a mini-batch.

    Parameters
    ----------
    sizes : list of int
        Neurons of each layer, inputs and outputs included.
    n_tiled : list of int
        Those whose activations are stored.
    n_connections, batch_size : int
    dtype : dtype
    n_arrays : int
        Of the optimiser, for each parameter.
    """
    index = index_dtype(n_connections).itemsize
    n_parameters = n_connections + sum(sizes[1:])
    # Parameters, those of the epoch before, and what the optimiser knows of them.
    n_numbers = n_parameters * (2 + n_arrays)
    # Activations, errors of two layers, and outputs, targets and scratch.
    n_neurons = sum(n_tiled) + 2 * max(sizes[1:]) + 3 * sizes[-1]
    n_numbers += n_neurons * batch_size
    n_indices = n_connections + sum(sizes[:-1])
    return n_numbers * np.dtype(dtype).itemsize + n_indices * index
