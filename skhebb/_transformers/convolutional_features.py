"""Features of images by units that see patches."""

from collections.abc import Sequence
from numbers import Integral, Real

from skhebb import _typing as t
from skhebb._transformers.base_convolution import BaseConvolution
from skhebb._utils.sklearn import HasMethods, Interval, StrOptions


class ConvolutionalFeatures(BaseConvolution):
    """Features of images, learned from their patches by any transformer.

    `features` learns from patches, without labels, and turns each patch of an image
    into features, whose maps are pooled. Layers are stacked in a Pipeline, where each
    takes the `output_shape_` of the one before for its `image_shape`.

    Images are convolved in blocks, one in each thread, so that memory beside images
    and features is bounded. Images of uint8 are never all made floats.

    Parameters
    ----------
    features : estimator, default=None
        Any transformer of dense samples, such as :class:`SoftHebb`, or a Pipeline of
        :class:`ZCAWhitening` and :class:`sklearn.cluster.MiniBatchKMeans`; None for
        ``WinnerTakeAll()``. It is cloned. Its samples are patches, arrays (rows,
        columns, channels) that are flat.
    image_shape : tuple of int, default=None
        Rows, columns and channels of the images. None for images of one row and one
        channel, for which `kernel_size` and `pool_size` must have one row.
    channels_first : bool, default=False
        Whether samples are arrays (channels, rows, columns), that is planes, as in the
        files of CIFAR-10, instead of (rows, columns, channels). The output always has
        channels last.
    kernel_size : int or tuple of int, default=5
        Rows and columns of a patch. Here and in all sizes below one number stands for
        both.
    stride : int or tuple of int, default=1
        Pixels from one patch to the next.
    padding : int or tuple of int, default=0
        Margin of zeros around images, below `kernel_size`.
    activation : {"relu", "triangle"} or None, default=None
        Function that is applied to features before they are pooled; None for none. It
        replaces the activation that features of this package have of their own.
        "triangle" is the positive part of a feature less the mean of all features of
        its patch, to the power of `power` [1]_; of k-means, whose features are
        distances from centres, that of their mean less the distance.
    power : float, default=1.0
        Exponent of "triangle"; no effect on the others.
    pooling : {"max", "average", "sum"} or None, default="max"
        How the features of the patches in a window are united; None leaves maps as
        they are.
    pool_size : int or tuple of int, default=2
        Rows and columns of patches in a window. Patches at the lower and right border
        that fill no window are left out.
    pool_stride : int or tuple of int, default=None
        Patches from one window to the next; None for `pool_size`.
    pool_padding : int or tuple of int, default=0
        How many patches windows reach over the border, where there is nothing to pool.
    standardize_input : bool, default=False
        Whether to give each channel of the images mean 0 and variance 1 before patches
        are taken, as [2]_ does.
    standardize : {"channels", "layer"} or None, default=None
        How to standardise the pooled maps: "channels" gives each channel mean 0 and
        variance 1; "layer" gives each mean 0 and divides all by one number, so that
        their mean variance is 1 and ratios of variances stay, as [3]_ does in later
        layers.
    n_patches : int or None, default=100_000
        Number of patches that features learn from, drawn at random and passed to their
        `fit`. None for all there are: they are passed to `partial_fit` of the features,
        those of `batch_size` images at a time, or, without such a method, at once to
        `fit`.
    batch_size : int, default=10
        Images whose patches are passed to `partial_fit` at a time, if `n_patches` is
        None. `features` cuts these patches into mini-batches of its own `batch_size`:
        for a single one set that to the number of patches, such as 10 × 32 × 32.
    max_iter : int, default=1
        Passes over all images, if `n_patches` is None.
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
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
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
        features: t.Estimator | None = None,
        *,
        image_shape: Sequence[int] | None = None,
        channels_first: bool = False,
        kernel_size: t.Integers = 5,
        stride: t.Integers = 1,
        padding: t.Integers = 0,
        activation: t.PatchActivationName | None = None,
        power: float = 1.0,
        pooling: t.PoolingName | None = "max",
        pool_size: t.Integers = 2,
        pool_stride: t.Integers | None = None,
        pool_padding: t.Integers = 0,
        standardize_input: bool = False,
        standardize: t.StandardizeName | None = None,
        n_patches: int | None = 100_000,
        batch_size: int = 10,
        max_iter: int = 1,
        random_state: t.RandomState = None,
        n_jobs: int | None = None,
    ) -> None:
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
