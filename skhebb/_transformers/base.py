"""What transformers that learn features by a local rule share."""

from abc import ABCMeta, abstractmethod
from functools import partial
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from skhebb._training.computed_rows import ComputedRows, whole
from skhebb._training.epochs import run_epochs
from skhebb._training.observer import FitObserver
from skhebb._training.run import Run
from skhebb._training.schedules import SCHEDULES
from skhebb._training.stopping import NonFiniteTraining, StopReason
from skhebb._transformers.initial_components import (
    check_initial,
    check_receptive_fields,
    draw_receptive_fields,
    draw_uniform,
    make_components,
)
from skhebb._transformers.outcome import UNDONE, complaint_of, warn_of_learning
from skhebb._transformers.persistence import FeaturePersistenceMixin
from skhebb._transformers.state import FeatureMetrics, FeatureState
from skhebb._transformers.trainer import FeatureTrainer
from skhebb._typing import MatrixLike
from skhebb._utils.documentation import DocumentationMixin
from skhebb._utils.identity import identity_of
from skhebb._utils.memory import check_memory
from skhebb._utils.observed_fit import ObservedFitMixin
from skhebb._utils.random import random_streams
from skhebb._utils.sklearn import Interval, StrOptions, _fit_context, callbacks_of
from skhebb._utils.sparse import check_sparse
from skhebb._utils.threads import effective_n_threads, one_blas_thread
from skhebb._utils.transaction import transaction, twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    check_floats,
    check_outputs,
    floats_for,
    parameters_of,
    validate_data,
    warn_of_changes,
)

PLANNED = {name for name, schedule in SCHEDULES.items() if not schedule.cuts}


class BaseHebbianFeatures(
    CheckedCallsMixin,
    DocumentationMixin,
    FeaturePersistenceMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    ObservedFitMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Features that a local rule learns without labels."""

    # Parameters that only new components heed.
    _of_new: tuple[str, ...] = ("n_components", "density", "random_state")

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "density": [Interval(Real, 0, 1, closed="right")],
        "learning_rate": [StrOptions(PLANNED)],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

    @abstractmethod
    def _rule(self):
        """Return the UnsupervisedRule that the parameters describe."""

    @abstractmethod
    def _activate(self, projections):
        """Return features of products with the components, which may be overwritten.

        Both have the shape (n_samples, n_units).
        """

    def _validate_params(self):
        super()._validate_params()
        check_floats(self)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: Any = None,
        *,
        components_init: MatrixLike | None = None,
        receptive_fields: MatrixLike | None = None,
    ) -> Self:
        """Learn the components from X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 is kept, everything else becomes float64.
        y : None, default=None
            Ignored.
        components_init : {ndarray, sparse matrix} of shape (n_components, n_features),\
                default=None
            Initial components, which are copied; those of a sparse matrix have what it
            stores, zeros included, for receptive fields. `density` and what the class
            has to draw initial components by have no effect then.
        receptive_fields : {ndarray, sparse matrix} of shape (n_components, \
                n_features), default=None
            The features that each unit is connected to, where it is not zero: patches
            of images, for instance. `density` then has no effect. By default they are
            random.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter, the data or an initial array is not as described.

        Warns
        -----
        ConvergenceWarning
            If the components become non-finite; those of the last complete epoch are
            kept. If more than half of the units that were not 0 for all samples become
            so.
        UserWarning
            If training is interrupted from the keyboard; likewise.
        """
        reason, complaint = self._fit_draft(X, components_init, receptive_fields)
        warn_of_learning(self, reason, complaint)
        return self

    def _fit(self, observed, X_given, components_init, receptive_fields):
        """Learn for up to `max_iter` epochs; return a StopReason and a complaint."""
        X = self._check(X_given, is_first=True)
        trainer = self._trainer()
        run = self._run(observed, X, components_init, receptive_fields)
        state = self._begin(X, trainer, components_init, receptive_fields)
        initial = state.components.copy()
        if run.kept is not None:
            state = run.kept.state
        observer = FitObserver(
            observed,
            run,
            state,
            X=lambda: whole(X_given),
            y=lambda: None,
            metadata=lambda: None,
            fitted_attributes=lambda: {
                **vars(self),
                **self._fitted(state.copy(), X),
            },
        )

        def run_epoch(before):
            trainer.train(state, X, state.n_iter, self.max_iter)
            change = state.components.relative_change(before.components)
            state.change_curve.append(change)
            return FeatureMetrics(state.n_iter, change)

        def reason_to_stop():
            is_over = state.n_iter == self.max_iter
            return StopReason.MAX_EPOCHS if is_over else None

        observer.begin_fit(state.n_iter)
        reason = run.kept and run.kept.reason
        reason = reason or run_epochs(state, run_epoch, reason_to_stop, observer)
        vars(self).update(self._fitted(state, X))
        observer.end_fit(reason)
        if reason.is_failure:
            return reason, None
        return reason, complaint_of(self, X, initial, state.components)

    def _run(self, observed, X, components_init, receptive_fields):
        """Return the Run of a fit; what is kept of it is a FeatureState."""
        return Run(
            callbacks_of(observed),
            observed._init_callback_context(max_subtasks=self.max_iter),
            lambda: identity_of(
                self,
                X=X,
                components_init=components_init,
                receptive_fields=receptive_fields,
            ),
            partial(FeatureState.unpack, self._components_of),
        )

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: MatrixLike, y: Any = None) -> Self:
        """Pass once over X, going on from what was learned before.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : None, default=None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Warns
        -----
        ConvergenceWarning
            If the components become non-finite; the pass is then undone. If more than
            half of the units that were not 0 for all samples become so.
        UserWarning
            If training is interrupted from the keyboard; the pass is then undone.
        """
        warn_of_changes(self, "Use fit to start anew.")
        reason, complaint = StopReason.MAX_EPOCHS, None
        try:
            with transaction(self) as draft:
                complaint = draft._partial_fit(X)
        except (KeyboardInterrupt, NonFiniteTraining) as error:
            reason = StopReason.of(error)
        warn_of_learning(self, reason, complaint, UNDONE)
        return self

    def _partial_fit(self, X):
        """Pass once over X; return a complaint, see `complaint_of`."""
        return self._pass_over([X])

    def _pass_over(self, batches):
        """Train on sets of samples, one after the other; return a complaint.

        They are alike, so that the first is checked for all. If one cannot be learned,
        what those before it taught is kept.
        """
        is_first = not hasattr(self, "components_")
        if not is_first:  # scikit-learn validates before the first call only
            self._validate_params()
            self._check_components()
        trainer = self._trainer()
        state = done = None
        try:
            for X in batches:
                if state is None:
                    X = self._check(X, is_first)
                    state = self._begin(X, trainer) if is_first else self._state()
                    initial = state.components.copy()
                trainer.train(state, X, 0, None)
                done = state.copy(), X
        finally:
            if done is not None:
                vars(self).update(self._fitted(*done))
        return complaint_of(self, X, initial, state.components)

    def _state(self):
        """Return the FeatureState that fitted attributes tell of."""
        components = self._components_of(self.components_)
        so_far = self.n_iter_, self.n_samples_seen_, self.change_curve_
        return FeatureState(components, self._rng, *so_far).copy()

    def transform(self, X: MatrixLike) -> np.ndarray:
        """Turn samples into features.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        features : ndarray of shape (n_samples, n_components)
            The positive part of the products of samples and components; the products
            themselves where the rule is linear.

        Raises
        ------
        ValueError
            If X is not as described, or so large that sums overflow.
        """
        fitted = self._check_fitted()
        X = fitted._check(X, is_first=False)
        n_samples, n_units = X.shape[0], fitted.components_.shape[0]
        check_memory(
            n_samples * n_units * X.dtype.itemsize,
            f"{n_units} features of {n_samples} samples",
            "Give fewer samples at a time.",
        )
        return fitted._features_of(X)

    def _features_of(self, X):
        """Return features of samples that are checked, (n_samples, n_components)."""
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            components = self._components_of(self.components_)
            projections = components.project(X)
        check_outputs(projections)
        return self._activate(projections)

    def _check(self, X, is_first):
        """Return X, if not ComputedRows, as ndarray or csr_array of finite numbers."""
        if isinstance(X, ComputedRows):
            self.n_features_in_ = X.shape[1]
            return X
        X = check_sparse("X", X)
        dtype = floats_for(X) if is_first else self.components_.dtype
        X = validate_data(
            self, X, accept_sparse="csr", dtype=dtype, order="C", reset=is_first
        )
        if issparse(X) and not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()  # norms take each number for one of its own
        return X

    def _check_fitted(self):
        """Return a checked twin, which other threads do not change."""
        check_is_fitted(self)
        fitted = twin(self)
        fitted._validate_params()
        fitted._check_components()
        return fitted

    def _trainer(self):
        schedule = SCHEDULES[self.learning_rate](self.learning_rate_init)
        return FeatureTrainer(self._rule(), schedule, self.batch_size, self.shuffle)

    def _begin(self, X, trainer, components_init=None, receptive_fields=None):
        """Return the FeatureState that training starts from."""
        (rng,) = random_streams(self.random_state, 1)
        given = receptive_fields if components_init is None else components_init
        shape = self._n_units(X, given), X.shape[1]
        self._check_memory(shape, X, trainer.rule.couples_units)
        self._begun_with = parameters_of(self, self._of_new)
        if components_init is not None:
            if receptive_fields is not None:
                raise ValueError(
                    "receptive_fields is of no use with components_init, which has "
                    "receptive fields of its own. Give one of them."
                )
            given = check_initial("components_init", components_init, shape, X.dtype)
            return FeatureState(self._components_of(given), rng)
        if receptive_fields is not None:
            fields = check_receptive_fields(receptive_fields, shape, X.dtype)
        else:
            fields = draw_receptive_fields(self.density, shape, X.dtype, rng)
        return FeatureState(self._initial_components(shape, fields, X, rng), rng)

    def _n_units(self, X, given):
        """Return how many units; by default as given, or as principal components."""
        if self.n_components is not None:
            return self.n_components
        return min(X.shape) if given is None else np.shape(given)[0]

    def _check_memory(self, shape, X, couples_units):
        """Raise if this machine cannot hold so many components and a mini-batch.

        Raises
        ------
        MemoryError
        """
        n_units, n_features = shape
        batch_size = min(self.batch_size, X.shape[0])
        # Weights, those of the epoch before, their change; projections, coefficients.
        n_numbers = self.density * 3 * n_units * n_features + 2 * n_units * batch_size
        n_numbers += 2 * n_units**2 if couples_units else 0
        check_memory(
            n_numbers * X.dtype.itemsize,
            f"Training with n_components={n_units} and density={self.density} on "
            f"{n_features} features",
            "Lower n_components, density or batch_size.",
        )

    def _initial_components(self, shape, fields, X, rng):
        """Return random components, (n_units, n_features), in `fields` unless None."""
        return self._components_of(draw_uniform(shape, fields, X.dtype, rng))

    def _components_of(self, weights):
        """Return components of these weights, (n_components, n_features)."""
        return make_components(weights, effective_n_threads(self.n_jobs))

    def _fitted(self, state, X):
        """Return all fitted attributes, after training on X."""
        weights = state.components.weights
        return {
            "components_": weights,
            "n_components_": weights.shape[0],
            "n_iter_": state.n_iter,
            "n_samples_seen_": state.n_samples_seen,
            "change_curve_": state.change_curve,
            "_n_features_out": weights.shape[0],
            "_rng": state.rng,
        }

    def __sklearn_is_fitted__(self):
        return hasattr(self, "components_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
