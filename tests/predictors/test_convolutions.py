"""Convolutions before a network that is pre-trained and fine-tuned."""

import pickle
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    SETClassifier,
    SoftHebb,
    WinnerTakeAll,
)
from skhebb.callbacks import Checkpoint

NETWORK = {
    "hidden_layer_sizes": (30,),
    "batch_size": 32,
    "learning_rate_init": 0.01,
    "max_iter": 10,
    "random_state": 0,
}
both = pytest.mark.parametrize("fine_tune", ["head", "all"])


def convolutions(**params):
    """Two of them, of which only the first knows the size of its images."""
    return [
        ConvolutionalFeatures(
            SoftHebb(12),
            **{
                "image_shape": (8, 8, 1),
                "kernel_size": 3,
                "padding": 1,
                "standardize_input": True,
                "standardize": "channels",
                "n_patches": 500,
                **params,
            },
        ),
        ConvolutionalFeatures(
            HebbianPCA(10),
            kernel_size=2,
            pooling="average",
            standardize="layer",
            n_patches=500,
        ),
    ]


def classifier(fine_tune, layers=None, **params):
    return HebbianPretrainingClassifier(
        SETClassifier(**{**NETWORK, **params}),
        WinnerTakeAll(max_iter=1),
        convolutions=convolutions() if layers is None else layers,
        fine_tune=fine_tune,
        random_state=0,
    )


@pytest.fixture(scope="module")
def digits():
    """A sixth of 500 images are labelled."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:500], y[:500]
    return X, np.where(np.arange(500) % 6 == 0, y, -1), y


def kernels(clf):
    return [layer.features_.components_ for layer in clf.convolutions_]


def without_weights(estimator):
    weights = "in pre-training all samples with a weight above 0 count alike"
    return {
        "check_classifiers_classes": "-1 marks samples without a label",
        "check_sample_weight_equivalence_on_dense_data": weights,
    }


# Rows of one channel, as images of one row: patches of two features.
OF_ROWS = [
    ConvolutionalFeatures(
        SoftHebb(4), kernel_size=(1, 2), padding=(0, 1), pooling=None, n_patches=200
    )
]


@parametrize_with_checks(
    [
        HebbianPretrainingClassifier(
            SETClassifier(10, max_iter=15, learning_rate_init=0.05, batch_size=32),
            convolutions=OF_ROWS,
            fine_tune="all",
            random_state=0,
        )
    ],
    expected_failed_checks=without_weights,
)
def test_sklearn_checks(estimator, check):
    check(estimator)


def test_head_by_hand(digits):
    """It is what the same parts do one after the other."""
    X, y, _ = digits
    clf = classifier("head").fit(X, y)
    maps = X
    for layer, fitted in zip(convolutions(), clf.convolutions_, strict=True):
        layer.set_params(random_state=fitted.random_state)
        if layer.image_shape is None:
            layer.set_params(image_shape=clf.convolutions_[0].output_shape_)
        maps = layer.fit_transform(maps)
        assert_allclose(
            layer.features_.components_, fitted.features_.components_, atol=1e-9
        )
    centred = HebbianPretrainingClassifier(
        SETClassifier(**NETWORK), WinnerTakeAll(max_iter=1), random_state=0
    )
    assert clf.n_features_in_ == 64
    assert clf.estimator_.n_features_in_ == maps.shape[1] == 10
    assert_allclose(clf.predict_proba(X), clf.estimator_.predict_proba(maps), atol=1e-9)
    assert centred.fit(maps, y).score(maps, y) > 0


@both
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.uint8])
def test_learns(digits, fine_tune, kind):
    X, y, truth = digits
    X = X.astype(kind)
    clf = classifier(fine_tune, max_iter=25).fit(X, y)
    dtype = np.float64 if kind is np.float64 else np.float32
    assert clf.estimator_.coefs_[0].dtype == kernels(clf)[1].dtype == dtype
    # By chance 0.1, from 84 labels and by ten features only.
    score = clf.score(X[y < 0], truth[y < 0])
    assert score > (0.55 if fine_tune == "all" else 0.35)
    expected = clf.predict_proba(X)
    loaded = pickle.loads(pickle.dumps(clf))
    assert_array_equal(loaded.predict_proba(X), expected)
    again = clone(clf).fit(X, y)
    assert_array_equal(again.predict_proba(X), expected)


def test_only_all_moves_kernels(digits):
    X, y, _ = digits
    frozen, tuned = (classifier(each).fit(X, y) for each in ("head", "all"))
    still = classifier("all", learning_rate_init=1e-12).fit(X, y)
    for one, other, moved in zip(*map(kernels, (frozen, still, tuned)), strict=True):
        assert_allclose(one, other, atol=1e-9)
        assert np.abs(moved - one).max() > 1e-3
    assert tuned.convolutions_[0].output_statistics_.mean == pytest.approx(
        frozen.convolutions_[0].output_statistics_.mean
    )


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_whatever_the_size_of_kernels(digits, solver, monkeypatch):
    """Kernels a thousandth as large learn the same, where maps are standardised."""
    X, y, _ = digits
    layer = convolutions()[0].set_params(activation="relu", pooling="max")
    fitted = []
    for factor in 1, 1e-3:
        features = HebbianPCA(6, learning_rate_init=1e-30)
        layers = [clone(layer).set_params(features=features)]
        learn = BaseFeatures._initial_components

        def scaled(self, shape, fields, X, rng, learn=learn, factor=factor):
            components = learn(self, shape, fields, X, rng)
            if shape[0] == 6:  # those of the convolution
                components.weights *= factor
            return components

        with monkeypatch.context() as patch:
            patch.setattr(BaseFeatures, "_initial_components", scaled)
            clf = classifier("all", layers, solver=solver, max_iter=3, dropout=0.2)
            fitted.append(clf.fit(X, y))
    large, small = (clf.predict_proba(X) for clf in fitted)
    # Adam adds 1e-8 to what it divides by.
    assert_allclose(small, large, atol=1e-9 if solver == "sgd" else 1e-4)
    sizes = [np.abs(kernels(clf)[0]).max() for clf in fitted]
    assert sizes[1] < 0.01 * sizes[0]


BaseFeatures = HebbianPCA.__mro__[1]


def test_gradient_of_the_whole(digits):
    """A step of plain gradient descent is that of the loss, in units of kernels."""
    X, y, _ = digits
    X, y = X[y >= 0][:20], y[y >= 0][:20]
    layer = convolutions()[0]
    params = {"solver": "sgd", "max_iter": 1, "batch_size": 20, "momentum": 0}
    params |= {"weight_decay": 0, "dropout": 0, "zeta": 0, "tol": None}
    rate, network = 1e-5, params
    clf = classifier("all", [layer], **network, learning_rate_init=rate)
    before = clone(clf).set_params(estimator__learning_rate_init=1e-200).fit(X, y)
    clf.fit(X, y)
    start, step = kernels(before)[0], kernels(clf)[0] - kernels(before)[0]
    unit = np.linalg.norm(start) / np.sqrt(2 * len(start))
    rng, move = np.random.default_rng(0), 1e-6
    targets = np.searchsorted(before.classes_, y)

    def loss(components):
        before.convolutions_[0].features_.components_ = components
        proba = before.predict_proba(X)
        return -np.log(proba[np.arange(len(y)), targets]).mean()

    for _ in range(5):
        way = rng.standard_normal(start.shape)
        slope = (loss(start + move * way) - loss(start - move * way)) / (2 * move)
        assert_allclose(np.sum(step * way), -rate * unit**2 * slope, rtol=1e-4)


def test_kernel_rate(digits):
    """Steps of plain gradient descent are in proportion to it, also after a pickle."""
    X, y, _ = digits
    params = {"solver": "sgd", "momentum": 0, "batch_size": 500, "dropout": 0}
    start = kernels(classifier("head", **params, max_iter=1).fit(X, y))
    steps = []
    for rate in 1e-3, 3e-3:
        clf = classifier("all", **params, max_iter=1).set_params(kernel_rate=rate)
        first = kernels(clf.fit(X, y))
        second = kernels(pickle.loads(pickle.dumps(clf)).partial_fit(X, y))
        steps.append([[a - b for a, b in zip(first, start, strict=True)],
                      [a - b for a, b in zip(second, first, strict=True)]])  # fmt: skip
    for one, other in zip(steps[0][0], steps[1][0], strict=True):
        assert_allclose(other, 3 * one, rtol=1e-6, atol=1e-12)
    for one, other in zip(steps[0][1], steps[1][1], strict=True):
        assert_allclose(other, 3 * one, rtol=0.05, atol=1e-2 * np.abs(one).max())


@both
def test_threads(digits, fine_tune, monkeypatch):
    X, y = digits[0][:300], np.where(np.arange(300) < 100, digits[2][:300], -1)
    monkeypatch.setattr("skhebb._transformers.blocks.BLOCK_BYTES", 100_000)
    found = []
    for n_jobs in 1, 3:
        monkeypatch.setattr(
            "skhebb._utils.threads._runtime.openmp_max_threads", lambda n=n_jobs: n
        )
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        clf = classifier(fine_tune, n_jobs=n_jobs, early_stopping=True, max_iter=3)
        clf.set_params(estimator__validation_fraction=0.3)
        found.append(clf.fit(X, y).predict_proba(X))
    assert_array_equal(*found)


@both
def test_early_stopping_keeps_the_best(digits, fine_tune):
    X, y, _ = digits
    clf = classifier(
        fine_tune,
        early_stopping=True,
        validation_fraction=0.3,
        n_iter_no_change=3,
        max_iter=15,
        learning_rate_init=0.05,
        scoring="loss",
    ).fit(X, y)
    scores = clf.estimator_.validation_scores_
    assert clf.estimator_.best_validation_score_ == max(scores)
    best = 1 + np.argmax(scores)
    shorter = clone(clf).set_params(
        estimator__max_iter=15, estimator__n_iter_no_change=15
    )
    stopper = StopAfter(best)
    shorter.estimator.set_callbacks(stopper)
    shorter.fit(X, y)
    for one, other in zip(kernels(clf), kernels(shorter), strict=True):
        assert_array_equal(one, other)
    assert_array_equal(clf.predict_proba(X), shorter.predict_proba(X))


class StopAfter:
    """Stops fine-tuning after some epochs; remembers tasks."""

    def __init__(self, n_epochs=None):
        self.n_epochs, self.tasks = n_epochs, []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name == "epoch":
            assert X.shape[1] == fitted_estimator.n_features_in_
            return context.task_id + 1 == self.n_epochs


class Tasks:
    """Remembers which parts are fitted."""

    max_propagation_depth = None

    def __init__(self):
        self.begun = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, X):
        task = context.source_task_name or context.task_name
        self.begun.append((task, type(estimator).__name__, X.shape))

    def on_fit_task_end(self, estimator, context):
        pass


@both
def test_phases_are_tasks(digits, fine_tune):
    X, y, _ = digits
    clf, tasks = classifier(fine_tune), Tasks()
    expected = clone(clf).fit(X, y).predict_proba(X)
    clf.set_callbacks(tasks).fit(X, y)
    assert_array_equal(clf.predict_proba(X), expected)
    shown = [task for task in tasks.begun if task[0] in ("pre-training", "fine-tuning")]
    assert shown == [
        ("pre-training", "ConvolutionalFeatures", (500, 64)),
        ("pre-training", "ConvolutionalFeatures", (500, 192)),
        ("pre-training", "WinnerTakeAll", (500, 10)),
        ("fine-tuning", "SETClassifier", (84, 10)),
    ]


def test_progress_bar(digits, capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    X, y, _ = digits
    classifier("all").set_callbacks(ProgressBar()).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert all("100%" in line for line in lines)
    for what in ("pre-training | ConvolutionalFeatures", "fine-tuning | SETClassifier"):
        assert any(what in line for line in lines)


class Interrupt(StopAfter):
    """Ctrl-C in the second epoch of features."""

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == 1:
            raise KeyboardInterrupt

    def on_fit_task_end(self, estimator, context):
        pass


def test_interrupted_convolution(digits):
    X, y, _ = digits
    features = WinnerTakeAll(4).set_callbacks(Interrupt())
    clf = classifier("all", [convolutions()[0].set_params(features=features)])
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert vars(clf).keys() == vars(clone(clf)).keys()


class Kill(StopAfter):
    """As a kill would, in an epoch of fine-tuning."""

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == 4:
            raise RuntimeError("killed")

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_goes_on_from_a_checkpoint(digits, solver, tmp_path):
    """Kernels and what the optimiser knows of them are in the file."""
    X, y, _ = digits
    params = {"solver": solver, "dropout": 0.2}
    params |= {"early_stopping": True, "validation_fraction": 0.3}
    clf = classifier("all", **params, max_iter=8, n_iter_no_change=8)
    expected = clone(clf).fit(X, y)
    kept = clone(clf)
    kept.estimator.set_callbacks(Checkpoint(tmp_path), Kill())
    with pytest.raises(RuntimeError, match="killed"):
        kept.fit(X, y)
    resumed = clone(clf)
    resumed.estimator.set_callbacks(Checkpoint(tmp_path))
    resumed.fit(X, y)
    assert_array_equal(resumed.predict_proba(X), expected.predict_proba(X))
    for one, other in zip(kernels(resumed), kernels(expected), strict=True):
        assert_array_equal(one, other)


class TestPartialFit:
    @both
    def test_goes_on(self, digits, fine_tune):
        X, y, truth = digits
        clf = classifier(fine_tune, solver="sgd")
        clf.partial_fit(X, y, classes=range(10))
        before, proba = clf.convolutions_, clf.predict_proba(X)
        arrays = [array.copy() for array in kernels(clf)]
        loaded = pickle.loads(pickle.dumps(clf))
        other = clone(clf).partial_fit(X, y, classes=range(10))
        for each in clf, loaded:
            for _ in range(8):
                each.partial_fit(X, y)
        assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
        assert_array_equal(other.predict_proba(X), proba)
        for layer, array in zip(before, arrays, strict=True):  # whoever reads meanwhile
            assert_array_equal(layer.features_.components_, array)
        assert clf.score(X[y < 0], truth[y < 0]) > 0.2

    def test_kernels_that_users_changed(self, digits):
        X, y, _ = digits
        clf = classifier("all", [convolutions()[0]]).fit(X, y)
        features = clf.convolutions_[0].features_
        features.components_ = -features.components_
        changed = pickle.loads(pickle.dumps(clf)).partial_fit(X, y)
        assert np.vdot(kernels(changed)[0], features.components_) > 0
        features.components_ = features.components_[:3]
        with pytest.raises(ValueError, match=r"components_ must have shape \(12, 9\)"):
            clf.partial_fit(X, y)

    def test_without_optimizer_state(self, digits):
        X, y, _ = digits
        clf = classifier("all", solver="adam").fit(X, y)
        proba, size = clf.predict_proba(X), len(pickle.dumps(clf))
        clf.drop_optimizer_state()
        assert_array_equal(clf.predict_proba(X), proba)
        assert len(pickle.dumps(clf)) < size
        clf.partial_fit(X, y)


@both
def test_sample_weight(digits, fine_tune, rng):
    X, y, _ = digits
    weights = rng.uniform(0.5, 2, len(y)) * (rng.random(len(y)) < 0.7)
    some = weights > 0
    clf = classifier(fine_tune)
    part = clone(clf).fit(X[some], y[some], weights[some])
    clf.fit(X, y, sample_weight=weights)
    assert_array_equal(clf.predict_proba(X), part.predict_proba(X))
    plain = clone(clf).fit(X[some], y[some])
    assert np.abs(plain.predict_proba(X) - clf.predict_proba(X)).max() > 1e-3


@both
def test_dropout_of_what_convolutions_give(digits, fine_tune):
    """Without hidden layers it is the inputs of the network that are dropped."""
    X, y, _ = digits
    params = {"hidden_layer_sizes": (), "max_iter": 3}
    plain = classifier(fine_tune, **params).fit(X, y).predict_proba(X)
    dropped = classifier(fine_tune, **params, dropout=0.5).fit(X, y).predict_proba(X)
    assert np.abs(plain - dropped).max() > 1e-3
    alone = SETClassifier((), max_iter=3, random_state=0)
    images = X / 16, np.arange(500) % 3
    assert_array_equal(
        alone.fit(*images).predict_proba(X / 16),
        alone.set_params(dropout=0.5).fit(*images).predict_proba(X / 16),
    )


@both
@pytest.mark.parametrize("kind", ["one class", "one sample", "all labelled"])
def test_few_samples(digits, fine_tune, kind):
    X, _, truth = digits
    layers = convolutions(n_patches=None)
    layers[0].set_params(features=SoftHebb(3))
    n = 1 if kind == "one sample" else 6
    y = np.zeros(n, dtype=int) if kind == "one class" else truth[:n]
    clf = classifier(fine_tune, layers, max_iter=2).fit(X[:n], y)
    assert np.isfinite(clf.predict_proba(X[:4])).all()
    assert set(clf.predict(X[:4])) <= set(y)


def test_other_networks(digits):
    X, y, truth = digits
    network = HebbSETClassifier(**NETWORK, initial_graph="correlation")
    clf = classifier("all").set_params(estimator=network).fit(X, y)
    assert clf.score(X[y < 0], truth[y < 0]) > 0.4


def test_any_features_for_the_head(digits):
    X, y, _ = digits
    layer = convolutions()[0].set_params(
        features=make_pipeline(FunctionTransformer(), PCA(5)), activation="relu"
    )
    assert classifier("head", [layer]).fit(X, y).estimator_.n_features_in_ == 80
    with pytest.raises(TypeError, match=r"Got a Pipeline in convolutions\[0\].*'head'"):
        classifier("all", [layer]).fit(X, y)


class TestErrors:
    def test_of_shapes(self, digits):
        X, y, _ = digits
        layers = convolutions(image_shape=(8, 8, 3))
        with pytest.raises(
            ValueError, match=r"convolutions\[0\]: 64 features are not 8"
        ):
            classifier("all", layers).fit(X, y)
        layers = convolutions(image_shape=None)
        match = r"convolutions\[0\]: image_shape is missing: X has 64 .*\(8, 8, 1\)"
        with pytest.raises(ValueError, match=match):
            classifier("all", layers).fit(X, y)
        layers = convolutions()
        layers[1].set_params(image_shape=(4, 4, 11))
        match = r"convolutions\[1\]: 192 features are not 4 × 4 × 11 = 176"  # noqa: RUF001
        with pytest.raises(ValueError, match=match):
            classifier("head", layers).fit(X, y)
        layers[1].set_params(image_shape=None, kernel_size=5)
        match = r"convolutions\[1\]: kernel_size=\(5, 5\) does not fit into images of 4"
        with pytest.raises(ValueError, match=match):
            classifier("head", layers).fit(X, y)

    def test_of_kinds(self, digits):
        X, y, _ = digits
        with pytest.raises(TypeError, match=r"Sparse data was passed for X"):
            classifier("head").fit(sparse.csr_array(X), y)
        clf = classifier("all").fit(X, y)
        with pytest.raises(TypeError, match=r"Sparse data was passed for X"):
            clf.predict(sparse.csr_array(X))
        with pytest.raises(TypeError, match=r"Got PCA\(\) in convolutions\[0\]"):
            classifier("all", [PCA()]).fit(X, y)
        with pytest.raises(TypeError, match=r"Got 'SoftHebb' in convolutions\[0\]"):
            classifier("all", ["SoftHebb"]).fit(X, y)
        layers = convolutions()
        layers[0].set_params(features=SoftHebb(12, density=0.5))
        with pytest.raises(TypeError, match=r"SoftHebb with density=0\.5"):
            classifier("all", layers).fit(X, y)
        with pytest.raises(ValueError, match="'fine_tune' parameter"):
            classifier("some").fit(X, y)

    def test_before_anything_is_learned(self, digits, monkeypatch):
        X, y, _ = digits
        monkeypatch.setattr(
            ConvolutionalFeatures, "_fit", lambda *_: pytest.fail("something learned")
        )
        layers = convolutions()
        layers[1].set_params(features=HebbianPCA(3, learning_rate_init=-1))
        for params, layers_, match in [
            ({"zeta": 2}, None, "'zeta' parameter of SETClassifier"),
            ({"class_weight": {77: 1}}, None, "class_weight"),
            ({}, convolutions(power=-1), "'power' parameter of Convol"),
            ({}, layers, "'learning_rate_init' parameter of HebbianPCA"),
        ]:
            clf = classifier("all", layers_, **params)
            with pytest.raises(ValueError, match=match):
                clf.fit(X, y)
            assert vars(clf).keys() == vars(clone(clf)).keys()

    def test_of_files(self, digits):
        X, y, _ = digits
        clf = classifier("all", max_iter=1).fit(X, y)
        damaged = vars(clf) | {"convolutions_": clf.convolutions_[:1]}
        state = {**clf.__getstate__(), "convolutions_": damaged["convolutions_"]}
        with pytest.raises(ValueError, match="damaged: convolutions_"):
            HebbianPretrainingClassifier().__setstate__(state)


def test_memory(monkeypatch):
    """Maps of all images would be 37 MB, and their patches more."""
    monkeypatch.setattr("skhebb._training.computed_rows.KEPT_BYTES", 0)
    monkeypatch.setattr("skhebb._transformers.blocks.BLOCK_BYTES", 2**20)
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(2000, 256), dtype=np.uint8)
    y = np.where(np.arange(len(X)) < 100, np.arange(len(X)) % 2, -1)
    first = {"image_shape": (16, 16, 1), "kernel_size": 3, "pooling": None}
    layers = [
        ConvolutionalFeatures(SoftHebb(24), **first, n_patches=500),
        ConvolutionalFeatures(SoftHebb(4), kernel_size=3, n_patches=500),
    ]
    clf = classifier("all", layers, hidden_layer_sizes=(), max_iter=1, n_jobs=1)
    tracemalloc.start()
    try:
        clf.fit(X, y).predict(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20e6
