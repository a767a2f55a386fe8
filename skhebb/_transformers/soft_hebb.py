"""Competitive Hebbian features that withdraw from what others win."""

from numbers import Real

from skhebb import _typing as t
from skhebb._plasticity import SoftHebbRule
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.feature_activations import FEATURE_ACTIVATIONS, activate
from skhebb._transformers.initial_components import draw_normal
from skhebb._utils.sklearn import Interval, StrOptions


class SoftHebb(BaseHebbianFeatures):
    """Features of units that share samples softly, with one winner (SoftHebb).

    Units have weight vectors w_i. Their products with a sample x are u_i = w_iᵀ x, and
    r is the softmax of u / T over the units. The unit with the largest u is moved
    towards the sample, the others away from it [1]_: with y_i = r_i for the former and
    -r_i for the latter, a mini-batch makes ::

        D_i = sum_b y_bi (x_b - u_bi w_i)
        Δw_i = η |‖w_i‖ - 1|^½ D_i / max |D|

    where the maximum is that of all units and features. Weights start long and shrink
    towards norm 1, where they rest. Features are f(W x). Scale features to mean 0 and
    variance 1 first, as [1]_ does.

    Parameters
    ----------
    n_components : int or None, default=100
        Number of units; None for the smaller of the numbers of samples and features.
    temperature : float, default=1.0
        T, one over the t of [1]_, which is 1, 0.65 and 0.25 in the three layers of its
        network.
    initial_norm : float, default=25.0
        Initial components are normally distributed; this is the root mean square of
        their norms. Few mini-batches go further from shorter ones, such as of 3.
    activation : {"triangle", "relu", "identity"}, default="triangle"
        f, which has no part in learning. "triangle" is the positive part of what a
        unit's product with a sample is above the mean of all units, to the power of
        `power` [2]_.
    power : float, default=1.0
        Exponent of "triangle"; no effect on the others. [1]_ has 0.7, 1.4 and 1.
    density : float in (0, 1], default=1
        Share of the features that a unit is connected to, in the mean. Below 1 the
        receptive fields are drawn at random and stay, `components_` is sparse, and so
        is all that is computed.
    learning_rate : {"constant", "cosine", "invscaling"}, default="constant"
        Course of η from epoch to epoch. "cosine" falls from `learning_rate_init`
        towards 0, to a half in the second of two epochs. "invscaling" falls with the
        root of the number of samples seen before. In `partial_fit` "cosine" is
        constant.
    learning_rate_init : float, default=0.08
        Initial η. 0.08, 0.005 and 0.01 in the layers of [1]_.
    batch_size : int, default=10
        Samples of a mini-batch. [1]_ has the patches of ten images.
    max_iter : int, default=1
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
    WinnerTakeAll : Competition without withdrawal.
    ConvolutionalFeatures : Units that see patches of images.

    References
    ----------
    .. [1] A. Journé, H. G. Rodriguez, Q. Guo, T. Moraitis, *Hebbian deep learning
       without feedback*, ICLR 2023.
    .. [2] A. Coates, H. Lee, A. Y. Ng, *An analysis of single-layer networks in
       unsupervised feature learning*, AISTATS 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.preprocessing import scale
    >>> from skhebb import SoftHebb
    >>> X, y = load_digits(return_X_y=True)
    >>> SoftHebb(50, random_state=0).fit_transform(scale(X)).shape
    (1797, 50)
    """

    _parameter_constraints = {
        **BaseHebbianFeatures._parameter_constraints,
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "initial_norm": [Interval(Real, 0, None, closed="neither")],
        "activation": [StrOptions(FEATURE_ACTIVATIONS)],
        "power": [Interval(Real, 0, None, closed="neither")],
    }

    _of_new = (*BaseHebbianFeatures._of_new, "initial_norm")

    def __init__(
        self,
        n_components: int | None = 100,
        *,
        temperature: float = 1.0,
        initial_norm: float = 25.0,
        activation: t.FeatureActivationName = "triangle",
        power: float = 1.0,
        density: float = 1.0,
        learning_rate: t.FeatureScheduleName = "constant",
        learning_rate_init: float = 0.08,
        batch_size: int = 10,
        max_iter: int = 1,
        shuffle: bool = True,
        verbose: bool | int = False,
        random_state: t.RandomState = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.temperature = temperature
        self.initial_norm = initial_norm
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

    def _initial_components(self, shape, fields, X, rng):
        norm = self.initial_norm
        return self._components_of(draw_normal(shape, fields, norm, X.dtype, rng))

    def _rule(self):
        return SoftHebbRule(self.temperature)

    def _activate(self, projections):
        return activate(projections, self.activation, self.power)
