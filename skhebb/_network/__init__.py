"""A network of sparse layers: weights, activations, and the buffers of a batch."""
