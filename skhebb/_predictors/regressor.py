"""What the regressors share."""

import warnings
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils import assert_all_finite

from skhebb._predictors.base import BaseSparseNetwork
from skhebb._predictors.data_preparation import Given
from skhebb._predictors.encoders import Numbers
from skhebb._predictors.outcome import warn_of_outcome
from skhebb._training.losses import SquaredError
from skhebb._typing import MatrixLike
from skhebb._utils.sklearn import _fit_context
from skhebb._utils.transaction import transaction
from skhebb._utils.validation import check_outputs, warn_of_changes


class BaseSparseRegressor(RegressorMixin, BaseSparseNetwork):
    """Regressor with a truly sparse network whose topology evolves."""

    _parameter_constraints = {
        **BaseSparseNetwork._parameter_constraints,
        "normalize_y": ["boolean"],
    }

    _of_new = (*BaseSparseNetwork._of_new, "normalize_y")

    _y_options = {"multi_output": True, "y_numeric": True}

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one pass over X and y, going on from where training stands.

        With ``evolution_interval="epoch"`` the topology evolves between two calls;
        streams of small chunks want a number of mini-batches instead, which are
        counted across calls. Evolution takes place when training goes on, so that
        after each call the network is as it was trained. Callbacks are not called.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in `fit`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, X or y is not as described, or with ``early_stopping=True``.

        Warns
        -----
        ConvergenceWarning
            If the loss becomes non-finite; the pass is then undone.
        UserWarning
            If training is interrupted from the keyboard; the pass is then undone. And
            if, with `normalize_y`, the targets of the first call are constant, which
            tells nothing of their scale.
        """
        warn_of_changes(self, "Use fit to start anew.")
        with transaction(self) as draft:
            given = Given(X, y, sample_weight)
            reason = draft._partial_fit(given, draft._known_encoder)
        warn_of_outcome(self, reason)
        return self

    def _loss(self, encoder, class_weights=None):
        return SquaredError(encoder.kind)

    def _check_y(self, y, name):
        """`y` as finite numbers."""
        if y.dtype.kind in "mM":
            raise ValueError(
                f"{name} must be numbers. Got {y.dtype}; subtract a date and divide by "
                "a unit, such as numpy.timedelta64(1, 's')."
            )
        try:
            with np.errstate(over="ignore"):  # of longdouble, which is an error below
                # In one layout, so that sums have the same bits.
                y = np.ascontiguousarray(y, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must be numbers: {error}.") from error
        assert_all_finite(y, input_name=name)
        return y

    def _check_encoded(self, encoded, y, dtype, name):
        largest = np.abs(encoded).max()
        # Squares of errors, and sums of these, are to be finite.
        limit = np.sqrt(np.finfo(dtype).max) / 1e4
        if not largest <= limit:
            raise ValueError(
                f"`{name}` is too large: {np.abs(y).max():.3g}, which "
                f"the network is to learn as {largest:.3g}, where at most {limit:.0e} "
                f"goes with {np.dtype(dtype)}. Scale y"
                + ("." if self.normalize_y else ", or set normalize_y=True.")
            )

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Predict the targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Numbers of the scale of y in training: of float64, or with
            ``normalize_y=False`` of the type of `coefs_`.

        Raises
        ------
        ValueError
            If X is not as described, or so large that predictions overflow.
        """
        predictions = super().predict(X)
        if not (np.isfinite(self.y_mean_).all() and np.isfinite(self.y_scale_).all()):
            raise ValueError(
                "y_mean_ and y_scale_ must be finite. "
                f"Got {self.y_mean_} and {self.y_scale_}."
            )
        check_outputs(predictions)
        return predictions

    def _make_encoder(self, y, sample_weight):
        y, sample_weight = with_weight(y, sample_weight)
        n_outputs = 1 if y.ndim == 1 else y.shape[1]
        mean, scale = np.zeros(n_outputs), np.ones(n_outputs)
        if self.normalize_y:
            mean, scale = standardisation(y.reshape(len(y), -1), sample_weight)
        return Numbers(n_outputs, y.ndim == 1, mean, scale)

    def _known_encoder(self, y, sample_weight):
        encoder = getattr(self, "_encoder", None)
        if encoder is None:
            encoder = self._make_encoder(y, sample_weight)
            is_constant = len(np.unique(with_weight(y, sample_weight)[0], axis=0)) == 1
            if self.normalize_y and is_constant:
                warnings.warn(
                    "y is constant in the first call of partial_fit, so that y_scale_ "
                    "is 1. Begin with more samples, or scale y and set "
                    "normalize_y=False.",
                    UserWarning,
                    stacklevel=6,
                )
        encoder.check_known(y, "y")
        return encoder

    def _fitted(self, state, encoder, recipe, n_before):
        fitted = super()._fitted(state, encoder, recipe, n_before)
        return {**fitted, "y_mean_": encoder.mean, "y_scale_": encoder.scale}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def with_weight(y, sample_weight):
    """The targets and weights of samples that have one above 0."""
    if sample_weight is None:
        return y, None
    return y[sample_weight > 0], sample_weight[sample_weight > 0]


def standardisation(y, sample_weight):
    """Weighted means and standard deviations of the columns, 1 for constant ones."""
    size = np.abs(y).max(axis=0)
    size[size == 0] = 1
    y = y / size  # whose squares neither overflow nor underflow
    mean = np.average(y, axis=0, weights=sample_weight)
    scale = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=sample_weight))
    is_constant = scale <= 1e-12  # but for rounding
    return mean * size, np.where(is_constant, 1, scale * size)
