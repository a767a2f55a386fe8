"""ONNX Runtime predicts what the networks predict."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.exceptions import NotFittedError

import skhebb
from skhebb import (
    HebbianMaskClassifier,
    HebbianMaskRegressor,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)

from .models import SMALL, convert, outputs_of

CLASSIFIERS = [
    SETClassifier(**SMALL),
    HebbSETClassifier(**SMALL),
    HebbianMaskClassifier(**SMALL),
    HebbianPretrainingClassifier(SETClassifier(**SMALL)),
]
REGRESSORS = [
    SETRegressor(**SMALL),
    HebbSETRegressor(**SMALL),
    HebbianMaskRegressor(**SMALL),
]
TYPES = [np.float32, np.float64]
TOLERANCE = 1e-5


def data(n_classes=3, dtype=np.float64):
    X, y = make_classification(
        200, 12, n_informative=8, n_classes=n_classes, random_state=0
    )
    return X.astype(dtype), y


def assert_predicts(model, X, **options):
    """Labels are equal, probabilities are near."""
    labels, probabilities = outputs_of(model, X, zipmap=False, **options)
    assert_array_equal(labels, model.predict(X))
    assert_allclose(probabilities, model.predict_proba(X), atol=TOLERANCE)
    assert probabilities.dtype == X.dtype


def test_all_are_here():
    public = [getattr(skhebb, name) for name in skhebb.__all__ if name[0].isupper()]
    networks = {cls for cls in public if is_classifier(cls()) or is_regressor(cls())}
    assert networks == {type(model) for model in CLASSIFIERS + REGRESSORS}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda each: type(each).__name__)
def test_classes(model, dtype):
    X, y = data(dtype=dtype)
    X *= 100  # which the first layer scales
    assert_predicts(clone(model).fit(X, y), X)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("activation", ["all_relu", "identity", "logistic", "tanh"])
def test_activations(activation, dtype):
    X, y = data(dtype=dtype)
    model = SETClassifier(**SMALL, activation=activation, negative_slope=0.6)
    assert_predicts(model.fit(X, y), X)


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("names", [[-3, 5, 2**40], ["a", "bé", "c"], [0.0, 2.0, 7.0]])
def test_labels(names, n_classes, loss):
    X, y = data(n_classes)
    model = SETClassifier(**SMALL, loss=loss).fit(X, np.array(names)[y])
    assert_predicts(model, X)


@pytest.mark.parametrize("names", [np.array([False, True]), np.array([b"x", 7], "O")])
def test_other_labels(names):
    X, y = data(2)
    model = SETClassifier(**SMALL).fit(X, y)
    model.classes_ = model._encoder.classes = names
    if names.dtype == bool:
        assert_array_equal(outputs_of(model, X)[0], model.predict(X).astype(int))
    else:
        with pytest.raises(ValueError, match=r"SETClassifier cannot .* Got array\(\[b"):
            convert(model, X)


def test_fractions_for_labels():
    X, y = data(2)
    model = SETClassifier(**SMALL).fit(X, np.array(["0.5", "1.5"])[y])
    model.classes_ = model._encoder.classes = np.array([0.5, np.inf])
    with pytest.raises(ValueError, match="strings or integers"):
        convert(model, X)


def test_all_outputs_zero():
    """Logistic outputs that underflow leave all classes alike."""
    X, y = data(3, np.float32)
    model = SETClassifier(**SMALL, loss="squared_error").fit(X, y)
    model.intercepts_[-1] = np.full(3, -200, dtype=np.float32)
    assert_allclose(model.predict_proba(X), 1 / 3, rtol=1e-6)
    assert_predicts(model, X)


def test_one_class():
    X, _ = data()
    assert_predicts(SETClassifier(**SMALL).fit(X, np.full(len(X), 4)), X)


@pytest.mark.parametrize("n_labels", [2, 5])
@pytest.mark.parametrize("dtype", TYPES)
def test_several_labels(n_labels, dtype):
    X, Y = make_multilabel_classification(
        100, n_classes=n_labels, allow_unlabeled=True, random_state=0
    )
    X = X.astype(dtype)
    model = SETClassifier(**SMALL).fit(X, Y)
    assert_predicts(model, X)
    assert_array_equal(outputs_of(model, X)[0], model.predict(X))
    with pytest.raises(ValueError, match="zipmap must be True or False"):
        convert(model, X, zipmap="columns")


@pytest.mark.parametrize("dtype", TYPES)
def test_options(dtype):
    X, y = data(dtype=dtype)
    model = SETClassifier(**SMALL).fit(X, np.array(["a", "b", "c"])[y])
    expected = model.predict_proba(X)
    labels, dictionaries = outputs_of(model, X)
    assert_array_equal(labels, model.predict(X))
    found = [[each[name] for name in "abc"] for each in dictionaries]
    assert_allclose(found, expected, atol=TOLERANCE)
    labels, *columns = outputs_of(model, X, zipmap="columns")
    assert_array_equal(labels, model.predict(X))
    assert_allclose(np.transpose(columns), expected, atol=TOLERANCE)
    numbers, _ = outputs_of(model, X, zipmap=False, nocl=True)
    assert_array_equal(np.array(["a", "b", "c"])[numbers], model.predict(X))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("model", REGRESSORS, ids=lambda each: type(each).__name__)
def test_numbers(model, n_outputs, dtype):
    X, _ = data(dtype=dtype)
    y = 1e6 + 5 * X[:, :n_outputs]
    model = clone(model).fit(X, y[:, 0] if n_outputs == 1 else y)
    (found,) = outputs_of(model, X)
    assert found.shape == (len(X), n_outputs)
    assert found.dtype == dtype
    expected = model.predict(X).reshape(found.shape)
    spacing = np.spacing(dtype(1e6))  # what float32 leaves of large targets
    assert_allclose(found, expected, rtol=0, atol=max(spacing, 1e-5))


@pytest.mark.parametrize(("trained", "given"), [TYPES, TYPES[::-1]])
def test_input_of_another_type(trained, given):
    X, y = data(dtype=trained)
    model = SETClassifier(**SMALL).fit(X, y)
    assert_predicts(model, X.astype(given))


def test_integers():
    X, y = data()
    X = X.round().astype(np.int64)
    model = SETClassifier(**SMALL).fit(X.astype(np.float32), y)
    labels, probabilities = outputs_of(model, X, zipmap=False)
    assert_array_equal(labels, model.predict(X))
    assert_allclose(probabilities, model.predict_proba(X), atol=TOLERANCE)


def test_changed_weights():
    X, y = data()
    model = SETClassifier(**SMALL).fit(X, y)
    model.coefs_[0] = csr_array(model.coefs_[0].shape)  # no connection at all
    model.intercepts_[0] = np.arange(20.0) - 10
    assert_predicts(model, X)


def wide(n_in, n_out, n_connections, dtype=np.float32):
    """A network with a layer of that shape and few connections."""
    rng = np.random.default_rng(0)
    cells = rng.choice(n_in * n_out, n_connections, replace=False)
    weights = rng.standard_normal(n_connections).astype(dtype)
    layer = csr_array((weights, np.divmod(cells, n_out)), shape=(n_in, n_out))
    out = csr_array((np.ones(n_out, dtype), (np.arange(n_out), np.arange(n_out) % 2)))
    X = rng.standard_normal((20, n_in)).astype(dtype)
    clf = SETClassifier((n_out,), max_iter=1, zeta=0, tol=None, random_state=0)
    return clf.fit(X, np.arange(20) % 2, coefs_init=[layer, out[:, :1]]), X


@pytest.mark.parametrize(("dtype", "n_bytes"), [(np.float32, 8), (np.float64, 12)])
def test_bytes_of_a_connection(dtype, n_bytes):
    model, X = wide(2000, 3000, 60_000, dtype)
    assert len(convert(model, X)) < (n_bytes + 0.5) * model.n_connections_
    assert len(convert(model, X.astype(np.float32))) < 9 * model.n_connections_
    assert_predicts(model, X)


def test_bytes_of_small_networks():
    """Those that are dense take no more than the weights."""
    X, y = data(dtype=np.float32)
    dense = SETClassifier((300,), density=1, initial_graph="uniform", max_iter=1)
    sparse = SETClassifier((300,), density=0.9, initial_graph="uniform", max_iter=1)
    sizes = [len(convert(model.fit(X, y), X)) for model in (dense, sparse)]
    assert sizes[0] == sizes[1]
    assert sizes[0] < 4 * dense.n_connections_ + 4000


def test_layer_that_is_too_large():
    model, X = wide(60_000, 40_000, 50)
    match = r"Layer 1 of SETClassifier, \(60000, 40000\), cannot .*export_npz"
    with pytest.raises(ValueError, match=match):
        convert(model, X)


def test_not_fitted():
    with pytest.raises(NotFittedError, match="SETClassifier"):
        convert(SETClassifier(), data()[0])
