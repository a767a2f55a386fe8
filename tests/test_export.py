"""What docs/checkpoints.md says about exported files predicts as the networks do."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier, is_regressor
from sklearn.datasets import make_classification, make_multilabel_classification

import skhebb
from skhebb import (
    ConvolutionalFeatures,
    HebbianMaskClassifier,
    HebbianMaskRegressor,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
    WinnerTakeAll,
    export_npz,
)

PAGE = Path(__file__).parents[1] / "docs" / "checkpoints.md"
SMALL = {"hidden_layer_sizes": (20, 10), "max_iter": 5, "tol": None, "random_state": 0}


def outputs_of(X, tmp_path, monkeypatch):
    """What the code of the page computes."""
    if not PAGE.exists():
        pytest.skip("needs docs/")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (code,) = (block for block in blocks if "json" in block)
    monkeypatch.chdir(tmp_path)
    names = {"X": X}
    exec(code, names)
    names["file"].close()
    return names["outputs"], names["header"]


def data(n_classes=3):
    return make_classification(
        100, 12, n_informative=8, n_classes=n_classes, random_state=0
    )


CLASSIFIERS = [
    SETClassifier(**SMALL, activation="all_relu", negative_slope=0.6),
    SETClassifier(**SMALL, activation="relu", solver="sgd"),
    SETClassifier(**SMALL, activation="identity"),
    HebbSETClassifier(**SMALL, activation="tanh"),
    HebbianMaskClassifier(**SMALL, activation="logistic"),
    HebbianPretrainingClassifier(SETClassifier(**SMALL)),
]
REGRESSORS = [SETRegressor, HebbSETRegressor, HebbianMaskRegressor]


def test_all_are_here():
    public = [getattr(skhebb, name) for name in skhebb.__all__ if name[0].isupper()]
    networks = {cls for cls in public if is_classifier(cls()) or is_regressor(cls())}
    assert networks == {type(model) for model in CLASSIFIERS} | set(REGRESSORS)


@pytest.mark.parametrize("model", CLASSIFIERS)
def test_classes(model, tmp_path, monkeypatch):
    X, y = data()
    names = np.array(["a", "bc", "d"], dtype=object)
    model.fit(1e3 * X, names[y])  # inputs that the first layer scales
    export_npz(model, tmp_path / "network.npz")
    outputs, header = outputs_of(1e3 * X, tmp_path, monkeypatch)
    assert_allclose(outputs, model.predict_proba(1e3 * X), atol=1e-6)
    with np.load("network.npz") as file:
        assert_array_equal(file["classes"][outputs.argmax(1)], model.predict(1e3 * X))
    assert header["estimator"] == type(model).__name__


def test_two_classes(tmp_path, monkeypatch):
    X, y = data(2)
    model = SETClassifier(**SMALL).fit(X.astype(np.float32), y)
    export_npz(model, str(tmp_path / "network.npz"))
    outputs, _ = outputs_of(X.astype(np.float32), tmp_path, monkeypatch)
    assert_allclose(outputs[:, 0], model.predict_proba(X)[:, 1], atol=1e-6)


def test_labels(tmp_path, monkeypatch):
    X, y = make_multilabel_classification(100, random_state=0)
    model = SETClassifier(**SMALL).fit(X, y)
    export_npz(model, tmp_path / "network.npz")
    outputs, header = outputs_of(X, tmp_path, monkeypatch)
    assert_allclose(outputs, model.predict_proba(X), atol=1e-6)
    assert header["classes"] is None


@pytest.mark.parametrize("cls", REGRESSORS)
def test_numbers(cls, tmp_path, monkeypatch):
    X, _ = data()
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=[f"feature {n}" for n in range(12)])
    model = cls(**SMALL).fit(frame, 5 * X[:, :2] + 7)
    export_npz(model, tmp_path / "network.npz")
    outputs, _ = outputs_of(X, tmp_path, monkeypatch)
    with np.load("network.npz") as file:
        predictions = outputs * file["y_scale"] + file["y_mean"]
        assert_array_equal(file["feature_names"], frame.columns)
    assert_allclose(predictions, model.predict(frame), atol=1e-6)


def test_changed_weights(tmp_path):
    X, y = data()
    model = SETClassifier(**SMALL).fit(X, y)
    model.intercepts_[0] = np.arange(20.0)
    export_npz(model, tmp_path / "network.npz")
    with np.load(tmp_path / "network.npz") as file:
        assert_array_equal(file["layers.0.biases"], np.arange(20))
        header = json.loads(str(file["header"]))
    assert header["layers"][0]["shape"] == [12, 20]


def test_other_estimators(tmp_path):
    rule = WinnerTakeAll(3).fit(data()[0])
    with pytest.raises(
        TypeError, match=r"for classifiers and regressors .* Got Winner"
    ):
        export_npz(rule, tmp_path / "network.npz")


def test_convolutions(tmp_path):
    X, y = data()
    layer = ConvolutionalFeatures(kernel_size=(1, 3), pooling=None)
    network = SETClassifier(**SMALL)
    clf = HebbianPretrainingClassifier(network, convolutions=[layer]).fit(X, y)
    with pytest.raises(TypeError, match=r"Export estimator_, the network behind them"):
        export_npz(clf, tmp_path / "network.npz")
    export_npz(clf.estimator_, tmp_path / "network.npz")


def test_classes_that_are_no_plain_data(tmp_path):
    X, y = data(2)
    model = SETClassifier(**SMALL).fit(X, y)
    model.classes_ = model._encoder.classes = np.array([b"a", (1,)], dtype=object)
    with pytest.raises(TypeError, match="classes is an array of objects"):
        export_npz(model, tmp_path / "network.npz")
    assert not [*tmp_path.iterdir()]


def test_folder_that_is_not_there(tmp_path):
    X, y = data(2)
    model = SETClassifier(**SMALL).fit(X, y)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        export_npz(model, tmp_path / "nowhere" / "network.npz")
