"""Networks that learn from few labels, after a Hebbian look at all samples."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skhebb._classifier import BaseSparseClassifier
from skhebb._features import FLOATS, BaseHebbianFeatures
from skhebb._hebbian_pca import HebbianPCA
from skhebb._rollback import unchanged_on_error
from skhebb._set import SETClassifier
from skhebb._sklearn import HasMethods, _fit_context
from skhebb._validation import check_sparse

UNLABELLED = -1
SEEDS = np.iinfo(np.int32).max


class HebbianPretrainingClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Sparse network, pre-trained layer by layer without labels, then fine-tuned.

    Each hidden layer learns by a Hebbian rule from what all samples, labelled or not,
    become in the layers before; then the whole network, with an output layer of random
    weights, is trained on the labelled samples by gradient descent [1]_. Connections
    are those of the network's initial graph throughout pre-training.

    Parameters
    ----------
    estimator : estimator, default=None
        The network and how it is fine-tuned, a classifier of this package; None for
        ``SETClassifier()``. It is cloned, callbacks included.
    features : estimator, default=None
        The Hebbian rule, such as :class:`WinnerTakeAll`; None for ``HebbianPCA()``. It
        is cloned for each hidden layer, with as many units and the connections that
        the layer has: `n_components` and `density` have no effect.
    random_state : int, RandomState instance or None, default=None
        Determines the random states of those parts whose own is None.

    Attributes
    ----------
    estimator_ : estimator
        The fine-tuned network.
    features_ : list of estimator
        The fitted rule of each hidden layer. Their components, in one scale for each
        layer that gives weights the root mean square they had at random, are the
        weights that fine-tuning starts from.
    classes_ : ndarray of shape (n_classes,)
        The classes.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had such.

    See Also
    --------
    sklearn.semi_supervised.SelfTrainingClassifier : Learns from its own predictions.

    References
    ----------
    .. [1] G. Lagani, *Recent Advancements on Bio-Inspired Hebbian Learning for Deep
       Neural Networks*, SEBD 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import HebbianPretrainingClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> few = np.where(np.arange(len(y)) < 100, y, -1)  # -1 is no label
    >>> clf = HebbianPretrainingClassifier(random_state=0).fit(X / 16, few)
    >>> clf.score(X[100:] / 16, y[100:]) > 0.7
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "features": [HasMethods(["fit", "transform"]), None],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, features=None, *, random_state=None):
        self.estimator = estimator
        self.features = features
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Pre-train on X, then fine-tune on the samples that have a label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 is kept, everything else becomes float64.
        y : array-like of shape (n_samples,)
            Their classes; -1 marks samples without a label.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        with unchanged_on_error(self):
            self._fit(X, y)
        return self

    def _fit(self, X, y):
        network, rule = self._parts()
        check_sparse(X)
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=FLOATS, order="C")
        labelled = np.flatnonzero(np.asarray(y != UNLABELLED, dtype=bool))
        if not len(labelled):
            raise ValueError("y holds no label: all samples are marked by -1.")
        check_classification_targets(y[labelled])
        coefs, features = pretrain(network, rule, X, y[labelled])
        self.estimator_ = network.fit(X[labelled], y[labelled], coefs_init=coefs)
        self.features_ = features
        self.classes_ = network.classes_

    def _parts(self):
        """Clones of the network and of the rule, with random states."""
        network = SETClassifier() if self.estimator is None else clone(self.estimator)
        rule = HebbianPCA() if self.features is None else clone(self.features)
        if not isinstance(network, BaseSparseClassifier):
            raise TypeError(
                "estimator must be a classifier of skhebb with layers, such as "
                f"SETClassifier(). Got {network!r}."
            )
        if not isinstance(rule, BaseHebbianFeatures):
            raise TypeError(
                "features must be a Hebbian rule, WinnerTakeAll() or HebbianPCA(). Got "
                f"{rule!r}."
            )
        random_state = check_random_state(self.random_state)
        for part in network, rule:
            if part.random_state is None:
                part.set_params(random_state=random_state.randint(SEEDS))
        return network, rule

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Their classes.
        """
        X = self._check(X)
        return self.estimator_.predict(X)

    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        X = self._check(X)
        return self.estimator_.predict_proba(X)

    def predict_log_proba(self, X):
        """Logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            -inf where the probability is 0.
        """
        X = self._check(X)
        return self.estimator_.predict_log_proba(X)

    def _check(self, X):
        check_is_fitted(self)
        check_sparse(X)
        dtype = self.estimator_.coefs_[0].dtype
        return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def pretrain(network, rule, X, y):
    """Weights of all layers to start fine-tuning from, and the fitted rules."""
    layers = network._begin(X, network._targets_of(y).n_outputs).network.layers
    rng = np.random.default_rng(check_random_state(rule.random_state).randint(SEEDS))
    coefs, rules, activations = [], [], X
    for layer in layers[:-1]:
        initial = layer.weights
        part = clone(rule).set_params(n_components=layer.n_out)
        part.fit(activations, components_init=random_components(initial, rng))
        learned = part.components_.T.tocsr()
        scale = root_mean_square(initial) / root_mean_square(learned)
        coefs.append(learned * learned.dtype.type(scale))
        rules.append(part)
        activations = part.transform(activations) * learned.dtype.type(scale)
    return [*coefs, layers[-1].weights], rules


def random_components(initial, rng):
    """Components on the connections of a layer, uniform in ±1 / sqrt(mean fan-in)."""
    limit = np.sqrt(initial.shape[1] / initial.nnz)
    components = initial.T.tocsr()
    components.data = rng.uniform(-limit, limit, initial.nnz).astype(initial.dtype)
    return components


def root_mean_square(weights):
    """Of all that are stored; 1 if these are zeros."""
    return np.sqrt(np.mean(np.square(weights.data, dtype=np.float64))) or 1.0
