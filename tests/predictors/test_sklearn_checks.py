"""scikit-learn's own checks of estimators."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhebb import HebbSETClassifier, HebbSETRegressor, SETClassifier, SETRegressor


def expected_failures(estimator):
    """What the settings of an estimator, not its code, make impossible."""
    failures = {}
    if estimator.early_stopping:
        failures |= dict.fromkeys(
            [
                "check_fit_score_takes_y",
                "check_n_features_in_after_fitting",
                "check_estimators_partial_fit_n_features",
            ],
            "partial_fit refuses early_stopping=True, as MLPClassifier's does",
        )
    is_random = estimator.dropout not in (0, "auto") or estimator.batch_size != "auto"
    if estimator.early_stopping or is_random:
        failures |= dict.fromkeys(
            [
                "check_sample_weight_equivalence_on_dense_data",
                "check_sample_weight_equivalence_on_sparse_data",
            ],
            "a sample and its copies may be in different mini-batches or parts",
        )
    return failures


@parametrize_with_checks(
    [
        SETClassifier(),
        HebbSETClassifier(),
        SETRegressor(),
        HebbSETRegressor(),
        SETClassifier(
            (8, 8), loss="squared_error_published", density=0.6, solver="sgd",
            learning_rate="constant", learning_rate_init=0.5, max_iter=80,
        ),
        HebbSETClassifier(
            (20,), density=0.5, evolution_interval=3, pruning="sign", max_iter=60,
            early_stopping=True, validation_fraction=0.3, initial_graph="erk",
            scoring="loss",
        ),
        SETClassifier(
            (50, 50), density=0.3, batch_size=16, activation="all_relu", dropout=0.1,
            learning_rate="adaptive", tol=1e-4, max_iter=10, growth="gradient",
            initial_graph="correlation",
        ),
        HebbSETRegressor(
            (30,), density=0.5, batch_size=8, solver="sgd", activation="tanh",
            initial_graph="uniform", lambda_unit="batch", learning_rate="invscaling",
            learning_rate_init=0.1, max_iter=20,
        ),
    ],
    expected_failed_checks=expected_failures,
)  # fmt: skip
def test_sklearn_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        check(estimator)
