"""What the estimators share: validation, labels, fit, partial_fit and predict."""

import warnings
from contextlib import contextmanager
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skhebb._activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from skhebb._batches import ClassTargets, rows_of
from skhebb._layer import SparseLayer
from skhebb._losses import LOSSES
from skhebb._network import Network
from skhebb._optimizers import SGD
from skhebb._sklearn import Interval, StrOptions, _fit_context
from skhebb._threads import effective_n_threads
from skhebb._training import StoppingRule, Trainer, TrainingState
from skhebb._validation import (
    check_coefs,
    check_intercepts,
    check_layer_sizes,
    check_sortable,
    check_sparse,
)
from skhebb.topology import PRUNING_RULES, SparseEvolution

FLOATS = (np.float64, np.float32)


class BaseSparseClassifier(ClassifierMixin, BaseEstimator):
    """Classifier with a truly sparse network whose topology evolves."""

    _parameter_constraints = {
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "loss": [StrOptions(set(LOSSES))],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "zeta": [Interval(Real, 0, 1, closed="left")],
        "pruning": [StrOptions(set(PRUNING_RULES))],
        "evolution_interval": [
            StrOptions({"epoch"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterovs_momentum": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

    # Parameters that may make training diverge when they are too large.
    _suspects = ("learning_rate_init", "momentum")

    def __init__(
        self,
        hidden_layer_sizes,
        activation,
        loss,
        epsilon,
        zeta,
        pruning,
        evolution_interval,
        alpha,
        batch_size,
        learning_rate_init,
        momentum,
        nesterovs_momentum,
        max_iter,
        shuffle,
        tol,
        n_iter_no_change,
        early_stopping,
        validation_fraction,
        warm_start,
        verbose,
        random_state,
        n_jobs,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.epsilon = epsilon
        self.zeta = zeta
        self.pruning = pruning
        self.evolution_interval = evolution_interval
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _plasticity(self):
        """The local learning rule, or None."""
        return None

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, coefs_init=None, intercepts_init=None):
        """Train the network on X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 trains in float32, everything else in float64. A
            sparse matrix is never made dense: the first layer works on the non-zeros
            of a batch.
        y : array-like of shape (n_samples,)
            The classes, of any type that can be sorted.
        coefs_init : list of {sparse matrix, ndarray}, default=None
            Initial weights of each layer, of shapes (n_in, n_out). What a sparse
            matrix stores, zeros included, and the non-zeros of an ndarray are the
            initial connections; `epsilon` then has no effect. They are copied. By
            default, weights N(0, 0.1²) on Erdős-Rényi graphs.
        intercepts_init : list of ndarray, default=None
            Initial biases of each layer, of shapes (n_out,). Zeros by default.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, X, y or an initial array is not as described.

        Warns
        -----
        ConvergenceWarning
            If the loss becomes non-finite, whereupon the network of the last complete
            epoch is kept, or if `max_iter` epochs pass without convergence.
        UserWarning
            If training is interrupted from the keyboard; the network of the last
            complete epoch is kept.
        """
        with unchanged_on_error(self):
            stopped = self._fit(X, y, coefs_init, intercepts_init)
        self._warn(stopped)
        return self

    def _fit(self, X, y, coefs_init, intercepts_init):
        warm = self.warm_start and hasattr(self, "_state")
        n_threads = effective_n_threads(self.n_jobs)
        X, y = self._validate_training_data(X, y, is_first=not warm)
        if warm:
            state, classes = self._resume(y, coefs_init, intercepts_init)
        else:
            classes = np.unique(y)
            state = self._begin(X, classes, coefs_init, intercepts_init)

        y = np.searchsorted(classes, y)
        validate = None
        if self.early_stopping:
            X, X_val, y, y_val = self._split(X, y, state.split_seed)
            validate = scorer(state.network, X_val, y_val, len(classes), n_threads)
        trainer = self._trainer(state, len(classes), X.shape[0], n_threads)
        n_epochs_before = len(state.losses)
        stopped = trainer.fit(
            rows_of(X),
            ClassTargets(y, len(classes)),
            max_epochs=self.max_iter,
            stopping=StoppingRule(self.tol, self.n_iter_no_change),
            validate=validate,
            report=self._report,
        )
        self._set_fitted(state, classes, len(state.losses) - n_epochs_before)
        if stopped is None and self.tol is not None:
            return "max_iter"
        return stopped

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None):
        """Train for one pass over X and y, going on from where training stands.

        With ``evolution_interval="epoch"`` the topology evolves between two calls;
        streams of small chunks want a number of mini-batches instead, which are
        counted across calls. Evolution takes place when training goes on, so that
        after each call the network is as it was trained.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their classes.
        classes : array-like of shape (n_classes,), default=None
            All classes that may ever occur. Needed at the first call, may be left
            out later.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, X, y or `classes` is not as described, or with
            ``early_stopping=True``.

        Warns
        -----
        ConvergenceWarning
            If the loss becomes non-finite; the pass is then undone.
        UserWarning
            If training is interrupted from the keyboard; the pass is then undone.
        """
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True. "
                "Set early_stopping=False, or use fit."
            )
        with unchanged_on_error(self):
            stopped = self._partial_fit(X, y, classes)
        self._warn(stopped)
        return self

    def _partial_fit(self, X, y, classes):
        n_threads = effective_n_threads(self.n_jobs)
        is_first = not hasattr(self, "_state")
        classes = self._partial_fit_classes(classes, is_first)
        X, y = self._validate_training_data(X, y, is_first)
        unknown = np.setdiff1d(y, classes)
        if len(unknown):
            raise ValueError(
                f"`y` has classes not in `classes`: {unknown} not in {classes}"
            )
        state = self._begin(X, classes) if is_first else self._state
        trainer = self._trainer(state, len(classes), X.shape[0], n_threads)
        y = np.searchsorted(classes, y)
        stopped = trainer.partial_fit(rows_of(X), ClassTargets(y, len(classes)))
        self._set_fitted(state, classes, n_iter=1 if stopped is None else 0)
        return stopped

    def predict(self, X):
        """Predict the class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            The predicted classes.
        """
        outputs = self._outputs(X)
        return self.classes_[winners(outputs, len(self.classes_))]

    def predict_proba(self, X):
        """Probability of each class.

        With a squared-error loss and more than two classes, the logistic outputs
        divided by their sum.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        outputs = self._outputs(X)
        if len(self.classes_) == 2:
            return np.hstack([1 - outputs, outputs])
        if self.out_activation_ == "logistic":
            totals = outputs.sum(axis=1, keepdims=True)
            outputs[totals[:, 0] == 0] = 1  # all outputs zero: all classes alike
            outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    def predict_log_proba(self, X):
        """Logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``, -inf where that is 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _outputs(self, X):
        check_is_fitted(self)
        network = self._state.network
        check_sparse(X)
        X = validate_data(
            self, X, accept_sparse="csr", dtype=network.dtype, reset=False
        )
        return network.outputs(rows_of(X), effective_n_threads(self.n_jobs))

    def _validate_training_data(self, X, y, is_first):
        dtype = FLOATS if is_first else self._state.network.dtype
        check_sparse(X)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=dtype,
            order="C",
            reset=is_first,
        )
        y = column_or_1d(y, warn=True)
        check_sortable(y)
        check_classification_targets(y)
        return X, y

    def _partial_fit_classes(self, classes, is_first):
        if is_first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if classes is None:
            return self.classes_
        classes = np.unique(column_or_1d(classes))
        if not is_first and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"`classes={classes}` is not the same as on last call to partial_fit, "
                f"was: {self.classes_}"
            )
        return classes

    def _split(self, X, y, random_state):
        """Training and validation part, stratified where there are samples enough."""
        counts = np.bincount(y)
        n_val = int(np.ceil(self.validation_fraction * len(y)))
        stratify = counts.min() > 1 and len(counts) <= min(n_val, len(y) - n_val)
        parts = train_test_split(
            X,
            y,
            test_size=self.validation_fraction,
            stratify=y if stratify else None,
            random_state=random_state,
        )
        if n_val < 2:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {len(y)} samples "
                "leaves less than 2 for validation. Increase it or the data set."
            )
        return parts

    def _topology(self):
        return SparseEvolution(self.epsilon, self.zeta, self.pruning)

    def _begin(self, X, classes, coefs_init=None, intercepts_init=None):
        """The state that the training of a new network starts from."""
        n_outputs = 1 if len(classes) == 2 else len(classes)
        sizes = [X.shape[1], *check_layer_sizes(self.hidden_layer_sizes), n_outputs]
        shapes = list(pairwise(sizes))
        initial, shuffle, split, *evolution = random_streams(
            self.random_state, 3 + len(shapes)
        )
        intercepts = check_intercepts(intercepts_init, sizes[1:], X.dtype)
        if coefs_init is None:
            topology = self._topology()
            coefs = [
                topology.initial_weights(*shape, X.dtype, initial) for shape in shapes
            ]
        else:
            coefs = check_coefs(coefs_init, shapes, X.dtype)
        layers = [SparseLayer(*pair) for pair in zip(coefs, intercepts, strict=True)]
        split_seed = int(split.integers(2**31))
        return TrainingState(Network(layers), shuffle, evolution, split_seed)

    def _resume(self, y, coefs_init, intercepts_init):
        """The state that a warm start goes on from, and its classes."""
        if coefs_init is not None or intercepts_init is not None:
            raise ValueError(
                "coefs_init and intercepts_init start a new network, but "
                "warm_start=True goes on with the fitted one. Set warm_start=False."
            )
        classes = np.unique(y)
        if not np.array_equal(classes, self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the "
                f"previous call to fit. Previously got {self.classes_}, `y` has "
                f"{classes}"
            )
        sizes = check_layer_sizes(self.hidden_layer_sizes)
        fitted_sizes = self._state.network.layer_sizes[1:-1]
        if sizes != fitted_sizes:
            raise ValueError(
                f"warm_start=True goes on with hidden layers of {fitted_sizes} neurons,"
                f" but hidden_layer_sizes={self.hidden_layer_sizes!r}. Set "
                "warm_start=False to start anew."
            )
        return self._state, classes

    def _trainer(self, state, n_classes, n_samples, n_threads):
        output_activation = LOSSES[self.loss].output_activation(n_classes)
        state.network.activation = ACTIVATIONS[self.activation]()
        state.network.output_activation = OUTPUT_ACTIVATIONS[output_activation]()
        batch_size = 200 if self.batch_size == "auto" else self.batch_size
        interval = self.evolution_interval
        return Trainer(
            state=state,
            loss=LOSSES[self.loss],
            optimizer=SGD(
                self.learning_rate_init, self.momentum, self.nesterovs_momentum
            ),
            topology=self._topology(),
            plasticity=self._plasticity(),
            alpha=self.alpha,
            batch_size=min(batch_size, n_samples),
            shuffle=self.shuffle,
            evolution_interval=None if interval == "epoch" else interval,
            n_threads=n_threads,
        )

    def _report(self, epoch, loss, score):
        if self.verbose:
            line = f"Iteration {epoch}, loss = {loss:.8f}"
            print(line if score is None else f"{line}, validation score = {score:.6f}")

    def _set_fitted(self, state, classes, n_iter):
        """Set all fitted attributes, now that training is over."""
        layers = state.network.layers
        self._state = state
        self.classes_ = classes
        self.coefs_ = [layer.weights for layer in layers]
        self.intercepts_ = [layer.biases for layer in layers]
        self.n_layers_ = len(layers) + 1
        self.n_outputs_ = layers[-1].n_out
        self.out_activation_ = LOSSES[self.loss].output_activation(len(classes))
        self.n_connections_ = sum(layer.n_connections for layer in layers)
        n_cells = sum(layer.n_in * layer.n_out for layer in layers)
        self.density_ = self.n_connections_ / n_cells
        self.n_iter_ = n_iter
        self.t_ = state.n_samples_seen
        self.loss_curve_ = state.losses
        self.loss_ = state.losses[-1] if state.losses else np.nan
        self.best_loss_ = min(state.losses, default=np.inf)
        self.validation_scores_ = self.best_validation_score_ = None
        if self.early_stopping:
            self.best_loss_ = None
            self.validation_scores_ = state.scores
            scores = state.scores[len(state.scores) - n_iter :]
            self.best_validation_score_ = max(scores, default=-np.inf)

    def _warn(self, stopped):
        if stopped == "diverged":
            values = [f"{name} ({getattr(self, name)})" for name in self._suspects]
            suspects = ", ".join(values[:-1]) + f" or {values[-1]}"
            warnings.warn(
                f"Training stopped after {self.n_iter_} complete epochs because the "
                "loss or a weight became non-finite; the last finite weights are kept. "
                f"Lower {suspects}, or scale X.",
                ConvergenceWarning,
                stacklevel=4,
            )
        elif stopped == "interrupted":
            warnings.warn(
                f"Training interrupted by user after {self.n_iter_} complete epochs; "
                "the network of the last of them is kept, or the best one with "
                "early_stopping.",
                UserWarning,
                stacklevel=4,
            )
        elif stopped == "max_iter":
            warnings.warn(
                f"Maximum number of epochs (max_iter={self.max_iter}) reached and the "
                "optimization hasn't converged yet. Raise max_iter, or set tol=None to "
                "train for max_iter epochs without this check.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


@contextmanager
def unchanged_on_error(estimator):
    """Let an exception leave the attributes of `estimator` as they were."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def random_streams(random_state, n):
    """`n` independent generators."""
    entropy = check_random_state(random_state).randint(2**31 - 1, size=4)
    seeds = np.random.SeedSequence(entropy.tolist()).spawn(n)
    return [np.random.default_rng(seed) for seed in seeds]


def winners(outputs, n_classes):
    """Number of the most active class of each sample; two classes share an output."""
    if n_classes == 2:
        return (outputs[:, 0] > 0.5).astype(np.intp)
    return outputs.argmax(axis=1)


def scorer(network, X, y, n_classes, n_threads):
    """A function that gives the accuracy of `network` at the time it is called."""
    inputs = rows_of(X)

    def score():
        return accuracy_score(y, winners(network.outputs(inputs, n_threads), n_classes))

    return score
