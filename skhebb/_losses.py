"""Losses, on feature-major outputs and targets (n_outputs, batch).

A loss is made for a kind of targets: "binary", "multiclass", "multilabel-indicator" or
"continuous". `output_activation` names the activation of the output layer.
`values(outputs, targets, scratch)` is the loss of each sample; `delta(outputs, targets,
scratch)` replaces `outputs` by its derivative with respect to the pre-activations of
the output layer. `scratch` is an array like `outputs` to work in.
"""

import numpy as np
from scipy.special import expit


class LogLoss:
    """Cross-entropy.

    -log p(class) of softmax outputs, or, where each output is a probability of its own,
    -sum_j log p(t_j) of logistic ones.
    """

    def __init__(self, targets):
        self.output_activation = "softmax" if targets == "multiclass" else "logistic"

    def values(self, outputs, targets, scratch):
        """Loss of each sample; probabilities are clipped to their resolution."""
        eps = np.finfo(outputs.dtype).eps
        np.clip(outputs, eps, 1 - eps, out=scratch)
        if self.output_activation == "logistic":  # the probability of what is true
            np.subtract(1, scratch, out=scratch, where=targets < 0.5)
            np.log(scratch, out=scratch)
        else:
            np.log(scratch, out=scratch)
            scratch *= targets
        return -scratch.sum(axis=0, dtype=np.float64)

    def delta(self, outputs, targets, scratch):
        """dJ/dz = p - t, for softmax and for the logistic function."""
        outputs -= targets


class SquaredError:
    """Squared error: J = 1/2 sum_j (y_j - t_j)^2, of logistic outputs for classes."""

    def __init__(self, targets):
        is_continuous = targets == "continuous"
        self.output_activation = "identity" if is_continuous else "logistic"

    def values(self, outputs, targets, scratch):
        """Loss of each sample."""
        np.subtract(outputs, targets, out=scratch)
        np.square(scratch, out=scratch)
        return 0.5 * scratch.sum(axis=0, dtype=np.float64)

    def delta(self, outputs, targets, scratch):
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

    def delta(self, outputs, targets, scratch):
        """(y - t) s(y) (1 - s(y)), not a derivative of `values`."""
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
