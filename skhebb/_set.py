"""Sparse Evolutionary Training as a scikit-learn estimator."""

from skhebb._base import BaseSparseClassifier


class SETClassifier(BaseSparseClassifier):
    """Sparse neural network trained by Sparse Evolutionary Training (SET).

    The network starts as a sparse random graph. After each epoch the fraction `zeta`
    of every layer's connections that matter least is removed and as many are added
    at random, so that the topology adapts to the data while its size stays; after
    the last epoch connections are only removed. Memory and time are proportional to
    the number of connections, never to that of possible ones.

    Parameters shared with :class:`~sklearn.neural_network.MLPClassifier` have its
    names and meaning.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Numbers of neurons of the hidden layers.
    activation : {"identity", "logistic", "relu", "tanh"}, default="relu"
        Activation function of the hidden layers.
    loss : {"log_loss", "squared_error", "squared_error_published"}, \
default="log_loss"
        - "log_loss": cross-entropy of softmax outputs; of one logistic output for
          two classes.
        - "squared_error": half the squared error of logistic outputs.
        - "squared_error_published": the same, but with the derivative of the code
          published with SET [1]_ and HebbSET [2]_, which applies the derivative of
          the logistic function to the output y = s(z) instead of to z:
          dJ/dz = (y - t) s(y) (1 - s(y)). The published accuracies were obtained
          with it; at their learning rate of 0.02 the true derivative learns far more
          slowly.
    epsilon : float, default=20
        Density of the initial graph: in each layer epsilon (n_in + n_out) cells are
        drawn with replacement, so that the density is 1 - exp(-epsilon (n_in +
        n_out) / (n_in n_out)). `density_` tells what came of it.
    zeta : float in [0, 1), default=0.3
        Fraction of each layer's connections that is replaced when the topology
        evolves. 0 keeps the initial topology.
    pruning : {"magnitude", "sign"}, default="magnitude"
        Which connections are removed: the fraction `zeta` with the smallest absolute
        weight, or, as in [1]_, that fraction of the positive weights and of the
        negative weights, each closest to zero.
    evolution_interval : "epoch" or int, default="epoch"
        When the topology evolves: between epochs (and between calls of
        `partial_fit`), or every so many mini-batches, counted across epochs and
        calls. In the latter case `early_stopping` returns the best network as it was
        scored, not pruned once more.
    alpha : float, default=0
        Strength of the L2 penalty, which is divided by the batch size as in
        `MLPClassifier`: a weight decay of d per step at unit learning rate is
        ``alpha = d * batch_size``.
    batch_size : int or "auto", default="auto"
        Samples per mini-batch; "auto" is ``min(200, n_samples)``. The last batch of
        an epoch has what is left.
    learning_rate_init : float, default=0.01
        Learning rate.
    momentum : float in [0, 1), default=0.9
        Momentum of gradient descent. The velocity of a connection lives and dies
        with it.
    nesterovs_momentum : bool, default=True
        Whether to use Nesterov's momentum.
    max_iter : int, default=200
        Number of epochs at most.
    shuffle : bool, default=True
        Whether to shuffle the samples before each epoch.
    tol : float or None, default=1e-4
        Training stops when the loss, or the validation score with `early_stopping`,
        has not improved by `tol` for more than `n_iter_no_change` epochs. With None
        it always goes on for `max_iter` epochs.
    n_iter_no_change : int, default=10
        See `tol`.
    early_stopping : bool, default=False
        Whether to set aside `validation_fraction` of the samples, stratified where
        possible, to stop on their accuracy and to return the network that was best
        on them.
    validation_fraction : float in (0, 1), default=0.1
        See `early_stopping`.
    warm_start : bool, default=False
        Whether `fit` goes on with the network of the previous call.
    verbose : bool, default=False
        Whether to print a line per epoch.
    random_state : int, RandomState instance or None, default=None
        Determines the initial network, shuffling, evolution and the validation
        split. On the same machine the result is the same, bit for bit, for any
        number of threads.
    n_jobs : int or None, default=None
        Upper bound on the threads. None stands for what OpenMP may use here, which
        ``OMP_NUM_THREADS``, threadpoolctl and joblib limit; -1 for all of these.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    coefs_ : list of csr_array of shape (n_in, n_out)
        Weights of each layer, sorted and without duplicates. Every stored element
        is a connection.
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of each layer.
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
        Accuracy on the validation part after each epoch; None without
        `early_stopping`.
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
    out_activation_ : {"logistic", "softmax"}
        Activation function of the output layer.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had such.

    See Also
    --------
    HebbSETClassifier : SET with a Hebbian term.
    sklearn.neural_network.MLPClassifier : A dense network.

    References
    ----------
    .. [1] D. C. Mocanu et al. Scalable training of artificial neural networks with
       adaptive sparse connectivity inspired by network science. Nature
       Communications 9, 2018.
    .. [2] A. de Ranitz. Enhancing Learning in Sparse Neural Networks: A Hebbian
       Learning Approach. University of Twente, 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skhebb import SETClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X / 16, y, stratify=y, random_state=0
    ... )
    >>> clf = SETClassifier((200, 200), epsilon=10, tol=None, max_iter=50)
    >>> clf.set_params(random_state=0).fit(X_train, y_train).score(X_test, y_test)
    0.9...
    """

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        loss="log_loss",
        epsilon=20,
        zeta=0.3,
        pruning="magnitude",
        evolution_interval="epoch",
        alpha=0.0,
        batch_size="auto",
        learning_rate_init=0.01,
        momentum=0.9,
        nesterovs_momentum=True,
        max_iter=200,
        shuffle=True,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        warm_start=False,
        verbose=False,
        random_state=None,
        n_jobs=None,
    ):
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            loss=loss,
            epsilon=epsilon,
            zeta=zeta,
            pruning=pruning,
            evolution_interval=evolution_interval,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate_init=learning_rate_init,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            max_iter=max_iter,
            shuffle=shuffle,
            tol=tol,
            n_iter_no_change=n_iter_no_change,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            warm_start=warm_start,
            verbose=verbose,
            random_state=random_state,
            n_jobs=n_jobs,
        )
