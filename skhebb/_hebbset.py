"""SET with a Hebbian term as scikit-learn estimators."""

from numbers import Real

from skhebb._classifier import BaseSparseClassifier
from skhebb._docs import CLASSIFIER, REGRESSOR, documented
from skhebb._regressor import BaseSparseRegressor
from skhebb._sklearn import Interval, StrOptions
from skhebb._validation import check_strengths
from skhebb.plasticity import HebbianCovariance


class HebbianMixin:
    """The Hebbian term and its parameters."""

    _hebbian_constraints = {
        "lambda0": [Interval(Real, 0, None, closed="left"), "array-like"],
        "lambda_decay": [Interval(Real, 0, 1, closed="right")],
        "lambda_unit": [StrOptions({"batch", "generation"})],
    }

    _suspects = ("lambda0", "learning_rate_init", "momentum")

    def _plasticity(self, n_layers):
        strengths = check_strengths("lambda0", self.lambda0, n_layers)
        if not any(strengths):
            return None
        return HebbianCovariance(strengths, self.lambda_decay, self.lambda_unit)


@documented(plain=":class:`SETClassifier`", **CLASSIFIER)
class HebbSETClassifier(HebbianMixin, BaseSparseClassifier):
    """Sparse neural network trained by SET with a Hebbian term (HebbSET).

    Sparse Evolutionary Training as in :class:`SETClassifier`, where each mini-batch
    also strengthens the connections between neurons that are active together and
    weakens those between neurons of which only the first is: beside its gradient step,
    a connection adds

        λ(t) mean_b[ã_i (ã_j - mean_b ã_j)]

    to its weight, with ã_i and ã_j the activations before and after the connection,
    each neuron's scaled to [0, 1] over the batch (0 if constant), and λ(t) = lambda0
    lambda_decay^t, t the number of times the topology evolved, which is that of
    completed epochs by default, divided by the number of mini-batches in between. The
    term is a covariance, applies to all layers but not to biases, and is not subject to
    learning rate and momentum.

    Parameters shared with :class:`~sklearn.neural_network.MLPClassifier` have its
    names and meaning.

    Parameters
    ----------
    $network
    $loss
    $hebbian
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
    SETClassifier : The same without the Hebbian term.
    HebbSETRegressor : The same for numbers.
    sklearn.neural_network.MLPClassifier : A dense network.

    References
    ----------
    $references

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skhebb import HebbSETClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X / 16, y, stratify=y, random_state=0
    ... )
    >>> clf = HebbSETClassifier(random_state=0).fit(X_train, y_train)
    >>> clf.score(X_test, y_test)
    0.9...
    """

    _parameter_constraints = {
        **BaseSparseClassifier._parameter_constraints,
        **HebbianMixin._hebbian_constraints,
    }

    def __init__(
        self,
        hidden_layer_sizes=(300,),
        activation="relu",
        *,
        loss="log_loss",
        class_weight=None,
        lambda0=0.01,
        lambda_decay=0.98,
        lambda_unit="generation",
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


@documented(plain=":class:`SETRegressor`", **REGRESSOR)
class HebbSETRegressor(HebbianMixin, BaseSparseRegressor):
    """Sparse neural network trained by SET with a Hebbian term (HebbSET).

    Sparse Evolutionary Training as in :class:`SETRegressor`, where each mini-batch
    also strengthens the connections between neurons that are active together and
    weakens those between neurons of which only the first is: beside its gradient step,
    a connection adds

        λ(t) mean_b[ã_i (ã_j - mean_b ã_j)]

    to its weight, with ã_i and ã_j the activations before and after the connection,
    each neuron's scaled to [0, 1] over the batch (0 if constant), and λ(t) = lambda0
    lambda_decay^t, t the number of times the topology evolved, which is that of
    completed epochs by default, divided by the number of mini-batches in between. The
    term is a covariance, applies to all layers but not to biases, and is not subject to
    learning rate and momentum.

    Parameters shared with :class:`~sklearn.neural_network.MLPRegressor` have its
    names and meaning.

    Parameters
    ----------
    $network
    normalize_y : bool, default=True
        Whether the network learns the standardised targets, (y - `y_mean_`) /
        `y_scale_`, instead of y itself. Losses are then those of standardised
        targets.
    $hebbian
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
    SETRegressor : The same without the Hebbian term.
    HebbSETClassifier : The same for classes.
    sklearn.neural_network.MLPRegressor : A dense network.

    References
    ----------
    $references

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
        **HebbianMixin._hebbian_constraints,
    }

    def __init__(
        self,
        hidden_layer_sizes=(300,),
        activation="relu",
        *,
        normalize_y=True,
        lambda0=0.01,
        lambda_decay=0.98,
        lambda_unit="generation",
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
