"""Networks that learn from few labels, after a Hebbian look at all samples."""

from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skhebb._network.activations import ACTIVATIONS
from skhebb._predictors.classifier import BaseSparseClassifier
from skhebb._predictors.layerwise import pretrain
from skhebb._predictors.set_classifier import SETClassifier
from skhebb._training.stopping import StopReason
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.computed_rows import whole
from skhebb._transformers.hebbian_pca import HebbianPCA
from skhebb._utils.observed_fit import ObservedFitMixin
from skhebb._utils.persistence import PersistenceMixin, check_features, require
from skhebb._utils.random import SEEDS
from skhebb._utils.sklearn import HasMethods, _fit_context
from skhebb._utils.sparse import check_sparse
from skhebb._utils.threads import effective_n_threads
from skhebb._utils.transaction import twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    check_sortable,
    floats_for,
    validate_data,
)

UNLABELLED = -1


class HebbianPretrainingClassifier(
    CheckedCallsMixin,
    PersistenceMixin,
    ObservedFitMixin,
    ClassifierMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Sparse network, pre-trained layer by layer without labels, then fine-tuned.

    Each hidden layer learns by a Hebbian rule from what all samples, labelled or not,
    become in the layers before; then the whole network, with an output layer of random
    weights, is trained on the labelled samples by gradient descent [1]_. Connections
    are those of the network's initial graph throughout pre-training. After it, weights
    are scaled and biases set so that the sum of each neuron, before its activation
    function, has mean 0 and variance 1 over all samples, for which [1]_ has batch
    normalisation; hidden layers learn from centred activations.

    Callbacks see each phase as a task, "pre-training" or "fine-tuning". Those that
    propagate, such as a progress bar, belong here; a monitor of the network on
    `estimator`, and one of the rule on `features`.

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
        The fitted rule of each hidden layer. Their components, scaled for each neuron,
        are the weights that fine-tuning starts from.
    classes_ : ndarray of shape (n_classes,)
        The classes.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
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
            Their classes; -1 marks samples without a label, and so cannot be a class.
            Among strings it must be the number -1, in an array of dtype object. Where
            there are such samples, the others must be of two classes or more.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a part, its parameters or the data are not as described.
        KeyboardInterrupt
            If pre-training is interrupted. Fine-tuning ends as that of `estimator`
            does, with the network of the last complete epoch and a warning.
        """
        self._fit_draft(X, y)
        return self

    def _fit(self, observed, X_given, y_given):
        network, rule = self._parts()
        X, y, labelled = self._data(X_given, y_given)
        layers = network._initial_layers(X[labelled], y)
        given = {"estimator": observed, "X": X_given, "y": y_given}
        context = observed._init_callback_context(max_subtasks=len(layers))
        context.call_on_fit_task_begin(**given)
        phases = Phases(observed, context)
        layers, features = self._pretrain(network, rule, layers, X, phases)
        X = X[labelled]
        with phases.run("fine-tuning", network, X, y):
            network.fit(
                X,
                y,
                coefs_init=[layer.weights for layer in layers],
                intercepts_init=[layer.biases for layer in layers],
            )
        self.estimator_ = network
        self.features_ = features
        self.classes_ = network.classes_
        context.call_on_fit_task_end(**given)

    def _data(self, X, y):
        """Checked X, the labels there are, and which samples have them."""
        X = check_sparse("X", X)
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=floats_for(X), order="C"
        )
        if y.dtype.kind in "UO" and np.asarray(y == str(UNLABELLED)).any():
            raise ValueError(
                "y holds the string '-1', which could mean no label. Give an array of "
                "dtype object, with the number -1 where there is none; if '-1' is a "
                "class, give it another name."
            )
        labelled = np.flatnonzero(np.asarray(y != UNLABELLED, dtype=bool))
        if not len(labelled):
            raise ValueError(
                "y holds no label: all samples are marked by -1. Give some a class."
            )
        n_samples, y = len(y), y[labelled]
        check_sortable("y", y)
        check_classification_targets(y)
        if len(labelled) < n_samples and len(np.unique(y)) == 1:
            raise ValueError(
                f"y holds one class, {y[0]}, and -1, which marks samples without a "
                "label. If -1 is a class, number the classes from 0, for example by "
                "sklearn.preprocessing.LabelEncoder; else give some samples of other "
                "classes a label."
            )
        return X, y, labelled

    def _pretrain(self, network, rule, layers, X, phases):
        """Layers whose weights the rule has learned, and the fitted rules."""
        random_state = check_random_state(rule.random_state)
        features = []

        def learn(inputs, weights):
            part = clone(rule).set_params(
                n_components=weights.shape[1],
                random_state=random_state.randint(SEEDS),
            )
            fields = weights.T.tocsr()
            fields.data[:] = 1
            with phases.run("pre-training", part, lambda: whole(inputs)):
                reason, _ = part._observe_fit(part, inputs, None, fields)
                if reason is StopReason.INTERRUPTED:
                    raise KeyboardInterrupt  # nothing to fine-tune yet
            part._warn(reason)  # not of dead units, which biases will wake
            features.append(part)
            return part.components_.T.tocsr()

        activations = [
            ACTIVATIONS[network.activation](depth, network.negative_slope)
            for depth in range(len(layers) - 1)
        ]
        n_threads = effective_n_threads(network.n_jobs)
        return pretrain(layers, activations, X, learn, n_threads), features

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
                "features must be a Hebbian rule, such as WinnerTakeAll(). Got "
                f"{rule!r}."
            )
        random_state = check_random_state(self.random_state)
        for part in network, rule:
            if part.random_state is None:
                part.set_params(random_state=random_state.randint(SEEDS))
        rule._validate_params()
        return network, rule

    def drop_optimizer_state(self):
        """Forget what only the optimiser of `estimator_` knows of connections.

        Predictions stay as they are, bit for bit.

        Returns
        -------
        self : object
            The estimator.
        """
        check_is_fitted(self)
        self.estimator_.drop_optimizer_state()
        return self

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
        network, X = self._check(X)
        return network.predict(X)

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
        network, X = self._check(X)
        return network.predict_proba(X)

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
        network, X = self._check(X)
        return network.predict_log_proba(X)

    def _check(self, X):
        """The network that this moment has, and checked X."""
        check_is_fitted(self)
        X = check_sparse("X", X)
        fitted = twin(self)
        network = fitted.estimator_
        dtype = network._state.network.dtype
        X = validate_data(fitted, X, accept_sparse="csr", dtype=dtype, reset=False)
        return network, X

    def _unpack(self, saved):
        if "estimator_" not in vars(self):
            return
        network, features = self.estimator_, self.features_
        check_features(self)
        require(
            isinstance(network, BaseSparseClassifier)
            and network.__sklearn_is_fitted__()
            and network.n_features_in_ == self.n_features_in_,
            f"estimator_={network!s:.80}",
        )
        require(np.array_equal(self.classes_, network.classes_), "classes_")
        require(
            isinstance(features, list)
            and all(isinstance(rule, BaseHebbianFeatures) for rule in features)
            and len(features) == network.n_layers_ - 2,
            f"features_={features!s:.80}",
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class Phases:
    """The phases of a fit, each the task of a part that is fitted in it.

    Parameters
    ----------
    estimator : estimator
        The whole.
    context : sklearn.callback.CallbackContext
        Of its fit.
    """

    def __init__(self, estimator, context):
        self.estimator = estimator
        self.context = context

    @contextmanager
    def run(self, name, part, X, y=None):
        """Tell callbacks of a phase, in which `part` is fitted."""
        phase = self.context.subcontext(task_name=name)
        about = {"estimator": self.estimator, "X": X, "y": y}
        with phase.propagate_callback_context(part):
            phase.call_on_fit_task_begin(**about)
            yield
            phase.call_on_fit_task_end(**about)
