"""Probes: what a network does with some of the training samples, for growth rules."""

import numpy as np

from skhebb._kernels import _loops, _rules
from skhebb._network.buffers import Backward, BatchBuffers, tiles_for
from skhebb._utils.csr import make_csr
from skhebb.topology import Activity, LayerProbe

# More gained nothing on images, words and speech, and an epoch would take longer.
MOST_SAMPLES = 500
# A probe has at most so large a share of the samples trained on since the one
# before, and neurons make at most so many bytes of it, unless that leaves less than so
# many samples.
SHARE, MOST_BYTES, FEWEST_SAMPLES = 0.1, 1 << 28, 100
NO_STEP = _rules.OptimizerStep("gradient descent", (0.0, 0.0, False), 0, 0.0, 0.0)


def layer_probes(topology, state, data, loss, n_trained, n_threads):
    """Return a LayerProbe for each layer that is to grow, or a None for each.

    No draw of the training shifts that of the samples, nor the other way round.

    Parameters
    ----------
    topology : Topology
    state : TrainingState
    data : FitData
    loss : Loss
    n_trained : float
        Samples that the network is trained on from one evolution to the next.
    n_threads : int
    """
    network = state.network
    grows = network.n_connections < network.n_connections_target
    if not (topology.needs_probe and grows):
        return [None] * len(network.layers)
    rng = np.random.default_rng((state.random.split_seed, state.counters.n_evolutions))
    samples = probe_samples(data, network.layer_sizes, network.dtype, n_trained, rng)
    data = data.at_hand(samples)
    return probe_network(
        network, data, data.samples, loss, topology.needs_errors, n_threads
    )


def probe_samples(data, sizes, dtype, n_trained, rng):
    """Draw the rows of a probe, without replacement, sorted.

    Parameters
    ----------
    data : FitData
    sizes : list of int
        Neurons of each layer, inputs and outputs included.
    dtype : dtype
    n_trained : float
        Samples that the network is trained on from one evolution to the next.
    rng : numpy.random.Generator
    """
    # Activations, and errors of as many neurons.
    bytes_of_sample = 2 * sum(data.inputs.tiled_sizes(sizes)) * np.dtype(dtype).itemsize
    n_affordable = min(MOST_BYTES // bytes_of_sample, int(SHARE * n_trained))
    n = min(MOST_SAMPLES, max(n_affordable, FEWEST_SAMPLES), len(data.samples))
    return np.sort(rng.choice(data.samples, n, replace=False, shuffle=False))


def probe_network(network, data, samples, loss, with_errors, n_threads):
    """Run a network on some samples, without dropout; return a LayerProbe per layer.

    Parameters
    ----------
    network : Network
    data : FitData
    samples : ndarray of int
        Rows of the data.
    loss : Loss
    with_errors : bool
        Whether to propagate errors back, too.
    n_threads : int

    Returns
    -------
    probes : list of LayerProbe
    """
    sizes, dtype, n_samples = network.layer_sizes, network.dtype, len(samples)
    tiles = tiles_for(n_samples, dtype)
    batch = data.batch_of(samples, tiles, dtype)
    tiled = BatchBuffers(data.inputs.tiled_sizes(sizes), n_samples, dtype)
    activations = tiled.arrays(tiles)
    activations[0] = data.inputs.load(samples, tiles, activations[0], n_threads)
    outputs = np.empty((sizes[-1], n_samples), dtype=dtype)
    errors = [None] * len(network.layers)
    with np.errstate(over="ignore", invalid="ignore"):
        network.forward(activations, tiles, outputs, False, n_threads)
        tiles.pack(outputs, activations[-1])
        if with_errors:
            targets = np.empty_like(outputs)
            data.load_targets(samples, targets)
            loss.turn_into_errors(outputs, targets, np.empty_like(outputs))
            outputs *= batch.sample_weight[:n_samples]
            errors = propagate_back(network, activations, outputs, batch, n_threads)
    of_layers = [
        Activity(values, size, batch, n_threads)
        for values, size in zip(activations, sizes, strict=True)
    ]
    triples = zip(of_layers[:-1], of_layers[1:], errors, strict=True)
    return [LayerProbe(*triple) for triple in triples]


def propagate_back(network, activations, output_errors, batch, n_threads):
    """Return the errors of each layer, in tiles."""
    tiles, layers = batch.tiles, network.layers
    sizes, dtype = network.layer_sizes[1:], network.dtype
    errors = BatchBuffers(sizes, tiles.batch_size, dtype).arrays(tiles)
    tiles.pack(output_errors, errors[-1])
    for depth in range(len(layers) - 1, 0, -1):
        weights = layers[depth].weights
        # The kernel writes weights that it does not move, which others may be reading.
        layer = layers[depth].with_weights(
            make_csr(
                weights.data.copy(), weights.indices, weights.indptr, weights.shape
            )
        )
        backward = Backward(
            errors[depth - 1],
            np.empty(_loops.N_GROUPS * layer.n_in, dtype),
            network.activations[depth - 1].without_dropout,
        )
        scratch = np.empty((_loops.N_GROUPS, layer.largest_chunk(n_threads)), dtype)
        layer.update(
            activations[depth],
            errors[depth],
            backward,
            batch,
            NO_STEP,
            scratch,
            n_threads,
        )
    return errors
