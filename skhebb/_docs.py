"""Parts of docstrings that several estimators share."""

from string import Template

NETWORK = """\
hidden_layer_sizes : int or array-like of int, default=(300,)
        Numbers of neurons of the hidden layers.
    activation : {"all_relu", "identity", "logistic", "relu", "tanh"}, default="relu"
        Activation function of the hidden layers. "all_relu" is All-ReLU [3]_: for
        z < 0 it is -s z in the first hidden layer, s z in the second, and so on, with
        s the `negative_slope`."""

GRAPH = """\
negative_slope : float, default=0.6
        The s of ``activation="all_relu"``.
    initial_graph : {"erdos_renyi", "erk", "uniform"}, default="erdos_renyi"
        How the connections of a new network are drawn.

        - "erdos_renyi": as in [1]_. In each layer epsilon (n_in + n_out) cells are
          drawn with replacement, so that its density is 1 - exp(-epsilon (n_in +
          n_out) / (n_in n_out)).
        - "erk": densities in proportion to (n_in + n_out) / (n_in n_out), at most 1,
          which is the rule of [4]_ for fully connected layers. Drawn without
          replacement.
        - "uniform": the same density in all layers, drawn without replacement.
    density : float in (0, 1] or "auto", default="auto"
        Number of connections of the whole network, divided by that of a dense network
        of this shape. Exact with "erk" and "uniform", expected with "erdos_renyi".
        "auto" is 0.1, but gives each layer at least as many connections as it has
        neurons on its larger side, which matters where there are few features.
        `density_` tells what came of it.
    epsilon : float or None, default=None
        The density parameter of SET [1]_. If given, it takes the place of `density`:
        "erdos_renyi" draws that many cells, and the other graphs have as many
        connections as that would give.
    weight_scale : float or "he", default="he"
        Standard deviation of the initial weights, which are normally distributed
        around 0. "he" is sqrt(2 / fan-in), with the mean fan-in of the layer's
        neurons; [1]_ and [2]_ have 0.1.
    growth_scale : float or "he", default=0
        The same of connections that are added when the topology evolves. With 0 they
        change nothing until they have learned; [1]_ and [2]_ have 0.1.
    zeta : float in [0, 1), default=0.3
        Fraction of each layer's connections that is replaced when the topology
        evolves. 0 keeps the initial topology.
    pruning : {"magnitude", "sign"} or callable, default="magnitude"
        Which connections are removed: the fraction `zeta` with the smallest absolute
        weight, or, as in [1]_, that fraction of the positive weights and of the
        negative weights, each closest to zero. A callable takes the weights of a
        layer's connections, an ndarray of shape (n_connections,), and `zeta`, and gives
        a boolean array that is True where a connection stays.
    growth : {"random"} or callable, default="random"
        Where new connections come to be: uniformly drawn among the absent ones. A
        callable takes the weights of a layer, a sorted csr_array of shape (n_in,
        n_out), the number of connections to add, and a
        :class:`numpy.random.Generator`, and gives their ranks among the absent
        connections, into which :func:`skhebb.topology.absent_ranks` turns rows and
        columns.
    evolution_interval : "epoch" or int, default="epoch"
        When the topology evolves: between epochs (and between calls of
        `partial_fit`), or every so many mini-batches, counted across epochs and
        calls. In the latter case the connections of the last generation are not pruned
        in the end."""

MASK_GRAPH = """\
negative_slope : float, default=0.6
        The s of ``activation="all_relu"``.
    initial_graph : {"erdos_renyi", "erk", "uniform"}, default="uniform"
        How connections that may be active are drawn, see :class:`SETClassifier`.
    density : float in (0, 1] or "auto", default=1
        Number of connections that may be active, divided by that of a dense network of
        this shape. "auto" is 0.1, or as many as the neurons of a layer's larger side.
    epsilon : float or None, default=None
        If given, it takes the place of `density`, see :class:`SETClassifier`.
    weight_scale : float or "he", default="he"
        Standard deviation of the initial weights, which are normally distributed
        around 0. "he" is sqrt(2 / fan-in), with the mean fan-in of the layer's
        neurons.
    evolution_interval : "epoch" or int, default=1
        How often values decide who is active: between epochs, or after so many
        mini-batches. Values change with each."""

TRAINING = """\
solver : {"adam", "sgd"}, default="adam"
        The optimiser. What it keeps of a connection, such as its velocity, lives and
        dies with it.
    weight_decay : float, default=0.005
        Strength of an L2 penalty, weight_decay / 2 times the sum of the squared
        weights, whatever the size of the mini-batches.
    alpha : float, default=0
        Strength of an L2 penalty that is divided by the weight of the mini-batch, as
        in `MLPClassifier`: the same as a `weight_decay` of ``alpha / batch_size``.
    dropout : float in [0, 1), default=0
        Probability with which a hidden neuron is left out, drawn anew for each sample
        and epoch. Those that stay are scaled up in training, and nothing is left out in
        prediction.
    batch_size : int or "auto", default="auto"
        Samples per mini-batch; "auto" is ``min(200, n_samples)``. The last batch of
        an epoch has what is left.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, default="cosine"
        How the learning rate goes on from `learning_rate_init`, with either solver.

        - "constant": it stays.
        - "invscaling": it is divided by ``(t_ + 1) ** power_t``.
        - "adaptive": it is divided by 5 where training would otherwise stop on a
          plateau, see `tol`, and training stops when it is 1e-6 or less.
        - "cosine": it falls to almost 0 along half a period of the cosine, over
          `max_iter` epochs. In `partial_fit`, which does not know the last one, it
          stays.
    learning_rate_init : float, default=0.02
        The initial learning rate.
    power_t : float, default=0.5
        See `learning_rate`.
    momentum : float in [0, 1), default=0.9
        Momentum of gradient descent, with ``solver="sgd"``.
    nesterovs_momentum : bool, default=True
        Whether that is Nesterov's momentum.
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
        Decay of the means of gradients and of their squares, with ``solver="adam"``.
    max_iter : int, default=75
        Number of epochs at most.
    shuffle : bool, default=True
        Whether to shuffle the samples before each epoch.
    tol : float or None, default=1e-4
        Training stops when the loss, or the validation score with `early_stopping`,
        has not improved by `tol` for more than `n_iter_no_change` epochs. With None,
        and with ``learning_rate="cosine"`` unless there is `early_stopping`, it always
        goes on for `max_iter` epochs.
    n_iter_no_change : int or inf, default=10
        See `tol`."""

STOPPING = """\
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

        - None: $score, weighted as the samples are, `class_weight` included.
        - "loss": the negative of `validation_loss_curve_`. It goes on improving where
          $score hardly changes$rare.
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
        ``OMP_NUM_THREADS``, threadpoolctl and joblib limit; -1 for all of these."""

LOSS = """\
loss : {"log_loss", "squared_error", "squared_error_published"}, \
default="log_loss"
        - "log_loss": cross-entropy of softmax outputs; of logistic outputs for two
          classes and for several labels per sample.
        - "squared_error": half the squared error of logistic outputs.
        - "squared_error_published": the same, but with the derivative of the code
          published with SET [1]_ and HebbSET [2]_, which applies the derivative of
          the logistic function to the output y = s(z) instead of to z:
          dJ/dz = (y - t) s(y) (1 - s(y)). The published accuracies were obtained
          with it; at their learning rate of 0.02 the true derivative learns far more
          slowly.
    class_weight : dict, "balanced" or None, default=None
        Factors of the weights of samples by class, ``{class: weight}``; classes left
        out have 1. "balanced" makes all classes that have samples weigh the same. With
        several labels per sample a list of dicts ``{0: weight, 1: weight}``, one for
        each label, or "balanced" for each; these are factors of the terms of the loss,
        one of which each label has, and do not change scores."""

HEBBIAN = """\
lambda0 : float or array-like of shape (n_layers_ - 1,), default=0.01
        Initial strength λ0 of the Hebbian term, or one for each layer of weights, such
        as ``(0.01, 0.01, 0)`` to leave out the output layer; with 0 the estimator is
        $plain, bit for bit.
    lambda_decay : float in (0, 1], default=0.98
        Factor of the Hebbian term per evolution of the topology.
    lambda_unit : {"generation", "batch"}, default="generation"
        What λ(t) is added in. "generation": all mini-batches until the topology evolves
        again, by default those of an epoch, share it evenly, so that one `lambda0`
        serves data sets and batches of any size. "batch": each mini-batch adds λ(t), as
        in [2]_, which for hundreds of mini-batches an epoch is far too much unless
        `lambda0` is chosen for that; the published λ0 of 0.01, for 12 batches an epoch,
        is 0.12 in the other unit."""

FITTED = """\
coefs_ : list of csr_array of shape (n_in, n_out)
        Weights of each layer, sorted and without duplicates. Every stored element
        is a connection.
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of each layer.
    feature_importances_ : ndarray of shape (n_features_in_,)
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
    n_layers_ : int
        Number of layers, input and output included.
    n_outputs_ : int
        Number of outputs.
    out_activation_ : {$outputs}
        Activation function of the output layer.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had such."""

REFERENCES = """\
.. [1] D. C. Mocanu et al. Scalable training of artificial neural networks with
       adaptive sparse connectivity inspired by network science. Nature
       Communications 9, 2018.
    .. [2] A. de Ranitz. Enhancing Learning in Sparse Neural Networks: A Hebbian
       Learning Approach. University of Twente, 2023.
    .. [3] S. Curci, D. C. Mocanu, M. Pechenizkiy. Truly sparse neural networks at
       scale. arXiv:2102.01732, 2021.
    .. [4] U. Evci et al. Rigging the lottery: making all tickets winners. ICML 2020.
    .. [5] Z. Atashgahi et al. Quick and robust feature selection: the strength of
       energy-efficient sparse training for autoencoders. Machine Learning 111, 2022."""

MASKING = """\
The network starts dense, or on a sparse graph. Beside its weight, each connection
    has a Hebbian value P between -1 and 1, which starts at 1 and decides whether the
    connection is active: while it is above `mask_threshold`. A mini-batch changes it by

        P_ij <- P_ij + η w_ij sum_b a_bi z_bj               ("contribution")
        P_ij <- P_ij + η sum_b sign(a_bi) sign(z_bj)        ("sign")

    with a_i the activation before the connection and z_j the sum before the activation
    function of the neuron after it; it stays between -1 and 1. Connections that are
    pruned keep their weight and return when their value rises again. They cost nothing
    in forward and backward passes and are not in `coefs_`; only their value is carried
    on, for which all connections that may be active take part in one product per
    mini-batch.

    The rules are those of the code and of the README of [6]_."""

MASK = """\
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
        Indices into `coefs_` of the layers that are masked; -1 is the output layer."""

FEATURES = """\
density : float in (0, 1], default=1
        Share of the features that a unit is connected to, in the mean. Below 1 the
        receptive fields are drawn at random and stay, `components_` is sparse, and so
        is all that is computed.
    learning_rate : {"constant", "cosine", "invscaling"}, default="cosine"
        Course of η from epoch to epoch. "cosine" falls from `learning_rate_init`
        towards 0, to a half in the second of two epochs. "invscaling" falls with the
        root of the number of samples seen before. In `partial_fit` "cosine" is
        constant.
    learning_rate_init : float, default=$rate
        Initial η.
    batch_size : int, default=64
        Samples of a mini-batch.
    max_iter : int, default=2
        Epochs of `fit`.
    shuffle : bool, default=True
        Whether `fit` and `partial_fit` shuffle the samples.
    verbose : bool, default=False
        Whether to print how much the components change in each epoch.
    random_state : int, RandomState instance or None, default=None
        Determines initial components, receptive fields and the order of samples.
    n_jobs : int or None, default=None
        Threads of units with receptive fields; None for all that OpenMP may use.
        Dense units have one thread, because BLAS would give other bits with more."""

FEATURES_FITTED = """\
components_ : ndarray or csr_array of shape (n_components, n_features)
        The weight vectors.
    n_iter_ : int
        Epochs, or calls of `partial_fit`.
    n_samples_seen_ : int
        Samples in all epochs.
    change_curve_ : list of float
        Norm of the change of the components in each epoch of `fit`, relative to their
        norm before.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if X has any that are strings."""

CLASSIFIER = {
    "score": "accuracy",
    "rare": ", as with rare classes",
    "outputs": '"logistic", "softmax"',
}
REGRESSOR = {"score": "R²", "rare": "", "outputs": '"identity"'}


def documented(**words):
    """Fill the shared parts into the docstring of a class, with `words` in them."""
    parts = {
        name.lower(): Template(text).safe_substitute(words)
        for name, text in globals().items()
        if name.isupper() and isinstance(text, str)
    }

    def fill(cls):
        if cls.__doc__ is not None:  # as it is with python -OO
            cls.__doc__ = Template(cls.__doc__).substitute(parts)
        return cls

    return fill
