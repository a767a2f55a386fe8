"""Stateless functions on raw arrays; nothing here imports the rest of the package.

Activations are feature-major, shape (n_neurons, stride): the batch of one neuron
is one contiguous row, padded with zeros to `stride` values. Connections are CSR by
presynaptic neuron, with 32-bit indices.
"""

MAX_CONNECTIONS = 2**31 - 1  # of one layer
