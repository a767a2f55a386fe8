"""Local learning rules.

What a connection adds to its weight from the activity of the two neurons it joins.

A rule has `observe(activations, batch, n_threads)`, called once per batch after the
forward pass, and `term(depth, generation, batches_per_generation)`, which gives the
kernels what they add to the weights of a layer, a scaled covariance of the neurons that
a connection joins.
"""

from skhebb.plasticity._covariance import HebbianCovariance

__all__ = ["HebbianCovariance"]
