"""Networks to put into tools of scikit-learn, and what is compared of them."""

from numpy.testing import assert_array_equal

from skhebb import HebbSETClassifier, HebbSETRegressor, SETClassifier, SETRegressor

CLASSIFIERS = [SETClassifier, HebbSETClassifier]
REGRESSORS = [SETRegressor, HebbSETRegressor]
NETWORK = {
    "hidden_layer_sizes": (30,),
    "density": 0.5,
    "zeta": 0.2,
    "solver": "adam",
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "batch_size": 32,
    "max_iter": 5,
    "tol": None,
    "random_state": 0,
}


def outputs(estimator, X):
    """The finest that an estimator tells of samples."""
    return getattr(estimator, "predict_proba", estimator.predict)(X)


def assert_same_network(one, other):
    """The same connections, to the bit."""
    for a, b in zip(one.coefs_, other.coefs_, strict=True):
        assert_array_equal(a.indices, b.indices)
        assert_array_equal(a.data, b.data)
