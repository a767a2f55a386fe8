"""Principal components by a Hebbian rule."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhebb import _typing as t
from skhebb._plasticity import UNIT_ACTIVATIONS, PrincipalComponentsRule
from skhebb._training.computed_rows import thinned
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._typing import MatrixLike
from skhebb._utils.memory import check_memory
from skhebb._utils.norms import divide_rows, largest_in_rows, norms_of, power_of_two
from skhebb._utils.persistence import require
from skhebb._utils.sklearn import StrOptions
from skhebb._utils.threads import one_blas_thread
from skhebb._utils.transaction import twin
from skhebb._utils.validation import check_array, check_outputs


class HebbianPCA(BaseHebbianFeatures):
    """Principal components, linear or not, by a Hebbian rule (HPCA).

    The features of a sample x are y = f(W x), and a mini-batch of B samples adds ::

        ΔW = η / B (Yᵀ X - tril(Yᵀ Y) W)

    to the components: each unit learns what those before it leave of a sample (the
    generalised Hebbian algorithm [1]_, with a nonlinearity [2]_, as in [3]_, Eq. 5).
    With ``activation="identity"`` and centred data the components converge to the
    leading eigenvectors of the covariance. Centre X first; η times the largest
    eigenvalue must stay well below 1. Where the mean squared norm of the samples of a
    mini-batch, or of their outputs, is above 500, η is divided by the excess, so that
    the components do not depend on the scale of large samples.

    Parameters
    ----------
    n_components : int or None, default=100
        Number of units; None for the smaller of the numbers of samples and features.
    activation : {"relu", "identity"}, default="relu"
        f.
    density : float in (0, 1], default=1
        Share of the features that a unit is connected to, in the mean. Below 1 the
        receptive fields are drawn at random and stay, `components_` is sparse, and so
        is all that is computed.
    learning_rate : {"constant", "cosine", "invscaling"}, default="cosine"
        Course of η from epoch to epoch. "cosine" falls from `learning_rate_init`
        towards 0, to a half in the second of two epochs. "invscaling" falls with the
        root of the number of samples seen before. In `partial_fit` "cosine" is
        constant.
    learning_rate_init : float, default=0.001
        Initial η.
    batch_size : int, default=64
        Samples of a mini-batch.
    max_iter : int, default=2
        Epochs of `fit`.
    shuffle : bool, default=True
        Whether `fit` and `partial_fit` shuffle the samples.
    verbose : bool, default=False
        Whether to print how much the components change in each epoch.
    random_state : int, RandomState instance or None, default=None
        Determines initial components, receptive fields and the order of samples.
    n_jobs : int or None, default=None
        Threads of units with receptive fields; None for all that OpenMP may use.
        Dense units have one thread, because BLAS would give other bits with more.

    Attributes
    ----------
    components_ : ndarray or csr_array of shape (n_components, n_features)
        The weight vectors.
    n_components_ : int
        Number of units.
    explained_variance_ : ndarray of shape (`n_components_`,)
        What each unit takes of the squared norm of the samples, of what those before it
        have left, divided by their number less one; of 10 000 samples at most. Of
        principal components of centred data these are the variances. Infinite where
        squares of samples overflow.
    explained_variance_ratio_ : ndarray of shape (`n_components_`,)
        The same, divided by the squared norm of the samples.
    n_iter_ : int
        Epochs, or calls of `partial_fit`.
    n_samples_seen_ : int
        Samples in all epochs.
    change_curve_ : list of float
        Norm of the change of the components in each epoch of `fit`, relative to their
        norm before.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if X has any that are strings.

    See Also
    --------
    WinnerTakeAll : Units that compete.
    sklearn.decomposition.IncrementalPCA : Principal components without a local rule.

    References
    ----------
    .. [1] T. D. Sanger, *Optimal unsupervised learning in a single-layer linear
       feedforward neural network*, Neural Networks 2, 1989.
    .. [2] J. Karhunen, J. Joutsensalo, *Generalizations of principal component
       analysis, optimization problems, and neural networks*, Neural Networks 8, 1995.
    .. [3] G. Lagani, *Recent Advancements on Bio-Inspired Hebbian Learning for Deep
       Neural Networks*, SEBD 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.preprocessing import scale
    >>> from skhebb import HebbianPCA
    >>> X, y = load_digits(return_X_y=True)
    >>> pca = HebbianPCA(10, activation="identity", learning_rate_init=0.01)
    >>> pca.fit_transform(scale(X, with_std=False) / 16).shape
    (1797, 10)
    """

    _parameter_constraints = {
        **BaseHebbianFeatures._parameter_constraints,
        "activation": [StrOptions(set(UNIT_ACTIVATIONS))],
    }

    def __init__(
        self,
        n_components: int | None = 100,
        *,
        activation: t.UnitActivationName = "relu",
        density: float = 1.0,
        learning_rate: t.FeatureScheduleName = "cosine",
        learning_rate_init: float = 0.001,
        batch_size: int = 64,
        max_iter: int = 2,
        shuffle: bool = True,
        verbose: bool | int = False,
        random_state: t.RandomState = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.activation = activation
        self.density = density
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _rule(self):
        return PrincipalComponentsRule(self.activation)

    def _activate(self, projections):
        return UNIT_ACTIVATIONS[self.activation](projections)

    def inverse_transform(self, X: MatrixLike) -> np.ndarray:
        """Turn features into the samples that the rule takes them for.

        With centred data, ``activation="identity"`` and components that have converged
        these are the nearest samples that so many principal components can tell.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            The features.

        Returns
        -------
        samples : ndarray of shape (n_samples, n_features)
            Y W, which is what each unit, together with those before it, has learned to
            leave of a sample.

        Raises
        ------
        ValueError
            If X is not as described, or so large that sums overflow.
        """
        check_is_fitted(self)
        fitted = twin(self)
        fitted._check_components()
        components = fitted.components_
        X = check_array(X, dtype=components.dtype, input_name="X")
        n_units, n_features = components.shape
        if X.shape[1] != n_units:
            raise ValueError(f"X must have {n_units} features. Got {X.shape[1]}.")
        check_memory(
            len(X) * n_features * X.dtype.itemsize,
            f"{len(X)} samples of {n_features} features",
            "Give fewer samples at a time.",
        )
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            samples = X @ components
        check_outputs(samples)
        return samples

    def _unpack(self, saved):
        super()._unpack(saved)
        for name in ("explained_variance_", "explained_variance_ratio_"):
            if hasattr(self, "components_"):
                shape = np.shape(getattr(self, name))
                require(shape == (self.n_components_,), f"{name} of shape {shape}")

    def _fitted(self, state, X):
        some = thinned(X)
        power = power_of_two(largest_in_rows(some).max())
        some = divide_rows(some, np.full(some.shape[0], power))
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            explained = self._rule().explained(state.components, some)
            total = np.square(norms_of(some)).sum()
            variance = explained / max(some.shape[0] - 1, 1) * power * power
        return {
            **super()._fitted(state, X),
            "explained_variance_": variance,
            "explained_variance_ratio_": explained / (total or 1),
        }
