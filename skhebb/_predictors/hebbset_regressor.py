"""SET with a Hebbian term as a regressor."""

from skhebb import _typing as t
from skhebb._predictors.hebbset import HebbianMixin
from skhebb._predictors.regressor import BaseSparseRegressor
from skhebb._predictors.sparse_evolution import SparseEvolutionMixin


class HebbSETRegressor(HebbianMixin, SparseEvolutionMixin, BaseSparseRegressor):
    """Sparse neural network that Hebb's rule wires and trains (HebbSET).

    Sparse Evolutionary Training as in :class:`SETRegressor`, with Hebb's rule, that
    neurons which fire together wire together, in two places. It decides who is
    connected: features that are correlated at first, then neurons that are active
    together, see `initial_graph` and `growth`. And each mini-batch also strengthens the
    connections between neurons that are active together and weakens those between
    neurons of which only the first is: beside its gradient step, a connection adds ::

        λ(t) mean_b[ã_i (ã_j - mean_b ã_j)]

    to its weight, with ã_i and ã_j the activations before and after the connection,
    each neuron's scaled to [0, 1] over the batch (0 if constant), and λ(t) = lambda0
    lambda_decay^t, t the number of times the topology evolved, divided by the number of
    mini-batches in between, times what `learning_rate` leaves of the initial learning
    rate. The term is a covariance, applies to all layers but not to biases, and is not
    subject to the learning rate itself and to momentum.

    HebbSET as published [2]_ has that term only: ``initial_graph="erdos_renyi"`` and
    ``growth="random"``, and what `evolution_interval` and `weight_scale` say of [2]_.

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
    lambda0 : float or array-like of shape (`n_layers_` - 1,), default=0.01
        Initial strength λ0 of the Hebbian term, or one for each layer of weights, such
        as ``(0.01, 0.01, 0)`` to leave out the output layer; with 0, ``initial_graph=
        "erdos_renyi"`` and ``growth="random"`` the estimator is :class:`SETRegressor`,
        bit for bit.
    lambda_decay : float in (0, 1], default=0.98
        Factor of the Hebbian term per evolution of the topology.
    lambda_unit : {"evolution", "batch"}, default="evolution"
        What λ(t) is added in. "evolution": all mini-batches until the topology evolves
        again share it by the weight of their samples, so that one `lambda0` serves data
        sets and batches of any size. "batch": each mini-batch adds λ(t), as in [2]_,
        which for hundreds of mini-batches an epoch is far too much unless `lambda0` is
        chosen for that; the published λ0 of 0.01, for 12 batches an epoch, is 0.12 in
        the other unit.
    negative_slope : float, default=0.6
        The s of ``activation="all_relu"``.
    initial_graph : {"correlation", "erdos_renyi", "erk", "uniform"}, \
default="correlation"
        Where the connections of a new network are.

        - "correlation": where features of the training data are correlated, after
          [7]_. Each neuron of a hidden layer stands for a feature, in turn if there are
          more neurons than features, for one drawn at random if there are less. Its
          inputs are that feature and those whose absolute correlation with it is
          largest, or the neurons that stand for these; as many connections as with
          "erdos_renyi", which the output layer has. Features that are constant have no
          connections at first. Looks at up to 20 000 samples, or less if there are more
          than some 3000 features; in `partial_fit` at those of the first call.
        - "erdos_renyi": as in [1]_. In each layer epsilon (n_in + n_out) cells are
          drawn with replacement, so that its density is 1 - exp(-epsilon (n_in +
          n_out) / (n_in n_out)).
        - "erk": densities in proportion to (n_in + n_out) / (n_in n_out), at most 1,
          which is the rule of [4]_ for fully connected layers. Drawn without
          replacement.
        - "uniform": the same density in all layers, drawn without replacement.
    density : float in (0, 1] or "auto", default="auto"
        Number of connections of the whole network, divided by that of a dense network
        of this shape. Exact with "erk" and "uniform", otherwise expected. "auto" is 1
        where a dense network has at most 50 000 weights, and elsewhere what
        ``epsilon=20`` would give, but at most 0.1. It gives each layer at least as many
        connections as it has neurons on its larger side, which matters where there are
        few features. `density_` tells what came of it.
    epsilon : float or None, default=None
        The density parameter of SET [1]_. If given, it takes the place of `density`:
        "erdos_renyi" draws that many cells, and the other graphs have as many
        connections as that would give.
    weight_scale : float, "glorot" or "he", default="glorot"
        Standard deviation of the initial weights, which are normally distributed
        around 0. "glorot" is sqrt(2 / (fan-in + fan-out)), with the mean numbers of
        connections to a neuron after and from one before, "he" is sqrt(2 / fan-in);
        [1]_ and [2]_ have 0.1.
    growth_scale : float, "glorot" or "he", default=0
        The same of connections that are added when the topology evolves. With 0 they
        change nothing until they have learned; [1]_ and [2]_ have 0.1.
    zeta : float in [0, 1), default=0.3
        Fraction of each layer's connections that is replaced when the topology
        evolves. 0 keeps the initial topology, and so does a layer that has all
        connections there may be.
    zeta_schedule : {"cosine", "constant"}, default="cosine"
        How `zeta` goes on: it stays, as in [1]_ and [2]_, or falls to 0 along half a
        period of the cosine, until evolution ends. In `partial_fit`, which does not
        know the end, it stays.
    evolution_end : float in (0, 1], default=0.75
        Share of the `max_iter` epochs of `fit` after which the topology stays, so that
        what was grown last is trained, too.
    pruning : {"magnitude", "sign"} or callable, default="magnitude"
        Which connections are removed: the fraction `zeta` with the smallest absolute
        weight, or, as in [1]_, that fraction of the positive weights and of the
        negative weights, each closest to zero. A callable takes the weights of a
        layer's connections, an ndarray of shape (n_connections,), and `zeta`, and gives
        a boolean array that is True where a connection stays.
    growth : {"gradient", "hebbian", "random"} or callable, default="hebbian"
        Where new connections come to be.

        - "random": uniformly drawn among the absent ones, as in [1]_.
        - "hebbian": between neurons that are active together. As many candidates as the
          layer has connections are drawn among the absent ones; those grow whose
          neurons' activations have the largest absolute correlation.
        - "gradient": of such candidates [6]_ those with the largest absolute gradient
          of the loss, as in [4]_.

        Correlations and gradients are those of up to 500 training samples, drawn anew
        each time, without dropout; where less than 5000 are trained on between two
        evolutions, of a tenth of those, but of 100 at least. A callable takes the
        weights of a layer, a sorted csr_array of shape (n_in, n_out), the number of
        connections to add, and a :class:`numpy.random.Generator`, and gives their ranks
        among the absent connections, into which :func:`skhebb.topology.absent_ranks`
        turns rows and columns. If it has a parameter named `probe`, it gets what
        neurons do with these samples, a :class:`skhebb.topology.LayerProbe`.
    evolution_interval : "auto", "epoch" or int, default="auto"
        When the topology evolves: between epochs (and between calls of
        `partial_fit`), or every so many mini-batches, counted across epochs and
        calls. "auto" is a sixtieth of the mini-batches of ``max_iter`` epochs, but 10
        at least; in `partial_fit`, as many as 10 000 samples fill.

        Algorithm 1 of [2]_ has ``"epoch"``, with ``zeta_schedule="constant"`` and
        ``evolution_end=1``: connections are then pruned after the last epoch, too, and
        none are grown for them.
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
    SETRegressor : The same without the Hebbian term.
    HebbSETClassifier : The same for classes.
    sklearn.neural_network.MLPRegressor : A dense network.

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
    .. [6] M. Heddes et al. Always-sparse training by growing connections with guided
       stochastic exploration. arXiv:2401.06898, 2024.
    .. [7] Y. Zhang et al. Epitopological learning and Cannistraci-Hebb network shape
       intelligence brain-inspired theory for ultra-sparse advantage in deep learning.
       ICLR 2024.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.model_selection import train_test_split
    >>> from skhebb import HebbSETRegressor
    >>> X, y = make_regression(1000, 20, noise=1, random_state=0)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, random_state=0
    ... )
    >>> reg = HebbSETRegressor(random_state=0).fit(X_train, y_train)
    >>> reg.score(X_test, y_test)
    0.9...
    """

    _parameter_constraints = {
        **BaseSparseRegressor._parameter_constraints,
        **SparseEvolutionMixin._evolution_constraints,
        **HebbianMixin._hebbian_constraints,
    }

    def __init__(
        self,
        hidden_layer_sizes: t.Integers = (300,),
        activation: t.ActivationName = "relu",
        *,
        normalize_y: bool = True,
        lambda0: t.Strengths = 0.01,
        lambda_decay: float = 0.98,
        lambda_unit: t.LambdaUnit = "evolution",
        negative_slope: float = 0.6,
        initial_graph: t.GraphName = "correlation",
        density: float | t.Auto = "auto",
        epsilon: float | None = None,
        weight_scale: t.WeightScale = "glorot",
        growth_scale: t.WeightScale = 0.0,
        zeta: float = 0.3,
        zeta_schedule: t.ZetaScheduleName = "cosine",
        evolution_end: float = 0.75,
        pruning: t.PruningRule = "magnitude",
        growth: t.GrowthRule = "hebbian",
        evolution_interval: t.EvolutionInterval = "auto",
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
        self.lambda0 = lambda0
        self.lambda_decay = lambda_decay
        self.lambda_unit = lambda_unit
        self.negative_slope = negative_slope
        self.initial_graph = initial_graph
        self.density = density
        self.epsilon = epsilon
        self.weight_scale = weight_scale
        self.growth_scale = growth_scale
        self.zeta = zeta
        self.zeta_schedule = zeta_schedule
        self.evolution_end = evolution_end
        self.pruning = pruning
        self.growth = growth
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
