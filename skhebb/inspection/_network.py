"""What all tools look at."""

from sklearn.utils.validation import check_is_fitted

from skhebb._predictors.base import BaseSparseNetwork


def layers_of(estimator):
    """The layers of a fitted network, with what users may have put into `coefs_`."""
    if not isinstance(estimator, BaseSparseNetwork):
        raise TypeError(
            "Give a fitted network of skhebb, such as SETClassifier; of a pipeline, "
            f"its last step. Got {type(estimator).__name__}."
        )
    check_is_fitted(estimator)
    return estimator._fitted_state().network.layers
