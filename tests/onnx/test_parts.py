"""Networks and features as parts of what skl2onnx converts."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skhebb import HebbianPCA, SETClassifier, SETRegressor, ZCAWhitening
from skhebb.onnx import register_converters

from .models import SMALL, convert, outputs_of

NETWORK = SETClassifier(**SMALL)
NAMES = np.array(["setosa", "versicolor", "virginica"])
CLASSIFIERS = {
    "pipeline": make_pipeline(StandardScaler(), NETWORK),
    "features": make_pipeline(ZCAWhitening(), HebbianPCA(20), NETWORK),
    "union": make_pipeline(make_union(StandardScaler(), HebbianPCA(3)), NETWORK),
    "columns": make_pipeline(
        make_column_transformer((StandardScaler(), [0, 2]), (MinMaxScaler(), [1])),
        NETWORK,
    ),
    "search": GridSearchCV(
        make_pipeline(StandardScaler(), NETWORK),
        {"setclassifier__zeta": [0.1, 0.3]},
        cv=2,
    ),
    "bagging": BaggingClassifier(NETWORK, 3, random_state=0),
    "calibrated": CalibratedClassifierCV(NETWORK, cv=2),
    "stack": StackingClassifier([("set", NETWORK)], LogisticRegression(), cv=2),
    "vote": VotingClassifier(
        [("set", NETWORK), ("line", LogisticRegression())],
        voting="soft",
        flatten_transform=False,  # skl2onnx knows no other
    ),
}


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X.astype(np.float32), y


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name, iris):
    X, y = iris
    model = CLASSIFIERS[name].fit(X, NAMES[y])
    labels, probabilities = outputs_of(model, X, zipmap=False)
    assert_array_equal(labels, model.predict(X))
    assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)


def test_without_options(iris):
    X, y = iris
    model = CLASSIFIERS["pipeline"].fit(X, y)
    labels, dictionaries = outputs_of(model, X)
    assert_array_equal(labels, model.predict(X))
    found = [list(each.values()) for each in dictionaries]
    assert_allclose(found, model.predict_proba(X), atol=1e-5)


def test_regressors(iris):
    X, _ = iris
    networks = MultiOutputRegressor(SETRegressor(**SMALL))
    model = make_pipeline(StandardScaler(), networks).fit(X[:, :2], X[:, 2:])
    (found,) = outputs_of(model, X[:, :2])
    assert_allclose(found, model.predict(X[:, :2]), atol=1e-5)


def test_columns_that_nothing_unites(iris):
    pandas = pytest.importorskip("pandas")
    X, y = iris
    frame = pandas.DataFrame(X, columns=list("abcd"))
    with pytest.raises(ValueError, match=r"wants one input.* Got 4 inputs"):
        convert(SETClassifier(**SMALL).fit(frame, y), frame)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r'requires skl2onnx.*"skhebb\[onnx\]"'):
        register_converters()
