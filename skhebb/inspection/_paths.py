"""Strongest paths through a network."""

import heapq

import numpy as np


def strongest_paths(coefs, n_paths, output=None):
    """Find the paths from inputs to outputs along which weights are largest.

    The strength of a path is the product of the absolute weights of its connections.
    What can be reached is known for each neuron before a path is begun, so that none
    is followed in vain.

    Parameters
    ----------
    coefs : list of csr_array of shape (n_in, n_out)
    n_paths : int
        How many; there may be fewer.
    output : int, default=None
        The output where paths end; any by default.

    Returns
    -------
    paths : ndarray of shape (n_found, n_layers + 1)
        Numbers of neurons, from an input to an output; the strongest path first.
    """
    with np.errstate(divide="ignore"):  # log(0) is -inf: no path
        lengths = [np.log(np.abs(weights.data.astype(float))) for weights in coefs]
    to_go = strengths_to_go(coefs, lengths, output)
    heap = [(-to_go[0][i], (i,)) for i in largest(to_go[0], n_paths)]
    heapq.heapify(heap)
    found = []
    while heap and len(found) < n_paths:
        strength, path = heapq.heappop(heap)
        depth = len(path) - 1
        if depth == len(coefs):
            found.append(path)
            continue
        connections = slice(*coefs[depth].indptr[path[-1] : path[-1] + 2])
        neurons = coefs[depth].indices[connections].tolist()
        so_far = -strength - to_go[depth][path[-1]]
        strengths = so_far + lengths[depth][connections] + to_go[depth + 1][neurons]
        for place in largest(strengths, n_paths):
            heapq.heappush(heap, (-strengths[place], (*path, neurons[place])))
    return np.array(found, dtype=int).reshape(len(found), len(coefs) + 1)


def strengths_to_go(coefs, lengths, output):
    """Return logarithms of what the strongest path from each neuron has, by layer."""
    n_outputs = coefs[-1].shape[1]
    is_end = np.ones(n_outputs) if output is None else np.arange(n_outputs) == output
    to_go = [np.where(is_end, 0.0, -np.inf)]
    for weights, of_connections in zip(coefs[::-1], lengths[::-1], strict=True):
        best = np.full(weights.shape[0], -np.inf)
        has_any = np.flatnonzero(np.diff(weights.indptr))
        if len(has_any):
            sums = of_connections + to_go[0][weights.indices]
            best[has_any] = np.maximum.reduceat(sums, weights.indptr[has_any])
        to_go.insert(0, best)
    return to_go


def largest(values, n):
    """Return places of the n largest of finite values, the largest first."""
    places = np.argsort(-values, kind="stable")[:n]
    return places[np.isfinite(values[places])].tolist()
