"""Training on data that lie on many machines."""

import copy
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Literal, Self

import dask
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skhebb._predictors.base import BaseSparseNetwork
from skhebb._predictors.data_preparation import Given
from skhebb._predictors.initial import InitialParameters
from skhebb._predictors.outcome import warn_of_outcome
from skhebb._predictors.set_classifier import SETClassifier
from skhebb._training.shards import InProcess, RoundFailed
from skhebb._typing import MatrixLike
from skhebb._utils.sklearn import HasMethods, Interval, StrOptions, _fit_context
from skhebb.dask._cluster import OnCluster
from skhebb.dask._lazy import lazily
from skhebb.dask._samples import DaskSamples, LocalSamples, at_client


class LocalBlocks(InProcess):
    """Computes in this process, blocks of Dask collections included."""

    def compute_all(self, delayed):
        """Return what Dask computes, in threads."""
        return [each.compute(scheduler="threads") for each in delayed]


def has_probabilities(meta):
    """Whether the network is a classifier."""
    return is_classifier(meta._network())


class DataParallel(MetaEstimatorMixin, BaseEstimator):
    """Train a network on shards of the data, on the workers of a Dask cluster.

    Local SGD (Stich 2019) of networks that share one topology. The samples are cut into
    shards. The mini-batches are those that `fit` of the network would have: in a round
    each shard trains a copy of the network on the samples that it has of each, then the
    copies and the arrays of the optimiser are averaged, by the weight of these samples.
    A round ends with the epoch, after `sync_every` mini-batches, and wherever the
    topology evolves, which the client does, so that all shards have the same one.

    What comes of it depends on the network, the data and `n_shards`, but not on
    how many workers there are, or on how many of them died on the way, whose work is
    done again: it has the same bits without any cluster. One shard is `fit`, bit for
    bit. With ``sync_every=1`` and ``solver="sgd"`` any number of them is, to rounding,
    but for what looks at the samples of a mini-batch together or chance: a Hebbian
    term, whose means and covariances are those within shards; the values of a mask,
    which are cut off within shards; and dropout.

    Parameters
    ----------
    estimator : estimator, default=None
        A network of skhebb; None is ``SETClassifier()``. Its callbacks, learning-rate
        plan and early stopping see the network between rounds, at the client. Its
        `n_jobs` is that of a shard, its `batch_size` that of all shards together;
        parts of 64 samples or more are efficient.
    n_shards : int, default=4
        Number of shards, rows that follow each other. Where y is sorted, shards know
        little of each other's classes: shuffle first.
    sync_every : "epoch" or int, default="epoch"
        Mini-batches from one average to the next.
    client : distributed.Client, default=None
        Client of the cluster; None for this process, shard after shard. Clones share
        it; pickles and copies leave it out.

    Attributes
    ----------
    estimator_ : estimator
        The fitted network, a clone of `estimator`, which needs neither shards nor
        Dask. After a `fit` whose workers were lost it is the network of the last
        round, if there was one.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X had such.
    classes_ : ndarray of shape (n_classes,)
        The classes, of classifiers.

    Notes
    -----
    The client holds y, the sample weights, an order of the samples and the network;
    each worker its shards and, while it trains and adds up, three networks with their
    optimiser's arrays at most; with more than two shards or threads some more. What
    looks at some samples of all shards fetches them: ``initial_graph="correlation"`` up
    to 20 000, growth rules up to 500 each time, and early stopping without X_val those
    it holds out.

    References
    ----------
    .. [1] S. U. Stich, *Local SGD Converges Fast and Communicates Little*, ICLR 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.dask import DataParallel
    >>> X, y = load_digits(return_X_y=True)
    >>> meta = DataParallel(SETClassifier(random_state=0), n_shards=2)
    >>> bool(meta.fit(X / 16, y).score(X / 16, y) > 0.95)
    True
    >>> meta.estimator_
    SETClassifier(random_state=0)

    On two processes of this machine::

        from dask.distributed import Client, LocalCluster

        with LocalCluster(n_workers=2) as cluster, Client(cluster) as client:
            meta.set_params(client=client).fit(X, y)
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "n_shards": [Interval(Integral, 1, None, closed="left")],
        "sync_every": [
            StrOptions({"epoch"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "client": [None, HasMethods(["submit", "scatter", "compute"])],
    }

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        n_shards: int = 4,
        *,
        sync_every: int | Literal["epoch"] = "epoch",
        client: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_shards = n_shards
        self.sync_every = sync_every
        self.client = client

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        coefs_init: Sequence[MatrixLike] | None = None,
        intercepts_init: Sequence[ArrayLike] | None = None,
    ) -> Self:
        """Train the network on X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or frame} of shape (n_samples, \
n_features)
            The samples. Blocks of a Dask collection may be of any size, also unknown,
            and sparse matrices.
        y : array-like or Dask collection of shape (n_samples,) or (n_samples, \
n_outputs)
            The targets, which the client gets.
        sample_weight : array-like or Dask collection of shape (n_samples,), \
default=None
            Weights of the samples.
        X_val : {array-like, sparse matrix, Dask collection}, default=None
            Samples for early stopping, which the client gets, instead of a part of X.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.
        coefs_init : list of {sparse matrix, ndarray}, default=None
            Initial weights, as `fit` of the network has them.
        intercepts_init : list of ndarray, default=None
            Initial biases.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        RuntimeError
            If workers die again and again, which names the shard that they die of, or
            the client is closed. `estimator_` is then the network of the last round.
        TypeError
            If `estimator` is not a network.
        ValueError
            If a parameter or the data are not as described.

        Warns
        -----
        ConvergenceWarning, UserWarning
            As `fit` of the network does.
        """
        network = self._new_network()
        executor = LocalBlocks() if self.client is None else OnCluster(self.client)
        kind = DaskSamples if dask.is_dask_collection(X) else LocalSamples
        sync_every = None if self.sync_every == "epoch" else self.sync_every
        samples = kind(X, executor, self.n_shards, sync_every, network.n_jobs)
        y, sample_weight, X_val, y_val, sample_weight_val = map(
            at_client, (y, sample_weight, X_val, y_val, sample_weight_val)
        )
        try:
            reason, complaint = network._observe_fit(
                network,
                Given(samples, y, sample_weight),
                Given(X_val, y_val, sample_weight_val),
                InitialParameters(coefs_init, intercepts_init),
            )
        except RoundFailed as error:
            state = getattr(network, "_state", None)
            if state is not None and state.counters.n_steps:
                self.estimator_ = network
                error.add_note("estimator_ is the network of the last complete round.")
            raise
        self.estimator_ = network
        warn_of_outcome(network, reason, complaint)
        return self

    def _network(self):
        """Return the network that parameters describe."""
        return SETClassifier() if self.estimator is None else self.estimator

    def _new_network(self):
        """Return a clone of the network to train; raise what is wrong with it."""
        network = clone(self._network())
        if not isinstance(network, BaseSparseNetwork):
            raise TypeError(
                "estimator must be a network of skhebb, such as SETClassifier(). Got "
                f"{network!r}."
            )
        network._validate_params()
        return network

    def predict(self, X: Any) -> Any:
        """Predict the targets.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or frame} of shape (n_samples, \
n_features)
            The samples.

        Returns
        -------
        y : array of shape (n_samples,) or (n_samples, n_outputs)
            For a Dask array or frame an array, or a series or frame, that Dask
            computes when it is asked for.
        """
        check_is_fitted(self)
        return lazily(self.estimator_, "predict", X)

    @available_if(has_probabilities)
    def predict_proba(self, X: Any) -> Any:
        """Probability of each class, of classifiers.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or frame} of shape (n_samples, \
n_features)
            The samples.

        Returns
        -------
        probabilities : array of shape (n_samples, n_classes)
            As `predict` gives it.
        """
        check_is_fitted(self)
        return lazily(self.estimator_, "predict_proba", X)

    @available_if(has_probabilities)
    def predict_log_proba(self, X: Any) -> Any:
        """Logarithm of the probability of each class, of classifiers.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or frame} of shape (n_samples, \
n_features)
            The samples.

        Returns
        -------
        log_probabilities : array of shape (n_samples, n_classes)
            As `predict` gives it.
        """
        check_is_fitted(self)
        return lazily(self.estimator_, "predict_log_proba", X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of classifiers, R² of regressors.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or frame} of shape (n_samples, \
n_features)
            The samples.
        y : array-like or Dask collection of shape (n_samples,) or (n_samples, \
n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        score : float
            Computed at once.
        """
        predicted, y, sample_weight = dask.compute(self.predict(X), y, sample_weight)
        score = accuracy_score if is_classifier(self) else r2_score
        return score(y, predicted, sample_weight=sample_weight)

    @property
    def n_features_in_(self):
        """Number of features."""
        return self._fitted("n_features_in_")

    @property
    def feature_names_in_(self):
        """Names of the features, if X had such."""
        return self._fitted("feature_names_in_")

    @property
    def classes_(self):
        """The classes, of classifiers."""
        return self._fitted("classes_")

    def _fitted(self, name):
        """Return an attribute of the fitted network; raise AttributeError without."""
        check_is_fitted(self)
        return getattr(self.estimator_, name)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimator_")

    def __sklearn_clone__(self):
        # Clients are not copied.
        without = copy.copy(self)
        without.client = None
        new = BaseEstimator.__sklearn_clone__(without)
        new.client = self.client
        return new

    def __getstate__(self):
        return {**super().__getstate__(), "client": None}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_network = get_tags(self._network())
        tags.estimator_type = of_network.estimator_type
        tags.classifier_tags = of_network.classifier_tags
        tags.regressor_tags = of_network.regressor_tags
        tags.target_tags = of_network.target_tags
        tags.input_tags = of_network.input_tags
        return tags
