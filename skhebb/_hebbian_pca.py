"""Principal components by a Hebbian rule."""

from skhebb._docs import documented
from skhebb._features import BaseHebbianFeatures
from skhebb._sklearn import StrOptions
from skhebb.plasticity import UNIT_ACTIVATIONS, PrincipalComponentsRule


@documented(rate="0.001")
class HebbianPCA(BaseHebbianFeatures):
    """Principal components, linear or not, by a Hebbian rule (HPCA).

    The features of a sample x are y = f(W x), and a mini-batch of B samples adds

        ΔW = η / B (Yᵀ X - tril(Yᵀ Y) W)

    to the components: each unit learns what those before it leave of a sample (the
    generalised Hebbian algorithm [1]_, with a nonlinearity [2]_, as in [3]_, Eq. 5).
    With ``activation="identity"`` and centred data the components converge to the
    leading eigenvectors of the covariance. Centre X first; η times the largest
    eigenvalue must stay well below 1.

    Parameters
    ----------
    n_components : int, default=100
        Number of units.
    activation : {"relu", "identity"}, default="relu"
        f.
    $features

    Attributes
    ----------
    $features_fitted

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
        n_components=100,
        *,
        activation="relu",
        density=1.0,
        learning_rate="cosine",
        learning_rate_init=0.001,
        batch_size=64,
        max_iter=2,
        shuffle=True,
        verbose=False,
        random_state=None,
        n_jobs=None,
    ):
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
