"""What features refuse, and what is left of them then."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skhebb import HebbianPCA, SoftHebb, WinnerTakeAll, ZCAWhitening


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_too_large_samples(rng, density, dtype):
    """They give no infinite features, nor any that are not a number."""
    X = np.where(rng.standard_normal((40, 12)) > 0, dtype(1), dtype(-1))
    params = {"density": density, "random_state": 0}
    wta = WinnerTakeAll(6, init="samples", **params).fit(X)
    pca = HebbianPCA(6, activation="identity", **params).fit(3 * X)
    pca.components_ *= dtype(10)
    zca = ZCAWhitening(1e-9).fit(dtype(0.01) * rng.random((40, 12)).astype(dtype))
    tiny = ZCAWhitening().fit(dtype(1e6) * X)  # which makes large samples small
    huge, part = dtype(np.finfo(dtype).max / 2), X[:3]
    for use in (
        lambda: wta.transform(huge * X),
        lambda: wta.transform(sparse.csr_array(huge * X)),
        lambda: pca.transform(huge * X),
        lambda: pca.inverse_transform(huge * X[:, :6]),
        lambda: zca.transform(huge * X),
        lambda: tiny.inverse_transform(huge * X),
        lambda: tiny.inverse_transform(huge * part),
    ):
        with pytest.raises(ValueError, match=r"X is too large.*Scale X"):
            use()
    assert np.isfinite(wta.transform(huge / 100 * X)).all()


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (WinnerTakeAll(0), "n_components"),
        (WinnerTakeAll(competition="warm"), "competition"),
        (WinnerTakeAll(temperature=0), "temperature"),
        (WinnerTakeAll(density=0), "density"),
        (WinnerTakeAll(learning_rate="adaptive"), "learning_rate"),
        (WinnerTakeAll(activation="tanh"), "activation"),
        (WinnerTakeAll(power=0), "power"),
        (HebbianPCA(activation="triangle"), "activation"),
        (SoftHebb(initial_norm=0), "initial_norm"),
        (SoftHebb(temperature=-1), "temperature"),
        (HebbianPCA(learning_rate_init=-1), "learning_rate_init"),
        (HebbianPCA(batch_size=0), "batch_size"),
        (ZCAWhitening(0), "regularization"),
    ],
)
def test_wrong_parameters(estimator, name, digits):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        estimator.fit(digits)
    assert not hasattr(estimator, "n_features_in_")


def test_no_connection(digits):
    with pytest.raises(ValueError, match=r"no connection\. Increase it"):
        WinnerTakeAll(2, density=1e-6).fit(digits)


def test_nothing_is_left_of_what_fails(digits):
    wta = WinnerTakeAll(2, density=1e-6)
    with pytest.raises(ValueError, match="no connection"):
        wta.fit(digits)
    with pytest.raises(NotFittedError):
        wta.transform(digits)
    pca = HebbianPCA(3, activation="identity", random_state=0).fit(digits)
    again = clone(pca).fit(digits)
    pca.set_params(learning_rate_init=1e3)
    with pytest.warns(ConvergenceWarning):
        pca.partial_fit(digits)
    pca.set_params(learning_rate_init=0.01)
    again.set_params(learning_rate_init=0.01)
    expected = again.partial_fit(digits).components_
    assert_array_equal(pca.partial_fit(digits).components_, expected)


def test_not_fitted(digits):
    with pytest.raises(NotFittedError):
        WinnerTakeAll().responses(digits)


MALFORMED = sparse.csr_array((np.ones(2), [0, 1], [0, 1, 2]), shape=(2, 64))
MALFORMED.indices[1] = 10**6
TWICE = sparse.csr_array((np.ones(4) / 2, [3, 3, 5, 5], [0, 2, 4]), shape=(2, 64))


@pytest.mark.parametrize("name", ["components_init", "receptive_fields"])
class TestSparseStart:
    def test_malformed(self, digits, name):
        with pytest.raises(ValueError, match=f"{name} is not a valid sparse matrix"):
            HebbianPCA(2).fit(digits, **{name: MALFORMED})

    def test_duplicates(self, digits, name):
        pca = HebbianPCA(2, learning_rate_init=0.1, random_state=0)
        once = sparse.csr_array(TWICE.toarray())
        expected = pca.fit(digits, **{name: once}).components_.toarray()
        found = pca.fit(digits, **{name: TWICE}).components_
        assert found.nnz == 2
        assert_allclose(found.toarray(), expected)


def test_another_number_of_components_needs_fit(digits):
    pca = HebbianPCA(5, random_state=0).partial_fit(digits).set_params(n_components=9)
    with pytest.warns(UserWarning, match=r"n_components \(now 9, then 5\).*Use fit"):
        pca.partial_fit(digits)
    assert len(pca.get_feature_names_out()) == pca.transform(digits).shape[1] == 5


def test_no_jobs(digits, density):
    with pytest.raises(ValueError, match="'n_jobs' parameter"):
        WinnerTakeAll(5, density=density, n_jobs=0).fit(digits)
