"""Hebbian pre-training on all samples, fine-tuning on labelled ones."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhebb import (
    HebbianMaskClassifier,
    HebbianPCA,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    SETClassifier,
    SoftHebb,
    WinnerTakeAll,
)
from skhebb.inspection import TopologyMonitor

NETWORK = {"hidden_layer_sizes": (30, 20), "max_iter": 40, "random_state": 0}


def expected_failures(estimator):
    """As SelfTrainingClassifier, which scikit-learn excepts by its name."""
    weights = "in pre-training all samples with a weight above 0 count alike"
    return {
        "check_classifiers_classes": "-1 marks samples without a label",
        "check_sample_weight_equivalence_on_dense_data": weights,
        "check_sample_weight_equivalence_on_sparse_data": weights,
    }


@parametrize_with_checks(
    [HebbianPretrainingClassifier(SETClassifier(100, max_iter=40), random_state=0)],
    expected_failed_checks=expected_failures,
)
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    """A sixth of the samples are labelled."""
    X, y = load_digits(return_X_y=True)
    return X / 16, np.where(np.arange(len(y)) % 6 == 0, y, -1), y


@pytest.mark.parametrize(
    "rule", [HebbianPCA(), WinnerTakeAll(), SoftHebb(max_iter=2)], ids=str
)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_by_hand(digits, rule, container):
    """Each rule sees what all samples became before; the labelled ones fine-tune."""
    X, y, _ = digits
    rule.set_params(random_state=0)
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), rule)
    clf.fit(container(X), y)
    start = SETClassifier(**{**NETWORK, "learning_rate_init": 1e-300}, zeta=0)
    start.partial_fit(X[y >= 0], y[y >= 0], classes=range(10))
    coefs, biases, activations = [], [], X
    for depth, part in enumerate(clf.features_):
        learned = part.components_.T.tocsr()
        assert_array_equal(learned.indices, start.coefs_[depth].indices)
        assert part.n_samples_seen_ == 2 * len(X)
        inputs = activations - activations.mean(axis=0) if depth else X
        alike = clone(part).fit(inputs, receptive_fields=start.coefs_[depth].T)
        assert_allclose(alike.components_.toarray(), part.components_.toarray())
        sums = activations @ learned.toarray()
        scales = np.where(sums.std(axis=0) > 0, sums.std(axis=0), 1)
        biases.append(-sums.mean(axis=0) / scales)
        coefs.append(sparse.csr_array(learned.multiply(1 / scales)))
        activations = np.maximum(activations @ coefs[-1].toarray() + biases[-1], 0)
    network = SETClassifier(**NETWORK)
    initial = {
        "coefs_init": [*coefs, start.coefs_[-1]],
        "intercepts_init": [*biases, np.zeros(10)],
    }
    # Of sparse samples: Adam moves weights of absent features by a rule of its own.
    network.fit(container(X[y >= 0]), y[y >= 0], **initial)
    for one, other in zip(clf.estimator_.coefs_, network.coefs_, strict=True):
        assert_allclose(one.toarray(), other.toarray(), atol=1e-8)


def test_unlabelled_samples_matter(digits):
    X, y, _ = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    whole = clone(clf).fit(X, y).features_[0].components_
    part = clone(clf).fit(X[y >= 0], y[y >= 0]).features_[0].components_
    assert np.abs((whole - part).data).max() > 1e-3


@pytest.mark.parametrize(
    "network",
    [
        SETClassifier(**NETWORK, density=1),
        HebbSETClassifier(**NETWORK, density=1),
        HebbianMaskClassifier(**NETWORK, mask_rate=1e-4, masked_layers=[-1]),
        SETClassifier((), density=1),
        None,
    ],
    ids=str,
)
def test_networks(digits, network):
    X, y, truth = digits
    clf = HebbianPretrainingClassifier(network, random_state=0).fit(X, y)
    # A linear classifier comes to 0.91 with these labels, a guess to 0.1.
    assert clf.score(X[y < 0], truth[y < 0]) > 0.7
    hidden = clf.estimator_.n_layers_ - 2
    assert len(clf.features_) == hidden
    again = clone(clf).fit(X, y)
    assert_array_equal(clf.predict_proba(X), again.predict_proba(X))
    loaded = pickle.loads(pickle.dumps(clf))
    assert_array_equal(clf.predict_log_proba(X), loaded.predict_log_proba(X))


@pytest.mark.parametrize("kind", [np.float64, np.int8])
def test_kinds_of_labels(digits, kind):
    X, y, _ = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    expected = clone(clf).fit(X, y).predict(X)
    assert_array_equal(clf.fit(X, y.astype(kind)).predict(X), expected)


def test_names_of_classes(digits):
    X, y, truth = digits
    names = np.array([f"digit {n}" for n in range(10)], dtype=object)[truth]
    names[y < 0] = -1
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    some = y >= 0
    assert set(clf.fit(X, names).predict(X)) <= set(names[some])
    clf.fit(X[some], names[some].astype(str))  # all are labelled
    assert clf.classes_.dtype.kind == "U"


def test_float32(digits):
    X, y, _ = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    clf.fit(X.astype(np.float32), y)
    assert clf.features_[1].components_.dtype == np.float32
    assert clf.estimator_.coefs_[0].dtype == np.float32


def test_search(digits):
    X, _, truth = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    pipeline = make_pipeline(StandardScaler(), clf)
    name = "hebbianpretrainingclassifier__features"
    grid = {name: [HebbianPCA(), WinnerTakeAll()], f"{name}__max_iter": [1]}
    search = GridSearchCV(pipeline, grid, cv=2, scoring="accuracy").fit(X, truth)
    assert search.best_score_ > 0.5


def test_errors(digits):
    X, y, _ = digits
    with pytest.raises(ValueError, match=r"y holds no label.*Give some a class"):
        HebbianPretrainingClassifier().fit(X, np.full(len(y), -1))
    with pytest.raises(TypeError, match="estimator must be a classifier of skhebb"):
        HebbianPretrainingClassifier(MLPClassifier()).fit(X, y)
    with pytest.raises(TypeError, match="features must be a Hebbian rule"):
        HebbianPretrainingClassifier(features=StandardScaler()).fit(X, y)


def test_text_that_may_mean_no_label(digits):
    X, y, _ = digits
    with pytest.raises(ValueError, match=r"y holds the string '-1'.*dtype object"):
        HebbianPretrainingClassifier().fit(X, y.astype(str))
    with pytest.raises(ValueError, match="y holds the string '-1'"):
        HebbianPretrainingClassifier().fit(X, ["a", -1, "b"] * 599)
    labels = np.array(["a", None, -1] * 599, dtype=object)
    with pytest.raises(TypeError, match="labels y must be of one type"):
        HebbianPretrainingClassifier().fit(X, labels)


def test_overflow(digits):
    X, y, _ = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), WinnerTakeAll())
    with (
        np.errstate(over="ignore"),
        pytest.raises(ValueError, match=r"overflow in pre-training\. Scale X"),
    ):
        clf.fit(1e100 * X, y)


def test_initial_components(digits):
    X, _, _ = digits
    start = sparse.random_array((5, 64), density=0.3, rng=np.random.default_rng(0))
    wta = WinnerTakeAll(5, learning_rate_init=1e-300)
    learned = wta.fit(X, components_init=start).components_
    assert_allclose(learned.toarray(), start.toarray())
    dense = start.toarray()
    learned = wta.fit(X, components_init=dense).components_
    assert_allclose(learned, dense, atol=1e-290)
    assert learned is not dense
    with pytest.raises(ValueError, match=r"components_init must have shape \(5, 64\)"):
        wta.fit(X, components_init=dense[:4])


class Phases:
    """Remembers the tasks that begin, and what is fitted in them."""

    max_propagation_depth = None

    def __init__(self):
        self.begun, self.ended = [], []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, X):
        task = context.source_task_name or context.task_name, type(estimator).__name__
        self.begun.append((*task, X.shape[0]))

    def on_fit_task_end(self, estimator, context):
        self.ended.append(context.source_task_name or context.task_name)


class Recorder:
    """Remembers the shapes of components; set on a rule."""

    def __init__(self):
        self.shapes = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name == "epoch":
            self.shapes.append(fitted_estimator.components_.shape)


class Interrupt(Recorder):
    """Ctrl-C in the second epoch."""

    def on_fit_task_end(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == 1:
            raise KeyboardInterrupt


def test_phases_are_tasks(digits):
    X, y, _ = digits
    params = {"features": WinnerTakeAll(), "random_state": 0}
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), **params)
    callback = Phases()
    expected = clone(clf).fit(X, y).predict_proba(X)
    found = clf.set_callbacks(callback).fit(X, y).predict_proba(X)
    assert_array_equal(found, expected)
    tasks = [task for task in callback.begun if task[0] != "epoch"]
    assert tasks == [
        ("fit", "HebbianPretrainingClassifier", len(X)),
        *[("pre-training", "WinnerTakeAll", len(X))] * 2,
        ("fine-tuning", "SETClassifier", np.sum(y >= 0)),
    ]
    epochs = [name for task, name, _ in callback.begun if task == "epoch"]
    assert epochs == 4 * ["WinnerTakeAll"] + 40 * ["SETClassifier"]
    assert callback.ended[-1] == "fit"
    assert len(callback.ended) == len(callback.begun)


def test_each_phase_is_monitored(digits):
    X, y, _ = digits
    on_rule, on_network = Recorder(), TopologyMonitor(every=10)
    clf = HebbianPretrainingClassifier(
        SETClassifier(**NETWORK).set_callbacks(on_network),
        WinnerTakeAll(max_iter=3).set_callbacks(on_rule),
        random_state=0,
    ).fit(X, y)
    assert on_rule.shapes == 3 * [(30, 64)] + 3 * [(20, 30)]
    (history,) = on_network.histories
    assert history.epochs == [0, 10, 20, 30, 40]
    first = history.connections[0][0].toarray() != 0
    assert_array_equal(first, clf.features_[0].components_.toarray().T != 0)
    assert [len(part.change_curve_) for part in clf.features_] == [3, 3]


def test_progress_bar(digits, capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    X, y, _ = digits
    clf = HebbianPretrainingClassifier(SETClassifier(**NETWORK), random_state=0)
    clf.set_callbacks(ProgressBar()).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert all("100%" in line for line in lines)
    for what in ("pre-training | HebbianPCA", "fine-tuning | SETClassifier"):
        assert any(what in line for line in lines)


@pytest.mark.parametrize("phase", ["pre-training", "fine-tuning"])
def test_interrupt(digits, phase):
    X, y, _ = digits
    interrupt = Interrupt()
    rule, network = WinnerTakeAll(), SETClassifier(**NETWORK)
    (rule if phase == "pre-training" else network).set_callbacks(interrupt)
    clf = HebbianPretrainingClassifier(network, rule, random_state=0)
    if phase == "fine-tuning":
        with pytest.warns(UserWarning, match="interrupted by user"):
            clf.fit(X, y)
        assert clf.estimator_.n_iter_ == 1
        return
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert vars(clf).keys() == vars(clone(clf)).keys()


def test_nothing_is_trained_with_wrong_parameters(digits):
    X, y, _ = digits
    for network, rule, name in [
        (SETClassifier(zeta=2), WinnerTakeAll(), "'zeta' parameter of SETClassifier"),
        (SETClassifier(), WinnerTakeAll(max_iter=0), "'max_iter' parameter of Winner"),
        (HebbianMaskClassifier(masked_layers=[7]), HebbianPCA(), "masked_layers"),
        (
            SETClassifier(early_stopping=True, validation_fraction=0.001),
            HebbianPCA(),
            "validation set is too small",
        ),
        (SETClassifier(class_weight={77: 1}), HebbianPCA(), "class_weight"),
    ]:
        recorder = Recorder()
        rule.set_callbacks(recorder)
        with pytest.raises(ValueError, match=name):
            HebbianPretrainingClassifier(network, rule).fit(X, y)
        assert recorder.shapes == []


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "all_relu"])
def test_sums_are_standard(digits, activation):
    """Whatever the activation function, neurons start fine-tuning at work."""
    X, y, _ = digits
    params = {**NETWORK, "activation": activation, "dropout": 0}
    params["learning_rate_init"] = 1e-300
    network = SETClassifier(**params, zeta=0, weight_decay=0, batch_size=200, tol=None)
    clf = HebbianPretrainingClassifier(network, WinnerTakeAll(), random_state=0)
    fitted = clf.fit(X, y).estimator_
    functions = {
        "relu": lambda z, depth: np.maximum(z, 0),
        "tanh": lambda z, depth: np.tanh(z),
        "logistic": lambda z, depth: 1 / (1 + np.exp(-z)),
        "all_relu": lambda z, depth: np.where(z > 0, z, (0.6, -0.6)[1 - depth] * z),
    }
    activations = X
    for depth in range(2):
        weights, biases = fitted.coefs_[depth].toarray(), fitted.intercepts_[depth]
        sums = activations @ weights + biases
        varying = sums.std(axis=0) > 1e-9
        assert varying.sum() >= 15
        assert_allclose(sums.mean(axis=0), 0, atol=1e-9)
        assert_allclose(sums.std(axis=0)[varying], 1)
        activations = functions[activation](sums, depth)


def test_receptive_fields(digits):
    X, _, _ = digits
    patches = np.zeros((4, 8, 8))
    for unit, (row, column) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
        patches[unit, row : row + 4, column : column + 4] = 1
    patches = patches.reshape(4, 64)
    wta = WinnerTakeAll(4, init="samples", random_state=0)
    for fields in patches, patches.astype(bool), sparse.csc_matrix(patches):
        learned = wta.fit(X, receptive_fields=fields).components_
        assert sparse.issparse(learned)
        assert_array_equal(learned.toarray()[patches == 0], 0)
        assert np.mean(learned.toarray()[patches == 1] != 0) > 0.5
    with pytest.raises(ValueError, match=r"receptive_fields must have shape \(4, 64\)"):
        wta.fit(X, receptive_fields=patches[:, :10])
    with pytest.raises(ValueError, match="receptive_fields has no connection"):
        wta.fit(X, receptive_fields=0 * patches)
    with pytest.raises(ValueError, match="Give one of them"):
        wta.fit(X, receptive_fields=patches, components_init=patches)
