"""What all features learned by a local rule do."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from skhebb import HebbianPCA, SoftHebb, WinnerTakeAll, ZCAWhitening

from .features import dense, expected_step

TRANSFORMERS = [
    WinnerTakeAll(7, random_state=0),
    WinnerTakeAll(7, competition="hard", density=0.5, learning_rate="constant"),
    HebbianPCA(5, random_state=0),
    HebbianPCA(5, activation="identity", density=0.5, learning_rate="invscaling"),
    SoftHebb(7, random_state=0),
    SoftHebb(7, activation="relu", density=0.5, learning_rate="cosine", max_iter=2),
]


@parametrize_with_checks([*TRANSFORMERS, ZCAWhitening()])
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_one_batch(transformer, density, digits, container):
    X = digits[:40]
    transformer.set_params(density=density, batch_size=40)
    still = clone(transformer).set_params(learning_rate_init=1e-300)
    before = still.partial_fit(container(X)).components_
    after = transformer.partial_fit(container(X)).components_
    assert sparse.issparse(after) == (density < 1)
    there = dense(before) != 0
    assert abs(there.mean() - density) < 0.02
    expected = dense(before) + expected_step(transformer, dense(before), X) * there
    assert_allclose(dense(after), expected, atol=1e-12)
    assert np.abs(dense(after - before)).max() > 1e-3


def test_transform(transformer, density, digits):
    transformer.set_params(density=density).fit(digits)
    expected = digits @ dense(transformer.components_).T
    if transformer.activation == "relu":
        expected = np.maximum(expected, 0)
    if transformer.activation == "triangle":
        above = expected - expected.mean(axis=1, keepdims=True)
        expected = np.where(above > 0, above, 0) ** transformer.power
    assert_allclose(transformer.transform(digits), expected, atol=1e-12)
    assert_allclose(
        transformer.transform(sparse.csr_array(digits)), expected, atol=1e-12
    )


def test_kinds_of_samples(transformer, density, digits):
    transformer.set_params(density=density)
    expected = dense(clone(transformer).fit(digits).components_)
    for X in sparse.csr_array(digits), sparse.csc_matrix(digits), digits.tolist():
        weights = dense(clone(transformer).fit(X).components_)
        assert_allclose(weights, expected, atol=1e-10)
    single = clone(transformer).fit(digits.astype(np.float32))
    assert single.components_.dtype == np.float32
    assert single.transform(digits.astype(np.float32)).dtype == np.float32
    assert_allclose(dense(single.components_), expected, atol=1e-3)


def test_fit_is_calls_of_partial_fit(transformer, density, digits):
    transformer.set_params(density=density, learning_rate="constant", max_iter=3)
    whole = clone(transformer).fit(digits)
    for _ in range(3):
        transformer.partial_fit(digits)
    assert_array_equal(dense(transformer.components_), dense(whole.components_))
    assert transformer.n_iter_ == whole.n_iter_ == 3
    assert transformer.n_samples_seen_ == whole.n_samples_seen_ == 3 * len(digits)


def test_schedule(digits):
    """The second of two epochs goes by half of the initial rate."""
    params = {"batch_size": 2000, "shuffle": False, "random_state": 0}
    fitted = HebbianPCA(3, learning_rate_init=0.02, **params).fit(digits)
    steps = HebbianPCA(3, learning_rate_init=0.02, **params).partial_fit(digits)
    steps.set_params(learning_rate_init=0.01).partial_fit(digits)
    assert_allclose(fitted.components_, steps.components_, rtol=1e-12)
    params["learning_rate"] = "invscaling"
    fitted = HebbianPCA(3, learning_rate_init=0.02, **params).fit(digits)
    steps = HebbianPCA(3, learning_rate_init=0.02, **params).partial_fit(digits)
    assert_array_equal(fitted.components_, steps.partial_fit(digits).components_)
    rate = 0.02 / np.sqrt(len(digits) + 1)
    first = HebbianPCA(3, learning_rate_init=0.02, **params).partial_fit(digits)
    first.set_params(learning_rate="constant", learning_rate_init=rate)
    assert_allclose(first.partial_fit(digits).components_, fitted.components_)


def test_same_bits_for_any_number_of_threads(transformer, digits):
    transformer.set_params(density=0.3)
    one = clone(transformer).set_params(n_jobs=1).fit(digits)
    two = clone(transformer).set_params(n_jobs=2).fit(digits)
    with threadpool_limits(1):
        limited = clone(transformer).fit(digits)
    for other in two, limited:
        assert_array_equal(one.components_.data, other.components_.data)


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_same_bits_for_any_number_of_blas_threads(rng, density, activation):
    X = rng.standard_normal((1500, 300)).astype(np.float32)
    transformers = [
        HebbianPCA(120, activation=activation, batch_size=500),
        WinnerTakeAll(120, batch_size=500),
        ZCAWhitening(),
    ]
    for transformer in transformers[: 2 if density < 1 else 3]:
        found = []
        for n_threads in (1, 2):
            if "density" in transformer.get_params():
                transformer.set_params(density=density, random_state=0)
            with threadpool_limits(n_threads):
                found.append(transformer.fit(X).transform(X))
        assert_array_equal(*found)


def test_pickle(transformer, density, digits):
    transformer.set_params(density=density).partial_fit(digits)
    loaded = pickle.loads(pickle.dumps(transformer))
    one, other = (
        each.partial_fit(digits).components_ for each in (transformer, loaded)
    )
    assert_array_equal(dense(one), dense(other))


@pytest.mark.parametrize("is_fitted", [False, True])
def test_skops_asks_for_trust_in_the_class_only(
    transformer, density, digits, is_fitted
):
    skops = pytest.importorskip("skops.io")
    transformer.set_params(density=density)
    if is_fitted:
        transformer.partial_fit(digits)
    file = skops.dumps(transformer)
    cls = type(transformer)
    trusted = [f"{cls.__module__}.{cls.__qualname__}"]
    assert skops.get_untrusted_types(data=file) == trusted
    loaded = skops.loads(file, trusted=trusted)
    assert vars(loaded).keys() == vars(transformer).keys()
    if is_fitted:
        assert type(loaded.components_) is type(transformer.components_)
        assert_array_equal(loaded.transform(digits), transformer.transform(digits))
        one, other = (
            each.partial_fit(digits).components_ for each in (transformer, loaded)
        )
        assert_array_equal(dense(one), dense(other))


@pytest.mark.parametrize(
    ("transformer", "rate"),
    [
        (WinnerTakeAll(30, competition="hard"), 0.3),
        (WinnerTakeAll(30), 0.3),
        (HebbianPCA(30), 0.01),
        (SoftHebb(30, initial_norm=3.0), 0.08),
    ],
    ids=str,
)
def test_useful_features(digits, transformer, rate):
    """Of few units, those that learned tell digits apart better than random ones."""
    y = load_digits().target
    if isinstance(transformer, SoftHebb):
        digits = scale(digits)
    X, X_test, y, y_test = digits[:1200], digits[1200:], y[:1200], y[1200:]

    transformer = clone(transformer)

    def score(rate, transformer):
        transformer.set_params(learning_rate_init=rate)
        model = make_pipeline(transformer, LogisticRegression(C=100, max_iter=5000))
        return model.fit(X, y).score(X_test, y_test)

    transformer.set_params(max_iter=5, random_state=0)
    assert score(rate, transformer) > score(1e-9, transformer) + 0.02


def test_names(transformer, digits):
    frame = pd.DataFrame(digits, columns=[f"pixel {n}" for n in range(64)])
    transformer.set_output(transform="pandas").fit(frame)
    features = transformer.transform(frame)
    name = type(transformer).__name__.lower()
    n = transformer.n_components
    assert list(features.columns) == [f"{name}{unit}" for unit in range(n)]


@pytest.mark.parametrize("activation", ["identity", "relu", "triangle"])
def test_activations_have_no_part_in_learning(digits, activation):
    """Nor has the power, which may be one of float32."""
    X = digits.astype(np.float32)
    wta = WinnerTakeAll(7, activation=activation, power=1.4, random_state=0).fit(X)
    products = X @ WinnerTakeAll(7, random_state=0).fit(X).components_.T
    expected = {
        "identity": products,
        "relu": np.maximum(products, 0),
        "triangle": np.maximum(products - products.mean(axis=1)[:, None], 0) ** 1.4,
    }[activation]
    features = wta.transform(X)
    assert features.dtype == np.float32
    assert_allclose(features, expected, atol=1e-6)


def test_verbose(transformer, digits, capsys):
    transformer.set_params(verbose=True, max_iter=3).fit(digits)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"Iteration {n}" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize("shape", [(7, 30), (30, 7)])
@pytest.mark.parametrize("transformer", [HebbianPCA, WinnerTakeAll])
@pytest.mark.parametrize("params", [{}, {"density": 0.5}, {"init": "samples"}], ids=str)
@pytest.mark.parametrize("train", ["fit", "partial_fit"])
def test_all_components(rng, shape, transformer, params, train):
    """As many as sklearn.decomposition.PCA has by default."""
    if "init" in params and transformer is HebbianPCA:
        pytest.skip("no such parameter")
    X = rng.standard_normal(shape)
    fitted = getattr(transformer(None, random_state=0, **params), train)(X)
    assert fitted.n_components_ == PCA().fit(X).n_components_ == 7
    assert fitted.components_.shape == (7, shape[1])
    assert fitted.transform(X).shape == (shape[0], 7)
    assert len(fitted.get_feature_names_out()) == 7
    fitted.partial_fit(rng.standard_normal((3, shape[1])))
    assert fitted.n_components_ == 7


def test_as_many_components_as_are_given(digits):
    given = np.ones((3, 64))
    for name in "components_init", "receptive_fields":
        assert HebbianPCA(None).fit(digits, **{name: given}).n_components_ == 3


def test_duplicates_in_samples(digits):
    X = sparse.csr_array(digits)
    twice = np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), 2 * X.indptr
    twice = sparse.csr_array(twice, shape=X.shape)
    wta = WinnerTakeAll(5, random_state=0).fit(X)
    assert_allclose(wta.responses(twice), wta.responses(X), atol=1e-12)
    assert twice.nnz == 2 * X.nnz  # it is still the user's
    assert_allclose(clone(wta).fit(twice).components_, wta.components_)
