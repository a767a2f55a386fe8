"""Losses of classifiers, on feature-major outputs and targets (n_outputs, batch).

`value(outputs, targets, scratch)` is the mean loss J of a batch; `delta(outputs,
targets, scratch)` replaces `outputs` by B dJ/dz, the derivative of the sum over the
samples with respect to the pre-activations of the output layer. `scratch` is an array
like `outputs` to work in. `output_activation(n_classes)` names the activation of that
layer.
"""

import numpy as np
from scipy.special import expit


class LogLoss:
    """Cross-entropy: J = -mean_b log p(class of b)."""

    @staticmethod
    def output_activation(n_classes):
        """Logistic for two classes, else softmax."""
        return "logistic" if n_classes == 2 else "softmax"

    @staticmethod
    def value(outputs, targets, scratch):
        """Mean loss; probabilities are clipped to the resolution of their type."""
        eps = np.finfo(outputs.dtype).eps
        np.clip(outputs, eps, 1 - eps, out=scratch)
        if len(outputs) == 1:  # the probability of the class that is true
            np.subtract(1, scratch, out=scratch, where=targets < 0.5)
            np.log(scratch, out=scratch)
        else:
            np.log(scratch, out=scratch)
            scratch *= targets
        return -scratch.sum(dtype=np.float64) / outputs.shape[1]

    @staticmethod
    def delta(outputs, targets, scratch):
        """B dJ/dz = p - y, for softmax and for the logistic function."""
        outputs -= targets


class SquaredError:
    """Squared error of logistic outputs: J = mean_b 1/2 sum_j (y_j - t_j)^2."""

    @staticmethod
    def output_activation(n_classes):
        """Logistic for any number of classes."""
        return "logistic"

    @staticmethod
    def value(outputs, targets, scratch):
        """Mean loss."""
        np.subtract(outputs, targets, out=scratch)
        np.square(scratch, out=scratch)
        return 0.5 * scratch.sum(dtype=np.float64) / outputs.shape[1]

    @staticmethod
    def delta(outputs, targets, scratch):
        """B dJ/dz = (y - t) y (1 - y)."""
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

    @staticmethod
    def delta(outputs, targets, scratch):
        """(y - t) s(y) (1 - s(y)), not a derivative of `value`."""
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
