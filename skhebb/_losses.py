"""Losses of classifiers, on feature-major outputs and targets (n_outputs, batch).

`value` is the mean loss J of a batch; `delta` is B dJ/dz, the derivative of the sum
over the samples with respect to the pre-activations of the output layer.
`output_activation(n_classes)` names the activation of that layer.
"""

import numpy as np
from scipy.special import expit, xlogy


class LogLoss:
    """Cross-entropy: J = -mean_b log p(class of b)."""

    @staticmethod
    def output_activation(n_classes):
        """Logistic for two classes, else softmax."""
        return "logistic" if n_classes == 2 else "softmax"

    @staticmethod
    def value(outputs, targets):
        """Mean loss; probabilities are clipped to the resolution of their type."""
        eps = np.finfo(outputs.dtype).eps
        outputs = np.clip(outputs, eps, 1 - eps)
        total = xlogy(targets, outputs).sum(dtype=np.float64)
        if len(outputs) == 1:
            total += xlogy(1 - targets, 1 - outputs).sum(dtype=np.float64)
        return -total / outputs.shape[1]

    @staticmethod
    def delta(outputs, targets):
        """B dJ/dz = p - y, for softmax and for the logistic function."""
        return outputs - targets


class SquaredError:
    """Squared error of logistic outputs: J = mean_b 1/2 sum_j (y_j - t_j)^2."""

    @staticmethod
    def output_activation(n_classes):
        """Logistic for any number of classes."""
        return "logistic"

    @staticmethod
    def value(outputs, targets):
        """Mean loss."""
        difference = outputs - targets
        return 0.5 * np.square(difference).sum(dtype=np.float64) / outputs.shape[1]

    @staticmethod
    def delta(outputs, targets):
        """B dJ/dz = (y - t) y (1 - y)."""
        return (outputs - targets) * outputs * (1 - outputs)


class PublishedSquaredError(SquaredError):
    """Squared error with the derivative of the published SET and HebbSET code.

    That code applies the derivative of the logistic function to the output
    y = s(z) instead of to z, and so multiplies y - t by s(y) (1 - s(y)), which lies
    between 0.197 and 0.25, instead of by y (1 - y). The result is not the derivative
    of any squared error; it is close to that of cross-entropy at a quarter of the
    learning rate. The accuracies of the HebbSET thesis were obtained with it.
    """

    @staticmethod
    def delta(outputs, targets):
        """(y - t) s(y) (1 - s(y)), not a derivative of `value`."""
        twice = expit(outputs)
        return (outputs - targets) * twice * (1 - twice)


LOSSES = {
    "log_loss": LogLoss,
    "squared_error": SquaredError,
    "squared_error_published": PublishedSquaredError,
}
