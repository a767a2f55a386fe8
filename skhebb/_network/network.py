"""A network is a list of sparse layers and what happens between them."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skhebb._kernels import _rules
from skhebb._network.buffers import BatchBuffers, tiles_for
from skhebb._network.layer import is_finite
from skhebb._utils.memory import check_memory

LINEAR = _rules.Activation("piecewise linear", 1)
# A thread predicts so many samples at a time, or less if a layer of wide networks would
# not stay in a cache of so many bytes.
BLOCK = 128
CACHE = 1 << 20


class NetworkParameters(NamedTuple):
    """Parameters that a network has learned.

    Attributes
    ----------
    layers : list of LayerParameters
    kernels : list of ndarray or None
        Of convolutions before the network that learn with it.
    """

    layers: list
    kernels: list | None = None


class Network:
    """A feed-forward network of sparse layers.

    Parameters
    ----------
    layers : list of SparseLayer
    activations : list
        Activation functions of the layers, to be set before use. That of an output
        layer is the identity here.
    output_activation : object
        What becomes of the activations of the last layer, to be set before use.
    kernels : Kernels or None
        Of convolutions that learn with the network. Where batches come from makes its
        inputs by them.

    Attributes
    ----------
    dropped_inputs : _rules.Activation
        What dropout does to inputs that are activations of other neurons.
    """

    def __init__(self, layers, activations=(), output_activation=None, kernels=None):
        self.layers = layers
        self.activations = activations
        self.output_activation = output_activation
        self.kernels = kernels
        self.dropped_inputs = LINEAR

    @property
    def layer_sizes(self):
        """Numbers of neurons, inputs and outputs included."""
        return [self.layers[0].n_in, *(layer.n_out for layer in self.layers)]

    @property
    def dtype(self):
        """Floating-point type of weights and activations."""
        return self.layers[0].weights.dtype

    @property
    def n_connections_target(self):
        """Number of connections when grown."""
        return sum(layer.n_connections_target for layer in self.layers)

    @property
    def n_connections(self):
        """Number of connections."""
        return sum(layer.n_connections for layer in self.layers)

    def forward(
        self,
        activations,
        tiles,
        outputs,
        training,
        n_threads,
        dropout=None,
        preactivations=(),
    ):
        """Propagate a batch.

        Parameters
        ----------
        activations : list
            The inputs, in tiles or as NonZeros, and an array in tiles for each layer
            to be filled; that of an output layer is left with preactivations.
        tiles : Tiles
        outputs : ndarray of shape (n_outputs, batch_size)
            To be filled with the activations of the last layer.
        training : bool
            Whether many batches will follow, and no other thread uses the network.
        n_threads : int
        dropout : Dropout or None
        preactivations : list of ndarray
            For each layer an array in tiles to be filled, or an empty one.
        """
        last = len(self.layers) - 1
        for depth, layer in enumerate(self.layers):
            activation = self.activations[depth]
            pair = activations[depth], activations[depth + 1]
            layer.forward(*pair, tiles, activation.for_kernels, training, n_threads)
            if len(preactivations) and preactivations[depth].size:
                if depth == last:
                    np.copyto(preactivations[depth], pair[1])
                else:
                    to_preactivations = pair[0], preactivations[depth]
                    layer.forward(
                        *to_preactivations, tiles, LINEAR, training, n_threads
                    )
            activation.apply(pair[1])
            if depth < last and dropout is not None:
                dropout.apply(pair[1], activation.for_kernels, n_threads)
        tiles.unpack(activations[-1], outputs)
        self.output_activation.apply(outputs)

    def outputs(self, inputs, n_threads, samples=None):
        """Return the outputs for many samples, computed in blocks of these.

        Parameters
        ----------
        inputs : BatchSource
        n_threads : int
        samples : intp ndarray of shape (n_samples,) or None
            The rows of `inputs`; None for all of them.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
        """
        n_samples = inputs.n_samples if samples is None else len(samples)
        sizes = self.layer_sizes
        block = min(self.block_size(inputs, n_threads), n_samples)
        # Two arrays take turns, since no activations are needed for long.
        tiled = inputs.tiled_sizes(sizes)
        n_numbers = n_samples * sizes[-1] + block * (max(tiled) + sizes[-1])
        check_memory(
            n_numbers * self.dtype.itemsize,
            f"The outputs of {sizes[-1]} neurons for {n_samples} samples",
            "Give fewer samples at a time.",
        )
        results = np.empty((n_samples, sizes[-1]), dtype=self.dtype)
        buffers = BatchBuffers([max(tiled[0::2]), max(tiled[1::2])], block, self.dtype)
        outputs = np.empty(sizes[-1] * block, dtype=self.dtype)
        for start in range(0, n_samples, block):
            rows = np.arange(start, min(start + block, n_samples), dtype=np.intp)
            batch_size = len(rows)
            tiles = tiles_for(batch_size, self.dtype)
            pair = buffers.arrays(tiles)
            activations = [
                pair[depth % 2][: size * tiles.stride]
                for depth, size in enumerate(tiled)
            ]
            rows = rows if samples is None else samples[rows]
            activations[0] = inputs.load(rows, tiles, activations[0], n_threads)
            out = outputs[: sizes[-1] * batch_size].reshape(-1, batch_size)
            self.forward(activations, tiles, out, False, n_threads)
            results[start : start + batch_size] = out.T
        return results

    def block_size(self, inputs, n_threads):
        """Return how many samples of a BatchSource threads predict at a time."""
        if inputs.are_hidden:  # by products whose bits depend on how many there are
            return BLOCK
        fitting = CACHE * n_threads // (max(self.layer_sizes) * self.dtype.itemsize)
        return min(max(fitting, BLOCK // 8), BLOCK * n_threads)

    def copy(self):
        """Return a network that shares arrays until either of them is trained."""
        layers = [layer.copy() for layer in self.layers]
        kernels = self.kernels and self.kernels.copy()
        return Network(layers, self.activations, self.output_activation, kernels)

    def is_chain(self):
        """Whether each layer has the inputs and the type that the last one gives."""
        return bool(self.layers) and all(
            layer.n_in == before.n_out and layer.biases.dtype == before.biases.dtype
            for before, layer in pairwise(self.layers)
        )

    def is_finite(self):
        """Whether all weights, biases and kernels are finite."""
        return all(
            is_finite(layer.weights.data) and is_finite(layer.biases)
            for layer in self.layers
        ) and (self.kernels is None or self.kernels.is_finite())

    @property
    def parameters(self):
        """NetworkParameters, for `restore_parameters`; arrays are shared."""
        layers = [layer.parameters for layer in self.layers]
        return NetworkParameters(layers, self.kernels and self.kernels.parameters)

    @property
    def parts(self):
        """Layers, and kernels if there are any."""
        return self.layers if self.kernels is None else [*self.layers, self.kernels]

    def _pairs(self, parameters):
        """Return parts, and the parameters of each; without kernels these stay."""
        layers, kernels = parameters
        of_parts = layers if kernels is None else [*layers, kernels]
        return zip(self.parts, of_parts, strict=kernels is not None)

    def unshare_from(self, parameters):
        """Go on with weights, biases and kernels that are not these, but equal."""
        for part, of_part in self._pairs(parameters):
            part.unshare_from(of_part)

    def restore_parameters(self, parameters):
        """Go back to what `parameters` were; the optimiser starts anew."""
        for part, of_part in self._pairs(parameters):
            part.restore_parameters(of_part)

    def clear_cache(self):
        """Free what was computed from the connections, and will be again if needed."""
        for layer in self.layers:
            layer.clear_cache()
