"""The life of features of images: learning from patches, transforming in blocks."""

import copy
import math
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skhebb._training.computed_rows import ComputedRows
from skhebb._training.stopping import StopReason
from skhebb._transformers.blocks import blocks, in_blocks
from skhebb._transformers.channel_statistics import ChannelStatistics, merged
from skhebb._transformers.convolver import Convolver
from skhebb._transformers.geometry import geometry
from skhebb._transformers.outcome import LAST_BATCH, warn_of_learning
from skhebb._transformers.patch_encoder import PatchEncoder
from skhebb._transformers.patch_learning import (
    PassState,
    features_can_go_on,
    kept_by,
    new_features,
    run_of_passes,
    teach,
)
from skhebb._transformers.patch_source import PatchSource
from skhebb._utils.documentation import DocumentationMixin
from skhebb._utils.memory import check_memory
from skhebb._utils.observed_fit import ObservedFitMixin
from skhebb._utils.persistence import PersistenceMixin
from skhebb._utils.random import random_streams
from skhebb._utils.sklearn import _fit_context
from skhebb._utils.threads import effective_n_threads, one_blas_thread
from skhebb._utils.transaction import transaction, twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    check_call,
    check_floats,
    floats_for,
    parameters_of,
    warn_of_changes,
)

# Parameters that only a new fit heeds.
OF_NEW = (
    "image_shape",
    "channels_first",
    "kernel_size",
    "stride",
    "padding",
    "pooling",
    "pool_size",
    "pool_stride",
    "pool_padding",
    "standardize_input",
    "random_state",
)
FITTED = (
    "features_",
    "input_statistics_",
    "output_statistics_",
    "output_shape_",
    "n_iter_",
    "_n_features_out",
    "_dtype",
    "_grid",
    "_pooling",
    "_rng",
    "_begun_with",
)


class BaseConvolution(
    CheckedCallsMixin,
    DocumentationMixin,
    PersistenceMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    MetaEstimatorMixin,
    ObservedFitMixin,
    BaseEstimator,
):
    """Features that any transformer learns from patches of images.

    A subclass has the parameters.
    """

    @_fit_context(prefer_skip_nested_validation=False)
    @check_call
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn from patches of the images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The images, one a row. float32 and uint8 are kept, everything else becomes
            float64. Of uint8 patches and features are float32.
        y : None, default=None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If sizes do not fit together, or a parameter or X is not as described.

        Warns
        -----
        ConvergenceWarning
            Where the features warn. If passes over all patches end early because
            components become non-finite, or are interrupted from the keyboard, those
            of the last complete mini-batch are kept.
        """
        self._fit_draft(X, False)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    @check_call
    def fit_transform(self, X: ArrayLike, y: Any = None) -> np.ndarray:
        """Learn from patches of images, and turn the same images into features.

        Does what `fit` and `transform` do, but images are not convolved a second time
        where `standardize` needs all of them to be convolved.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The images, one a row.
        y : None, default=None
            Ignored.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            The pooled maps, an array of `output_shape_` for each image, flat.
        """
        return self._fit_draft(X, True)

    @available_if(features_can_go_on)
    @_fit_context(prefer_skip_nested_validation=False)
    @check_call
    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Let the features learn from patches of more images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The images, one a row.
        y : None, default=None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        warn_of_changes(self, "Use fit to start anew.")
        with transaction(self) as draft:
            draft._partial_fit(X)
        return self

    @check_call
    def transform(self, X: ArrayLike) -> np.ndarray:
        """Turn images into features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The images, one a row.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            The pooled maps, an array of `output_shape_` for each image, flat.
        """
        check_is_fitted(self)
        fitted = twin(self)
        fitted._validate_params()
        X = fitted._check(X, is_first=False)
        return fitted._convolve_all(X, returns_features=True)[0]

    def _validate_params(self):
        super()._validate_params()
        check_floats(self)
        effective_n_threads(self.n_jobs)  # raises if it is 0

    def _fit(self, observed, X_given, returns_features):
        """Learn from images; return their features if wanted.

        Parameters
        ----------
        observed : BaseConvolution
            The estimator that callbacks see, of which this is a draft.
        X_given : array-like of shape (n_samples, n_features)
        returns_features : bool

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out) or None
        """
        X = self._check(X_given, is_first=True)
        about = {"estimator": observed, "X": X_given, "y": None}
        by_passes = self.n_patches is None and features_can_go_on(self)
        n_tasks = self.max_iter if by_passes else 1
        context = observed._init_callback_context(max_subtasks=n_tasks)
        run = run_of_passes(self, observed, context, X) if by_passes else None
        self._begin(X)
        context.call_on_fit_task_begin(**about)
        if by_passes:
            self._learn_by_passes(X, run, about)
        else:
            self._learn_at_once(X, context, about)
        features = self._end(X, returns_features)
        about["reconstruction_attributes"] = lambda: self._fitted()
        context.call_on_fit_task_end(**about)
        return features

    def _learn_at_once(self, X, context, about):
        """Fit the features to patches, as a task of their own."""
        task = context.subcontext(task_name="features")
        with task.propagate_callback_context(self.features_):
            task.call_on_fit_task_begin(**about)
            patches = self._draw(X)
            kept = kept_by(about["estimator"], self.features_)
            with kept, one_blas_thread():  # others than ours know nothing of it
                self.features_.fit(patches)
            self.n_iter_ = 1
            task.call_on_fit_task_end(**about)

    def _learn_by_passes(self, X, run, about):
        """Pass all patches to the features, each pass an epoch for callbacks."""
        reason = None
        if run.kept is not None:
            resume, reason = run.kept
            resume(self)
            warn_of_learning(self.features_, reason, kept=LAST_BATCH)
        for _ in range(self.n_iter_):
            run.context.subcontext(task_name="epoch")
        while reason is None:
            task = run.context.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(**about)
            reason = teach(self.features_, self._batches(X))
            self.n_iter_ += 1
            now = {"reconstruction_attributes": lambda: self._fitted_so_far(X)}
            if task.call_on_fit_task_end(**about, **now):
                reason = reason or StopReason.BY_CALLBACK
            elif reason is None:
                run.save_state(PassState(self), self.n_iter_)
                is_over = self.n_iter_ == self.max_iter
                reason = StopReason.MAX_EPOCHS if is_over else None
        run.save_result(PassState(self), reason)

    def _partial_fit(self, X):
        """Begin, or go on with copies of what learning changes."""
        is_first = not hasattr(self, "features_")
        if not is_first:  # scikit-learn validates before the first call only
            self._validate_params()
        X = self._check(X, is_first)
        if is_first:
            self._begin(X)
        else:
            self.features_ = copy.deepcopy(self.features_)
            self._rng = copy.deepcopy(self._rng)
            if self.input_statistics_ is not None:
                more = self._pixel_statistics(X)
                self.input_statistics_ = self.input_statistics_.merge(more)
        every = self.n_patches is None
        teach(self.features_, self._batches(X) if every else [self._draw(X)])
        self.n_iter_ += 1
        self._end(X)

    def _check(self, X, is_first):
        """Return X as floats or uint8; set where patches lie if these are the first."""
        if isinstance(X, ComputedRows):
            self.n_features_in_ = X.shape[1]
        else:
            floats = floats_for(X) if is_first else (self._dtype,)
            X = validate_data(self, X, dtype=(*floats, np.uint8), reset=is_first)
        if is_first:
            self._grid, self._pooling = geometry(self, X.shape[1])
        return X

    def _begin(self, X):
        """Set new features, generator and statistics of images."""
        self._begun_with = parameters_of(self, OF_NEW)
        self._dtype = np.dtype(np.float32 if X.dtype == np.uint8 else X.dtype)
        random_state = check_random_state(self.random_state)
        self.features_ = new_features(self, random_state)
        (self._rng,) = random_streams(random_state, 1)
        self.n_iter_ = 0
        self.output_statistics_ = self.input_statistics_ = None
        if self.standardize_input:
            self.input_statistics_ = self._pixel_statistics(X)

    def _end(self, X, returns_features=False):
        """Set what follows from the features; return those of X if wanted."""
        self.output_statistics_ = None
        self.output_shape_ = self._convolver().output_shape(X)
        self._n_features_out = math.prod(self.output_shape_)
        if self.standardize is None and not returns_features:
            return None
        features, statistics = self._convolve_all(X, returns_features)
        if self.standardize is not None:
            self.output_statistics_ = statistics
            if returns_features:
                self._standardize_all(features)
        return features

    def _fitted(self):
        """Return all fitted attributes that there are."""
        return {name: vars(self)[name] for name in FITTED if name in vars(self)}

    def _fitted_so_far(self, X):
        """Return all fitted attributes as if fit had ended now."""
        ended = twin(self)
        ended.features_ = copy.deepcopy(self.features_)
        ended._end(X)
        return ended._fitted()

    def _source(self):
        return PatchSource(self._grid, self.input_statistics_, self._dtype)

    def _convolver(self):
        encoder = PatchEncoder(self.features_, self.activation, self.power, self._dtype)
        n_threads = effective_n_threads(self.n_jobs)
        return Convolver(self._source(), encoder, self._pooling, n_threads)

    def _draw(self, X):
        """Return the patches that are learned from at once."""
        return self._source().draw(X, self.n_patches, self._rng)

    def _batches(self, X):
        """Yield the patches that are learned from one after the other."""
        return self._source().batches(X, self.batch_size, self._rng)

    def _convolve_all(self, X, returns_features):
        """Return features of images and statistics of their channels.

        Both come from the same blocks for any number of threads. Features are
        standardised where statistics are known.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out) or None
            None if they are not wanted.
        statistics : ChannelStatistics or None
            None if they are known, or nothing is standardised.
        """
        known, features = self.output_statistics_, None
        if returns_features:
            check_memory(
                len(X) * self._n_features_out * self._dtype.itemsize,
                f"{self._n_features_out} features of {len(X)} images",
                "Give fewer images at a time, or pool more.",
            )
            features = np.empty((len(X), self._n_features_out), dtype=self._dtype)

        def use(block, maps):
            if known is not None:
                known.standardize(maps, self.standardize == "layer")
            if returns_features:
                features[block] = maps.reshape(len(maps), -1)
            if known is None and self.standardize is not None:
                return ChannelStatistics.of(maps)

        n_channels = self.output_shape_[2]
        statistics = self._convolver().for_blocks(use, X, n_channels)
        return features, merged(statistics)

    def _standardize_all(self, features):
        """Standardise pooled maps, (n_images, n_features_out), in place."""

        def standardize(block):
            maps = features[block].reshape(-1, self.output_shape_[2])
            self.output_statistics_.standardize(maps, self.standardize == "layer")

        self._in_blocks(standardize, features)

    def _pixel_statistics(self, X):
        """Return the ChannelStatistics of images without their margins."""

        def of_block(block):
            return ChannelStatistics.of(self._grid.images(X[block]))

        return merged(self._in_blocks(of_block, X))

    def _in_blocks(self, function, X):
        """Return what a function makes of slices of images."""
        slices = blocks(len(X), X.shape[1] * np.dtype(np.float64).itemsize)
        return in_blocks(function, slices, effective_n_threads(self.n_jobs))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "features_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
