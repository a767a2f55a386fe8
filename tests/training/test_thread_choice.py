"""The number of threads follows the clock, and nothing else does."""

import numpy as np
import pytest

from skhebb import SETClassifier
from skhebb._kernels import _runtime
from skhebb._training import thread_choice
from skhebb._training.thread_choice import ThreadChoice

LONG = 1 << 20  # more threads than anything here has


@pytest.fixture
def limit():
    """A function that gives the limit of the calling thread."""

    def now():
        limit = _runtime.limit_threads(LONG)
        _runtime.limit_threads(limit)
        return limit

    return now


def simulate(n_threads, seconds_of, n_batches, batch_size=10):
    """The numbers of threads of mini-batches of which each takes `seconds_of` it."""
    now, chosen = [0.0], []
    choice = ThreadChoice(n_threads, clock=lambda: now[0])
    for batch in range(n_batches):
        with choice.measured(batch_size):
            chosen.append(choice.n_threads)
            now[0] += seconds_of(choice.n_threads, batch)
    return np.array(chosen)


def test_all_where_that_is_faster():
    chosen = simulate(2, lambda n, batch: 0.004 / n, 5000)
    assert chosen[0] == 2
    assert 0 < np.mean(chosen == 1) < 0.01


def test_one_where_waiting_takes_longer():
    chosen = simulate(2, lambda n, batch: 0.001 * n, 5000)
    assert np.mean(chosen[:60] == 2) > 0.4  # nobody knows yet
    assert 0 < np.mean(chosen[60:] == 2) < 0.02


def test_goes_back_when_the_neighbour_has_gone():
    def seconds(n, batch):
        return 0.001 * n if batch < 2000 else 0.004 / n

    chosen = simulate(2, seconds, 6000)
    assert np.mean(chosen[1000:2000] == 1) > 0.95
    assert np.mean(chosen[4000:] == 2) > 0.95


def test_some_of_many():
    chosen = simulate(8, lambda n, batch: 0.003 if n > 4 else 0.004 / n, 9000)
    assert set(chosen) == {1, 4, 7, 8}
    assert np.mean(chosen[2000:] == 4) > 0.9


def test_a_small_batch_is_not_taken_for_a_fast_one():
    now = [0.0]
    choice = ThreadChoice(2, clock=lambda: now[0])
    for _ in range(1000):
        # Half the samples by chance whenever one thread is tried.
        size = 10 if choice.n_threads == 2 else 5
        with choice.measured(size):
            now[0] += size * (0.0005 if choice.n_threads == 2 else 0.0008)
    assert choice._wait == thread_choice.LONGEST


def test_limit_ends_with_the_batch(limit):
    choice = ThreadChoice(2)
    before = limit()
    with choice.measured(1):
        assert limit() == 2
    with pytest.raises(KeyboardInterrupt), choice.measured(1):
        raise KeyboardInterrupt
    assert limit() == before


def test_bits_are_the_same_whatever_is_chosen(monkeypatch, all_threads):
    X = np.random.default_rng(0).random((120, 30))
    y = np.arange(120) % 3

    def weights():
        model = SETClassifier((40, 40), batch_size=40, max_iter=6, random_state=0)
        return [w.toarray() for w in model.set_params(n_jobs=2).fit(X, y).coefs_]

    steady = weights()
    # Each mini-batch with another number.
    monkeypatch.setattr(thread_choice, "TRIAL", 0)
    monkeypatch.setattr(thread_choice, "SHORTEST", 0)
    monkeypatch.setattr(thread_choice, "LONGEST", 0)
    for one, other in zip(steady, weights(), strict=True):
        np.testing.assert_array_equal(one, other)
