"""Networks whose connections live by a Hebbian value."""

from numbers import Real

import numpy as np

from skhebb._classifier import BaseSparseClassifier
from skhebb._docs import CLASSIFIER, REGRESSOR, documented
from skhebb._regressor import BaseSparseRegressor
from skhebb._sklearn import Interval, StrOptions
from skhebb._validation import check_layers
from skhebb.plasticity import MASK_RULES, HebbianValues
from skhebb.topology import HebbianMask

# What the topology of SET has and that of a mask has not.
OF_EVOLUTION = ("zeta", "pruning", "growth", "growth_scale")


def without_evolution(constraints):
    """Those of an estimator with SET's topology that one with a mask has, too."""
    return {k: v for k, v in constraints.items() if k not in OF_EVOLUTION}


class HebbianMaskMixin:
    """The mask and its parameters."""

    _mask_constraints = {
        "mask_rule": [StrOptions(set(MASK_RULES))],
        "mask_rate": [Interval(Real, 0, None, closed="left")],
        "mask_threshold": [Interval(Real, -1, 1, closed="left")],
        "mask_center": ["boolean", StrOptions({"auto"})],
        "masked_layers": [StrOptions({"all"}), "array-like"],
    }

    def _topology(self):
        return HebbianMask(
            graph=self.initial_graph,
            epsilon=self.epsilon,
            density=self.density if self.epsilon is None else None,
            weight_scale=self.weight_scale,
            threshold=self.mask_threshold,
        )

    def _plasticity(self, n_layers):
        layers = check_layers("masked_layers", self.masked_layers, n_layers)
        center = self.mask_center
        if center == "auto":
            center = self.mask_rule == "sign"
        return HebbianValues(self.mask_rule, self.mask_rate, center, layers)

    def _fitted(self, state, targets, n_before):
        sizes = [
            layer.n_connections if layer.pool is None else len(layer.pool.values)
            for layer in state.network.layers
        ]
        counts = np.array(state.connection_counts).reshape(-1, len(sizes))
        # Who replaces `coefs_` may have had more connections before.
        pruned = np.maximum(1 - counts / np.maximum(sizes, 1), 0)
        fitted = super()._fitted(state, targets, n_before)
        return {**fitted, "pruned_shares_": pruned}


@documented(**CLASSIFIER)
class HebbianMaskClassifier(HebbianMaskMixin, BaseSparseClassifier):
    """Neural network whose connections are pruned and revived by a Hebbian value.

    $masking

    Parameters shared with :class:`~sklearn.neural_network.MLPClassifier` have its
    names and meaning.

    Parameters
    ----------
    $network
    $loss
    $mask
    $mask_graph
    $training
    $stopping

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes; numbers from 0 if several labels may apply to a sample.
    pruned_shares_ : ndarray of shape (n_epochs, n_layers_ - 1)
        Share of the connections of each layer that were not active after each epoch of
        `loss_curve_`.
    $fitted

    See Also
    --------
    HebbianMaskRegressor : The same for numbers.
    SETClassifier : Pruned connections are replaced by others.

    References
    ----------
    $references
    .. [6] *hebbian masks: an experiment with some brain-inspired ideas*, code and
       README published on GitHub, 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skhebb import HebbianMaskClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X / 16, y, stratify=y, random_state=0
    ... )
    >>> clf = HebbianMaskClassifier(100, masked_layers=[1], random_state=0)
    >>> clf.fit(X_train, y_train).score(X_test, y_test)
    0.9...
    >>> clf.pruned_shares_.shape
    (75, 2)
    """

    _parameter_constraints = {
        **without_evolution(BaseSparseClassifier._parameter_constraints),
        **HebbianMaskMixin._mask_constraints,
    }

    def __init__(
        self,
        hidden_layer_sizes=(300,),
        activation="relu",
        *,
        loss="log_loss",
        class_weight=None,
        mask_rule="contribution",
        mask_rate=0.1,
        mask_threshold=0.0,
        mask_center="auto",
        masked_layers="all",
        negative_slope=0.6,
        initial_graph="uniform",
        density=1.0,
        epsilon=None,
        weight_scale="he",
        evolution_interval=1,
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
class HebbianMaskRegressor(HebbianMaskMixin, BaseSparseRegressor):
    """Neural network whose connections are pruned and revived by a Hebbian value.

    $masking

    Parameters shared with :class:`~sklearn.neural_network.MLPRegressor` have its
    names and meaning.

    Parameters
    ----------
    $network
    normalize_y : bool, default=True
        Whether the network learns the standardised targets, (y - `y_mean_`) /
        `y_scale_`, instead of y itself. Losses are then those of standardised
        targets.
    $mask
    $mask_graph
    $training
    $stopping

    Attributes
    ----------
    y_mean_, y_scale_ : ndarray of shape (n_outputs_,)
        Weighted mean and standard deviation of the targets, with `partial_fit` of its
        first call, which turn the outputs of the network into predictions; 0 and 1 with
        ``normalize_y=False``.
    pruned_shares_ : ndarray of shape (n_epochs, n_layers_ - 1)
        Share of the connections of each layer that were not active after each epoch of
        `loss_curve_`.
    $fitted

    See Also
    --------
    HebbianMaskClassifier : The same for classes.
    SETRegressor : Pruned connections are replaced by others.

    References
    ----------
    $references
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
        **without_evolution(BaseSparseRegressor._parameter_constraints),
        **HebbianMaskMixin._mask_constraints,
    }

    def __init__(
        self,
        hidden_layer_sizes=(300,),
        activation="relu",
        *,
        normalize_y=True,
        mask_rule="contribution",
        mask_rate=0.1,
        mask_threshold=0.0,
        mask_center="auto",
        masked_layers="all",
        negative_slope=0.6,
        initial_graph="uniform",
        density=1.0,
        epsilon=None,
        weight_scale="he",
        evolution_interval=1,
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
