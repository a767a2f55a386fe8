"""What transformers that learn features by a local rule share."""

import copy
import warnings
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skhebb._training.epochs import run_epochs
from skhebb._training.observer import FitObserver
from skhebb._training.schedules import SCHEDULES
from skhebb._training.stopping import NonFiniteTraining, StopReason
from skhebb._transformers.components import DenseComponents, SparseComponents
from skhebb._utils.csr import make_csr
from skhebb._utils.memory import check_memory
from skhebb._utils.norms import norms_of
from skhebb._utils.persistence import (
    PersistenceMixin,
    check_counts,
    check_features,
    native,
    require,
    unpack_csr,
)
from skhebb._utils.random import random_streams
from skhebb._utils.sklearn import Interval, StrOptions, _fit_context
from skhebb._utils.sparse import check_sparse
from skhebb._utils.threads import effective_n_threads, one_blas_thread
from skhebb._utils.transaction import transaction, twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    check_attribute,
    check_connections,
    check_floats,
    check_numbers,
    check_outputs,
    check_shape,
    floats_for,
    parameters_of,
    validate_data,
    warn_of_changes,
)
from skhebb.topology import GRAPHS

PROBE = 10_000  # samples that are looked at after training, at most
PLANNED = {name for name, schedule in SCHEDULES.items() if not schedule.cuts}


class FeatureMetrics(NamedTuple):
    """Metrics of an epoch.

    Attributes
    ----------
    epoch : int
        From 1.
    change : float
        Norm of the change of all weights, relative to their norm before.
    """

    epoch: int
    change: float

    def __str__(self):
        return f"Iteration {self.epoch}, change = {self.change:.6f}"


class BaseHebbianFeatures(
    CheckedCallsMixin,
    PersistenceMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    CallbackSupportMixin,
    BaseEstimator,
):
    """Features that a local rule learns without labels.

    Subclasses have `_rule()` and `_activate(projections)`, which makes features of
    products with the components.
    """

    # Parameters that only new components heed.
    _of_new = ("n_components", "density", "random_state")

    _couples_units = False  # by a number for each pair of them

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

    def _validate_params(self):
        super()._validate_params()
        check_floats(self)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, components_init=None, receptive_fields=None):
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
        with transaction(self) as draft:
            reason, complaint = self._observe_fit(
                draft, X, components_init, receptive_fields
            )
        self._warn(reason, complaint)
        return self

    @with_callbacks
    def _observe_fit(self, draft, *data):
        """Let the draft fit, and callbacks know this transformer."""
        return draft._fit(self, *data)

    def _fit(self, observed, X_given, components_init, receptive_fields):
        X = self._check(X_given, is_first=True)
        trained = self._begin(X, components_init, receptive_fields)
        initial = trained.components.copy()
        observer = FitObserver(
            observed,
            observed._init_callback_context(max_subtasks=self.max_iter),
            X=lambda: X_given,
            y=lambda: None,
            metadata=lambda: None,
            fitted_attributes=lambda: {
                **vars(self),
                **self._fitted(trained.copy(), X),
            },
        )

        def run_epoch(before):
            self._train(trained, X, trained.n_iter, self.max_iter)
            change = trained.components.relative_change(before.components)
            trained.change_curve.append(change)
            return FeatureMetrics(trained.n_iter, change)

        def reason_to_stop():
            is_over = trained.n_iter == self.max_iter
            return StopReason.MAX_EPOCHS if is_over else None

        observer.begin_fit()
        reason = run_epochs(trained, run_epoch, reason_to_stop, observer)
        vars(self).update(self._fitted(trained, X))
        observer.end_fit()
        if reason.is_failure:
            return reason, None
        return reason, self._what_is_wrong(X, initial, trained.components)

    def _are_alive(self, components, X):
        """Which units are not 0 for all samples."""
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            return self._activate(components.project(probe(X))).any(axis=0)

    def _what_is_wrong(self, X, before, components):
        """A sentence about units that died on X, if half have; None if all is well."""
        are_alive = self._are_alive(components, X)
        if 2 * np.count_nonzero(are_alive) >= len(are_alive):
            return None  # without a look at those before
        were_alive = self._are_alive(before, X)
        n_died = np.count_nonzero(were_alive & ~are_alive)
        if 2 * n_died <= np.count_nonzero(were_alive):
            return None
        return (
            f"{n_died} of {len(were_alive)} units became 0 for all samples. Centre "
            "and scale X (sklearn.preprocessing.StandardScaler), or lower "
            f"learning_rate_init ({self.learning_rate_init})."
        )

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
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
        self._warn(reason, complaint, "the pass is undone")
        return self

    def _partial_fit(self, X):
        return self._pass_over([X])

    def _pass_over(self, batches):
        """Train on sets of samples, one after the other; return what is wrong, or None.

        They are alike, so that the first is checked for all. If one cannot be learned,
        what those before it taught is kept.
        """
        is_first = not hasattr(self, "components_")
        if not is_first:  # scikit-learn validates before the first call only
            self._validate_params()
            self._check_components()
        trained = done = None
        try:
            for X in batches:
                if trained is None:
                    X = self._check(X, is_first)
                    trained = self._begin(X) if is_first else self._so_far()
                    initial = trained.components.copy()
                self._train(trained, X, 0, None)
                done = trained.copy(), X
        finally:
            if done is not None:
                vars(self).update(self._fitted(*done))
        return self._what_is_wrong(X, initial, trained.components)

    def _so_far(self):
        """Return the progress that fitted attributes tell of."""
        components = self._components_of(self.components_)
        so_far = self.n_iter_, self.n_samples_seen_, self.change_curve_
        return Progress(components, self._rng, *so_far).copy()

    def transform(self, X):
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
        fitted, X = self._check_fitted(X)
        n_samples, n_units = X.shape[0], fitted.components_.shape[0]
        check_memory(
            n_samples * n_units * X.dtype.itemsize,
            f"{n_units} features of {n_samples} samples",
            "Give fewer samples at a time.",
        )
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            components = fitted._components_of(fitted.components_)
            projections = components.project(X)
        check_outputs(projections)
        return fitted._activate(projections)

    def _check(self, X, is_first):
        X = check_sparse("X", X)
        dtype = floats_for(X) if is_first else self.components_.dtype
        X = validate_data(
            self, X, accept_sparse="csr", dtype=dtype, order="C", reset=is_first
        )
        if issparse(X) and not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()  # norms take each number for one of its own
        return X

    def _check_fitted(self, X):
        """Return a twin, which other threads do not change, and checked X."""
        check_is_fitted(self)
        fitted = twin(self)
        fitted._validate_params()
        fitted._check_components()
        return fitted, fitted._check(X, is_first=False)

    def _begin(self, X, components_init=None, receptive_fields=None):
        """Return what training starts from."""
        (rng,) = random_streams(self.random_state, 1)
        given = receptive_fields if components_init is None else components_init
        shape = self._n_units(X, given), X.shape[1]
        self._check_memory(shape, X)
        self._begun_with = parameters_of(self, self._of_new)
        if components_init is not None:
            if receptive_fields is not None:
                raise ValueError(
                    "receptive_fields is of no use with components_init, which has "
                    "receptive fields of its own. Give one of them."
                )
            given = check_components("components_init", components_init, shape, X.dtype)
            return Progress(self._components_of(given), rng)
        if receptive_fields is not None:
            name = "receptive_fields"
            fields = csr_array(check_components(name, receptive_fields, shape, X.dtype))
            fields.eliminate_zeros()
            fields = make_csr(fields.data, fields.indices, fields.indptr, shape)
            if not fields.nnz:
                raise ValueError("receptive_fields has no connection: all are zero.")
        else:
            fields = self._draw_fields(shape, X.dtype, rng)
        return Progress(self._initial_components(shape, fields, X, rng), rng)

    def _n_units(self, X, given):
        """Number of units; by default as many as given, or as principal components."""
        if self.n_components is not None:
            return self.n_components
        return min(X.shape) if given is None else np.shape(given)[0]

    def _check_memory(self, shape, X):
        """Raise if this machine cannot hold so many components and a mini-batch.

        Raises
        ------
        MemoryError
        """
        n_units, n_features = shape
        batch_size = min(self.batch_size, X.shape[0])
        # Weights, those of the epoch before, their change; projections, coefficients.
        n_numbers = self.density * 3 * n_units * n_features + 2 * n_units * batch_size
        n_numbers += 2 * n_units**2 if self._couples_units else 0
        check_memory(
            n_numbers * X.dtype.itemsize,
            f"Training with n_components={n_units} and density={self.density} on "
            f"{n_features} features",
            "Lower n_components, density or batch_size.",
        )

    def _draw_fields(self, shape, dtype, rng):
        """Receptive fields at random, a csr_array; None for all features."""
        if self.density == 1:
            return None
        graph = GRAPHS["uniform"]([shape[::-1]], None, self.density)
        indptr, indices = graph.draw(0, rng)
        if not len(indices):
            raise ValueError(
                f"density={self.density} of n_features={shape[1]} times n_components="
                f"{shape[0]} leaves no connection. Increase it."
            )
        ones = np.ones(len(indices), dtype=dtype)
        return make_csr(ones, indices, indptr, shape[::-1]).T.tocsr()

    def _initial_components(self, shape, fields, X, rng):
        """Uniformly distributed in ±1 / sqrt(number of features that a unit sees)."""
        if fields is None:
            weights = rng.uniform(-1, 1, shape) / np.sqrt(X.shape[1])
            return self._components_of(weights.astype(X.dtype))
        fan_in = np.diff(fields.indptr)
        limits = np.repeat(1 / np.sqrt(np.maximum(fan_in, 1)), fan_in)
        fields.data[:] = limits * rng.uniform(-1, 1, fields.nnz)
        return self._components_of(fields)

    def _components_of(self, weights):
        """Return components of these weights, (n_components, n_features)."""
        n_threads = effective_n_threads(self.n_jobs)
        if isinstance(weights, np.ndarray):
            return DenseComponents(weights)
        fields = weights.T.tocsr()
        fields.sort_indices()
        return SparseComponents(fields, n_threads)

    def _train(self, trained, X, epoch, n_epochs):
        """Pass once over the samples."""
        rule, components = self._rule(), trained.components
        schedule = SCHEDULES[self.learning_rate](self.learning_rate_init)
        rate = X.dtype.type(schedule.rate(epoch, n_epochs, trained.n_samples_seen, 0))
        n_samples = X.shape[0]
        order = np.arange(n_samples)
        if self.shuffle:
            trained.rng.shuffle(order)
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            for some in gen_batches(n_samples, self.batch_size):
                self._take_step(rule, components, X[order[some]], rate)
            if not np.isfinite(np.square(components.norms())).all():
                raise NonFiniteTraining  # before all that is squared overflows
        trained.n_iter += 1
        trained.n_samples_seen += n_samples

    def _take_step(self, rule, components, batch, rate):
        """Change the components by a mini-batch."""
        projections, norms = components.project(batch), norms_of(batch)
        coefficients, decay = rule.step(components, projections, norms, rate)
        components.update(coefficients, batch, decay)

    def _fitted(self, trained, X):
        """All fitted attributes, after training on X."""
        weights = trained.components.weights
        return {
            "components_": weights,
            "n_components_": weights.shape[0],
            "n_iter_": trained.n_iter,
            "n_samples_seen_": trained.n_samples_seen,
            "change_curve_": trained.change_curve,
            "_n_features_out": weights.shape[0],
            "_rng": trained.rng,
        }

    def _warn(
        self,
        reason,
        complaint=None,
        kept="those of the last complete epoch are kept",
    ):
        """Warn of a failure, or of what `_what_is_wrong` says."""
        if reason is StopReason.INTERRUPTED:
            warnings.warn(
                f"Training of the components interrupted by user; {kept}.",
                UserWarning,
                stacklevel=5,
            )
        elif reason is StopReason.DIVERGED:
            warnings.warn(
                f"Training stopped because the components became non-finite; {kept}. "
                f"Lower learning_rate_init ({self.learning_rate_init}), or scale X.",
                ConvergenceWarning,
                stacklevel=5,
            )
        elif complaint is not None:
            warnings.warn(complaint, ConvergenceWarning, stacklevel=5)

    def _check_components(self):
        """Replace `components_` by what is read of them; raise if they are not sound.

        Users may have changed the array. SciPy and the kernels would not survive
        indices that lead out of it.
        """
        shape = self.n_components_, self.n_features_in_
        self.components_ = check_attribute("components_", self.components_, shape)

    def _pack(self, attributes):
        if "components_" in attributes:
            self._check_components()
            components = self.components_
            if issparse(components):
                arrays = components.data, components.indices, components.indptr
                components = {"arrays": arrays, "shape": components.shape}
            attributes["components_"] = components
        return {}

    def _unpack(self, saved):
        if not hasattr(self, "components_"):
            return
        if isinstance(self.components_, dict):
            arrays = map(native, self.components_["arrays"])
            self.components_ = unpack_csr(
                "components_", self.components_["shape"], *arrays
            )
        else:
            self.components_ = native(self.components_)
        check_features(self)
        check_counts(
            n_components_=self.n_components_,
            n_iter_=self.n_iter_,
            n_samples_seen_=self.n_samples_seen_,
        )
        self._check_components()
        require(self._n_features_out == self.n_components_, "_n_features_out")
        require(isinstance(self._rng, np.random.Generator), f"_rng={self._rng!s:.80}")
        curve = self.change_curve_
        are_numbers = isinstance(curve, list) and all(
            isinstance(change, Real) for change in curve
        )
        require(are_numbers, f"change_curve_={curve!s:.80}")

    def __sklearn_is_fitted__(self):
        return hasattr(self, "components_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@dataclass
class Progress:
    """Components in training, and how far they are.

    Attributes
    ----------
    components : DenseComponents or SparseComponents
    rng : numpy.random.Generator
    n_iter, n_samples_seen : int
    change_curve : list of float
    """

    components: object
    rng: np.random.Generator
    n_iter: int = 0
    n_samples_seen: int = 0
    change_curve: list = field(default_factory=list)

    def copy(self):
        """Another, which does not change with this one."""
        return replace(
            self,
            components=self.components.copy(),
            rng=copy.deepcopy(self.rng),
            change_curve=list(self.change_curve),
        )

    snapshot = copy

    def restore(self, snapshot):
        """Go back to what `snapshot` gave."""
        vars(self).update(vars(snapshot))


def probe(X):
    """Samples that stand for all: these, or some that lie evenly among them."""
    return X[:: -(-X.shape[0] // PROBE)]


def check_components(name, given, shape, dtype):
    """Return a copy of what was given, an array or csr_array of this type."""
    given = check_numbers(name, given, dtype, accept_sparse="csr")
    if isinstance(given, np.ndarray):
        check_shape(name, given.shape, shape)
        return given
    return check_connections(name, given, shape)
