"""Networks that learn from few labels, after a Hebbian look at all samples."""

from collections.abc import Sequence
from numbers import Real

from skhebb._predictors.base_pretraining import BasePretraining
from skhebb._typing import Estimator, FineTuneName, RandomState
from skhebb._utils.sklearn import HasMethods, Interval, StrOptions


class HebbianPretrainingClassifier(BasePretraining):
    """Sparse network, pre-trained layer by layer without labels, then fine-tuned.

    Each hidden layer learns by a Hebbian rule from what all samples, labelled or not,
    become in the layers before; then the whole network, with an output layer of random
    weights, is trained on the labelled samples by gradient descent [1]_. Connections
    are those of the network's initial graph throughout pre-training. After it, weights
    are scaled and biases set so that the sum of each neuron, before its activation
    function, has mean 0 and variance 1 over all samples, for which [1]_ has batch
    normalisation; hidden layers learn from centred activations.

    Before these layers there may be convolutions, which learn in the same way from
    patches of all images, one after the other. Their pooled maps are the inputs of the
    network, which drops some of them where it has `dropout`. With ``fine_tune="all"``
    kernels learn with the network, from errors that go back through pooling, activation
    and standardisation. The statistics by which maps are standardised stay those of all
    images; [1]_ has those of each mini-batch. L2 terms leave kernels alone.

    Callbacks see each phase as a task, "pre-training" or "fine-tuning". Those that
    propagate, such as a progress bar, are set on this estimator; a monitor of the
    network is set on `estimator`, one of the rule on `features`.

    Parameters
    ----------
    estimator : estimator, default=None
        The network and how it is fine-tuned, a classifier of this package; None for
        ``SETClassifier()``. It is cloned, callbacks included.
    features : estimator, default=None
        The Hebbian rule, such as :class:`WinnerTakeAll`; None for ``HebbianPCA()``. It
        is cloned for each hidden layer, with as many units and the connections that
        the layer has: `n_components` and `density` have no effect.
    convolutions : list of ConvolutionalFeatures, default=None
        Convolutions before the network, which are cloned. The first one needs an
        `image_shape`; for others None stands for what the one before gives. With
        convolutions X must be dense, and may be of uint8.
    fine_tune : {"head", "all"}, default="head"
        What learns from labels: "head" is the network behind the convolutions, "all"
        these as well, which then need features of this package with ``density=1``. No
        effect without convolutions.
    kernel_rate : float, default=1.0
        Learning rate of kernels with ``fine_tune="all"``, in units of the network's.
        The optimiser sees kernels scaled to the size of weights that He et al. draw, so
        that one value does for small and large kernels: about 1 with Adam, more with
        SGD, whose steps are as small as the gradients of kernels. `partial_fit` goes on
        with the value of the first call.
    random_state : int, RandomState instance or None, default=None
        Determines the random states of those parts whose own is None.

    Attributes
    ----------
    estimator_ : estimator
        The fine-tuned network.
    convolutions_ : list of ConvolutionalFeatures
        The fitted convolutions; fine-tuned ones with ``fine_tune="all"``. The inputs of
        `estimator_` are what the last one gives.
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

    Convolutions before a linear classifier, fine-tuned with it:

    >>> from skhebb import ConvolutionalFeatures, SETClassifier, SoftHebb
    >>> layer = ConvolutionalFeatures(
    ...     SoftHebb(20),
    ...     image_shape=(8, 8, 1),
    ...     kernel_size=3,
    ...     standardize_input=True,
    ...     standardize="channels",
    ...     n_patches=5000,
    ... )
    >>> clf = HebbianPretrainingClassifier(
    ...     SETClassifier((), density=1),
    ...     convolutions=[layer],
    ...     fine_tune="all",
    ...     random_state=0,
    ... )
    >>> clf.fit(X, few).score(X[100:], y[100:]) > 0.8
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "features": [HasMethods(["fit", "transform"]), None],
        "convolutions": ["array-like", None],
        "fine_tune": [StrOptions({"head", "all"})],
        "kernel_rate": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Estimator | None = None,
        features: Estimator | None = None,
        *,
        convolutions: Sequence[Estimator] | None = None,
        fine_tune: FineTuneName = "head",
        kernel_rate: float = 1.0,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.features = features
        self.convolutions = convolutions
        self.fine_tune = fine_tune
        self.kernel_rate = kernel_rate
        self.random_state = random_state
