"""Training on clusters: the bits of this process, whatever happens to workers."""

import logging
import os
import signal
import threading
import tracemalloc
import warnings
from concurrent.futures import CancelledError
from types import SimpleNamespace

import numpy as np
import pytest
from distributed import Client, KilledWorker, LocalCluster
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import skhebb
from skhebb._training.batch_trainer import BatchTrainer
from skhebb._training.rounds import moving_arrays
from skhebb.dask import DataParallel, _cluster

from .networks import NETWORKS, SMALL, assert_same, data

SETTINGS = {"threads_per_worker": 1, "dashboard_address": ":0"}

# Of sockets that Dask leaves to be closed when workers are gone.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(scope="module")
def cluster():
    """Two processes, one of which a test kills."""
    logging.disable(logging.CRITICAL)
    with (
        warnings.catch_warnings(action="ignore"),
        LocalCluster(n_workers=2, **SETTINGS) as cluster,
    ):
        yield cluster
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def client(cluster):
    with Client(cluster) as client:
        yield client


@pytest.fixture(scope="module", params=[1, 4], ids=str)
def threads(request):
    """A client of so many workers that are threads."""
    with (
        warnings.catch_warnings(action="ignore"),
        LocalCluster(n_workers=request.param, processes=False, **SETTINGS) as cluster,
        Client(cluster) as client,
    ):
        yield client


def fitted(name, client=None, X=None, **given):
    network = clone(NETWORKS[name]).set_params(max_iter=3)
    meta = DataParallel(network, 3, sync_every=2, client=client)
    X_of_test, y = data()
    return meta.fit(X_of_test if X is None else X, y, **given)


@pytest.mark.parametrize("name", ["SET, sgd, dropout", "HebbSET, early stopping"])
def test_same_bits_on_two_workers(name, client):
    assert_same(fitted(name, client).estimator_, fitted(name).estimator_)


def test_same_bits_on_one_and_four(threads):
    name = "mask"
    assert_same(fitted(name, threads).estimator_, fitted(name).estimator_)


def test_dask_arrays(client):
    dask_array = pytest.importorskip("dask.array")
    X, _ = data()
    blocks = dask_array.from_array(X, chunks=(17, 3))
    name = "SET, gradients"
    expected = fitted(name).estimator_
    for given in blocks, blocks[blocks[:, 0] > -9]:
        meta = fitted(name, client, given)
        assert_same(meta.estimator_, expected)
    probabilities = meta.predict_proba(given)
    assert np.isnan(probabilities.shape[0])
    np.testing.assert_allclose(probabilities, expected.predict_proba(X))


def test_data_frames(client):
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    frames = pytest.importorskip("dask.dataframe")
    X, y = data()
    local = pandas.DataFrame(X, columns=list("abcdefgh"))
    frame = frames.from_pandas(local, npartitions=4)
    meta = fitted("SET, gradients", client, frame)
    alone = fitted("SET, gradients", X=local)
    assert_same(meta.estimator_, alone.estimator_)
    assert list(meta.feature_names_in_) == list("abcdefgh")
    lazy = meta.predict(frame)
    assert isinstance(lazy, frames.Series)
    expected = alone.predict(local)
    pandas.testing.assert_series_equal(
        lazy.compute(), pandas.Series(expected, index=local.index)
    )
    lazy = meta.predict_proba(frame).compute()
    np.testing.assert_allclose(lazy, alone.predict_proba(local))
    assert meta.score(frame, frames.from_pandas(pandas.Series(y))) == np.mean(
        expected == y
    )


def test_sparse_samples(client):
    X, _ = data()
    X = csr_array(X * (X > 0))
    name = "SET, adam, cuts"
    found = fitted(name, client, X).estimator_
    assert_same(found, fitted(name, X=X).estimator_)


def test_indices_travel_only_when_they_change(client, monkeypatch):
    sent = []
    put = _cluster.OnCluster.put

    def noting(executor, value, *where):
        sent.append(type(value).__name__)
        return put(executor, value, *where)

    monkeypatch.setattr(_cluster.OnCluster, "put", noting)
    network = skhebb.SETClassifier(**SMALL, evolution_interval=10)
    X, y = data()
    meta = DataParallel(network, 2, sync_every=1, client=client).fit(X, y)
    n_rounds = meta.estimator_._state.counters.n_steps
    n_evolutions = meta.estimator_._state.counters.n_evolutions
    assert 0 < n_evolutions < n_rounds / 5
    assert sent.count("Moment") == n_rounds
    assert sent.count("list") == 1 + n_evolutions


def test_errors_name_the_shard(client):
    dask_array = pytest.importorskip("dask.array")
    X, _ = data()
    X[25] = np.nan
    with pytest.raises(ValueError, match="In shard 1 of X: Input X contains NaN"):
        fitted("SET, gradients", client, dask_array.from_array(X, chunks=(17, 8)))


def test_training_that_diverges(client):
    X, _ = data()
    network = skhebb.SETRegressor(
        **SMALL | {"solver": "sgd", "learning_rate_init": 1e150}
    )
    message = "became non-finite"
    with pytest.warns(ConvergenceWarning, match=message):
        meta = DataParallel(network, 2, client=client).fit(X, X[:, 0])
    assert meta.estimator_.n_iter_ < 5


@pytest.mark.parametrize(("method", "n"), [("call", 20), ("free", 1)])
def test_killed_worker(method, n, client, cluster, monkeypatch):
    """It dies between rounds, and when what a round began with has been freed.

    With it are gone a shard, what was sent, and what came of it.
    """
    original, n_calls = getattr(_cluster.OnCluster, method), []

    def killing(executor, *args, **options):
        done = original(executor, *args, **options)
        of_round = method == "call" or any(each.was_sent for each in args)
        n_calls.extend([args] * of_round)
        if of_round and len(n_calls) == n:
            worker, *_ = cluster.workers.values()
            os.kill(worker.process.pid, signal.SIGKILL)
        return done

    monkeypatch.setattr(_cluster.OnCluster, method, killing)
    found = fitted("SET, gradients", client).estimator_
    assert len(n_calls) > n
    assert_same(found, fitted("SET, gradients").estimator_)


def test_closed_client(cluster, monkeypatch):
    client = Client(cluster)
    get, n_calls = _cluster.OnCluster.get, []

    def closing(executor, handle):
        n_calls.append(handle)
        if len(n_calls) == 9:
            threading.Timer(0.01, client.close).start()
        return get(executor, handle)

    monkeypatch.setattr(_cluster.OnCluster, "get", closing)
    X, y = data()
    network = clone(NETWORKS["SET, gradients"]).set_params(max_iter=10**6)
    meta = DataParallel(network, 2, client=client)
    with pytest.raises(RuntimeError, match="client was closed"):
        meta.fit(X, y)
    assert meta.estimator_.n_iter_ > 0
    assert meta.predict(X).shape == y.shape


GONE = (
    KilledWorker("task", SimpleNamespace(address="tcp://gone"), 3),
    CancelledError("was on a worker that is gone"),
)


@pytest.mark.parametrize("error", GONE, ids=["named", "found by itself"])
def test_shard_that_workers_die_of(error, threads, monkeypatch):
    run_batch = BatchTrainer.run_batch

    def dying(trainer, data, *args):
        if len(data.y) == 21 and trainer.state.counters.n_steps >= 8:
            raise error
        return run_batch(trainer, data, *args)

    monkeypatch.setattr(BatchTrainer, "run_batch", dying)
    monkeypatch.setattr(_cluster, "PAUSE", 0)
    X, y = data(61)
    network = skhebb.SETClassifier(**SMALL, evolution_interval=99)
    meta = DataParallel(network, 3, client=threads)
    with pytest.raises(RuntimeError, match="computed shard 2 ") as caught:
        meta.fit(X, y)
    assert "last complete round" in caught.value.__notes__[0]
    monkeypatch.undo()
    alone = DataParallel(clone(network).set_params(max_iter=2), 3).fit(X, y)
    assert meta.estimator_.n_iter_ == alone.estimator_.n_iter_ == 2
    assert meta.estimator_.loss_curve_[0] == alone.estimator_.loss_curve_[0]


def test_memory_of_a_worker(client):
    """It never takes more than three states beside its shard."""
    X, y = data()
    network = skhebb.SETClassifier(
        **SMALL | {"hidden_layer_sizes": (1500, 1500), "batch_size": 60, "max_iter": 2},
        evolution_interval="epoch",
    )
    fitted("SET, gradients", client)  # workers import
    client.run(tracemalloc.start)
    meta = DataParallel(network, 2, client=client).fit(np.float32(X), y)
    found = client.run(tracemalloc.get_traced_memory)
    client.run(tracemalloc.stop)
    most = max(peak for _, peak in found.values())
    layers = meta.estimator_._state.network.layers
    state = sum(array.nbytes for array in moving_arrays(meta.estimator_._state.network))
    state += sum(layer.weights.indices.nbytes for layer in layers)
    assert state > 1e7
    assert most > state
    assert most < 3 * state
