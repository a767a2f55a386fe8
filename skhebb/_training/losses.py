"""Losses, on feature-major outputs and targets (n_outputs, batch_size)."""

from abc import ABC, abstractmethod

import numpy as np
from scipy.special import expit

from skhebb._network.activations import OUTPUT_ACTIVATIONS


class Loss(ABC):
    """A sum of terms, one for each output.

    Arrays are of shape (n_outputs, batch_size), without padding.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel-indicator", "continuous"}
        That of the encoder.
    label_weights : ndarray of shape (n_outputs, 2), default=None
        Factors of the terms of each output where its target is 0, and where it is 1.

    Attributes
    ----------
    output_activation : str
        Key of `OUTPUT_ACTIVATIONS`, what the output layer has.
    """

    def __init__(self, kind, label_weights=None):
        self.label_weights = label_weights
        self.prepare(kind)
        activation = getattr(self, "output_activation", None)
        if activation not in OUTPUT_ACTIVATIONS:
            raise TypeError(
                f"{type(self).__name__}.prepare must set output_activation to one of "
                f"{sorted(OUTPUT_ACTIVATIONS)}. It is {activation!r}."
            )

    @abstractmethod
    def prepare(self, kind):
        """Prepare for a kind of targets.

        Sets: `output_activation`.
        """

    @abstractmethod
    def terms(self, outputs, targets, scratch):
        """Write what each output adds to the loss of a sample into `scratch`."""

    @abstractmethod
    def differentiate(self, outputs, targets, scratch):
        """Replace `outputs` by derivatives of the terms.

        With respect to the preactivations of the output layer; `scratch` is an array
        to work in.
        """

    def values(self, outputs, targets, scratch):
        """Return the loss of each sample; `scratch` is an array to work in."""
        self.terms(outputs, targets, scratch)
        self._weigh(scratch, targets)
        return scratch.sum(axis=0, dtype=np.float64)

    def turn_into_errors(self, outputs, targets, scratch):
        """Replace `outputs` by the errors dJ/dz of each sample, see `differentiate`."""
        self.differentiate(outputs, targets, scratch)
        self._weigh(outputs, targets)

    def _weigh(self, terms, targets):
        if self.label_weights is not None:
            of_zeros, of_ones = self.label_weights.T[:, :, np.newaxis]
            terms *= np.where(targets > 0.5, of_ones, of_zeros)


class LogLoss(Loss):
    """Cross-entropy.

    -log p(class) of softmax outputs, or, where each output is a probability of its own,
    -sum_j log p(t_j) of logistic ones.
    """

    def prepare(self, kind):
        """Choose the output activation."""
        self.output_activation = "softmax" if kind == "multiclass" else "logistic"

    def terms(self, outputs, targets, scratch):
        """-log p(t_j); probabilities are clipped to their resolution."""
        eps = np.finfo(outputs.dtype).eps
        np.clip(outputs, eps, 1 - eps, out=scratch)
        if self.output_activation == "logistic":  # the probability of what is true
            np.subtract(1, scratch, out=scratch, where=targets < 0.5)
            np.log(scratch, out=scratch)
        else:
            np.log(scratch, out=scratch)
            scratch *= targets
        np.negative(scratch, out=scratch)

    def values(self, outputs, targets, scratch):
        """Return the loss of each sample, of a class from its probability alone."""
        if self.output_activation == "logistic" or self.label_weights is not None:
            return super().values(outputs, targets, scratch)
        eps = np.finfo(outputs.dtype).eps
        np.multiply(outputs, targets, out=scratch)
        of_truth = scratch.sum(axis=0)
        np.minimum(np.maximum(of_truth, eps, out=of_truth), 1 - eps, out=of_truth)
        return -np.log(of_truth, out=of_truth).astype(np.float64)

    def differentiate(self, outputs, targets, scratch):
        """dJ/dz = p - t, for softmax and for the logistic function."""
        outputs -= targets


class SquaredError(Loss):
    """Squared error: J = 1/2 sum_j (y_j - t_j)^2, of logistic outputs for classes."""

    def prepare(self, kind):
        """Choose the output activation."""
        is_continuous = kind == "continuous"
        self.output_activation = "identity" if is_continuous else "logistic"

    def terms(self, outputs, targets, scratch):
        """1/2 (y_j - t_j)^2."""
        np.subtract(outputs, targets, out=scratch)
        np.square(scratch, out=scratch)
        scratch *= 0.5

    def differentiate(self, outputs, targets, scratch):
        """dJ/dz = y - t, times y (1 - y) for logistic outputs."""
        if self.output_activation == "identity":
            outputs -= targets
            return
        np.subtract(outputs, targets, out=scratch)
        scratch *= outputs
        np.subtract(1, outputs, out=outputs)
        outputs *= scratch


class PublishedSquaredError(SquaredError):
    """Squared error with the derivative of the published SET and HebbSET code.

    That code applies the derivative of the logistic function to the output
    y = s(z) instead of to z, and so multiplies y - t by s(y) (1 - s(y)), which lies
    between 0.197 and 0.25, instead of by y (1 - y). The result is not the derivative
    of any squared error; it is close to that of cross-entropy at a quarter of the
    learning rate. The accuracies of the HebbSET thesis were obtained with it.
    """

    def differentiate(self, outputs, targets, scratch):
        """(y - t) s(y) (1 - s(y)), not a derivative of `terms`."""
        expit(outputs, out=scratch)
        outputs -= targets
        outputs *= scratch
        np.subtract(1, scratch, out=scratch)
        outputs *= scratch


LOSSES = {
    "log_loss": LogLoss,
    "squared_error": SquaredError,
    "squared_error_published": PublishedSquaredError,
}
