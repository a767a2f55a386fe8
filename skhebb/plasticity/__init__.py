"""Local learning rules.

What a connection adds to its weight from the activity of the two neurons it joins.

A rule has `observe(activations, batch, n_threads)`, called once per batch after the
forward pass, and `update(depth, layer, activations, batch, generation, n_threads)`,
called for each layer after its gradient was computed and before the optimiser's
step.
"""

from skhebb.plasticity._covariance import HebbianCovariance

__all__ = ["HebbianCovariance"]
