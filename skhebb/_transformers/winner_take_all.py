"""Competitive Hebbian features."""

from numbers import Real

import numpy as np

from skhebb import _typing as t
from skhebb._plasticity import COMPETITIONS, WinnerTakeAllRule
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.feature_activations import FEATURE_ACTIVATIONS, activate
from skhebb._typing import MatrixLike
from skhebb._utils.norms import divide_rows, largest_in_rows, norms_of, power_of_two
from skhebb._utils.sklearn import Interval, StrOptions
from skhebb._utils.threads import one_blas_thread


class WinnerTakeAll(BaseHebbianFeatures):
    """Features of units that compete for samples (WTA and soft-WTA).

    Each unit has a weight vector w_i and scores a sample x by s_i = ((cos(x, w_i) +
    1) / 2)². Its response r_i is the softmax of s_i / T over the units, or, with hard
    competition, 1 for the unit with the largest score and 0 for the others. A
    mini-batch moves each unit towards what it responds to::

        Δw_i = η sum_b r_bi² (x_b - w_i) / sum_b r_bi

    as in the code published with [1]_. With hard competition weights become means of
    the samples they win, as in k-means with the angle as distance. Features are
    f(W x). Whiten images first (:class:`ZCAWhitening`), as [1]_ does.

    Parameters
    ----------
    n_components : int or None, default=100
        Number of units; None for the smaller of the numbers of samples and features.
    competition : {"soft", "hard"}, default="soft"
        Whether units share samples or the winner takes all.
    temperature : float, default=0.02
        T of soft competition. Scores lie between 0 and 1; the lower, the nearer to hard
        competition.
    init : {"uniform", "samples"}, default="uniform"
        Initial components: numbers drawn from ±1 / sqrt(features that a unit sees),
        as in [1]_, or samples chosen at random. With hard competition, or where all
        samples point in similar directions, as those do that are never negative, few
        of the former ever win; "samples" gives all units a chance.
    activation : {"relu", "identity", "triangle"}, default="relu"
        f, which has no part in learning. "triangle" is the positive part of what a
        unit's product with a sample is above the mean of all units, to the power of
        `power` [2]_.
    power : float, default=1.0
        Exponent of "triangle"; no effect on the others.
    density : float in (0, 1], default=1
        Share of the features that a unit is connected to, in the mean. Below 1 the
        receptive fields are drawn at random and stay, `components_` is sparse, and so
        is all that is computed.
    learning_rate : {"constant", "cosine", "invscaling"}, default="cosine"
        Course of η from epoch to epoch. "cosine" falls from `learning_rate_init`
        towards 0, to a half in the second of two epochs. "invscaling" falls with the
        root of the number of samples seen before. In `partial_fit` "cosine" is
        constant.
    learning_rate_init : float, default=0.01
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
    SoftHebb : Competition in which those that do not win withdraw.
    HebbianPCA : Units that share what is left of a sample.
    sklearn.cluster.MiniBatchKMeans : Hard competition by distance.

    References
    ----------
    .. [1] G. Lagani, *Recent Advancements on Bio-Inspired Hebbian Learning for Deep
       Neural Networks*, SEBD 2022.
    .. [2] A. Coates, H. Lee, A. Y. Ng, *An analysis of single-layer networks in
       unsupervised feature learning*, AISTATS 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import WinnerTakeAll
    >>> X, y = load_digits(return_X_y=True)
    >>> wta = WinnerTakeAll(50, learning_rate_init=0.1, random_state=0)
    >>> wta.fit_transform(X / 16).shape
    (1797, 50)
    """

    _parameter_constraints = {
        **BaseHebbianFeatures._parameter_constraints,
        "competition": [StrOptions(set(COMPETITIONS))],
        "init": [StrOptions({"uniform", "samples"})],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "activation": [StrOptions(FEATURE_ACTIVATIONS)],
        "power": [Interval(Real, 0, None, closed="neither")],
    }

    _of_new = (*BaseHebbianFeatures._of_new, "init")

    def __init__(
        self,
        n_components: int | None = 100,
        *,
        competition: t.CompetitionName = "soft",
        temperature: float = 0.02,
        init: t.ComponentsInitName = "uniform",
        activation: t.FeatureActivationName = "relu",
        power: float = 1.0,
        density: float = 1.0,
        learning_rate: t.FeatureScheduleName = "cosine",
        learning_rate_init: float = 0.01,
        batch_size: int = 64,
        max_iter: int = 2,
        shuffle: bool = True,
        verbose: bool | int = False,
        random_state: t.RandomState = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.competition = competition
        self.temperature = temperature
        self.init = init
        self.activation = activation
        self.power = power
        self.density = density
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs

    def responses(self, X: MatrixLike) -> np.ndarray:
        """Return the share of each unit in each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        responses : ndarray of shape (n_samples, n_components)
            They add up to 1 for each sample, but to 0 for one of zeros.
        """
        fitted = self._check_fitted()
        X = fitted._check(X, is_first=False)
        X = divide_rows(X, power_of_two(largest_in_rows(X)))  # angles stay
        components = fitted._components_of(fitted.components_)
        with one_blas_thread():
            projections = components.project(X)
        return fitted._rule().responses(components, projections, norms_of(X))

    def _initial_components(self, shape, fields, X, rng):
        components = super()._initial_components(shape, fields, X, rng)
        if self.init == "samples":
            n_samples, n_units = X.shape[0], shape[0]
            is_scarce = n_samples < n_units
            components.fill(X[rng.choice(n_samples, n_units, is_scarce)])
        return components

    def _rule(self):
        return WinnerTakeAllRule(self.competition, self.temperature)

    def _activate(self, projections):
        return activate(projections, self.activation, self.power)
