"""Networks for programs that know nothing of this package."""

from pathlib import Path

from sklearn.utils.validation import check_is_fitted

from skhebb._network.activations import ACTIVATIONS
from skhebb._predictors.base import BaseSparseNetwork
from skhebb._predictors.pretraining import HebbianPretrainingClassifier
from skhebb._typing import Estimator, FilePath
from skhebb._utils.plain_files import write_plain
from skhebb._utils.transaction import twin
from skhebb._version import __version__

FORMAT = 1  # raised when what reads files so far would go wrong


def export_npz(estimator: Estimator, path: FilePath) -> None:
    """Write a fitted network to a file that NumPy alone can read.

    It has all that predictions need, and nothing of training: pickle, joblib or skops
    save an estimator as a whole. A file that is there is replaced as a whole or, if
    something goes wrong, not at all.

    The file is an .npz archive without pickle. Its array `header` is JSON, in which
    ``{"array": name}`` stands for another array of the file:

    ``format``
        1, or more once programs that read this would go wrong.
    ``skhebb``, ``estimator``
        The version and the name of the class.
    ``layers``
        For each layer of connections ``shape``, (n_in, n_out); ``data``, ``indices``
        and ``indptr`` of a CSR matrix of weights; ``biases``; the ``activation`` of its
        outputs, "piecewise linear", "tanh", "logistic", "softmax" or "identity"; and
        ``negative_slope``, by which the first of these multiplies negative numbers.
    ``classes``
        Of classifiers with one class per sample, which has the largest output; or, if
        there are two classes and so one output, the second one where that is above
        0.5. None otherwise; of several labels, those apply whose output is above 0.5.
    ``y_mean``, ``y_scale``
        Of regressors, which predict ``outputs * y_scale + y_mean``; None otherwise.
    ``feature_names``
        Names of the features, or None.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier or regressor of this package.
    path : str or path-like
        Of the file, which should end in ``.npz``.

    Raises
    ------
    OSError
        If the file cannot be written.
    TypeError
        If the estimator is of another kind, or its classes are objects other than
        strings.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skhebb import SETClassifier, export_npz
    >>> clf = SETClassifier(random_state=0).fit(*load_iris(return_X_y=True))
    >>> path = tempfile.mkdtemp() + "/iris.npz"
    >>> export_npz(clf, path)
    >>> np.load(path)["layers.0.biases"].shape
    (300,)
    """
    network = network_of(estimator)
    encoder = network._encoder
    classes = encoder.classes if encoder.kind in ("binary", "multiclass") else None
    exported = {
        "format": FORMAT,
        "skhebb": __version__,
        "estimator": type(estimator).__name__,
        "layers": exported_layers(network),
        "classes": without_objects(classes),
        "y_mean": getattr(network, "y_mean_", None),
        "y_scale": getattr(network, "y_scale_", None),
        "feature_names": without_objects(getattr(network, "feature_names_in_", None)),
    }
    write_plain(Path(path), exported)


def network_of(estimator):
    """Return a twin of the fitted classifier or regressor that predicts."""
    check_is_fitted(estimator)
    network = twin(estimator)
    if isinstance(network, HebbianPretrainingClassifier):
        if network.convolutions_:
            raise TypeError(
                "Convolutions cannot be exported. Export estimator_, the network "
                "behind them: its inputs are what convolutions_ give."
            )
        network = twin(network.estimator_)
    if not isinstance(network, BaseSparseNetwork):
        raise TypeError(
            "export_npz is for classifiers and regressors of skhebb. Got "
            f"{type(estimator).__name__}."
        )
    return network


def exported_layers(network):
    """Return weights, biases and activations of a fitted network as plain data."""
    layers = network._fitted_state().network.layers
    hidden, negative_slope = network._activation
    hidden = ACTIVATIONS[hidden]
    activations = [
        {"activation": hidden.kind, "negative_slope": hidden.slope(n, negative_slope)}
        for n in range(len(layers) - 1)
    ]
    activations.append({"activation": network.out_activation_, "negative_slope": None})
    return [
        {
            "shape": layer.weights.shape,
            "data": layer.weights.data,
            "indices": layer.weights.indices,
            "indptr": layer.weights.indptr,
            "biases": layer.biases,
            **activation,
        }
        for layer, activation in zip(layers, activations, strict=True)
    ]


def without_objects(array):
    """Return an array of strings for one of string objects, others as they are."""
    are_strings = array is not None and all(isinstance(each, str) for each in array)
    return array.astype(str) if are_strings else array
