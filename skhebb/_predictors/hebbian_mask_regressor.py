"""A regressor whose connections live by a Hebbian value."""

from collections.abc import Sequence
from typing import Literal

from skhebb import _typing as t
from skhebb._predictors.hebbian_mask import HebbianMaskMixin
from skhebb._predictors.regressor import BaseSparseRegressor


class HebbianMaskRegressor(HebbianMaskMixin, BaseSparseRegressor):
    """Neural network whose connections are pruned and revived by a Hebbian value.

    The network starts dense, or on a sparse graph. Beside its weight, each connection
    has a Hebbian value P between -1 and 1, which starts at 1 and decides whether the
    connection is active: while it is above `mask_threshold`. A mini-batch makes ::

        P_ij <- P_ij + η w_ij sum_b a_bi z_bj               ("contribution")
        P_ij <- P_ij + η sum_b sign(a_bi) sign(z_bj)        ("sign")

    with a_i the activation before the connection and z_j the sum before the activation
    function of the neuron after it; it stays between -1 and 1. Connections that are
    pruned keep their weight and return when their value rises again. They cost nothing
    in forward and backward passes and are not in `coefs_`; only their value is carried
    on, for which all connections that may be active take part in one product per
    mini-batch.

    The rules are those of the code and of the README of [6]_. Where the mean square of
    X is above 2 over a mini-batch, contributions are divided by the excess, so that
    they do not depend on the scale of large samples.

    Parameters shared with :class:`~sklearn.neural_network.MLPRegressor` have its
    names and meaning.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(300,)
        Numbers of neurons of the hidden layers.
    activation : {"all_relu", "identity", "logistic", "relu", "tanh"}, default="relu"
        Activation function of the hidden layers. "all_relu" is All-ReLU [3]_: for
        z < 0 it is -s z in the first hidden layer, s z in the second, and so on, with
        s the `negative_slope`.
    normalize_y : bool, default=True
        Whether the network learns the standardised targets, (y - `y_mean_`) /
        `y_scale_`, instead of y itself. Losses are then those of standardised
        targets.
    mask_rule : {"contribution", "sign"}, default="contribution"
        What raises and lowers the value of a connection, see above.
    mask_rate : float, default=0.1
        η. Changes are sums over a mini-batch, so that it goes with `batch_size`.
    mask_threshold : float in [-1, 1), default=0
        A connection is active while its value is above it.
    mask_center : bool or "auto", default="auto"
        Whether a and z are taken less their means over the mini-batch. "auto" does so
        with the rule "sign", because activations that are never negative would let
        values rise only.
    masked_layers : "all" or list of int, default="all"
        Indices into `coefs_` of the layers that are masked; -1 is the output layer.
    negative_slope : float, default=0.6
        The s of ``activation="all_relu"``.
    initial_graph : {"correlation", "erdos_renyi", "erk", "uniform"}, default="uniform"
        Where connections are that may be active, see :class:`SETClassifier`.
    density : float in (0, 1] or "auto", default=1
        Number of connections that may be active, divided by that of a dense network of
        this shape. "auto": see :class:`SETClassifier`.
    epsilon : float or None, default=None
        If given, it takes the place of `density`, see :class:`SETClassifier`.
    weight_scale : float, "glorot" or "he", default="he"
        Standard deviation of the initial weights, see :class:`SETClassifier`.
    evolution_interval : "auto", "epoch" or int, default=1
        How often values decide who is active: between epochs, or after so many
        mini-batches; "auto": see :class:`SETClassifier`. Values change with each.
    solver : {"adam", "sgd"}, default="adam"
        The optimiser. What it keeps of a connection, such as its velocity, lives and
        dies with it. Weights of features that a mini-batch of sparse X does not have
        take its step when they are next needed, which saves time: exactly with "sgd",
        in steps of 1, 2, 4, ... missed mini-batches with "adam".
    weight_decay : float or "auto", default="auto"
        Strength of an L2 penalty, weight_decay / 2 times the sum of the squared
        weights, whatever the size of the mini-batches. "auto" goes by n, the number of
        samples or, if that is more, their total weight; in `partial_fit` the number of
        samples seen, but 10 000 at least. It is 1 / n for the output layer and
        0.2 k / n, at most 0.1, for hidden layers whose neurons have k inputs in the
        mean: normal priors of standard deviations 1 and sqrt(5 / k). Where the mean
        square of X is below a tenth, as in counts of words, the first layer's k is ten
        times that share of its inputs. For classifiers with fewer than 32 features,
        which may tell classes apart exactly, both are multiplied by m / 32, where m is
        the number of features but 16 at least.
    alpha : float, default=0
        Strength of an L2 penalty that is divided by the weight of the mini-batch, as
        in `MLPClassifier`: the same as a `weight_decay` of ``alpha / batch_size``.
    dropout : float in [0, 1), default=0
        Probability with which a hidden neuron is left out, drawn anew for each sample
        and epoch. Those that stay are scaled up in training, and nothing is left out in
        prediction.
    batch_size : int or "auto", default="auto"
        Samples per mini-batch. "auto" is a tenth of the samples, but 32 at least and
        200 at most, and as much less as makes mini-batches even; all of up to 64
        samples; and 200 in `partial_fit`. The last batch of an epoch has what is left.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, default="cosine"
        How the learning rate goes on from `learning_rate_init`, with either solver.

        - "constant": it stays.
        - "invscaling": it is divided by ``(t_ + 1) ** power_t``.
        - "adaptive": it is divided by 5 where training would otherwise stop on a
          plateau, see `tol`, and training stops when it is 1e-6 or less.
        - "cosine": it falls to almost 0 along half a period of the cosine, over
          `max_iter` epochs. In `partial_fit`, which does not know the last one, it
          stays.
    learning_rate_init : float or "auto", default="auto"
        The initial learning rate. "auto" is ``min(0.02, 1.25 * n ** -0.5)``, n as in
        `weight_decay`, times ``sqrt(32 / k)`` where the neurons of the first layer have
        more than 32 inputs, k in the mean; or ``min(0.02, 1 / n_batches)`` if that is
        more, with the number of mini-batches of `max_iter` epochs; and times
        ``sqrt(batch_size / 32)`` where mini-batches are of less than 32 samples. In
        `partial_fit` n is 10 000, and the second value is left out.
    power_t : float, default=0.5
        See `learning_rate`.
    momentum : float in [0, 1), default=0.9
        Momentum of gradient descent, with ``solver="sgd"``.
    nesterovs_momentum : bool, default=True
        Whether that is Nesterov's momentum.
    beta_1 : float in [0, 1), default=0.9
        Decay of the mean of the gradients, with ``solver="adam"``.
    beta_2 : float in [0, 1), default=0.999
        Decay of the mean of the squared gradients, with ``solver="adam"``.
    max_iter : int or "auto", default="auto"
        Number of epochs at most. "auto" is as many as have ``1.6 * n ** 0.85``
        mini-batches, n as in `weight_decay`, times 32 / m in classifiers with few
        features, but 10 at least. With it and ``learning_rate="cosine"`` classifiers
        hurry where hardly anything is left to learn: an epoch counts for more by the
        factor by which the mean loss of the one before, without penalty, was below
        ``min(0.02, 100 / n)`` of the loss of the best constant prediction, but for a
        tenth of `max_iter_` at most.
    shuffle : bool, default=True
        Whether to shuffle the samples before each epoch.
    tol : float or None, default=1e-4
        Training stops when the loss, or the validation score with `early_stopping`,
        has not improved by `tol` for more than `n_iter_no_change` epochs. With None,
        and with ``learning_rate="cosine"`` unless there is `early_stopping`, there is
        no such end before that of `max_iter` epochs.
    n_iter_no_change : int or inf, default=10
        See `tol`.
    early_stopping : bool, default=False
        Whether to set aside `validation_fraction` of the samples, stratified by class
        if each sample has one, or to use those given to `fit` as `X_val` and
        `y_val`; to stop on their score, see `scoring`; and to return the network,
        weights and topology, that was best on them.
    validation_fraction : float in (0, 1), default=0.1
        See `early_stopping`.
    scoring : str, callable or None, default=None
        What networks are judged by with `early_stopping`, once per epoch. Larger is
        better, and `tol` is in its units.

        - None: accuracy, R² of regressors, weighted as samples and classes are.
        - "loss": the negative of `validation_loss_curve_`. It goes on improving where
          accuracy hardly changes, as with rare classes.
        - The name of a scorer, see :func:`sklearn.metrics.get_scorer_names`, or a
          callable ``scorer(estimator, X, y)``, which gets a fitted estimator, X as it
          was given and y in its own units or labels; and the `sample_weight` of the
          samples, without `class_weight`, if it takes that and there are weights.
    warm_start : bool, default=False
        Whether `fit` goes on with the network of the previous call.
    verbose : bool, default=False
        Whether to print a line per epoch: loss, validation loss and score,
        connections, and how many of them were replaced in this epoch.
    random_state : int, RandomState instance or None, default=None
        Determines the initial network, shuffling, dropout, evolution and the
        validation split. On the same machine the result is the same, bit for bit, for
        any number of threads.
    n_jobs : int or None, default=None
        Upper bound on the threads. None stands for what OpenMP may use here, which
        ``OMP_NUM_THREADS``, threadpoolctl and joblib limit; -1 for all of these.

    Attributes
    ----------
    y_mean_ : ndarray of shape (`n_outputs_`,)
        Weighted mean of the targets, with `partial_fit` of its first call, which is
        added to the scaled outputs of the network in prediction; 0 with
        ``normalize_y=False``.
    y_scale_ : ndarray of shape (`n_outputs_`,)
        Weighted standard deviation of the targets, with `partial_fit` of its first
        call, by which outputs of the network are multiplied in prediction; 1 with
        ``normalize_y=False``.
    pruned_shares_ : ndarray of shape (n_epochs, `n_layers_` - 1)
        Share of the connections of each layer that were not active after each epoch of
        `loss_curve_`.
    coefs_ : list of csr_array of shape (n_in, n_out)
        Weights of each layer, sorted and without duplicates. Every stored element
        is a connection.
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of each layer.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Strength of each feature, the sum of the absolute weights of its connections
        [5]_. Comparable between features of one scale only.
    n_connections_ : int
        Number of connections of the network.
    density_ : float
        `n_connections_` divided by their number in a dense network of this shape.
    loss_ : float
        Mean loss of the last epoch, L2 penalty included.
    best_loss_ : float or None
        The smallest of `loss_curve_`; None with `early_stopping`.
    loss_curve_ : list of float
        Mean loss of each epoch.
    validation_scores_ : list of float or None
        The score on the validation part after each epoch, see `scoring`; None without
        `early_stopping`.
    validation_loss_curve_ : list of float or None
        Mean loss on the validation part after each epoch, without L2 penalty; None
        without `early_stopping`.
    best_validation_score_ : float or None
        The best of `validation_scores_` in the last call of `fit`.
    n_iter_ : int
        Number of epochs of the last call of `fit` or `partial_fit`.
    t_ : int
        Number of samples seen in training.
    batch_size_ : int
        Samples of a full mini-batch, in the last call of `fit` or `partial_fit`.
    max_iter_ : int or None
        Epochs planned by the last call of `fit`; None after `partial_fit`.
    learning_rate_init_ : float
        Initial learning rate of the last call of `fit` or `partial_fit`.
    weight_decay_ : ndarray of shape (`n_layers_` - 1,)
        Weight decay of each layer in the last call of `fit` or `partial_fit`.
    dropout_ : float
        Probability of dropout in the last call of `fit` or `partial_fit`.
    evolution_interval_ : int or "epoch"
        When the topology evolved in the last call of `fit` or `partial_fit`.
    n_layers_ : int
        Number of layers, input and output included.
    n_outputs_ : int
        Number of outputs.
    out_activation_ : {"identity"}
        Activation function of the output layer.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X had such.

    See Also
    --------
    HebbianMaskClassifier : The same for classes.
    SETRegressor : Pruned connections are replaced by others.

    References
    ----------
    .. [1] D. C. Mocanu et al. Scalable training of artificial neural networks with
       adaptive sparse connectivity inspired by network science. Nature
       Communications 9, 2018.
    .. [2] A. de Ranitz. Enhancing Learning in Sparse Neural Networks: A Hebbian
       Learning Approach. University of Twente, 2023.
    .. [3] S. Curci, D. C. Mocanu, M. Pechenizkiy. Truly sparse neural networks at
       scale. arXiv:2102.01732, 2021.
    .. [4] U. Evci et al. Rigging the lottery: making all tickets winners. ICML 2020.
    .. [5] Z. Atashgahi et al. Quick and robust feature selection: the strength of
       energy-efficient sparse training for autoencoders. Machine Learning 111, 2022.
    .. [6] *hebbian masks: an experiment with some brain-inspired ideas*, code and
       README published on GitHub, 2018.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from skhebb import HebbianMaskRegressor
    >>> X, y = make_regression(1000, 20, noise=1, random_state=0)
    >>> reg = HebbianMaskRegressor(100, masked_layers=[1], random_state=0)
    >>> reg.fit(X[:800], y[:800]).score(X[800:], y[800:])
    0.9...
    """

    _parameter_constraints = {
        **BaseSparseRegressor._parameter_constraints,
        **HebbianMaskMixin._mask_constraints,
    }

    def __init__(
        self,
        hidden_layer_sizes: t.Integers = (300,),
        activation: t.ActivationName = "relu",
        *,
        normalize_y: bool = True,
        mask_rule: t.MaskRuleName = "contribution",
        mask_rate: float = 0.1,
        mask_threshold: float = 0.0,
        mask_center: bool | t.Auto = "auto",
        masked_layers: Literal["all"] | Sequence[int] = "all",
        negative_slope: float = 0.6,
        initial_graph: t.GraphName = "uniform",
        density: float | t.Auto = 1.0,
        epsilon: float | None = None,
        weight_scale: t.WeightScale = "he",
        evolution_interval: t.EvolutionInterval = 1,
        solver: t.SolverName = "adam",
        weight_decay: float | t.Auto = "auto",
        alpha: float = 0.0,
        dropout: float = 0.0,
        batch_size: int | t.Auto = "auto",
        learning_rate: t.ScheduleName = "cosine",
        learning_rate_init: float | t.Auto = "auto",
        power_t: float = 0.5,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        max_iter: int | t.Auto = "auto",
        shuffle: bool = True,
        tol: float | None = 1e-4,
        n_iter_no_change: float = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        scoring: t.Scoring = None,
        warm_start: bool = False,
        verbose: bool | int = False,
        random_state: t.RandomState = None,
        n_jobs: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.normalize_y = normalize_y
        self.mask_rule = mask_rule
        self.mask_rate = mask_rate
        self.mask_threshold = mask_threshold
        self.mask_center = mask_center
        self.masked_layers = masked_layers
        self.negative_slope = negative_slope
        self.initial_graph = initial_graph
        self.density = density
        self.epsilon = epsilon
        self.weight_scale = weight_scale
        self.evolution_interval = evolution_interval
        self.solver = solver
        self.weight_decay = weight_decay
        self.alpha = alpha
        self.dropout = dropout
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.scoring = scoring
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs
