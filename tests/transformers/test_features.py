"""Features learned by local rules, beside their formulas, PCA and k-means."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import subspace_angles
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, make_blobs
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from skhebb import HebbianPCA, SoftHebb, WinnerTakeAll, ZCAWhitening

TRANSFORMERS = [
    WinnerTakeAll(7, random_state=0),
    WinnerTakeAll(7, competition="hard", density=0.5, learning_rate="constant"),
    HebbianPCA(5, random_state=0),
    HebbianPCA(5, activation="identity", density=0.5, learning_rate="invscaling"),
    SoftHebb(7, random_state=0),
    SoftHebb(7, activation="relu", density=0.5, learning_rate="cosine", max_iter=2),
]
FEATURES = [
    WinnerTakeAll(7, learning_rate_init=0.3, random_state=0),
    WinnerTakeAll(7, competition="hard", learning_rate_init=0.3, random_state=0),
    HebbianPCA(5, learning_rate_init=0.03, random_state=0),
    HebbianPCA(5, activation="identity", learning_rate_init=0.03, random_state=0),
    SoftHebb(7, initial_norm=2.0, learning_rate_init=0.02, power=0.7, random_state=0),
]


@parametrize_with_checks([*TRANSFORMERS, ZCAWhitening()])
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    return load_digits().data / 16


@pytest.fixture(params=FEATURES, ids=str)
def transformer(request):
    return clone(request.param)


@pytest.fixture(params=[1.0, 0.4])
def density(request):
    return request.param


def dense(weights):
    return weights.toarray() if sparse.issparse(weights) else weights


def expected_step(transformer, weights, X):
    """What a mini-batch adds to the weights, sample by sample and unit by unit."""
    n_samples, rate = len(X), transformer.learning_rate_init
    change = np.zeros_like(weights)
    if isinstance(transformer, HebbianPCA):
        for x in X:
            y = weights @ x
            if transformer.activation == "relu":
                y = np.maximum(y, 0)
            for unit in range(len(weights)):
                left = x - sum(y[k] * weights[k] for k in range(unit + 1))
                change[unit] += rate / n_samples * y[unit] * left
        return change
    if isinstance(transformer, SoftHebb):
        for x in X:
            u = weights @ x
            y = -np.exp(u) / np.exp(u).sum()
            y[u.argmax()] *= -1
            for unit in range(len(weights)):
                change[unit] += y[unit] * (x - u[unit] * weights[unit])
        change *= weights != 0
        norms = np.linalg.norm(weights, axis=1)
        return rate * np.sqrt(abs(norms - 1))[:, None] * change / abs(change).max()
    totals = np.zeros(len(weights))
    for x in X:
        norms = np.linalg.norm(weights, axis=1) * np.linalg.norm(x)
        scores = ((weights @ x / norms + 1) / 2) ** 2
        if transformer.competition == "hard":
            responses = np.eye(len(weights))[scores.argmax()]
        else:
            exponentials = np.exp(scores / transformer.temperature)
            responses = exponentials / exponentials.sum()
        totals += responses
        change += rate * responses[:, None] ** 2 * (x - weights)
    return change / np.where(totals > 0, totals, 1)[:, None]


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


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_scale_of_large_samples(digits, density, activation):
    """Components do not depend on it, and as many units live as with small ones."""
    pca = HebbianPCA(activation=activation, density=density, random_state=0)
    small, raw, bytes_, huge = (
        clone(pca).fit(scale * digits) for scale in (1, 16, 255, 1e9)
    )
    for other in bytes_, huge:
        assert_allclose(dense(other.components_), dense(raw.components_), rtol=1e-6)
    alive = [
        np.any(each.transform(digits) != 0, axis=0).mean() for each in (small, raw)
    ]
    assert min(alive) > 0.9
    assert np.abs(dense(raw.components_)).max() < 1


def test_step_of_large_samples(digits):
    """The rule as published, with the rate of samples of a mean squared norm of 500."""
    X = 16 * digits[:40]
    pca = HebbianPCA(5, learning_rate_init=0.002, batch_size=40, random_state=0)
    before = clone(pca).set_params(learning_rate_init=1e-300).partial_fit(X).components_
    excess = (X**2).sum(axis=1).mean() / 500
    assert excess > 5
    expected = before + expected_step(pca, before, X) / excess
    assert_allclose(pca.partial_fit(X).components_, expected, atol=1e-12)


def residuals(pca, X):
    """What is left of the samples after each unit, one after the other."""
    weights, left = dense(pca.components_), X.copy()
    outputs = X @ weights.T
    if pca.activation == "relu":
        outputs = np.maximum(outputs, 0)
    for y, w in zip(outputs.T, weights, strict=True):
        yield left.copy()
        left -= np.outer(y, w)
    yield left


@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize("train", ["fit", "partial_fit"])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_explained_variance(digits, density, activation, train, container, dtype):
    """The squares that each unit takes of what those before it leave."""
    X = digits[:300].astype(dtype)
    pca = HebbianPCA(6, activation=activation, density=density, learning_rate_init=0.02)
    getattr(pca, train)(container(X))
    squares = [np.square(left).sum() for left in residuals(pca, X.astype(float))]
    taken, tolerance = -np.diff(squares), 1e-4 if dtype == np.float32 else 1e-9
    assert pca.explained_variance_.dtype == dtype
    assert_allclose(pca.explained_variance_, taken / 299, rtol=tolerance, atol=1e-5)
    ratio = pca.explained_variance_ratio_
    assert_allclose(ratio, taken / squares[0], rtol=tolerance, atol=1e-6)
    assert 0 < ratio.sum() < 1
    left = X - pca.inverse_transform(pca.transform(container(X)))
    assert left.dtype == dtype
    assert_allclose(1 - np.square(left).sum() / squares[0], ratio.sum(), rtol=1e-4)


def test_inverse_transform(digits, density):
    pca = HebbianPCA(5, density=density).fit(digits)
    features = pca.transform(digits)
    expected = features @ dense(pca.components_)
    assert_allclose(pca.inverse_transform(features), expected)
    assert_allclose(pca.inverse_transform(features.tolist()), expected)
    with pytest.raises(ValueError, match=r"must have 5 features\. Got 64"):
        pca.inverse_transform(digits)
    with pytest.raises(ValueError, match="X contains NaN"):
        pca.inverse_transform(np.full((2, 5), np.nan))
    with pytest.raises(NotFittedError):
        HebbianPCA().inverse_transform(features)


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


def test_recovers_principal_components():
    """Eigenvalues well apart; the 5° that are asked for are 2.2° at most here."""
    rng = np.random.default_rng(0)
    values = np.r_[8, 4, 2, 1, np.full(26, 0.05)]
    axes, _ = np.linalg.qr(rng.standard_normal((30, 30)))
    X = rng.standard_normal((4000, 30)) * np.sqrt(values) @ axes.T
    X -= X.mean(axis=0)
    params = {"learning_rate_init": 0.05, "max_iter": 20, "random_state": 0}
    fitted = HebbianPCA(4, activation="identity", **params).fit(X)
    expected = PCA(4).fit(X).components_
    angles = subspace_angles(fitted.components_.T, expected.T)
    assert np.degrees(angles).max() < 5
    cosines = np.sum(fitted.components_ * expected, axis=1)
    assert (
        np.degrees(np.arccos(np.minimum(np.abs(cosines), 1))).max() < 5
    )  # each of them, in order
    assert_allclose(np.linalg.norm(fitted.components_, axis=1), 1, atol=0.02)
    expected = PCA(4).fit(X)
    for name in "explained_variance_", "explained_variance_ratio_":
        assert_allclose(getattr(fitted, name), getattr(expected, name), rtol=0.02)
    reconstructed = expected.inverse_transform(expected.transform(X))
    error = np.square(fitted.inverse_transform(fitted.transform(X)) - X).sum()
    assert_allclose(error, np.square(reconstructed - X).sum(), rtol=0.02)


def test_cold_competition_is_hard(digits):
    params = {"learning_rate_init": 0.1, "random_state": 0}
    cold = WinnerTakeAll(10, temperature=1e-7, **params).fit(digits)
    hard = WinnerTakeAll(10, competition="hard", **params).fit(digits)
    assert_allclose(cold.components_, hard.components_, atol=1e-9)
    assert_allclose(cold.responses(digits), hard.responses(digits), atol=1e-12)


def test_clusters():
    """Where clusters lie in different directions, winners are their centres."""
    centres = 10 * np.eye(6)[:4] + 1
    X, y = make_blobs(2000, centers=centres, cluster_std=0.5, random_state=0)
    params = {"competition": "hard", "init": "samples", "learning_rate_init": 0.5}
    wta = WinnerTakeAll(4, **params, max_iter=30, random_state=0).fit(X)
    winners = wta.responses(X).argmax(axis=1)
    assert len({(a, b) for a, b in zip(winners, y, strict=True)}) == 4
    means = KMeans(4, n_init=5, random_state=0).fit(X).cluster_centers_
    distances = np.linalg.norm(wta.components_[:, None] - means, axis=2)
    assert distances.min(axis=1).max() < 0.1
    assert sorted(distances.argmin(axis=1)) == [0, 1, 2, 3]


@pytest.mark.parametrize("temperature", [1e-12, 0.02, 1e6])
def test_responses(digits, temperature):
    X = np.vstack([digits[:20], np.zeros(64), 1e-100 * digits[0], 1e150 * digits[1]])
    wta = WinnerTakeAll(5, temperature=temperature, random_state=0).fit(digits)
    responses = wta.responses(X)
    assert_allclose(responses.sum(axis=1), np.arange(23) != 20)
    assert_allclose(responses[-1], responses[1])


@pytest.mark.parametrize(
    ("dtype", "scales"),
    [
        (np.float32, [1e-25, 1e25, 1e37]),
        (np.float64, [1e-307, 1e-200, 1e160, 1e200, 1e307]),
    ],
)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_responses_do_not_depend_on_the_scale(
    digits, density, dtype, scales, container
):
    """No square of a number overflows or vanishes, nor a product with a weight."""
    X = digits.astype(dtype)
    wta = WinnerTakeAll(5, density=density, random_state=0).fit(X)
    expected = wta.responses(X)
    assert np.ptp(expected, axis=1).min() > 0.01
    for factor in scales:
        responses = wta.responses(container(X * dtype(factor)))
        assert_allclose(responses, expected, rtol=1e-4)
    wta.components_ = wta.components_ * dtype(scales[-1])
    assert_allclose(wta.responses(X), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.float32, 2.0**64), (np.float64, 2.0**512)]
)
def test_training_where_squares_of_samples_overflow(digits, density, dtype, scale):
    """Shares of units do not become equal: components scale with the samples."""
    X, scale = digits.astype(dtype), dtype(scale)
    wta = WinnerTakeAll(5, learning_rate_init=1e-4, random_state=0)
    given = 1e-3 * digits[::300][:5].astype(dtype)
    if density < 1:
        given = sparse.csr_array(given)
    small = clone(wta).fit(X, components_init=given)
    large = clone(wta).fit(scale * X, components_init=scale * given)
    with np.errstate(over="ignore"):
        assert np.isinf(np.square(scale * X)).any()
    expected = dense(small.components_) * scale
    assert_allclose(dense(large.components_), expected, rtol=1e-4)
    assert_allclose(large.change_curve_, small.change_curve_, rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_principal_components_where_squares_of_samples_overflow(
    digits, density, dtype, activation, container
):
    X = digits.astype(dtype)
    pca = HebbianPCA(5, activation=activation, density=density, random_state=0)
    scale = 1e25 if dtype == np.float32 else 1e200
    raw, huge = (
        clone(pca).fit(container(X * dtype(factor))) for factor in (255, scale)
    )
    rtol = 1e-3 if dtype == np.float32 else 1e-8
    assert_allclose(dense(huge.components_), dense(raw.components_), rtol, 1e-6)
    ratio = huge.explained_variance_ratio_
    assert ratio.dtype == huge.explained_variance_.dtype == dtype
    assert_allclose(ratio, raw.explained_variance_ratio_, rtol, 1e-6)
    with np.errstate(over="ignore"):
        factor = dtype(scale / 255)  # a unit may explain nothing, of infinity
        variance = raw.explained_variance_ * factor * factor
    assert_allclose(huge.explained_variance_, variance, rtol)


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


def test_units_of_soft_hebb_approach_norm_1(digits):
    """Where they rest: at norm 1 the rate is 0."""
    start = np.eye(8, 64)
    soft_hebb = SoftHebb(8).fit(digits, components_init=start)
    assert_array_equal(soft_hebb.components_, start)
    soft_hebb.set_params(initial_norm=4.0, max_iter=60, random_state=0)
    norms = np.linalg.norm(soft_hebb.fit(scale(digits)).components_, axis=1)
    assert_allclose(norms, 1, atol=0.05)


def test_what_sees_nothing_wins_nothing_of_soft_hebb(rng):
    """Where the products of all other units are negative."""
    X = rng.random((50, 2)) + 1
    weights = sparse.csr_array([[-1.0, -2.0], [0.0, 0.0], [-2.0, -1.0]])
    soft_hebb = SoftHebb(3, batch_size=50, learning_rate_init=0.1)
    found = soft_hebb.fit(X, components_init=weights).components_.toarray()
    alone = SoftHebb(2, batch_size=50, learning_rate_init=0.1)
    expected = alone.fit(X, components_init=weights.toarray()[::2]).components_
    assert_allclose(found[::2], expected)


class Recorder:
    """Remembers epochs; stops after some."""

    def __init__(self, stop_after=None, error=None):
        self.fitted, self.stop_after, self.error = [], stop_after, error

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if self.error and context.task_name == "epoch" and context.task_id == 2:
            raise self.error

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name == "epoch":
            self.fitted.append(fitted_estimator.transform(X))
        return len(self.fitted) == self.stop_after


def test_callbacks(transformer, digits):
    recorder = Recorder()
    transformer.set_params(max_iter=4, learning_rate="constant")
    clone(transformer).set_callbacks(recorder).fit(digits)
    for n, features in enumerate(recorder.fitted, start=1):
        shorter = clone(transformer).set_params(max_iter=n).fit(digits)
        assert_array_equal(features, shorter.transform(digits))
    stopped = clone(transformer).set_callbacks(Recorder(stop_after=2)).fit(digits)
    assert stopped.n_iter_ == 2


def test_interrupt(transformer, density, digits):
    transformer.set_params(density=density, max_iter=4, learning_rate="constant")
    shorter = clone(transformer).set_params(max_iter=2).fit(digits)
    transformer.set_callbacks(Recorder(error=KeyboardInterrupt()))
    with pytest.warns(UserWarning, match="interrupted by user"):
        transformer.fit(digits)
    assert transformer.n_iter_ == 2
    assert_array_equal(dense(transformer.components_), dense(shorter.components_))


@pytest.mark.parametrize("train", ["fit", "partial_fit"])
def test_divergence(digits, density, train):
    params = {"activation": "identity", "learning_rate_init": 1e3, "density": density}
    pca = HebbianPCA(3, **params, random_state=0)
    with pytest.warns(ConvergenceWarning, match="Lower learning_rate_init"):
        getattr(pca, train)(digits)
    assert hasattr(pca, "components_") == (train == "fit")
    if train == "fit":
        assert np.isfinite(dense(pca.components_)).all()


def test_verbose(transformer, digits, capsys):
    transformer.set_params(verbose=True, max_iter=3).fit(digits)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"Iteration {n}" for n in (1, 2, 3)
    ]


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


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_initial_samples(digits, density, container):
    params = {"init": "samples", "learning_rate_init": 1e-300, "density": density}
    wta = WinnerTakeAll(20, **params, random_state=0).fit(container(digits))
    components = dense(wta.components_)
    there = np.ones((20, 64), dtype=bool)
    if density < 1:
        rows, columns = wta.components_.tocoo().coords
        there[:] = False
        there[rows, columns] = True
    for unit, seen in zip(components, there, strict=True):
        distances = np.abs(digits[:, seen] - unit[seen]).max(axis=1)
        assert distances.min() < 1e-12


def test_initial_weights_of_a_unit_go_by_what_it_sees(digits):
    fields = np.zeros((2, 64))
    fields[0], fields[1, :4] = 1, 1
    for seed in range(20):
        pca = HebbianPCA(2, learning_rate_init=1e-300, random_state=seed)
        weights = pca.fit(digits, receptive_fields=fields).components_.toarray()
        assert 1 / 16 < np.abs(weights[0]).max() <= 1 / 8
        assert np.abs(weights[1]).max() <= 1 / 2
    assert np.abs(weights[1]).max() > 1 / 8


@pytest.mark.parametrize("competition", ["soft", "hard"])
def test_what_sees_nothing_wins_nothing(digits, competition):
    centred = digits - digits.mean(axis=0)
    fields = np.zeros((3, 64))
    fields[:2] = np.random.default_rng(0).standard_normal((2, 64))
    wta = WinnerTakeAll(3, competition=competition, learning_rate_init=1e-300)
    wta.fit(centred, components_init=sparse.csr_array(fields))
    # At a right angle to all samples it would have won one of three.
    assert wta.responses(centred)[:, 2].max() < 1e-4


def test_duplicates_in_samples(digits):
    X = sparse.csr_array(digits)
    twice = np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), 2 * X.indptr
    twice = sparse.csr_array(twice, shape=X.shape)
    wta = WinnerTakeAll(5, random_state=0).fit(X)
    assert_allclose(wta.responses(twice), wta.responses(X), atol=1e-12)
    assert twice.nnz == 2 * X.nnz  # it is still the user's
    assert_allclose(clone(wta).fit(twice).components_, wta.components_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("temperature", [1e-300, 1e-12, 1e30])
def test_extreme_temperatures(digits, dtype, temperature):
    wta = WinnerTakeAll(5, temperature=temperature, random_state=0)
    responses = wta.fit(digits.astype(dtype)).responses(digits.astype(dtype))
    assert responses.dtype == dtype
    assert_allclose(responses.sum(axis=1), 1, rtol=1e-6)
    assert wta.n_iter_ == 2


def test_another_number_of_components_needs_fit(digits):
    pca = HebbianPCA(5, random_state=0).partial_fit(digits).set_params(n_components=9)
    with pytest.warns(UserWarning, match=r"n_components \(now 9, then 5\).*Use fit"):
        pca.partial_fit(digits)
    assert len(pca.get_feature_names_out()) == pca.transform(digits).shape[1] == 5


def test_going_on_after_an_interrupt(transformer, digits):
    transformer.set_params(max_iter=4, learning_rate="constant")
    expected = clone(transformer).set_params(max_iter=2).fit(digits)
    transformer.set_callbacks(Recorder(error=KeyboardInterrupt()))
    with pytest.warns(UserWarning, match="interrupted by user"):
        transformer.fit(digits)
    transformer.partial_fit(digits)
    expected.partial_fit(digits)
    assert_array_equal(transformer.components_, expected.components_)


def test_an_undone_first_pass_leaves_nothing(digits):
    pca = HebbianPCA(3, activation="identity", learning_rate_init=1e3)
    with pytest.warns(ConvergenceWarning, match="the pass is undone"):
        pca.partial_fit(pd.DataFrame(digits, columns=[f"p{n}" for n in range(64)]))
    assert vars(pca).keys() == vars(clone(pca)).keys()


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


def test_no_jobs(digits, density):
    with pytest.raises(ValueError, match="'n_jobs' parameter"):
        WinnerTakeAll(5, density=density, n_jobs=0).fit(digits)


class TestZCAWhitening:
    def test_against_pca(self, rng):
        """Whitened principal components, rotated back."""
        X = rng.standard_normal((300, 6)) @ rng.standard_normal((6, 6)) + 3
        pca = PCA(whiten=True).fit(X)
        white = ZCAWhitening(regularization=1e-12).fit_transform(X)
        assert_allclose(white, pca.transform(X) @ pca.components_, atol=1e-8)

    def test_regularization(self, rng):
        X = rng.standard_normal((200, 5)) * [3, 1, 0.1, 0.01, 0]
        zca = ZCAWhitening(regularization=0.1).fit(X)
        values, vectors = np.linalg.eigh(np.cov(X.T))
        expected = vectors @ np.diag((values + 0.1) ** -0.5) @ vectors.T
        assert_allclose(zca.whitening_, expected, atol=1e-10)
        assert_allclose(zca.inverse_transform(zca.transform(X)), X, atol=1e-10)

    def test_float32(self, rng):
        X = rng.standard_normal((200, 5)).astype(np.float32)
        zca = ZCAWhitening().fit(X)
        assert zca.transform(X).dtype == zca.whitening_.dtype == np.float32

    def test_more_features_than_samples(self, rng):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            white = ZCAWhitening().fit_transform(rng.standard_normal((5, 30)))
        assert np.isfinite(white).all()

    def test_mean_of_many_float32(self, rng):
        X = (rng.standard_normal((300_000, 2)) + 1000).astype(np.float32)
        zca = ZCAWhitening().fit(X)
        assert_allclose(zca.mean_, X.mean(axis=0, dtype=np.float64), rtol=1e-6)
        white = zca.transform(X).astype(np.float64)
        assert_allclose(white.mean(axis=0), 0, atol=1e-3)
        assert_allclose(np.cov(white.T), np.eye(2), atol=0.02)

    def test_overflow(self, rng):
        with pytest.raises(ValueError, match="covariance of X overflows"):
            ZCAWhitening().fit(1e200 * rng.standard_normal((50, 3)))

    def test_failed_fit_changes_nothing(self, rng):
        frame = pd.DataFrame(rng.standard_normal((50, 3)), columns=list("abc"))
        zca = ZCAWhitening().fit(frame)
        expected = zca.transform(frame)
        with pytest.raises(ValueError, match="overflows"):
            zca.fit(frame.rename(columns=str.upper) * 1e200)
        assert_array_equal(zca.transform(frame), expected)

    def test_back_from_a_frame(self, rng):
        frame = pd.DataFrame(rng.standard_normal((50, 3)), columns=list("abc"))
        zca = ZCAWhitening().fit(frame)
        assert_allclose(zca.inverse_transform(zca.transform(frame)), frame)
        with pytest.raises(ValueError, match="X must have 3 features"):
            zca.inverse_transform(np.ones((4, 2)))
