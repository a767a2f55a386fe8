"""Loading data by name."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhebb import datasets


def test_digits():
    X, y = datasets.fetch_dataset("digits")
    assert X.shape == (1797, 64)
    assert set(y) == set(range(10))


def test_local_folder(tmp_path, monkeypatch):
    X, y = np.arange(6, dtype=np.uint8).reshape(3, 2), np.array([0, 1, 0])
    np.savez_compressed(tmp_path / "toy.npz", X=X, y=y)
    monkeypatch.setenv("SKHEBB_DATA", str(tmp_path))
    X_loaded, y_loaded = datasets.fetch_dataset("toy")
    assert_array_equal(X_loaded, X)
    assert X_loaded.dtype == np.uint8
    assert_array_equal(y_loaded, y)
    with pytest.raises(
        FileNotFoundError, match=r"'mnist' in SKHEBB_DATA=.*It has: toy"
    ):
        datasets.fetch_dataset("mnist")


@pytest.mark.parametrize(
    ("name", "openml_name"), [("mnist", "mnist_784"), ("wine", "wine")]
)
def test_openml_without_a_folder(monkeypatch, name, openml_name):
    monkeypatch.delenv("SKHEBB_DATA", raising=False)
    monkeypatch.setattr(
        datasets, "fetch_openml", lambda *args, **kwargs: (args, kwargs)
    )
    args, kwargs = datasets.fetch_dataset(name)
    assert args == (openml_name,)
    assert kwargs["return_X_y"]
    assert not kwargs["as_frame"]
