"""Training on data that lie on many machines."""

import copy
from numbers import Integral

import dask
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skhebb._predictors.base import BaseSparseNetwork
from skhebb._predictors.data_preparation import Given
from skhebb._predictors.initial import InitialParameters
from skhebb._predictors.outcome import warn_of_outcome
from skhebb._training.shards import InProcess, RoundFailed
from skhebb._utils.sklearn import HasMethods, Interval, StrOptions, _fit_context
from skhebb.dask._cluster import OnCluster
from skhebb.dask._lazy import lazily
from skhebb.dask._samples import DaskSamples, LocalSamples, at_client


class LocalBlocks(InProcess):
    """Computes in this process, blocks of Dask collections included."""

    def compute(self, delayed):
        """Return what Dask computes, in threads."""
        return delayed.compute(scheduler="threads")


def has_probabilities(meta):
    """Whether the network is a classifier."""
    return is_classifier(meta.estimator)


class DataParallel(MetaEstimatorMixin, BaseEstimator):
    """TODO."""

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "n_shards": [Interval(Integral, 1, None, closed="left")],
        "sync_every": [
            StrOptions({"epoch"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "client": [None, HasMethods(["submit", "scatter", "compute"])],
    }

    def __init__(self, estimator, n_shards=4, *, sync_every="epoch", client=None):
        self.estimator = estimator
        self.n_shards = n_shards
        self.sync_every = sync_every
        self.client = client

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        coefs_init=None,
        intercepts_init=None,
    ):
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
            if hasattr(network, "coefs_"):
                self.estimator_ = network
                error.add_note("estimator_ is the network of the last complete round.")
            raise
        self.estimator_ = network
        warn_of_outcome(network, reason, complaint)
        return self

    def _new_network(self):
        """Return a clone of the network to train; raise what is wrong with it."""
        if not isinstance(self.estimator, BaseSparseNetwork):
            raise TypeError(
                "estimator must be a network of skhebb, such as SETClassifier(). Got "
                f"{self.estimator!r}."
            )
        network = clone(self.estimator)
        network._validate_params()
        return network

    def predict(self, X):
        check_is_fitted(self)
        return lazily(self.estimator_, "predict", X)

    @available_if(has_probabilities)
    def predict_proba(self, X):
        check_is_fitted(self)
        return lazily(self.estimator_, "predict_proba", X)

    @available_if(has_probabilities)
    def predict_log_proba(self, X):
        check_is_fitted(self)
        return lazily(self.estimator_, "predict_log_proba", X)

    def score(self, X, y, sample_weight=None):
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
        return getattr(self.__dict__.get("estimator_"), name)

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
        of_network = get_tags(self.estimator)
        tags.estimator_type = of_network.estimator_type
        tags.classifier_tags = of_network.classifier_tags
        tags.regressor_tags = of_network.regressor_tags
        tags.target_tags = of_network.target_tags
        tags.input_tags = of_network.input_tags
        return tags
