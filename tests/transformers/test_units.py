"""Units that die, never lived, or diverge."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skhebb import HebbianPCA, WinnerTakeAll

from .features import dense


@pytest.mark.parametrize("train", ["fit", "partial_fit"])
def test_units_that_die(digits, density, train):
    """Of a rate that is far too high, for large samples."""
    pca = HebbianPCA(learning_rate_init=0.2, density=density, random_state=0)
    with pytest.warns(
        ConvergenceWarning, match=r"units became 0 .*StandardScaler"
    ) as w:
        features = getattr(pca, train)(16 * digits).transform(digits)
    n_silent = np.count_nonzero(~features.any(axis=0))
    assert n_silent >= int(str(w[0].message).split(" of 100")[0]) > 50
    assert w[0].filename == __file__


@pytest.mark.parametrize("n_samples", [20, 100, 500, 1797])
def test_units_that_die_in_a_stream(digits, n_samples):
    """It is told when most of those left die, and what was learned stays."""
    pca = HebbianPCA(20, learning_rate_init=0.1, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for start in range(0, len(digits), n_samples):
            pca.partial_fit(16 * digits[start : start + n_samples])
    assert 1 <= len(caught) <= 5
    assert all(issubclass(w.category, ConvergenceWarning) for w in caught)
    assert all(w.filename == __file__ for w in caught)
    assert pca.n_samples_seen_ == len(digits)


@pytest.mark.parametrize("n_samples", [1, 7])
def test_units_of_a_healthy_stream(transformer, digits, n_samples):
    """Few samples of a call leave many units out, which is no fault."""
    X = digits[:300] - digits.mean(axis=0)
    for start in range(0, len(X), n_samples):
        transformer.partial_fit(X[start : start + n_samples])


@pytest.mark.parametrize("transformer", [HebbianPCA(8), WinnerTakeAll(8)], ids=str)
def test_units_that_never_lived(rng, transformer):
    """A few samples that point the same way leave some out; that is no fault."""
    X, given = rng.random((50, 6)), -rng.random((8, 6))
    given[0] *= -1
    features = transformer.fit(X, components_init=given).transform(X)
    assert list(features.any(axis=0)) == [True] + 7 * [False]


@pytest.mark.parametrize("train", ["fit", "partial_fit"])
def test_divergence(digits, density, train):
    params = {"activation": "identity", "learning_rate_init": 1e3, "density": density}
    pca = HebbianPCA(3, **params, random_state=0)
    with pytest.warns(ConvergenceWarning, match="Lower learning_rate_init"):
        getattr(pca, train)(digits)
    assert hasattr(pca, "components_") == (train == "fit")
    if train == "fit":
        assert np.isfinite(dense(pca.components_)).all()


def test_an_undone_first_pass_leaves_nothing(digits):
    pca = HebbianPCA(3, activation="identity", learning_rate_init=1e3)
    with pytest.warns(ConvergenceWarning, match="the pass is undone"):
        pca.partial_fit(pd.DataFrame(digits, columns=[f"p{n}" for n in range(64)]))
    assert vars(pca).keys() == vars(clone(pca)).keys()
