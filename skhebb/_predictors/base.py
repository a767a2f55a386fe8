"""What all estimators share: parameters, fit and partial_fit."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring

from skhebb._network.activations import ACTIVATIONS, set_activations
from skhebb._network.dropout import Dropout
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._predictors.baseline import easy_loss, is_no_better
from skhebb._predictors.checks import (
    check_combinations,
    check_goes_on,
    check_layers_stay,
    check_memory_of_training,
)
from skhebb._predictors.data_preparation import (
    DataPreparationMixin,
    Given,
    metadata,
    take_rows,
)
from skhebb._predictors.early_stopping import EstimatorScorer, Validation
from skhebb._predictors.fitted_network import FittedNetworkMixin
from skhebb._predictors.initial import (
    NOTHING_GIVEN,
    InitialParameters,
    NewStreams,
)
from skhebb._predictors.outcome import warn_of_outcome
from skhebb._predictors.recipe import Recipe, input_scale_of
from skhebb._predictors.runs import run_of
from skhebb._training.computed_rows import whole
from skhebb._training.observer import FitObserver, Observer
from skhebb._training.optimizers import OPTIMIZERS
from skhebb._training.schedules import SCHEDULES
from skhebb._training.sharded_trainer import ShardedTrainer
from skhebb._training.shards import Shards
from skhebb._training.state import TrainingState
from skhebb._training.stopping import StoppingRule, StopReason
from skhebb._training.trainer import Trainer
from skhebb._typing import MatrixLike
from skhebb._utils.documentation import DocumentationMixin
from skhebb._utils.observed_fit import ObservedFitMixin
from skhebb._utils.sklearn import Interval, Options, StrOptions, _fit_context
from skhebb._utils.threads import effective_n_threads
from skhebb._utils.transaction import twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    check_coefs,
    check_floats,
    check_intercepts,
    check_layer_sizes,
    parameters_of,
    warn_of_changes,
)
from skhebb.topology import GRAPHS

POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
FRACTION = Interval(Real, 0, 1, closed="left")
COUNT = Interval(Integral, 1, None, closed="left")


class BaseSparseNetwork(
    CheckedCallsMixin,
    DocumentationMixin,
    DataPreparationMixin,
    FittedNetworkMixin,
    ObservedFitMixin,
    BaseEstimator,
):
    """A truly sparse network, trained by gradient descent.

    Subclasses say how they look at y, see `DataPreparationMixin`, and have
    `_make_encoder(y, sample_weight)`, `_loss(encoder, class_weights)`, `_topology()`
    and `_evolution(interval)`, which tells when the topology evolves.
    """

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", COUNT],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "negative_slope": [NOT_NEGATIVE],
        "initial_graph": [StrOptions(set(GRAPHS))],
        "epsilon": [POSITIVE, None],
        "density": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"})],
        "weight_scale": [POSITIVE, StrOptions({"glorot", "he"})],
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
    _of_new: tuple[str, ...]
    _of_new = ("initial_graph", "density", "epsilon", "weight_scale", "random_state")

    # Parameters that may make training diverge when they are too large.
    _suspects: tuple[str, ...] = ("learning_rate_init", "momentum")

    def _validate_params(self):
        super()._validate_params()
        check_floats(self)

    def _plasticity(self, n_layers):
        """The local learning rule of so many layers, or None."""
        return None

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        coefs_init: Sequence[MatrixLike] | None = None,
        intercepts_init: Sequence[ArrayLike] | None = None,
    ) -> Self:
        """Train the network on X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 trains in float32, everything else in float64. A
            sparse matrix is never made dense: the first layer works on the non-zeros
            of a batch.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets. For classifiers: classes of any type that can be sorted or, if
            several labels may apply to a sample, a matrix of zeros and ones. For
            regressors: numbers that are finite in float64.
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
        reason, complaint = self._fit_draft(
            Given(X, y, sample_weight),
            Given(X_val, y_val, sample_weight_val),
            InitialParameters(coefs_init, intercepts_init),
        )
        warn_of_outcome(self, reason, complaint)
        return self

    def _fit(self, observed, given, validation, initial):
        check_combinations(self, validation)
        n_threads = effective_n_threads(self.n_jobs)
        is_warm = self.warm_start and hasattr(self, "_state")
        if not is_warm:
            self._check_new_network()
        checked = self._check_data(given, is_first=not is_warm)
        encoder = self._make_encoder(checked.y, checked.sample_weight)
        n_connections = self._n_connections(is_warm, initial)
        check_memory_of_training(self, checked, encoder.n_outputs, n_connections)
        if is_warm:
            check_goes_on(self, encoder, initial)
            encoder = self._encoder
        data = self._fit_data(checked, encoder, given.X)
        held_out = None
        if validation.X is not None:
            held_out = self._validation_data(validation, data)
        # A copy, so that an exception leaves what is fitted as it is.
        fitted = self._fitted_state().copy() if is_warm else None
        run = run_of(self, observed, checked, held_out, initial, fitted)
        streams = None if is_warm else self._streams()
        state = fitted if run.kept is None else run.kept.state
        if self.early_stopping and held_out is None:
            split_seed = (state or streams).random.split_seed
            data, held_out = self._hold_out(data, split_seed)
        if state is None:
            state = self._begin(data, n_threads, streams, initial)
        return self._train(observed, run, state, data, held_out, n_threads)

    def _train(self, observed, run, state, data, held_out, n_threads):
        """Let `state` fit `data`, and take over what it becomes."""
        recipe = Recipe.of_fit(self, state.network.layers, data)
        trainer = self._trainer(state, data, recipe, n_threads)
        n_before = run.n_epochs_before

        def fitted_attributes():
            now = self._fitted(state.copy(), data.encoder, recipe, n_before)
            return {**vars(self), **now}

        given, samples, validate = data.given, data.samples, None
        if held_out is not None:
            validate = Validation(trainer, held_out, self._scorer(fitted_attributes))
        run.context.max_subtasks = recipe.max_iter
        observer = FitObserver(
            observed,
            run,
            state,
            X=lambda: whole(take_rows(given.X, samples)),
            y=lambda: take_rows(given.y, samples),
            metadata=lambda: metadata(take_rows(given.sample_weight, samples)),
            fitted_attributes=fitted_attributes,
        )
        if run.kept is None:
            observer.begin_fit()
            train = partial(trainer.fit, data, recipe.max_iter, validate, observer)
        else:
            observer.begin_fit(state.progress.epoch)
            train = partial(trainer.resume, data, validate, observer)
        try:
            reason = (run.kept and run.kept.reason) or train()
        finally:  # what a round that failed has left may be used, where drafts are kept
            vars(self).update(self._fitted(state, data.encoder, recipe, n_before))
        observer.end_fit(reason)
        if reason.is_regular and is_no_better(trainer, data, self.n_iter_):
            return reason, "no better"
        if self.tol is None or trainer.schedule.ends_by_plan:
            return reason, None
        return reason, "max_iter" if reason is StopReason.MAX_EPOCHS else None

    def _initial_layers(self, checked, encoder=None):
        """Return the layers that training would start from; raise what is wrong.

        Parameters
        ----------
        checked : Given
        encoder : Labels, default=None
            None for what `fit` would make of y.
        """
        self._validate_params()
        check_combinations(self, Given(None, None))
        self._check_new_network()
        if encoder is None:
            encoder = self._make_encoder(checked.y, checked.sample_weight)
        check_memory_of_training(self, checked, encoder.n_outputs)
        data, streams = self._fit_data(checked, encoder), self._streams()
        if self.early_stopping:
            data, _ = self._hold_out(data, streams.random.split_seed)
        n_threads = effective_n_threads(self.n_jobs)
        return self._begin(data, n_threads, streams).network.layers

    def _partial_fit(self, given, make_encoder, initial=NOTHING_GIVEN):
        """Train for one pass; `make_encoder(y, sample_weight)` gives the encoder."""
        self._check_partial_fit()
        n_threads = effective_n_threads(self.n_jobs)
        is_first = not hasattr(self, "_state")
        if is_first:
            self._check_new_network()
        else:  # scikit-learn validates before the first call only
            self._validate_params()
            check_layers_stay(self, "partial_fit", "Use fit to start anew.")
        checked = self._check_data(given, is_first)
        encoder = make_encoder(checked.y, checked.sample_weight)
        n_connections = self._n_connections(not is_first, initial)
        check_memory_of_training(
            self, checked, encoder.n_outputs, n_connections, is_stream=True
        )
        data = self._fit_data(checked, encoder, given.X)
        if is_first:
            state = self._begin(data, n_threads, self._streams(), initial)
        else:
            before = self._fitted_state()
            state = before.copy()
        n_seen = state.counters.n_samples_seen
        recipe = Recipe.of_stream(self, state.network.layers, data, n_seen)
        trainer = self._trainer(state, data, recipe, n_threads)
        if is_first:
            before = state.copy()
        reason = trainer.partial_fit(data, Observer(self.verbose))
        if reason.is_failure:
            state = before
        n_epochs = len(state.history.losses)
        vars(self).update(self._fitted(state, encoder, recipe, n_epochs))
        self.n_iter_ = 0 if reason.is_failure else 1
        return reason

    def _check_partial_fit(self):
        """Raise if partial_fit makes no sense with these parameters."""
        self._scorer(None)
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True. "
                "Set early_stopping=False, or use fit."
            )

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

    def _check_new_network(self):
        """Raise if a parameter does not fit the layers that a network would have."""
        self._plasticity(len(check_layer_sizes(self.hidden_layer_sizes)) + 1)

    def _n_connections(self, goes_on, initial=NOTHING_GIVEN):
        """How many there are already; None for a new network that is to be drawn."""
        if goes_on:
            return self._state.network.n_connections_target
        return None if initial.coefs is None else 0

    def _optimizer(self):
        return OPTIMIZERS[self.solver].from_estimator(self)

    def _streams(self):
        n_layers = len(check_layer_sizes(self.hidden_layer_sizes)) + 1
        self._begun_with = parameters_of(self, self._of_new)
        return NewStreams.of(self.random_state, n_layers)

    def _begin(self, data, n_threads, streams, initial=NOTHING_GIVEN):
        """The state that the training of a new network starts from."""
        dtype, hidden_sizes = data.inputs.dtype, self.hidden_layer_sizes
        hidden_sizes = check_layer_sizes(hidden_sizes)
        sizes = [data.inputs.n_features, *hidden_sizes, data.encoder.n_outputs]
        shapes = list(pairwise(sizes))
        biases = check_intercepts(initial.intercepts, sizes[1:], dtype)
        if initial.coefs is None:
            weights = self._topology().initial_weights(
                shapes, dtype, streams.initial, data, n_threads
            )
        else:
            weights = check_coefs(initial.coefs, shapes, dtype)
        layers = [SparseLayer(*pair) for pair in zip(weights, biases, strict=True)]
        if initial.coefs is None:
            layers[0].scale_inputs(input_scale_of(data))
        else:
            layers[0].input_scale = initial.input_scale
        network = Network(layers, kernels=data.inputs.new_kernels())
        return TrainingState(network, streams.random)

    def _trainer(self, state, data, recipe, n_threads):
        loss = self._loss(data.encoder, data.class_weights)
        set_activations(
            state.network,
            self.activation,
            loss.output_activation,
            self.negative_slope,
            keep_probability=1 - recipe.dropout,
        )
        schedule = SCHEDULES[self.learning_rate].from_estimator(
            self, recipe.learning_rate_init
        )
        # A planned course of the learning rate is not cut short by the loss.
        has_plateaus = self.early_stopping or not schedule.ends_by_plan
        tol = self.tol if has_plateaus else None
        has_plan = recipe.max_iter is not None and self.max_iter == "auto"
        may_be_easy = has_plan and schedule.ends_by_plan
        kind = Trainer
        if isinstance(data.inputs, Shards):
            kind = partial(ShardedTrainer, sync_every=data.inputs.sync_every)
        return kind(
            state=state,
            loss=loss,
            optimizer=self._optimizer(),
            schedule=schedule,
            topology=self._topology(),
            plasticity=self._plasticity(len(state.network.layers)),
            dropout=Dropout(state.random.dropout) if recipe.dropout else None,
            stopping=StoppingRule(tol, self.n_iter_no_change),
            alpha=self.alpha,
            weight_decays=recipe.weight_decay,
            batch_size=recipe.batch_size,
            shuffle=self.shuffle,
            easy_loss=easy_loss(loss, state.network, data) if may_be_easy else 0.0,
            evolution=self._evolution(recipe.evolution_interval),
            n_threads=n_threads,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
