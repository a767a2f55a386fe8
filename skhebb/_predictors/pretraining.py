"""Networks that learn from few labels, after a Hebbian look at all samples."""

import copy
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skhebb._network.activations import ACTIVATIONS
from skhebb._predictors.classifier import BaseSparseClassifier
from skhebb._predictors.data_preparation import Given, metadata
from skhebb._predictors.initial import InitialParameters
from skhebb._predictors.layerwise import pretrain
from skhebb._predictors.outcome import warn_of_outcome
from skhebb._predictors.partial_labels import (
    PartlyLabelled,
    check_classes,
    check_known_classes,
)
from skhebb._predictors.phases import NoPhases, Phases
from skhebb._predictors.set_classifier import SETClassifier
from skhebb._training.stopping import StopReason
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.computed_rows import whole
from skhebb._transformers.hebbian_pca import HebbianPCA
from skhebb._typing import Estimator, MatrixLike, RandomState
from skhebb._utils.documentation import DocumentationMixin
from skhebb._utils.observed_fit import ObservedFitMixin
from skhebb._utils.persistence import PersistenceMixin, check_features, require
from skhebb._utils.random import SEEDS
from skhebb._utils.sklearn import HasMethods, _fit_context
from skhebb._utils.sparse import check_sparse
from skhebb._utils.threads import effective_n_threads
from skhebb._utils.transaction import transaction, twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    floats_for,
    validate_data,
)


class HebbianPretrainingClassifier(
    CheckedCallsMixin,
    DocumentationMixin,
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

    def __init__(
        self,
        estimator: Estimator | None = None,
        features: Estimator | None = None,
        *,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.features = features
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Pre-train on X, then fine-tune on the samples that have a label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 is kept, everything else becomes float64.
        y : array-like of shape (n_samples,)
            Their classes; -1 marks samples without a label, and so cannot be a class.
            Among strings it must be the number -1, in an array of dtype object. Where
            there are such samples, the others must be of two classes or more.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in fine-tuning, as in `fit` of `estimator`. In
            pre-training samples of weight 0 are left out, and all others count alike.

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
        self._fit_draft(Given(X, y, sample_weight))
        return self

    def _fit(self, observed, given):
        network, rule = self._parts()
        X, y = self._check_samples(given, is_first=True)
        data = PartlyLabelled.of(X, y, given.sample_weight, needs_labels=True)
        labelled = data.labelled
        check_classes(labelled.y, len(y))
        layers = network._initial_layers(labelled)
        about = {
            "estimator": observed,
            "X": given.X,
            "y": given.y,
            "metadata": metadata(given.sample_weight),
        }
        context = observed._init_callback_context(max_subtasks=len(layers))
        context.call_on_fit_task_begin(**about)
        phases = Phases(observed, context)
        initial = self._pretrain(network, rule, layers, data.X, phases)
        with phases.run("fine-tuning", network, labelled.X, labelled.y):
            network.fit(
                *labelled, coefs_init=initial.coefs, intercepts_init=initial.intercepts
            )
        self._adopt(network)
        context.call_on_fit_task_end(**about)

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Fine-tune for one pass; the first call pre-trains on its samples before.

        After `fit`, or the first call, samples without a label are passed over, and
        no parameter has an effect but those of `estimator_`. Callbacks are not called.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their classes; -1 marks samples without a label. In the first call one must
            have a label.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in `fit`.
        classes : array-like of shape (n_classes,), default=None
            All classes that may ever occur. Needed at the first call, may be left out
            later.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a part, its parameters or the data are not as described, or with
            parameters of `estimator` that want to know all data.
        KeyboardInterrupt
            If pre-training is interrupted.

        Warns
        -----
        ConvergenceWarning
            If the loss becomes non-finite; the pass is then undone.
        UserWarning
            If fine-tuning is interrupted from the keyboard; the pass is then undone.
        """
        with transaction(self) as draft:
            draft._partial_fit(Given(X, y, sample_weight), classes)
        return self

    def _partial_fit(self, given, classes):
        """Begin by pre-training, or go on with a copy of the network."""
        check_known_classes(classes)
        is_first = not hasattr(self, "estimator_")
        X, y = self._check_samples(given, is_first)
        data = PartlyLabelled.of(X, y, given.sample_weight, needs_labels=is_first)
        if is_first:
            self._begin(data, classes)
        elif len(data.labelled.y):
            network = copy.copy(self.estimator_)
            self._adopt(network.partial_fit(*data.labelled, classes=classes))

    def _begin(self, data, classes):
        """Pre-train, then pass once over the labelled samples."""
        network, rule = self._parts()
        network._validate_params()
        network._check_partial_fit()
        encoder = network._known_encoder(data.labelled.y, classes)
        layers = network._initial_layers(data.labelled, encoder)
        initial = self._pretrain(network, rule, layers, data.X, NoPhases())
        reason = network._partial_fit(data.labelled, lambda *_: encoder, initial)
        warn_of_outcome(network, reason)
        self._adopt(network)

    def _adopt(self, network):
        """Take over a fine-tuned network."""
        self.estimator_ = network
        self.classes_ = network.classes_

    def _check_samples(self, given, is_first):
        """Return X of one of our types, and y as an array, not yet looked at."""
        X = check_sparse("X", given.X)
        dtype = floats_for(X) if is_first else self.estimator_._state.network.dtype
        return validate_data(
            self,
            X,
            given.y,
            accept_sparse="csr",
            dtype=dtype,
            order="C",
            reset=is_first,
        )

    def _pretrain(self, network, rule, layers, X, phases):
        """Return InitialParameters of fine-tuning.

        Sets: `features_`.

        Parameters
        ----------
        network, rule : estimator
        layers : list of SparseLayer
            A new network.
        X : {ndarray, csr_array} of shape (n_samples, n_features)
        phases : Phases or NoPhases
        """
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
        layers = pretrain(layers, activations, X, learn, n_threads)
        self.features_ = features
        return InitialParameters(
            [layer.weights for layer in layers], [layer.biases for layer in layers]
        )

    def _parts(self):
        """Return clones of the network and of the rule, with random states."""
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

    def drop_optimizer_state(self) -> Self:
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

    def predict(self, X: MatrixLike) -> np.ndarray:
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

    def predict_proba(self, X: MatrixLike) -> np.ndarray:
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

    def predict_log_proba(self, X: MatrixLike) -> np.ndarray:
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
        """Return the network that this moment has, and checked X."""
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
