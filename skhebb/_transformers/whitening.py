"""Zero-phase whitening."""

from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skhebb._utils.documentation import DocumentationMixin
from skhebb._utils.persistence import (
    PersistenceMixin,
    check_features,
    native,
    require,
)
from skhebb._utils.sklearn import Interval, _fit_context
from skhebb._utils.threads import one_blas_thread
from skhebb._utils.transaction import transaction, twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    check_array,
    check_attribute,
    check_floats,
    check_outputs,
    floats_for,
    validate_data,
)

BLOCK = 4096  # samples


class ZCAWhitening(
    CheckedCallsMixin,
    DocumentationMixin,
    PersistenceMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Decorrelate features, and stay as near to them as possible (ZCA).

    Samples become (x - mean) V (Λ + ε)^(-1/2) Vᵀ, with V and Λ eigenvectors and
    eigenvalues of the covariance of X. Unlike those of ``PCA(whiten=True)`` features
    remain what they were: whitened images are images.

    Parameters
    ----------
    regularization : float, default=0.01
        ε, in units of the squared features. It keeps directions that hardly vary from
        becoming noise.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean of the samples.
    whitening_ : ndarray of shape (n_features, n_features)
        V (Λ + ε)^(-1/2) Vᵀ, symmetric.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if X has any that are strings.

    See Also
    --------
    sklearn.decomposition.PCA : With ``whiten=True`` the same but for a rotation.

    References
    ----------
    A. J. Bell, T. J. Sejnowski, *The "independent components" of natural scenes are
    edge filters*, Vision Research 37, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skhebb import ZCAWhitening
    >>> X, _ = load_iris(return_X_y=True)
    >>> white = ZCAWhitening(regularization=1e-9).fit_transform(X)
    >>> np.round(np.cov(white.T), 3) + 0.0
    array([[1., 0., 0., 0.],
           [0., 1., 0., 0.],
           [0., 0., 1., 0.],
           [0., 0., 0., 1.]])
    """

    _parameter_constraints = {
        "regularization": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, regularization: float = 0.01) -> None:
        self.regularization = regularization

    def _validate_params(self):
        super()._validate_params()
        check_floats(self)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn mean and covariance.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples; at least two.
        y : None, default=None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If the covariance overflows, or X is not as described.
        """
        with transaction(self) as draft, one_blas_thread():
            dtypes = floats_for(X)
            draft._fit(validate_data(draft, X, dtype=dtypes, ensure_min_samples=2))
        return self

    def _fit(self, X):
        with np.errstate(over="ignore", invalid="ignore"):
            mean = X.mean(axis=0, dtype=np.float64)
            centred = X - mean.astype(X.dtype)
            covariance = np.zeros((X.shape[1], X.shape[1]))
            for some in gen_batches(len(X), BLOCK):  # float64 of all would be large
                block = centred[some].astype(np.float64, copy=False)
                covariance += block.T @ block
            covariance /= len(X) - 1
        if not np.isfinite(covariance).all():
            raise ValueError("The covariance of X overflows. Scale X.")
        values, vectors = eigh(covariance, overwrite_a=True, check_finite=False)
        scales = (np.maximum(values, 0) + self.regularization) ** -0.5
        self.mean_ = mean.astype(X.dtype)
        self.whitening_ = ((vectors * scales) @ vectors.T).astype(X.dtype)

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Whiten samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        white : ndarray of shape (n_samples, n_features)
            Without correlations, as far as `regularization` lets them go.

        Raises
        ------
        ValueError
            If X is not as described, or so large that sums overflow.
        """
        fitted = self._check_fitted()
        X = validate_data(fitted, X, dtype=fitted.mean_.dtype, reset=False)
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            white = (X - fitted.mean_) @ fitted.whitening_
        check_outputs(white)
        return white

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """Undo `transform`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Whitened samples.

        Returns
        -------
        samples : ndarray of shape (n_samples, n_features)
            What they were before.

        Raises
        ------
        ValueError
            If X is not as described, or so large that sums overflow.
        """
        fitted = self._check_fitted()
        mean, whitening = fitted.mean_, fitted.whitening_
        white = check_array(X, dtype=mean.dtype, input_name="X")
        if white.shape[1] != len(mean):
            raise ValueError(f"X must have {len(mean)} features. Got {white.shape[1]}.")
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            try:
                samples = np.linalg.solve(whitening, white.T).T + mean
            except np.linalg.LinAlgError:
                raise ValueError("whitening_ has no inverse.") from None
        check_outputs(samples)
        return samples

    def _check_fitted(self):
        """Return a twin, which other threads do not change, with sound arrays."""
        check_is_fitted(self)
        fitted = twin(self)
        fitted._check_arrays()
        return fitted

    def _check_arrays(self):
        """Raise if what users may have changed is not sound."""
        n = self.n_features_in_
        self.mean_ = check_attribute("mean_", self.mean_, (n,))
        self.whitening_ = check_attribute("whitening_", self.whitening_, (n, n))

    def _pack(self, attributes):
        if "mean_" in attributes:
            self._check_arrays()
        return {}

    def _unpack(self, saved):
        if "mean_" in vars(self) or "whitening_" in vars(self):
            self.mean_, self.whitening_ = native(self.mean_), native(self.whitening_)
            check_features(self)
            self._check_arrays()
            require(self.mean_.dtype == self.whitening_.dtype, "types of the arrays")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
