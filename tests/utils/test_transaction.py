"""Training takes effect as a whole or not at all, whoever reads or raises meanwhile."""

import copy
import os
import pickle
import sys
import threading
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification

import skhebb
from skhebb import (
    ConvolutionalFeatures,
    HebbianMaskClassifier,
    HebbianPCA,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    SETClassifier,
    SETRegressor,
    SoftHebb,
    WinnerTakeAll,
    ZCAWhitening,
)

X, Y = make_classification(
    120, 15, n_informative=8, n_classes=3, class_sep=2, random_state=0
)
NETWORK = {"hidden_layer_sizes": (12, 9), "density": 0.5, "random_state": 0}
NETWORKS = [
    SETClassifier(**NETWORK),
    HebbSETClassifier(**NETWORK, solver="sgd", dropout=0.1),
    HebbianMaskClassifier(**NETWORK),
    SETRegressor(**NETWORK, evolution_interval=1, batch_size=50),
]
FEATURES = [
    WinnerTakeAll(4, density=0.5, random_state=0),
    HebbianPCA(4, random_state=0),
    SoftHebb(4, density=0.5, random_state=0),
    ConvolutionalFeatures(
        WinnerTakeAll(4),
        image_shape=(5, 3, 1),
        kernel_size=2,
        standardize="channels",
        n_jobs=1,
        random_state=0,
    ),
]


def name_of(value):
    return type(value).__name__


def partial_fit(estimator):
    wants_classes = "classes" in signature(estimator.partial_fit).parameters
    first = {"classes": np.unique(Y)} if wants_classes else {}
    return estimator.partial_fit(X, Y, **first)


def what_it_does(estimator):
    """Outputs of an estimator; None if it is not fitted."""
    if not estimator.__sklearn_is_fitted__():
        return None
    for name in ("predict_proba", "predict", "transform"):
        if hasattr(estimator, name):
            return getattr(estimator, name)(X)


class TestThreads:
    """Reading must not disturb training; readers see complete states only."""

    @pytest.mark.parametrize("estimator", NETWORKS + FEATURES, ids=name_of)
    @pytest.mark.parametrize(
        "read",
        [what_it_does, pickle.dumps, copy.copy, copy.deepcopy, repr, clone],
        ids=["predict", "pickle", "copy", "deepcopy", "repr", "clone"],
    )
    def test_readers(self, estimator, read):
        undisturbed = [partial_fit(clone(estimator))]
        for _ in range(7):
            undisturbed.append(partial_fit(copy.deepcopy(undisturbed[-1])))
        wanted = [what_it_does(each) for each in undisturbed]

        read_by = partial_fit(clone(estimator))
        is_over, failures, seen = threading.Event(), [], []

        def keep_reading():
            try:
                while not is_over.is_set():
                    result = read(read_by)
                    if isinstance(result, bytes):
                        result = pickle.loads(result)
                    if hasattr(result, "partial_fit") and read is not clone:
                        result = what_it_does(result)
                    if isinstance(result, np.ndarray):
                        seen.append(result)
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=keep_reading) for _ in range(3)]
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            for reader in readers:
                reader.start()
            for _ in range(7):
                partial_fit(read_by)
        finally:
            is_over.set()
            for reader in readers:
                reader.join()
            sys.setswitchinterval(interval)
        assert failures == []
        assert_array_equal(what_it_does(read_by), wanted[-1])
        for result in seen:
            assert any(np.array_equal(result, complete) for complete in wanted)

    @pytest.mark.parametrize("estimator", [*NETWORKS, *FEATURES], ids=name_of)
    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_a_second_trainer_is_refused(self, estimator, method):
        estimator = partial_fit(clone(estimator))
        before = what_it_does(estimator)
        entered, may_go_on = threading.Event(), threading.Event()

        class Lazy:
            """An array that is made late."""

            shape, dtype, ndim = X.shape, X.dtype, 2

            def __len__(self):
                return len(X)

            def __array__(self, dtype=None, copy=None):
                entered.set()
                may_go_on.wait(10)
                return X.astype(dtype or X.dtype)

        first = threading.Thread(target=lambda: estimator.fit(Lazy(), Y))
        first.start()
        assert entered.wait(10)
        try:
            with pytest.raises(RuntimeError, match=r"trained in another thread.*copy"):
                getattr(estimator, method)(X, Y)
            assert_array_equal(what_it_does(estimator), before)
            copy.copy(estimator).partial_fit(X, Y)  # a copy is free
        finally:
            may_go_on.set()
            first.join()
        assert_array_equal(
            what_it_does(estimator), what_it_does(clone(estimator).fit(X, Y))
        )
        partial_fit(estimator)

    def test_refitting_on_other_features_is_seen_at_once(self):
        """Numbers of features and weights are of the same fit."""
        clf = SETClassifier(**NETWORK, max_iter=3).fit(X, Y)
        is_over, failures = threading.Event(), []

        def keep_reading():
            while not is_over.is_set():
                for data in (X, X[:, :7]):
                    try:
                        clf.predict(data)
                    except ValueError as error:
                        if "features" not in str(error):
                            failures.append(error)
                    except BaseException as error:
                        failures.append(error)

        reader = threading.Thread(target=keep_reading)
        reader.start()
        try:
            for n in range(20):
                clf.fit(X if n % 2 else X[:, :7], Y)
        finally:
            is_over.set()
            reader.join()
        assert failures == []

    def test_callbacks_may_train_in_between(self):
        """The same thread, which would wait for itself forever."""

        class Refit:
            def setup(self, estimator, context):
                self.is_first = True

            def teardown(self, estimator, context):
                pass

            def on_fit_task_begin(self, estimator, context):
                pass

            def on_fit_task_end(self, estimator, context):
                if self.is_first:
                    self.is_first = False
                    clone(estimator).set_callbacks().fit(X, Y)

        with_callback = SETClassifier(**NETWORK, max_iter=3).set_callbacks(Refit())
        plain = SETClassifier(**NETWORK, max_iter=3).fit(X, Y)
        assert_array_equal(
            with_callback.fit(X, Y).predict_proba(X), what_it_does(plain)
        )


@pytest.mark.parametrize("estimator", NETWORKS, ids=name_of)
def test_a_line_that_cannot_be_printed_undoes_the_pass(estimator, monkeypatch):
    estimator = partial_fit(clone(estimator).set_params(verbose=False))
    before, t = what_it_does(estimator), estimator.t_
    with monkeypatch.context() as patch, Path(os.devnull).open("w") as closed:
        closed.close()
        patch.setattr(sys, "stdout", closed)
        with pytest.raises(ValueError, match="closed file"):
            partial_fit(estimator.set_params(verbose=True))
    assert estimator.t_ == t
    assert_array_equal(what_it_does(estimator), before)
    again = partial_fit(estimator.set_params(verbose=False))
    twice = partial_fit(partial_fit(clone(estimator)))
    assert_array_equal(what_it_does(again), what_it_does(twice))


class Fault(Exception):
    """What nobody catches."""


def lines_of(function, root=str(Path(skhebb.__file__).parent)):
    """Each line of the package that `function` runs."""
    lines = []

    def trace(frame, event, arg):
        if not frame.f_code.co_filename.startswith(root):
            return None
        if event == "line":
            lines.append((frame.f_code.co_filename, frame.f_lineno))
        return trace

    run_traced(function, trace)
    return list(dict.fromkeys(lines))


def raise_at(line, function):
    """Run `function` with a fault at its first arrival at a line; tell if it came."""
    filename, number = line
    has_come = []

    def trace(frame, event, arg):
        if frame.f_code.co_filename != filename or has_come:
            return None
        if event == "line" and frame.f_lineno == number:
            has_come.append(True)
            raise Fault
        return trace

    try:
        run_traced(function, trace)
    except Fault:
        return True
    return bool(has_come)


def run_traced(function, trace):
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)


def content(value):
    """All that an estimator consists of, to compare."""
    if hasattr(value, "__getstate__") and hasattr(value, "get_params"):
        value = value.__getstate__()
    if isinstance(value, dict):
        return {name: content(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [content(item) for item in value]
    if sparse.issparse(value):
        value = [value.shape, value.data, value.indices, value.indptr]
        return content(value)
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    return repr(value)


STOPPING = {"solver": "sgd", "early_stopping": True}
PRETRAINED = SETClassifier(**NETWORK, max_iter=1)
# Those that begin anew, and those that go on. Of each group, lines that one before it
# runs, too, are left to that.
BEGINNING = [
    (HebbSETClassifier(**NETWORK, **STOPPING, max_iter=2), "fit"),
    (SETClassifier(**NETWORK, max_iter=2), "fit"),
]
GOING_ON = [
    (SETClassifier(**NETWORK, max_iter=2), "partial_fit"),
    (HebbianMaskClassifier(**NETWORK, max_iter=1), "partial_fit"),
    (SETRegressor(**NETWORK, max_iter=1, warm_start=True), "fit"),
]
BEGINNING_FEATURES = [
    (WinnerTakeAll(4, density=0.5, random_state=0), "fit"),
    (HebbianPCA(4, random_state=0), "fit"),
    (ZCAWhitening(), "fit"),
]
GOING_ON_WITH_FEATURES = [
    (WinnerTakeAll(4, density=0.5, random_state=0), "partial_fit"),
    (HebbianPCA(4, random_state=0), "partial_fit"),
]
GROUPS = [BEGINNING, GOING_ON, BEGINNING_FEATURES, GOING_ON_WITH_FEATURES]
FAULTY = [(*case, group[:n]) for group in GROUPS for n, case in enumerate(group)]
PARTS = [(SoftHebb(4), "fit"), (SoftHebb(4), "partial_fit"), *BEGINNING, *GOING_ON]
PRETRAINING = HebbianPretrainingClassifier(PRETRAINED, SoftHebb(4), random_state=0)
FAULTY.append((PRETRAINING, "fit", PARTS))


class Victim:
    """A fitted estimator, to be trained on other data."""

    def __init__(self, estimator, method):
        self.file = pickle.dumps(clone(estimator).fit(X[::2], Y[::2]))
        self.method = method
        self.restore()

    def restore(self):
        self.estimator = pickle.loads(self.file)

    def train(self):
        getattr(self.estimator, self.method)(X[1::2], Y[1::2])

    def content(self):
        return content(self.estimator)


@pytest.mark.parametrize(
    ("estimator", "method", "others"),
    FAULTY,
    ids=[f"{name_of(estimator)}-{method}" for estimator, method, _ in FAULTY],
)
def test_a_fault_anywhere_leaves_all_or_nothing(estimator, method, others):
    """An exception at each line: as before, or as after a complete training."""
    elsewhere = {line for other in others for line in lines_of(Victim(*other).train)}
    victim = Victim(estimator, method)
    loading = lines_of(victim.restore)
    before = victim.content()
    lines = lines_of(victim.train)
    complete = victim.content()
    assert before != complete
    victim.restore()
    undone = 0
    for line in lines:
        if line in elsewhere or line in loading or not raise_at(line, victim.train):
            continue
        after = victim.content()
        assert after in (before, complete), line
        undone += after == before
        if after != before:
            victim.restore()
    assert undone > (1 if others else 100)
    assert raise_at(lines[len(lines) // 2], victim.train)
    victim.train()  # as if nothing had happened
    assert victim.content() == complete
