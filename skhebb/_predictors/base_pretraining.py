"""The life of pre-trained classifiers: learning from all samples, then from labels."""

import copy
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skhebb._network.activations import ACTIVATIONS
from skhebb._predictors.classifier import BaseSparseClassifier
from skhebb._predictors.convolutions import (
    after_training,
    are_chain,
    convolved,
    go_on,
    learn_convolutions,
    new_convolutions,
)
from skhebb._predictors.data_preparation import Given, metadata
from skhebb._predictors.initial import InitialParameters
from skhebb._predictors.layerwise import pretrain
from skhebb._predictors.outcome import warn_of_outcome
from skhebb._predictors.partial_labels import (
    PartlyLabelled,
    check_classes,
    check_known_classes,
    with_one_feature,
)
from skhebb._predictors.phases import NoPhases, Phases
from skhebb._predictors.set_classifier import SETClassifier
from skhebb._training.computed_rows import whole
from skhebb._training.stopping import StopReason
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.convolved_images import ConvolvedImages
from skhebb._transformers.hebbian_pca import HebbianPCA
from skhebb._transformers.outcome import warn_of_learning
from skhebb._typing import MatrixLike
from skhebb._utils.documentation import DocumentationMixin
from skhebb._utils.observed_fit import ObservedFitMixin
from skhebb._utils.persistence import PersistenceMixin, check_features, require
from skhebb._utils.random import SEEDS
from skhebb._utils.sklearn import _fit_context
from skhebb._utils.sparse import check_sparse
from skhebb._utils.threads import effective_n_threads
from skhebb._utils.transaction import transaction, twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    floats_for,
    validate_data,
)


class BasePretraining(
    CheckedCallsMixin,
    DocumentationMixin,
    PersistenceMixin,
    ObservedFitMixin,
    ClassifierMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Features that learn without labels, and a network that learns with them.

    A subclass has the parameters.
    """

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Pre-train on X, then fine-tune on the samples that have a label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 is kept, everything else becomes float64. Before
            convolutions they are images, one a row, and not sparse; uint8 is kept, too.
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
        network, rule, random_state = self._parts()
        X, y = self._check_samples(given, is_first=True)
        convolutions = self._new_convolutions(X, random_state)
        data = PartlyLabelled.of(X, y, given.sample_weight, needs_labels=True)
        labelled = data.labelled
        check_classes(labelled.y, len(y))
        # Raises what is wrong, whatever convolutions will give.
        layers = network._initial_layers(
            with_one_feature(labelled) if convolutions else labelled
        )
        about = {
            "estimator": observed,
            "X": given.X,
            "y": given.y,
            "metadata": metadata(given.sample_weight),
        }
        n_phases = len(convolutions) + len(layers)
        context = observed._init_callback_context(max_subtasks=n_phases)
        context.call_on_fit_task_begin(**about)
        phases = Phases(observed, context)
        if convolutions:
            data = self._convolve(convolutions, data, network, phases)
            layers = network._initial_layers(data.labelled)
        initial = self._pretrain(network, rule, layers, data.X, phases)
        X, y, _ = data.labelled
        with phases.run("fine-tuning", network, lambda: whole(X), y):
            outcome = network._fit_draft(data.labelled, Given(None, None), initial)
            warn_of_outcome(network, *outcome)
        self._adopt(network, convolutions)
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
            data = go_on(network, self.convolutions_, data)
            network.partial_fit(*data.labelled, classes=classes)
            self._adopt(network, self.convolutions_)

    def _begin(self, data, classes):
        """Pre-train, then pass once over the labelled samples."""
        network, rule, random_state = self._parts()
        network._validate_params()
        network._check_partial_fit()
        encoder = network._known_encoder(data.labelled.y, classes)
        convolutions = self._new_convolutions(data.X, random_state)
        if convolutions:  # raises what is wrong, whatever they will give
            network._initial_layers(with_one_feature(data.labelled), encoder)
        data = self._convolve(convolutions, data, network, NoPhases())
        layers = network._initial_layers(data.labelled, encoder)
        initial = self._pretrain(network, rule, layers, data.X, NoPhases())
        reason = network._partial_fit(data.labelled, lambda *_: encoder, initial)
        warn_of_outcome(network, reason)
        self._adopt(network, convolutions)

    def _adopt(self, network, convolutions):
        """Take over a fine-tuned network, and convolutions that learned with it."""
        self.estimator_ = network
        self.convolutions_ = after_training(convolutions, network)
        self.classes_ = network.classes_

    def _given(self):
        """Return the convolutions that users gave as a list."""
        return [] if self.convolutions is None else list(self.convolutions)

    def _new_convolutions(self, X, random_state):
        """Return new convolutions for samples like these."""
        return new_convolutions(self._given(), self.fine_tune, X.shape[1], random_state)

    def _convolve(self, convolutions, data, network, phases):
        """Let convolutions learn; return the data as they turn them into inputs."""
        learn_convolutions(convolutions, data.X, phases)
        return convolved(
            data, convolutions, self.fine_tune, network.n_jobs, self.kernel_rate
        )

    def _check_samples(self, given, is_first):
        """Return X of one of our types, and y as an array, not yet looked at."""
        sees_images = bool(self._given() if is_first else self.convolutions_)
        return self._validate(given.X, is_first, sees_images, y=given.y)

    def _validate(self, X, is_first, sees_images, **options):
        """Return what scikit-learn makes of X; images are dense and may be bytes."""
        X = check_sparse("X", X)
        dtypes = floats_for(X)
        if not is_first:
            dtypes = (self.estimator_._state.network.dtype,)
        return validate_data(
            self,
            X,
            accept_sparse=False if sees_images else "csr",
            dtype=(*dtypes, np.uint8) if sees_images else dtypes,
            order="C",
            reset=is_first,
            **options,
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
            warn_of_learning(part, reason)  # not of dead units, which biases will wake
            features.append(part)
            return part.components_.T.tocsr()

        activations = [
            ACTIVATIONS[network.activation](depth, network.negative_slope)
            for depth in range(len(layers) - 1)
        ]
        n_threads = effective_n_threads(network.n_jobs)
        learned = pretrain(layers, activations, X, learn, n_threads)
        self.features_ = features
        return InitialParameters(
            [layer.weights for layer in learned],
            [layer.biases for layer in learned],
            layers[0].input_scale,
        )

    def _parts(self):
        """Return clones of the network and of the rule, and a RandomState."""
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
        return network, rule, random_state

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
        """Return the network that this moment has, and checked X, convolved."""
        check_is_fitted(self)
        fitted = twin(self)
        network, layers = fitted.estimator_, fitted.convolutions_
        X = fitted._validate(X, is_first=False, sees_images=bool(layers))
        return network, ConvolvedImages(X, layers) if layers else X

    def _unpack(self, saved):
        if "estimator_" not in vars(self):
            return
        network, features = self.estimator_, self.features_
        check_features(self)
        convolutions = vars(self).setdefault("convolutions_", [])
        require(
            isinstance(network, BaseSparseClassifier)
            and network.__sklearn_is_fitted__(),
            f"estimator_={network!s:.80}",
        )
        sizes = self.n_features_in_, network.n_features_in_
        require(are_chain(convolutions, *sizes), f"convolutions_={convolutions!s:.80}")
        require(np.array_equal(self.classes_, network.classes_), "classes_")
        require(
            isinstance(features, list)
            and all(isinstance(rule, BaseHebbianFeatures) for rule in features)
            and len(features) == network.n_layers_ - 2,
            f"features_={features!s:.80}",
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self._given()
        return tags
