"""How many threads are used, and that limits are obeyed."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

import skhebb
from skhebb import SETClassifier
from skhebb._kernels import _runtime
from skhebb._training import trainer
from skhebb._utils import threads
from skhebb._utils.threads import effective_n_threads, in_threads

needs_openmp = pytest.mark.skipif(
    not _runtime.openmp_enabled(), reason="built without OpenMP"
)


@pytest.fixture
def four_threads(monkeypatch):
    monkeypatch.setattr(_runtime, "openmp_max_threads", lambda: 4)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")


@pytest.fixture(params=[RuntimeError("can't start new thread"), MemoryError()], ids=str)
def few_threads(monkeypatch, request):
    """A function after whose call so many threads can be started, and no more."""

    def allow(n):
        left = iter(range(n))
        start = threading.Thread.start

        def start_or_fail(thread):
            if next(left, None) is None:
                raise request.param
            start(thread)

        monkeypatch.setattr(threads, "_n_started", 1)
        monkeypatch.setattr(threading.Thread, "start", start_or_fail)

    return allow


@pytest.mark.usefixtures("four_threads")
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_no_more_than_can_be_started(few_threads, n):
    few_threads(n)
    assert effective_n_threads(None) == n + 1


@pytest.mark.usefixtures("four_threads")
def test_growth_where_threads_cannot_be_started(few_threads, monkeypatch):
    monkeypatch.setattr(trainer, "WORTH_THREADS", 0)
    X = np.random.default_rng(0).random((60, 20))
    y = np.arange(60) % 3
    clf = SETClassifier((30, 20), max_iter=4, random_state=0, n_jobs=2)
    expected = clf.fit(X, y).coefs_
    few_threads(1)  # the one that shows that there may be two
    for one, other in zip(clf.fit(X, y).coefs_, expected, strict=True):
        np.testing.assert_array_equal(one.toarray(), other.toarray())


@pytest.mark.parametrize("n_startable", [0, 1, 9])
def test_errors_in_threads(few_threads, n_startable):
    few_threads(n_startable)
    done = []
    in_threads(lambda a, b: done.append(a * b), [(n, n) for n in range(20)], 4)
    assert sorted(done) == [n * n for n in range(20)]
    n_before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda n: 1 // n, [(n,) for n in range(5)], 4)
    assert threading.active_count() == n_before


def interrupt_starts(monkeypatch):
    """Ctrl-C comes while the calling thread waits for another one to start."""
    start, started = threading.Thread.start, []

    def start_and_interrupt(thread):
        started.append(thread)
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start_and_interrupt)
    return started


def test_interrupted_start(monkeypatch):
    """No thread goes on with what nobody waits for."""
    started, is_over, done = interrupt_starts(monkeypatch), threading.Event(), []

    def work(n):
        is_over.wait(10)
        done.append(n)

    with pytest.raises(KeyboardInterrupt):
        in_threads(work, [(n,) for n in range(20)], 2)
    is_over.set()
    started[0].join(10)
    assert len(done) <= 1


@pytest.mark.usefixtures("four_threads")
def test_interrupted_count(monkeypatch):
    """Of threads that could be started: none waits for ever, and Python with it."""
    monkeypatch.setattr(threads, "_n_started", 1)
    started = interrupt_starts(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        effective_n_threads(None)
    started[0].join(10)
    assert not started[0].is_alive()


@pytest.mark.usefixtures("four_threads")
@pytest.mark.parametrize(
    ("n_jobs", "expected"),
    [(None, 4), (1, 1), (3, 3), (9, 4), (-1, 4), (-2, 3), (-9, 1)],
)
def test_n_jobs(n_jobs, expected):
    assert effective_n_threads(n_jobs) == expected


def test_zero_jobs():
    with pytest.raises(ValueError, match="'n_jobs' parameter"):
        effective_n_threads(0)


@needs_openmp
def test_threadpoolctl_is_obeyed():
    with threadpool_limits(1, user_api="openmp"):
        assert effective_n_threads(None) == 1
        assert effective_n_threads(-1) == 1


@needs_openmp
def test_joblib_workers_share_the_processors():
    totals = Parallel(n_jobs=2)(delayed(effective_n_threads)(None) for _ in range(2))
    assert max(totals) <= max(1, os.cpu_count() // 2)


FIT = """
import multiprocessing, os, sys, numpy as np
from skhebb import SETClassifier
X = np.random.default_rng(0).random((400, 300))
y = np.arange(400) % 3
def fit():
    clf = SETClassifier((300,), tol=None, max_iter=2, random_state=0).fit(X, y)
    return clf.predict_proba(X).sum()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_training_after_fork():
    code = FIT + (
        "expected = fit()\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    jobs = [pool.apply_async(fit) for _ in range(4)]\n"
        "    print({job.get(timeout=60) for job in jobs} == {expected})\n"
    )
    assert run_python(code, OMP_NUM_THREADS="2").stdout == "True\n"


def test_training_in_threads():
    """Of Python: kernels release the interpreter's lock and share nothing."""
    code = FIT + (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "expected = fit()\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    jobs = [pool.submit(fit) for _ in range(8)]\n"
        "    print({job.result(timeout=60) for job in jobs} == {expected})\n"
    )
    assert run_python(code, OMP_NUM_THREADS="2").stdout == "True\n"


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", _runtime.instruction_sets())
def test_instruction_set_from_the_environment(name):
    code = "import skhebb; skhebb.show_versions()"
    result = run_python(code, SKHEBB_INSTRUCTION_SET=name)
    assert f"instruction set: {name} of" in result.stdout


def test_unknown_instruction_set_from_the_environment():
    result = run_python("import skhebb", SKHEBB_INSTRUCTION_SET="mmx")
    assert "SKHEBB_INSTRUCTION_SET='mmx' does not run here" in result.stderr


def test_show_versions(capsys):
    skhebb.show_versions()
    shown = capsys.readouterr().out
    for word in ("skhebb", "scikit-learn", "instruction set", "threads", "built"):
        assert word in shown
