"""Sparse Evolutionary Training as scikit-learn estimators."""

from skhebb._classifier import BaseSparseClassifier
from skhebb._docs import CLASSIFIER, REGRESSOR, documented
from skhebb._regressor import BaseSparseRegressor


@documented(**CLASSIFIER)
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
    $network
    $loss
    $graph
    $training
    $stopping

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes; numbers from 0 if several labels may apply to a sample.
    $fitted

    See Also
    --------
    HebbSETClassifier : SET with a Hebbian term.
    SETRegressor : The same for numbers.
    sklearn.neural_network.MLPClassifier : A dense network.

    References
    ----------
    $references

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skhebb import SETClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X / 16, y, stratify=y, random_state=0
    ... )
    >>> clf = SETClassifier(random_state=0).fit(X_train, y_train)
    >>> clf.score(X_test, y_test)
    0.9...
    """

    def __init__(
        self,
        hidden_layer_sizes=(300,),
        activation="relu",
        *,
        loss="log_loss",
        class_weight=None,
        negative_slope=0.6,
        initial_graph="erdos_renyi",
        density="auto",
        epsilon=None,
        weight_scale="he",
        growth_scale=0.0,
        zeta=0.3,
        pruning="magnitude",
        growth="random",
        evolution_interval="epoch",
        solver="adam",
        weight_decay=0.005,
        alpha=0.0,
        dropout=0.0,
        batch_size="auto",
        learning_rate="cosine",
        learning_rate_init=0.02,
        power_t=0.5,
        momentum=0.9,
        nesterovs_momentum=True,
        beta_1=0.9,
        beta_2=0.999,
        max_iter=75,
        shuffle=True,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        scoring=None,
        warm_start=False,
        verbose=False,
        random_state=None,
        n_jobs=None,
    ):
        self._keep(locals())


@documented(**REGRESSOR)
class SETRegressor(BaseSparseRegressor):
    """Sparse neural network trained by Sparse Evolutionary Training (SET).

    The network starts as a sparse random graph. After each epoch the fraction `zeta`
    of every layer's connections that matter least is removed and as many are added
    at random, so that the topology adapts to the data while its size stays; after
    the last epoch connections are only removed. Memory and time are proportional to
    the number of connections, never to that of possible ones.

    It minimises half the squared error.

    Parameters shared with :class:`~sklearn.neural_network.MLPRegressor` have its
    names and meaning.

    Parameters
    ----------
    $network
    normalize_y : bool, default=True
        Whether the network learns the standardised targets, (y - `y_mean_`) /
        `y_scale_`, instead of y itself. Losses are then those of standardised
        targets.
    $graph
    $training
    $stopping

    Attributes
    ----------
    y_mean_, y_scale_ : ndarray of shape (n_outputs_,)
        Weighted mean and standard deviation of the targets, with `partial_fit` of its
        first call, which turn the outputs of the network into predictions; 0 and 1 with
        ``normalize_y=False``.
    $fitted

    See Also
    --------
    HebbSETRegressor : SET with a Hebbian term.
    SETClassifier : The same for classes.
    sklearn.neural_network.MLPRegressor : A dense network.

    References
    ----------
    $references

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.model_selection import train_test_split
    >>> from skhebb import SETRegressor
    >>> X, y = make_regression(1000, 20, noise=1, random_state=0)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, random_state=0
    ... )
    >>> reg = SETRegressor(random_state=0).fit(X_train, y_train)
    >>> reg.score(X_test, y_test)
    0.9...
    """

    def __init__(
        self,
        hidden_layer_sizes=(300,),
        activation="relu",
        *,
        normalize_y=True,
        negative_slope=0.6,
        initial_graph="erdos_renyi",
        density="auto",
        epsilon=None,
        weight_scale="he",
        growth_scale=0.0,
        zeta=0.3,
        pruning="magnitude",
        growth="random",
        evolution_interval="epoch",
        solver="adam",
        weight_decay=0.005,
        alpha=0.0,
        dropout=0.0,
        batch_size="auto",
        learning_rate="cosine",
        learning_rate_init=0.02,
        power_t=0.5,
        momentum=0.9,
        nesterovs_momentum=True,
        beta_1=0.9,
        beta_2=0.999,
        max_iter=75,
        shuffle=True,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        scoring=None,
        warm_start=False,
        verbose=False,
        random_state=None,
        n_jobs=None,
    ):
        self._keep(locals())
