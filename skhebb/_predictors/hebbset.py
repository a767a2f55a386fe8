"""What the estimators with a Hebbian term share."""

from numbers import Real

from skhebb._plasticity import HebbianCovariance
from skhebb._utils.sklearn import Interval, StrOptions
from skhebb._utils.validation import check_strengths


class HebbianMixin:
    """The Hebbian term and its parameters."""

    _hebbian_constraints = {
        "lambda0": [Interval(Real, 0, None, closed="left"), "array-like"],
        "lambda_decay": [Interval(Real, 0, 1, closed="right")],
        "lambda_unit": [StrOptions({"batch", "evolution"})],
    }

    _suspects: tuple[str, ...] = ("lambda0", "learning_rate_init", "momentum")

    def _plasticity(self, n_layers):
        strengths = check_strengths("lambda0", self.lambda0, n_layers)
        if not any(strengths):
            return None
        return HebbianCovariance(strengths, self.lambda_decay, self.lambda_unit)
