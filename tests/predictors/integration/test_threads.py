"""Limits of threads that are set outside."""

import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from skhebb._kernels import _runtime
from skhebb._training.trainer import Trainer

from .networks import assert_same_network


@pytest.mark.skipif(not _runtime.openmp_enabled(), reason="built without OpenMP")
@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_limits_of_threads(estimator, data, n_threads, monkeypatch):
    monkeypatch.setattr("skhebb._utils.threads.cpu_count", lambda: 8)
    used = []
    fit = Trainer.fit

    def spying(trainer, *args):
        used.append(trainer.n_threads)
        return fit(trainer, *args)

    monkeypatch.setattr(Trainer, "fit", spying)
    X, y = data
    with threadpool_limits(n_threads, user_api="openmp"):
        estimator.fit(X, y)
        more = clone(estimator).set_params(n_jobs=7).fit(X, y)
        one = clone(estimator).set_params(n_jobs=1).fit(X, y)
    assert used == [n_threads, n_threads, 1]
    assert_same_network(estimator, one)
    assert_same_network(more, one)
