"""Data to train on or to judge by."""

from dataclasses import dataclass

import numpy as np

from skhebb._network.buffers import Batch


@dataclass
class FitData:
    """Samples, their targets and weights.

    Attributes
    ----------
    inputs : DenseRows or SparseRows
    encoder : object
        What turns rows of `y` into targets.
    y : ndarray of shape (n_rows, ...)
        Encoded.
    sample_weight : ndarray of shape (n_rows,) or None
        Of the samples, those of their classes included; None if all weigh 1.
    samples : intp ndarray
        The rows that take part.
    class_weights : ndarray or None
        What `class_weight` gives, of classes or of zeros and ones of each label.
    given : object or None
        What users passed: `given.take(samples)` has rows of it.
    """

    inputs: object
    encoder: object
    y: np.ndarray
    sample_weight: np.ndarray | None
    samples: np.ndarray
    class_weights: np.ndarray | None = None
    given: object = None

    @property
    def total_weight(self):
        """Sum of the weights of all samples that take part."""
        weights = self.weights_of(self.samples)
        return len(self.samples) if weights is None else float(weights.sum())

    def weights_of(self, samples):
        """Return the weights of `samples`, or None if all weigh 1."""
        return None if self.sample_weight is None else self.sample_weight[samples]

    def batch_of(self, samples, tiles, dtype):
        """Return the Batch of `samples`, which lie in these tiles."""
        weights = self.weights_of(samples)
        if weights is None:
            return Batch(tiles, tiles.ones, len(samples))
        return Batch(tiles, tiles.columns(weights, dtype), float(weights.sum()))

    def load_targets(self, samples, out):
        """Write the targets of `samples` into `out`, (n_outputs, len(samples))."""
        self.encoder.load(self.y[samples], out)
