"""A network is a list of sparse layers and what happens between them."""

import numpy as np

from skhebb._buffers import BatchBuffers


class Network:
    """A feed-forward network of sparse layers.

    Parameters
    ----------
    layers : list of SparseLayer

    Attributes
    ----------
    activation, output_activation : Activation or None
        Of the hidden layers and of the last one; to be set before use.
    """

    def __init__(self, layers):
        self.layers = layers
        self.activation = None
        self.output_activation = None

    @property
    def layer_sizes(self):
        """Numbers of neurons, inputs and outputs included."""
        return [self.layers[0].n_in, *(layer.n_out for layer in self.layers)]

    @property
    def dtype(self):
        """Floating-point type of weights and activations."""
        return self.layers[0].weights.dtype

    def forward(self, activations, batch, n_threads):
        """Fill `activations[1:]` from `activations[0]`, all feature-major.

        The padding of each row, beyond `batch`, is zero afterwards.
        """
        last = len(self.layers) - 1
        for depth, layer in enumerate(self.layers):
            outputs = activations[depth + 1]
            layer.forward(activations[depth], outputs, n_threads)
            activation = self.output_activation if depth == last else self.activation
            activation.apply(outputs, n_threads)
            outputs[:, batch:] = 0

    def outputs(self, inputs, n_threads, block=256):
        """Network outputs, shape (n_samples, n_outputs), in blocks of samples."""
        n_samples = inputs.n_samples
        results = np.empty((n_samples, self.layer_sizes[-1]), dtype=self.dtype)
        buffers = BatchBuffers(self.layer_sizes, min(block, n_samples), self.dtype)
        for start in range(0, n_samples, block):
            samples = np.arange(start, min(start + block, n_samples), dtype=np.intp)
            activations = buffers.arrays(len(samples))
            inputs.load(samples, activations[0], n_threads)
            self.forward(activations, len(samples), n_threads)
            results[samples] = activations[-1][:, : len(samples)].T
        return results

    def is_finite(self):
        """Whether all weights and biases are finite."""
        return all(
            np.isfinite(layer.weights.data).all() and np.isfinite(layer.biases).all()
            for layer in self.layers
        )

    def copy_parameters(self):
        """Copies of all weights and biases, for `restore_parameters`."""
        return [layer.copy_parameters() for layer in self.layers]

    def restore_parameters(self, parameters):
        """Go back to what `copy_parameters` gave; the optimiser starts anew."""
        for layer, layer_parameters in zip(self.layers, parameters, strict=True):
            layer.restore_parameters(layer_parameters)
