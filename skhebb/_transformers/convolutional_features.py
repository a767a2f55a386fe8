"""Features of images by units that see patches."""

import copy
import math
from functools import reduce
from numbers import Integral, Real

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skhebb._training.stopping import NonFiniteTraining, StopReason
from skhebb._transformers.base import BaseHebbianFeatures
from skhebb._transformers.convolution import (
    ChannelStatistics,
    PatchGrid,
    Pooling,
    times,
)
from skhebb._transformers.patch_encoder import PatchEncoder
from skhebb._transformers.winner_take_all import WinnerTakeAll
from skhebb._utils.memory import check_memory
from skhebb._utils.persistence import PersistenceMixin
from skhebb._utils.random import SEEDS, random_streams
from skhebb._utils.sklearn import HasMethods, Interval, StrOptions, _fit_context
from skhebb._utils.threads import effective_n_threads, in_threads, one_blas_thread
from skhebb._utils.transaction import transaction, twin
from skhebb._utils.validation import (
    CheckedCallsMixin,
    check_call,
    check_floats,
    floats_for,
    parameters_of,
    warn_of_changes,
)

BLOCK_BYTES = 2**23  # of patches and maps that a thread has at a time, if it can

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


def features_can_go_on(estimator):
    """Tell whether the features have `partial_fit`."""
    features = estimator.features
    return features is None or hasattr(features, "partial_fit")


class ConvolutionalFeatures(
    CheckedCallsMixin,
    PersistenceMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    MetaEstimatorMixin,
    CallbackSupportMixin,
    BaseEstimator,
):
    """Features of images, learned from their patches by any transformer.

    `features` learns from patches, without labels, and turns each patch of an image
    into features, whose maps are pooled. Layers are stacked in a Pipeline, where each
    takes the `output_shape_` of the one before for its `image_shape`.

    Images are never convolved as a whole: blocks of them become patches, maps and
    pooled maps in turn, in threads. Those of integers stay as they are.

    Parameters
    ----------
    features : estimator, default=None
        Any transformer of dense samples, such as :class:`SoftHebb`, or a Pipeline of
        :class:`ZCAWhitening` and :class:`sklearn.cluster.MiniBatchKMeans`; None for
        ``WinnerTakeAll()``. Its samples are patches: rows, columns and channels, the
        latter lying together. It is cloned.
    image_shape : tuple of int, default=None
        Rows, columns and channels of the images; None for one row of one channel.
    channels_first : bool, default=False
        How a sample is laid out: by default as an array (rows, columns, channels), or,
        if True, as (channels, rows, columns), that is in planes, as in the files of
        CIFAR-10. The output always has channels last.
    kernel_size : int or tuple of int, default=5
        Rows and columns of a patch; one number for both, as in all that follow.
    stride : int or tuple of int, default=1
        Distance of patches.
    padding : int or tuple of int, default=0
        Margin of zeros around images.
    activation : {"relu", "triangle"} or None, default=None
        What the features become before they are pooled. None leaves them what
        `features.transform` returns. The others replace the activation of features of
        this package, for which learning may have another. "triangle" is the positive
        part of what a feature is above the mean of all features of its patch, to the
        power of `power` [1]_. The distances from centres, which k-means has for
        features, count as negative then.
    power : float, default=1.0
        Of "triangle"; has no effect on the others.
    pooling : {"max", "average", "sum"} or None, default="max"
        What becomes of the features in a window of patches.
    pool_size : int or tuple of int, default=2
        Rows and columns of a window. Patches that fill no window are left out.
    pool_stride : int or tuple of int, default=None
        Distance of windows; None for `pool_size`.
    pool_padding : int or tuple of int, default=0
        How far windows reach over the border, where there is nothing to pool.
    standardize_input : bool, default=False
        Whether to give each channel of the images mean 0 and variance 1 before patches
        are taken, as [2]_ does.
    standardize : {"channels", "layer"} or None, default=None
        Whether to give each channel of the pooled maps mean 0 and variance 1, or, with
        "layer", mean 0 and all of them one scale, by which their mean variance is 1
        and that of one to another remains, as [3]_ does in later layers.
    n_patches : int or None, default=100_000
        Number of patches, drawn at random, that features learn from; None for all
        there are. These are passed to `partial_fit` of the features, those of
        `batch_size` images at a time, or, where there is none, all at once to `fit`.
    batch_size : int, default=10
        Images whose patches are passed at a time, if `n_patches` is None. Mini-batches
        are those of `features`: for one of all these patches set its `batch_size`, to
        10 × 32 × 32, for instance.
    max_iter : int, default=1
        Passes over all images, if they are passed in parts.
    random_state : int, RandomState instance or None, default=None
        Determines the patches, the order of images and those random states of
        `features` that are None.
    n_jobs : int or None, default=None
        Threads; None for all that OpenMP may use. Results are the same for any number.

    Attributes
    ----------
    features_ : estimator
        The fitted features.
    output_shape_ : tuple of int
        Rows, columns and channels of what `transform` returns for an image, flat and
        with channels last.
    input_statistics_ : ChannelStatistics or None
        `n_pixels`, `mean` and `variance` of the channels of images, if
        `standardize_input`.
    output_statistics_ : ChannelStatistics or None
        Those of the pooled maps of all images of the last call of `fit` or
        `partial_fit`, if `standardize`.
    n_iter_ : int
        Passes over the images, or calls of `partial_fit`; 1 if patches are drawn.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if X has any that are strings.

    See Also
    --------
    sklearn.feature_extraction.image.PatchExtractor : Patches alone.

    References
    ----------
    .. [1] A. Coates, H. Lee, A. Y. Ng, *An analysis of single-layer networks in
       unsupervised feature learning*, AISTATS 2011.
    .. [2] A. Journé, H. G. Rodriguez, Q. Guo, T. Moraitis, *Hebbian deep learning
       without feedback*, ICLR 2023.
    .. [3] G. Lagani, *Recent Advancements on Bio-Inspired Hebbian Learning for Deep
       Neural Networks*, SEBD 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import ConvolutionalFeatures, SoftHebb
    >>> X, y = load_digits(return_X_y=True)
    >>> layer = ConvolutionalFeatures(
    ...     SoftHebb(20),
    ...     image_shape=(8, 8, 1),
    ...     kernel_size=3,
    ...     standardize_input=True,
    ...     n_patches=2000,
    ...     random_state=0,
    ... )
    >>> layer.fit_transform(X).shape
    (1797, 180)
    >>> layer.output_shape_
    (3, 3, 20)
    """

    _parameter_constraints = {
        "features": [HasMethods(["fit", "transform"]), None],
        "image_shape": ["array-like", None],
        "channels_first": ["boolean"],
        "kernel_size": [Integral, "array-like"],
        "stride": [Integral, "array-like"],
        "padding": [Integral, "array-like"],
        "activation": [StrOptions({"relu", "triangle"}), None],
        "power": [Interval(Real, 0, None, closed="neither")],
        "pooling": [StrOptions({"max", "average", "sum"}), None],
        "pool_size": [Integral, "array-like"],
        "pool_stride": [Integral, "array-like", None],
        "pool_padding": [Integral, "array-like"],
        "standardize_input": ["boolean"],
        "standardize": [StrOptions({"channels", "layer"}), None],
        "n_patches": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        features=None,
        *,
        image_shape=None,
        channels_first=False,
        kernel_size=5,
        stride=1,
        padding=0,
        activation=None,
        power=1.0,
        pooling="max",
        pool_size=2,
        pool_stride=None,
        pool_padding=0,
        standardize_input=False,
        standardize=None,
        n_patches=100_000,
        batch_size=10,
        max_iter=1,
        random_state=None,
        n_jobs=None,
    ):
        self.features = features
        self.image_shape = image_shape
        self.channels_first = channels_first
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.activation = activation
        self.power = power
        self.pooling = pooling
        self.pool_size = pool_size
        self.pool_stride = pool_stride
        self.pool_padding = pool_padding
        self.standardize_input = standardize_input
        self.standardize = standardize
        self.n_patches = n_patches
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    @check_call
    def fit(self, X, y=None):
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
        with transaction(self) as draft:
            self._observe_fit(draft, X, False)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    @check_call
    def fit_transform(self, X, y=None):
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
        with transaction(self) as draft:
            return self._observe_fit(draft, X, True)

    @available_if(features_can_go_on)
    @_fit_context(prefer_skip_nested_validation=False)
    @check_call
    def partial_fit(self, X, y=None):
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
    def transform(self, X):
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

    @with_callbacks
    def _observe_fit(self, draft, X, returns_features):
        """Let the draft fit, and callbacks know this transformer."""
        return draft._fit(self, X, returns_features)

    def _fit(self, observed, X_given, returns_features):
        X = self._check(X_given, is_first=True)
        self._begin(X)
        about = {"estimator": observed, "X": X_given, "y": None}
        are_passed = self.n_patches is None and hasattr(self.features_, "partial_fit")
        n_tasks = self.max_iter if are_passed else 1
        context = observed._init_callback_context(max_subtasks=n_tasks)
        context.call_on_fit_task_begin(**about)
        if are_passed:
            self._learn_by_passes(X, context, about)
        else:
            self._learn_at_once(X, context, about)
        features = self._end(X, returns_features)
        about["reconstruction_attributes"] = lambda: self._fitted()
        context.call_on_fit_task_end(**about)
        return features

    def _learn_at_once(self, X, context, about):
        task = context.subcontext(task_name="features")
        with task.propagate_callback_context(self.features_):
            task.call_on_fit_task_begin(**about)
            patches = self._draw_patches(X)
            with one_blas_thread():  # others than ours know nothing of it
                self.features_.fit(patches)
            self.n_iter_ = 1
            task.call_on_fit_task_end(**about)

    def _learn_by_passes(self, X, context, about):
        for _ in range(self.max_iter):
            task = context.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(**about)
            is_over = self._teach(self._batches(X))
            self.n_iter_ += 1
            now = {"reconstruction_attributes": lambda: self._fitted_so_far(X)}
            if task.call_on_fit_task_end(**about, **now) or is_over:
                break

    def _partial_fit(self, X):
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
                more = self._statistics_of_images(X)
                self.input_statistics_ = self.input_statistics_.merge(more)
        if self.n_patches is None:
            self._teach(self._batches(X))
        else:
            self._teach([self._draw_patches(X)])
        self.n_iter_ += 1
        self._end(X)

    def _check(self, X, is_first):
        floats = floats_for(X) if is_first else (self._dtype,)
        X = validate_data(self, X, dtype=(*floats, np.uint8), reset=is_first)
        if is_first:
            self._grid, self._pooling = self._geometry(X.shape[1])
        return X

    def _geometry(self, n_features):
        """Where patches and windows lie; raise unless they fit."""
        shape = (1, n_features, 1) if self.image_shape is None else self.image_shape
        shape = check_sizes("image_shape", shape, 3)
        if math.prod(shape) != n_features:
            n_pixels = math.prod(shape[:2])
            hint = (
                ""
                if n_features % n_pixels
                else (f" They are {times((*shape[:2], n_features // n_pixels))}.")
            )
            raise ValueError(
                f"{n_features} features are not {times(shape)} = {math.prod(shape)}, "
                f"the rows, columns and channels of image_shape={shape}.{hint}"
            )
        grid = PatchGrid(
            shape,
            self.channels_first,
            check_sizes("kernel_size", self.kernel_size, 2),
            check_sizes("stride", self.stride, 2),
            check_sizes("padding", self.padding, 2, at_least=0),
        )
        size = check_sizes("pool_size", self.pool_size, 2)
        stride = size if self.pool_stride is None else self.pool_stride
        pooling = Pooling(
            self.pooling,
            size,
            check_sizes("pool_stride", stride, 2),
            check_sizes("pool_padding", self.pool_padding, 2, at_least=0),
        )
        if any(m >= n for m, n in zip(pooling.padding, pooling.size, strict=True)):
            raise ValueError(
                f"pool_padding={pooling.padding} must be below pool_size={size}: there "
                "is nothing to pool beyond the border."
            )
        pooling.shape(grid.map_shape)
        return grid, pooling

    def _begin(self, X):
        """Set what learning starts from."""
        self._begun_with = parameters_of(self, OF_NEW)
        self._dtype = np.dtype(np.float32 if X.dtype == np.uint8 else X.dtype)
        random_state = check_random_state(self.random_state)
        features = WinnerTakeAll() if self.features is None else clone(self.features)
        set_random_states(features, random_state)
        (self._rng,) = random_streams(random_state, 1)
        if isinstance(features, BaseHebbianFeatures):
            features._validate_params()
        self.features_ = features
        self.n_iter_ = 0
        self.output_statistics_ = self.input_statistics_ = None
        if self.standardize_input:
            self.input_statistics_ = self._statistics_of_images(X)

    def _end(self, X, returns_features=False):
        """Set what follows from the features; return those of X if wanted."""
        self.output_statistics_ = None
        n_channels = self._encoder().encode(self._patches(X[:1])[:1]).shape[1]
        map_shape = self._pooling.shape(self._grid.map_shape)
        self.output_shape_ = (*map_shape, n_channels)
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
        """All fitted attributes."""
        return {name: vars(self)[name] for name in FITTED if name in vars(self)}

    def _fitted_so_far(self, X):
        """All fitted attributes, as if fit had ended now."""
        ended = twin(self)
        ended.features_ = copy.deepcopy(self.features_)
        ended._end(X)
        return ended._fitted()

    def _teach(self, batches):
        """Pass batches of patches to the features; tell whether they stopped early."""
        features = self.features_
        if not isinstance(features, BaseHebbianFeatures):
            with one_blas_thread():
                for patches in batches:
                    features.partial_fit(patches)
            return False
        try:
            complaint = features._pass_over(batches)
        except (KeyboardInterrupt, NonFiniteTraining) as error:
            if not hasattr(features, "components_"):
                raise_from_nothing(features, error)
            kept = "those of the last complete mini-batch are kept"
            features._warn(StopReason.of(error), None, kept)
            return True
        features._warn(StopReason.MAX_EPOCHS, complaint)
        return False

    def _batches(self, X):
        """All patches, those of some images at a time, in random order."""
        order = self._rng.permutation(len(X))
        for some in gen_batches(len(X), self.batch_size):
            yield self._patches(X[order[some]])

    def _draw_patches(self, X):
        """Some patches, or all, in the order of the images."""
        grid = self._grid
        n_of_image = math.prod(grid.map_shape)
        total = len(X) * n_of_image
        if self.n_patches is None or self.n_patches >= total:
            chosen = np.arange(total)
        else:
            chosen = np.sort(self._rng.choice(total, self.n_patches, replace=False))
        images, places = np.divmod(chosen, n_of_image)
        rows, columns = np.divmod(places, grid.map_shape[1])
        patches = np.empty((len(chosen), grid.patch_size), dtype=self._dtype)
        n_images = max(1, BLOCK_BYTES // (X.shape[1] * self._dtype.itemsize))
        for some in gen_batches(len(chosen), n_images):
            these, which = np.unique(images[some], return_inverse=True)
            windows = grid.windows(self._load(X[these]))
            of_these = windows[which, rows[some], columns[some]]
            patches[some] = of_these.reshape(-1, grid.patch_size)
        return patches

    def _load(self, X):
        """Images with their margins."""
        images, inner = self._grid.padded(len(X), self._dtype)
        inner[...] = self._grid.images(X)
        if self.input_statistics_ is not None:
            self.input_statistics_.standardize(inner)
        return images

    def _patches(self, X):
        return self._grid.patches(self._load(X))

    def _encoder(self):
        return PatchEncoder(self.features_, self.activation, self.power, self._dtype)

    def _convolve(self, X, encoder):
        """Pooled maps of a block of images, (n_images, *output_shape_)."""
        maps = encoder.encode(self._patches(X))
        maps = maps.reshape(len(X), *self._grid.map_shape, -1)
        if self._pooling.kind == "max":  # then there are fewer numbers to rectify
            return encoder.rectify(self._pooling.pool(maps))
        return self._pooling.pool(encoder.rectify(maps))

    def _convolve_all(self, X, returns_features):
        """Features, if wanted, and statistics of their channels, if not standardised.

        Both come from the same blocks for any number of threads.
        """
        encoder, known, features = self._encoder(), self.output_statistics_, None
        if returns_features:
            check_memory(
                len(X) * self._n_features_out * self._dtype.itemsize,
                f"{self._n_features_out} features of {len(X)} images",
                "Give fewer images at a time, or pool more.",
            )
            features = np.empty((len(X), self._n_features_out), dtype=self._dtype)

        def convolve(some):
            maps = self._convolve(X[some], encoder)
            if known is not None:
                known.standardize(maps, self.standardize == "layer")
            if returns_features:
                features[some] = maps.reshape(len(maps), -1)
            if known is None and self.standardize is not None:
                return ChannelStatistics.of(maps)

        statistics = self._in_threads(convolve, self._blocks(len(X)))
        return features, merged(statistics)

    def _standardize_all(self, features):
        def standardize(some):
            maps = features[some].reshape(-1, self.output_shape_[2])
            self.output_statistics_.standardize(maps, self.standardize == "layer")

        self._in_threads(standardize, self._blocks(len(features)))

    def _statistics_of_images(self, X):
        """Statistics of the channels of images without their margins."""

        def of_block(some):
            return ChannelStatistics.of(self._grid.images(X[some]))

        n_images = max(1, BLOCK_BYTES // (8 * X.shape[1]))
        blocks = [*gen_batches(len(X), n_images)]
        return merged(self._in_threads(of_block, blocks))

    def _blocks(self, n_images):
        """Slices of images that are convolved together."""
        of_patch = self._grid.patch_size + 2 * self.output_shape_[2]
        n_numbers = math.prod(self._grid.map_shape) * of_patch
        size = max(1, BLOCK_BYTES // (n_numbers * self._dtype.itemsize))
        return [*gen_batches(n_images, size)]

    def _in_threads(self, function, blocks):
        """Return what a function makes of blocks, with one BLAS thread for each."""
        results = [None] * len(blocks)

        def work(place, block):
            results[place] = function(block)

        with one_blas_thread():
            in_threads(work, enumerate(blocks), effective_n_threads(self.n_jobs))
        return results

    def __sklearn_is_fitted__(self):
        return hasattr(self, "features_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def check_sizes(name, value, n, at_least=1):
    """Return `n` integers as a tuple, made of one number if they are two."""
    sizes = [value] * n if n == 2 and isinstance(value, Integral) else [*value]
    are_integers = all(
        isinstance(size, Integral) and not isinstance(size, bool) for size in sizes
    )
    if len(sizes) != n or not are_integers or min(sizes) < at_least:
        alone = "an integer or two" if n == 2 else "three integers"
        raise ValueError(
            f"The {name!r} parameter must be {alone} of at least {at_least}. Got "
            f"{value!r}."
        )
    return tuple(map(int, sizes))


def set_random_states(estimator, random_state):
    """Set those that are None, also those of parts."""
    for name, value in sorted(estimator.get_params().items()):
        if name.split("__")[-1] == "random_state" and value is None:
            estimator.set_params(**{name: random_state.randint(SEEDS)})


def raise_from_nothing(features, error):
    """Raise because training stopped before a mini-batch was complete."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    raise ValueError(
        "The features became non-finite in their first mini-batch. Lower "
        f"learning_rate_init ({features.learning_rate_init}), or scale X."
    ) from error


def merged(statistics):
    """Return the statistics of all blocks, None if there are none."""
    statistics = [each for each in statistics if each is not None]
    return reduce(ChannelStatistics.merge, statistics) if statistics else None
