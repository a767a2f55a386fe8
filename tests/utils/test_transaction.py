"""Training takes effect as a whole or not at all, whoever reads or raises meanwhile."""

import copy
import inspect
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


FAULTY = [
    (SETClassifier(**NETWORK, max_iter=2), ["fit", "partial_fit"]),
    (
        HebbSETClassifier(**NETWORK, max_iter=2, solver="sgd", early_stopping=True),
        ["fit"],
    ),
    (HebbianMaskClassifier(**NETWORK, max_iter=1), ["partial_fit"]),
    (SETRegressor(**NETWORK, max_iter=1, warm_start=True), ["fit"]),
    (WinnerTakeAll(4, density=0.5, random_state=0), ["fit", "partial_fit"]),
    (HebbianPCA(4, random_state=0), ["fit", "partial_fit"]),
    (ZCAWhitening(), ["fit"]),
    (HebbianPretrainingClassifier(random_state=0), ["fit"]),
]


@pytest.mark.parametrize(
    ("estimator", "method"),
    [(estimator, method) for estimator, methods in FAULTY for method in methods],
    ids=lambda value: value if isinstance(value, str) else name_of(value),
)
def test_a_fault_anywhere_leaves_all_or_nothing(estimator, method):
    """An exception at each line: as before, or as after a complete training."""
    if isinstance(estimator, HebbianPretrainingClassifier):
        estimator = clone(estimator).set_params(
            estimator=SETClassifier(**NETWORK, max_iter=1)
        )
    file = pickle.dumps(clone(estimator).fit(X[::2], Y[::2]))

    def start():
        victim = pickle.loads(file)
        return victim, lambda: getattr(victim, method)(X[1::2], Y[1::2])

    before = content(start()[0])
    victim, train = start()
    lines = lines_of(train)
    complete = content(victim)
    assert before != complete
    loading = lines_of(lambda: pickle.loads(file))
    if isinstance(estimator, HebbianPretrainingClassifier):  # whose parts have had it
        own = inspect.getfile(inspect.unwrap(HebbianPretrainingClassifier.fit))
        lines = [line for line in lines if line[0] == own]
    undone = 0
    for line in lines:
        if line in loading:
            continue
        victim, train = start()
        if raise_at(line, train):
            after = content(victim)
            assert after in (before, complete), line
            undone += after == before
    assert undone > 10
    victim, train = start()
    assert raise_at(lines[len(lines) // 2], train)
    train()  # as if nothing had happened
    assert content(victim) == complete
