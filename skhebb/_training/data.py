"""Data to train on or to judge by."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skhebb._network.buffers import Batch


@dataclass
class FitData:
    """Samples, their targets and weights.

    Attributes
    ----------
    inputs : BatchSource
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
        return self.weight_of(self.samples)

    @cached_property
    def mean_squares(self):
        """The weighted mean square of each feature, ndarray of shape (n_features,).

        Infinite or NaN where squares overflow.
        """
        weights = np.zeros(self.inputs.n_samples)
        weights[self.samples] = 1
        if self.sample_weight is not None:
            weights *= self.sample_weight
        with np.errstate(over="ignore", invalid="ignore"):
            return self.inputs.sum_of_squares(weights) / weights.sum()

    def weights_of(self, samples):
        """Return the weights of `samples`, or None if all weigh 1."""
        return None if self.sample_weight is None else self.sample_weight[samples]

    def weight_of(self, samples):
        """Return the sum of the weights of `samples`."""
        weights = self.weights_of(samples)
        return len(samples) if weights is None else float(weights.sum())

    def batch_of(self, samples, tiles, dtype, share=1.0):
        """Return the Batch of `samples`, which lie in these tiles."""
        weights, total = self.weights_of(samples), self.weight_of(samples)
        columns = tiles.ones if weights is None else tiles.columns(weights, dtype)
        return Batch(tiles, columns, total, share)

    def at_hand(self, samples):
        """Return the data of `samples`, whose rows of X are in this process."""
        inputs, rows = self.inputs.at_hand(samples)
        if inputs is self.inputs:
            return replace(self, samples=samples)
        given = self.given._replace(X=None).take(samples)
        return replace(
            self,
            inputs=inputs,
            y=self.y[samples],
            sample_weight=self.weights_of(samples),
            samples=rows,
            given=given._replace(X=inputs.X),
        )

    def load_targets(self, samples, out):
        """Write the targets of `samples` into `out`, (n_outputs, len(samples))."""
        self.encoder.load(self.y[samples], out)
