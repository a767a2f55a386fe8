"""What all estimators share: parameters, fit, partial_fit and fitted attributes."""

import copy
import warnings
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils import column_or_1d, indexable
from sklearn.utils.validation import check_is_fitted

from skhebb._network.activations import ACTIVATIONS, set_activations
from skhebb._network.dropout import Dropout
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._predictors.baseline import is_no_better
from skhebb._predictors.early_stopping import (
    EstimatorScorer,
    Validation,
    ValidationData,
    split,
)
from skhebb._predictors.persistence import NetworkPersistenceMixin
from skhebb._predictors.recipe import Recipe, batch_size_for, input_scale_of
from skhebb._training.batches import TrainingData, as_batch_source
from skhebb._training.observer import FitObserver, Observer
from skhebb._training.optimizers import OPTIMIZERS
from skhebb._training.schedules import SCHEDULES, ZETA_SCHEDULES, EvolutionSchedule
from skhebb._training.state import RandomStreams, TrainingState
from skhebb._training.stopping import StoppingRule, StopReason
from skhebb._training.trainer import Trainer
from skhebb._utils.memory import bytes_of_training, check_memory
from skhebb._utils.random import random_streams
from skhebb._utils.sklearn import (
    Interval,
    Options,
    StrOptions,
    _fit_context,
    _num_samples,
    _safe_indexing,
)
from skhebb._utils.sparse import check_sparse
from skhebb._utils.threads import effective_n_threads
from skhebb._utils.transaction import transaction, twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    check_coefs,
    check_floats,
    check_intercepts,
    check_layer_sizes,
    check_length,
    check_outputs,
    check_weights,
    floats_for,
    parameters_of,
    validate_data,
    warn_of_changes,
)
from skhebb.topology import GRAPHS, GROWTH_RULES, PRUNING_RULES, SparseEvolution

POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
FRACTION = Interval(Real, 0, 1, closed="left")
COUNT = Interval(Integral, 1, None, closed="left")


class BaseSparseNetwork(
    CheckedCallsMixin, NetworkPersistenceMixin, CallbackSupportMixin, BaseEstimator
):
    """A truly sparse network whose topology evolves.

    Subclasses check y by `_y_options`, which are those of `validate_data`, and
    `_check_y(y, name)`, and have `_make_encoder(y, sample_weight)` and
    `_loss(encoder)`.
    """

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", COUNT],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "negative_slope": [NOT_NEGATIVE],
        "initial_graph": [StrOptions(set(GRAPHS))],
        "epsilon": [POSITIVE, None],
        "density": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"})],
        "weight_scale": [POSITIVE, StrOptions({"glorot", "he"})],
        "growth_scale": [NOT_NEGATIVE, StrOptions({"glorot", "he"})],
        "zeta": [FRACTION],
        "zeta_schedule": [StrOptions(set(ZETA_SCHEDULES))],
        "evolution_end": [Interval(Real, 0, 1, closed="right")],
        "pruning": [StrOptions(set(PRUNING_RULES)), callable],
        "growth": [StrOptions(set(GROWTH_RULES)), callable],
        "evolution_interval": [StrOptions({"auto", "epoch"}), COUNT],
        "solver": [StrOptions(set(OPTIMIZERS))],
        "alpha": [NOT_NEGATIVE],
        "weight_decay": [NOT_NEGATIVE, StrOptions({"auto"})],
        "dropout": [FRACTION],
        "batch_size": [StrOptions({"auto"}), COUNT],
        "learning_rate": [StrOptions(set(SCHEDULES))],
        "learning_rate_init": [POSITIVE, StrOptions({"auto"})],
        "power_t": [NOT_NEGATIVE],
        "momentum": [FRACTION],
        "nesterovs_momentum": ["boolean"],
        "beta_1": [FRACTION],
        "beta_2": [FRACTION],
        "max_iter": [COUNT, StrOptions({"auto"})],
        "shuffle": ["boolean"],
        "tol": [NOT_NEGATIVE, None],
        "n_iter_no_change": [COUNT, Options(Real, {np.inf})],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "scoring": [str, callable, None],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

    # Parameters that only a new network heeds.
    _of_new = ("initial_graph", "density", "epsilon", "weight_scale", "random_state")

    # Parameters that may make training diverge when they are too large.
    _suspects = ("learning_rate_init", "momentum")

    def _validate_params(self):
        super()._validate_params()
        check_floats(self)

    def _plasticity(self, n_layers):
        """The local learning rule of so many layers, or None."""
        return None

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        coefs_init=None,
        intercepts_init=None,
    ):
        """Train the network on X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 trains in float32, everything else in float64. A
            sparse matrix is never made dense: the first layer works on the non-zeros
            of a batch.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets. Of classifiers classes, of any type that can be sorted, or,
            if several labels may apply to a sample, a matrix of zeros and ones; of
            regressors numbers that are finite in float64.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, not negative. A weight of 0 stands for an absent
            sample. Where a mini-batch holds all samples, a weight of 2 stands for a
            sample that is there twice. Loss, gradients and the means of a Hebbian term
            are weighted means over the mini-batch. Classes whose samples all have a
            weight of 0 are in `classes_` nevertheless; the network learns that no
            sample is of them.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Samples for early stopping, instead of a part of X. In a `Pipeline` with
            ``transform_input=["X_val"]`` they are transformed as X is.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.
        coefs_init : list of {sparse matrix, ndarray}, default=None
            Initial weights of each layer, of shapes (n_in, n_out). What a sparse
            matrix stores, zeros included, and the non-zeros of an ndarray are the
            initial connections; `initial_graph`, `epsilon` and `density` then have no
            effect. They are copied. By default, normally distributed weights on random
            graphs.
        intercepts_init : list of ndarray, default=None
            Initial biases of each layer, of shapes (n_out,). Zeros by default.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, the data or an initial array is not as described, or the
            targets are too large for the type of X.

        Warns
        -----
        ConvergenceWarning
            If the loss becomes non-finite, whereupon the network of the last complete
            epoch is kept; if, after ten epochs and 60 mini-batches of 128 samples or
            more in all, the loss on the training data is more than a fifth above that
            of the best constant prediction, or the network gives the same for all
            samples, which large X or learning rates bring about; or if `max_iter`
            epochs pass without convergence.
        UserWarning
            If training is interrupted from the keyboard; the network of the last
            complete epoch is kept. And if early stopping cannot hold out samples in
            proportion to the classes, because there are too many of these; a class of
            one sample is trained on.
        """
        if self.warm_start:
            warn_of_changes(self, "Set warm_start=False to start anew.")
        with transaction(self) as draft:
            reason, complaint = self._observe_fit(
                draft,
                X,
                y,
                sample_weight,
                (X_val, y_val, sample_weight_val),
                (coefs_init, intercepts_init),
            )
        self._warn(reason, complaint)
        return self

    @with_callbacks
    def _observe_fit(self, draft, *data):
        """Let the draft fit, and callbacks know this estimator."""
        return draft._fit(self, *data)

    def _fit(self, observed, X_given, y_given, sample_weight, given, initial):
        self._check_combinations(given)
        n_threads = effective_n_threads(self.n_jobs)
        warm = self.warm_start and hasattr(self, "_state")
        if not warm:
            self._check_new_network()
        X, y, sample_weight, samples = self._training_data(
            X_given, y_given, sample_weight, is_first=not warm
        )
        encoder = self._make_encoder(y, sample_weight)
        n_connections = self._n_connections(warm, initial[0])
        self._check_memory(X, encoder.n_outputs, len(samples), n_connections)
        if warm:
            self._check_same(encoder, initial)
            encoder = self._encoder
        data, of_classes = self._weighted(X, y, encoder, sample_weight, samples)
        held_out = self._given_validation(encoder, X.dtype, of_classes, *given)
        if warm:  # a copy, so that an exception leaves what is fitted as it is
            state = self._fitted_state().copy()
        else:
            state = self._begin(X, encoder.n_outputs, *initial)
        if self.early_stopping and held_out is None:
            given = X_given, y, sample_weight
            held_out = self._hold_out(data, given, state.random.split_seed)
        if not warm and initial[0] is None:  # given weights are for X as it is
            state.network.layers[0].scale_inputs(input_scale_of(data))

        recipe = Recipe.of_fit(
            self, state.network.layers, len(data.samples), data.total_weight
        )
        trainer = self._trainer(state, encoder, recipe, n_threads, of_classes)
        n_before = len(state.history.losses)

        def fitted_attributes():
            return {
                **vars(self),
                **self._fitted(state.copy(), encoder, recipe, n_before),
            }

        validate = None
        if held_out is not None:
            scorer = self._scorer(fitted_attributes)
            validate = Validation(trainer, encoder, held_out, scorer)
        observer = FitObserver(
            observed,
            observed._init_callback_context(max_subtasks=recipe.max_iter),
            X=lambda: take_rows(X_given, data.samples),
            y=lambda: take_rows(y_given, data.samples),
            metadata=lambda: metadata(sample_weight, data.samples),
            fitted_attributes=fitted_attributes,
        )
        schedule = SCHEDULES[self.learning_rate]
        observer.begin_fit()
        reason = trainer.fit(data, recipe.max_iter, validate, observer)
        vars(self).update(self._fitted(state, encoder, recipe, n_before))
        observer.end_fit()
        if reason.is_regular and is_no_better(trainer, data, self.n_iter_):
            return reason, "no better"
        if self.tol is None or schedule.ends_by_plan:
            return reason, None
        return reason, "max_iter" if reason is StopReason.MAX_EPOCHS else None

    def _initial_layers(self, X, y):
        """The layers that `fit` would start from; raises what it would find wrong."""
        self._validate_params()
        self._check_combinations((None, None, None))
        self._check_new_network()
        encoder = self._make_encoder(y)
        self._check_memory(X, encoder.n_outputs, len(y))
        data, _ = self._weighted(X, y, encoder, None, np.arange(len(y)))
        if self.early_stopping:
            self._hold_out(data, (X, y, None), random_state=0)
        return self._begin(X, encoder.n_outputs).network.layers

    def _partial_fit(self, X, y, sample_weight, make_encoder):
        """Train for one pass; `make_encoder(y, sample_weight)` gives the encoder."""
        self._check_partial_fit()
        n_threads = effective_n_threads(self.n_jobs)
        is_first = not hasattr(self, "_state")
        if is_first:
            self._check_new_network()
        else:  # scikit-learn validates before the first call only
            self._validate_params()
        X, y, sample_weight, samples = self._training_data(
            X, y, sample_weight, is_first
        )
        encoder = make_encoder(y, sample_weight)
        n_connections = self._n_connections(not is_first)
        self._check_memory(X, encoder.n_outputs, len(samples), n_connections, True)
        data, of_classes = self._weighted(X, y, encoder, sample_weight, samples)
        before = None if is_first else self._fitted_state()
        if is_first:
            state = self._begin(X, encoder.n_outputs)
            state.network.layers[0].scale_inputs(input_scale_of(data))
        else:
            state = before.copy()
        recipe = Recipe.of_stream(
            self, state.network.layers, len(data.samples), state.counters.n_samples_seen
        )
        trainer = self._trainer(state, encoder, recipe, n_threads, of_classes)
        if is_first:
            before = state.copy()
        reason = trainer.partial_fit(data, Observer(self.verbose))
        if reason.is_failure:
            state = before
        vars(self).update(
            self._fitted(state, encoder, recipe, len(state.history.losses))
        )
        self.n_iter_ = 0 if reason.is_failure else 1
        return reason

    def _one_batch(self, X, y, sample_weight=None):
        """A trainer of a copy of the network, in float64, and data: all in one batch.

        For looking at what a mini-batch would do now, at learning rate and weight decay
        of the last epoch and without dropout.
        """
        if getattr(self, "class_weight", None) == "balanced":
            raise ValueError(
                "class_weight='balanced' wants to know all samples. Give a dict of "
                "weights, or use sample_weight."
            )
        new = copy.copy(self)
        state, encoder = new._state, new._encoder
        for layer in state.network.layers:
            layer.cast(np.float64)
        new._adopt(state)
        X, y, sample_weight, samples = new._training_data(X, y, sample_weight, False)
        encoder.check_known(y, "y")
        data, of_classes = new._weighted(X, y, encoder, sample_weight, samples)
        new.dropout, new.batch_size = 0, len(y)
        recipe = Recipe.of_stream(new, state.network.layers, len(y), 0)
        if new.weight_decay == "auto":
            recipe = recipe._replace(weight_decay=new.weight_decay_)
        trainer = new._trainer(state, encoder, recipe, 1, of_classes)
        trainer.prepare(data)
        if state.progress.learning_rate is None:
            trainer.set_learning_rate()
        return trainer, data

    def predict(self, X):
        """Predict the targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Classes or zeros and ones of classifiers, numbers of regressors.

        Raises
        ------
        ValueError
            If X is not as described, or so large that sums of the network overflow.
        """
        fitted = self._at_this_moment()
        return fitted._encoder.decode(fitted._outputs(X))

    @property
    def feature_importances_(self):
        """Strength of each feature's neuron, ndarray of shape (n_features,).

        The sum of the absolute weights of its connections, as QuickSelection has it
        (Atashgahi et al. 2022). It is comparable between features of one scale only.
        """
        first = self._at_this_moment()._fitted_state().network.layers[0]
        return np.asarray(abs(first.weights).sum(axis=1)).ravel()

    def _at_this_moment(self):
        """Return a twin, which threads that train this estimator do not change."""
        check_is_fitted(self)
        return twin(self)

    def _outputs(self, X):
        network = self._fitted_state().network
        X = check_sparse("X", X)
        X = validate_data(
            self, X, accept_sparse="csr", dtype=network.dtype, reset=False
        )
        outputs = network.outputs(as_batch_source(X), effective_n_threads(self.n_jobs))
        check_outputs(outputs)
        return outputs

    def _fitted_state(self):
        """The state that training left, to be read, or copied and trained.

        If users have changed `coefs_` or `intercepts_` since, a state with what these
        hold now, and an optimiser that starts anew.

        Raises
        ------
        ValueError
            If these are no longer layers of this network.
        """
        layers = self._state.network.layers
        check_length("coefs_", self.coefs_, len(layers))
        check_length("intercepts_", self.intercepts_, len(layers))
        parameters = list(zip(self.coefs_, self.intercepts_, strict=True))
        if all(
            weights is layer.weights
            and biases is layer.biases
            and layer.is_sound()
            and layer.is_aligned()
            for layer, (weights, biases) in zip(layers, parameters, strict=True)
        ):
            return self._state
        shapes = [(layer.n_in, layer.n_out) for layer in layers]
        sizes, dtype = [n_out for _, n_out in shapes], self._state.network.dtype
        coefs = check_coefs(self.coefs_, shapes, dtype, "coefs_")
        intercepts = check_intercepts(self.intercepts_, sizes, dtype, "intercepts_")
        state = self._state.copy()
        # What a mask remembers is of the connections that were there before.
        state.restore_parameters(
            [(*pair, None) for pair in zip(coefs, intercepts, strict=True)]
        )
        return state

    def _check_combinations(self, given):
        """Raise if parameters that are sound by themselves make no sense together."""
        self._scorer(None)
        X_val, y_val, sample_weight_val = given
        if (X_val is None) != (y_val is None):
            names = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
            raise ValueError("{} was given without {}. Give both.".format(*names))
        if sample_weight_val is not None and X_val is None:
            raise ValueError("sample_weight_val was given without X_val and y_val.")
        if SCHEDULES[self.learning_rate].cuts and self.tol is None:
            raise ValueError(
                f"learning_rate={self.learning_rate!r} falls where training does not "
                "improve by `tol`, but tol=None. Set tol to a number."
            )
        if X_val is not None and not self.early_stopping:
            raise ValueError(
                "X_val and y_val are for early stopping, but early_stopping=False. "
                "Set early_stopping=True, or leave them out."
            )

    def _check_partial_fit(self):
        """Raise if partial_fit makes no sense with these parameters."""
        self._scorer(None)
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True. "
                "Set early_stopping=False, or use fit."
            )

    def _training_data(self, X, y, sample_weight, is_first):
        """Checked X and y, weights or None, and the rows that take part."""
        X, y = check_sparse("X", X), check_sparse("y", y)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=floats_for(X) if is_first else self._state.network.dtype,
            order="C",
            reset=is_first,
            **self._y_options,
        )
        y = self._check_y(dense_y(y), "y")
        samples = np.arange(len(y), dtype=np.intp)
        if sample_weight is not None:
            sample_weight = check_weights("sample_weight", sample_weight, X)
            samples = np.flatnonzero(sample_weight)
        return X, y, sample_weight, samples

    def _given_validation(
        self, encoder, dtype, of_classes, X_val, y_val, sample_weight_val
    ):
        """ValidationData, or None if none are given."""
        if X_val is None:
            return None
        try:
            X, y_val = check_sparse("X_val", X_val), check_sparse("y_val", y_val)
            X, y_val = validate_data(
                self,
                X,
                y_val,
                accept_sparse="csr",
                dtype=dtype,
                reset=False,
                ensure_min_samples=2,  # R² wants two
                **self._y_options,
            )
            y_val = self._check_y(dense_y(y_val), "y_val")
            encoder.check_known(y_val, "y_val")
            sample_weight = None
            if sample_weight_val is not None:
                sample_weight = check_weights("sample_weight_val", sample_weight_val, X)
                if np.count_nonzero(sample_weight) < 2:
                    raise ValueError("less than two samples have a weight above 0.")
            samples = np.arange(len(y_val))
            encoded = self._encode(encoder, y_val, samples, dtype, "y_val")
        except ValueError as error:
            raise ValueError(f"Validation data, X_val and y_val: {error}") from error
        given = X_val, y_val, sample_weight
        sample_weight, _ = apply_class_weights(
            sample_weight, of_classes, encoded, samples
        )
        return ValidationData(as_batch_source(X), encoded, sample_weight, lambda: given)

    def _weighted(self, X, y, encoder, sample_weight, samples):
        """TrainingData, and what `_class_weights` gives."""
        encoded = self._encode(encoder, y, samples, X.dtype, "y")
        of_classes = self._class_weights(encoder, y, sample_weight, samples)
        sample_weight, samples = apply_class_weights(
            sample_weight, of_classes, encoded, samples
        )
        data = TrainingData(
            as_batch_source(X), encoder, encoded, sample_weight, samples
        )
        return data, of_classes

    def _encode(self, encoder, y, samples, dtype, name):
        """Encoded `y`; raises if those of `samples` are too large for `dtype`."""
        return encoder.encode(y)

    def _class_weights(self, encoder, y, sample_weight, samples):
        """The weights of classes, or None; there are none without classes."""
        return None

    def _scorer(self, fitted_attributes):
        """Return what `Validation` wants of `scoring`; raise if that is not sound.

        `fitted_attributes` are those of the estimator as if fit had ended now.
        """
        if self.scoring is None or self.scoring == "loss":
            return self.scoring

        def estimator_now():
            estimator = twin(self)
            vars(estimator).update(fitted_attributes())
            return estimator

        return EstimatorScorer(check_scoring(self, self.scoring), estimator_now)

    def _hold_out(self, data, given, random_state):
        """Take rows out of `data`, and give them as ValidationData.

        `given` is X as the user gave it, y in its own units, and sample_weight.
        """
        n_samples = len(data.samples)
        n_val = int(np.ceil(self.validation_fraction * n_samples))
        if n_val < 2:
            raise ValueError(
                "The validation set is too small: "
                f"validation_fraction={self.validation_fraction} of {n_samples} "
                "samples is less than 2. Increase it or the data set."
            )
        if n_val >= n_samples:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {n_samples} "
                "samples leaves none to train on. Lower it."
            )
        strata = data.encoder.strata(data.y[data.samples])
        data.samples, held = split(data.samples, strata, n_val, random_state)
        return ValidationData(
            as_batch_source(data.inputs.X[held]),
            data.y[held],
            take_rows(data.sample_weight, held),
            lambda: [take_rows(array, held) for array in given],
        )

    def _check_new_network(self):
        """Raise if a parameter does not fit the layers that a network would have."""
        self._plasticity(len(check_layer_sizes(self.hidden_layer_sizes)) + 1)

    def _n_connections(self, is_fitted, coefs_init=None):
        """How many there are already; None for a new network that is to be drawn."""
        if is_fitted:
            return self._state.network.n_connections_target
        return None if coefs_init is None else 0

    def _check_memory(
        self, X, n_outputs, n_samples, n_connections=None, is_stream=False
    ):
        """Raise if this machine cannot hold the network and a mini-batch.

        Raises
        ------
        MemoryError
        """
        sizes = [X.shape[1], *check_layer_sizes(self.hidden_layer_sizes), n_outputs]
        if n_connections is None:
            density = self.density if self.epsilon is None else None
            graph = GRAPHS[self.initial_graph]
            n_connections = sum(
                graph(list(pairwise(sizes)), self.epsilon, density).counts
            )
        batch_size = batch_size_for(self.batch_size, n_samples, is_stream)
        n_tiled = sizes[1:] if issparse(X) else sizes
        n_bytes = bytes_of_training(
            sizes,
            n_tiled,
            n_connections,
            batch_size,
            X.dtype,
            self._optimizer().n_arrays,
        )
        amount = "density" if self.epsilon is None else "epsilon"
        check_memory(
            n_bytes,
            f"Training with hidden_layer_sizes={self.hidden_layer_sizes!r}, {amount}="
            f"{getattr(self, amount)!r} and mini-batches of {batch_size} samples",
            f"Lower hidden_layer_sizes, {amount} or batch_size.",
        )

    def _optimizer(self):
        return OPTIMIZERS[self.solver].from_estimator(self)

    def _topology(self):
        # What users pass is never changed.
        pruning, growth = clone([self.pruning, self.growth], safe=False)
        return SparseEvolution(
            graph=self.initial_graph,
            epsilon=self.epsilon,
            density=self.density if self.epsilon is None else None,
            zeta=self.zeta,
            pruning=pruning,
            growth=growth,
            weight_scale=self.weight_scale,
            growth_scale=self.growth_scale,
        )

    def _begin(self, X, n_outputs, coefs_init=None, intercepts_init=None):
        """The state that the training of a new network starts from."""
        sizes = [X.shape[1], *check_layer_sizes(self.hidden_layer_sizes), n_outputs]
        shapes = list(pairwise(sizes))
        initial, shuffle, split, *evolution, dropout = random_streams(
            self.random_state, 4 + len(shapes)
        )
        self._begun_with = parameters_of(self, self._of_new)
        intercepts = check_intercepts(intercepts_init, sizes[1:], X.dtype)
        if coefs_init is None:
            coefs = self._topology().initial_weights(shapes, X.dtype, initial)
        else:
            coefs = check_coefs(coefs_init, shapes, X.dtype)
        layers = [SparseLayer(*pair) for pair in zip(coefs, intercepts, strict=True)]
        split_seed = int(split.integers(2**31))
        streams = RandomStreams(shuffle, dropout, evolution, split_seed)
        return TrainingState(Network(layers), streams)

    def _check_same(self, encoder, initial):
        """Raise unless a warm start can go on with the fitted network."""
        if any(arrays is not None for arrays in initial):
            raise ValueError(
                "coefs_init and intercepts_init start a new network, but "
                "warm_start=True goes on with the fitted one. Set warm_start=False."
            )
        if difference := self._encoder.difference(encoder):
            raise ValueError(
                "warm_start can only be used where `y` has the same "
                f"{difference}. Set warm_start=False to start anew."
            )
        sizes = check_layer_sizes(self.hidden_layer_sizes)
        fitted_sizes = self._state.network.layer_sizes[1:-1]
        if sizes != fitted_sizes:
            raise ValueError(
                f"warm_start=True goes on with hidden layers of {fitted_sizes} neurons,"
                f" but hidden_layer_sizes={self.hidden_layer_sizes!r}. Set "
                "warm_start=False to start anew."
            )

    def _evolution(self, interval):
        """When the topology evolves."""
        interval = None if interval == "epoch" else interval
        return EvolutionSchedule(interval, self.zeta_schedule, self.evolution_end)

    def _trainer(self, state, encoder, recipe, n_threads, of_classes):
        loss = self._loss(encoder, of_classes)
        set_activations(
            state.network,
            self.activation,
            loss.output_activation,
            self.negative_slope,
            keep_probability=1 - self.dropout,
        )
        schedule = SCHEDULES[self.learning_rate].from_estimator(
            self, recipe.learning_rate_init
        )
        # A planned course of the learning rate is not cut short by the loss.
        has_plateaus = self.early_stopping or not schedule.ends_by_plan
        tol = self.tol if has_plateaus else None
        return Trainer(
            state=state,
            loss=loss,
            optimizer=self._optimizer(),
            schedule=schedule,
            topology=self._topology(),
            plasticity=self._plasticity(len(state.network.layers)),
            dropout=Dropout(state.random.dropout) if self.dropout else None,
            stopping=StoppingRule(tol, self.n_iter_no_change),
            alpha=self.alpha,
            weight_decays=recipe.weight_decay,
            batch_size=recipe.batch_size,
            shuffle=self.shuffle,
            evolution=self._evolution(recipe.evolution_interval),
            n_threads=n_threads,
        )

    def _fitted(self, state, encoder, recipe, n_before):
        """All fitted attributes, after training that began with epoch `n_before`."""
        layers, history = state.network.layers, state.history
        n_cells = sum(layer.n_in * layer.n_out for layer in layers)
        is_judged = self.early_stopping
        return {
            "_state": state,
            "_encoder": encoder,
            "_activation": (self.activation, self.negative_slope),
            "coefs_": [layer.weights for layer in layers],
            "intercepts_": [layer.biases for layer in layers],
            **{f"{name}_": value for name, value in recipe._asdict().items()},
            "n_layers_": len(layers) + 1,
            "n_outputs_": layers[-1].n_out,
            "out_activation_": self._loss(encoder).output_activation,
            "n_connections_": state.network.n_connections,
            "density_": state.network.n_connections / n_cells,
            "n_iter_": len(history.losses) - n_before,
            "t_": state.counters.n_samples_seen,
            "loss_": history.losses[-1] if history.losses else np.nan,
            "loss_curve_": history.losses,
            "best_loss_": None if is_judged else min(history.losses, default=np.inf),
            "validation_scores_": history.scores if is_judged else None,
            "validation_loss_curve_": (
                history.validation_losses if is_judged else None
            ),
            "best_validation_score_": state.progress.best_score if is_judged else None,
        }

    def _warn(self, reason, complaint=None):
        """Warn of a failure, or of a result that is "no better" or of "max_iter"."""
        values = [
            f"{name} ({getattr(self, f'{name}_', getattr(self, name))})"
            for name in self._suspects
        ]
        suspects = ", ".join(values[:-1]) + f" or {values[-1]}"
        if reason is StopReason.DIVERGED:
            warnings.warn(
                f"Training stopped after {self.n_iter_} complete epochs because the "
                "loss or a weight became non-finite; the last finite weights are kept. "
                f"Lower {suspects}, or scale X.",
                ConvergenceWarning,
                stacklevel=5,
            )
        elif complaint == "no better":
            warnings.warn(
                f"After {self.n_iter_} epochs the loss on the training data is no "
                "better than that of a constant prediction. Scale X, for instance by "
                f"sklearn.preprocessing.StandardScaler, or lower {suspects}.",
                ConvergenceWarning,
                stacklevel=5,
            )
        elif reason is StopReason.INTERRUPTED:
            warnings.warn(
                f"Training interrupted by user after {self.n_iter_} complete epochs; "
                "the network of the last of them is kept, or the best one with "
                "early_stopping.",
                UserWarning,
                stacklevel=5,
            )
        elif complaint == "max_iter":
            warnings.warn(
                f"Maximum number of epochs (max_iter={self.max_iter_}) reached and the "
                "optimization hasn't converged yet. Raise max_iter, or set tol=None to "
                "train for max_iter epochs without this check.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def dense_y(y):
    """An array, of one dimension if there is one column."""
    if issparse(y):
        y = y.toarray()
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def apply_class_weights(sample_weight, of_classes, encoded, samples):
    """Weights of samples times those of their classes, and the samples with any.

    Those of several labels per sample, (n_labels, 2), are for the loss instead.
    """
    if of_classes is None or of_classes.ndim == 2:
        return sample_weight, samples
    of_samples = of_classes[encoded]
    sample_weight = of_samples if sample_weight is None else sample_weight * of_samples
    samples = samples[sample_weight[samples] > 0]
    if not len(samples):
        raise ValueError("class_weight leaves no sample with a weight above 0.")
    largest = sample_weight.max()
    if not 1e-20 <= largest <= 1e20:  # beyond, errors under- or overflow
        raise ValueError(
            "The largest product of class_weight and sample_weight must be in the "
            f"range [1e-20, 1e20]. Got {largest}."
        )
    return sample_weight, samples


def take_rows(array, samples):
    """Return rows of an array, matrix or frame; itself if these are all."""
    if array is None or len(samples) == _num_samples(array):
        return array
    return _safe_indexing(*indexable(array), samples)


def metadata(sample_weight, samples):
    """Return what the hooks of callbacks are told besides X and y."""
    if sample_weight is None:
        return None
    return {"sample_weight": take_rows(sample_weight, samples)}
