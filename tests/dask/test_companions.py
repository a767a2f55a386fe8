"""What goes with Dask and with large files beside DataParallel."""

import tracemalloc

import numpy as np
import pytest
from distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV

import skhebb

from .networks import SMALL, data

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def scores(search):
    return search.cv_results_["mean_test_score"]


def test_grid_search_on_the_backend_of_joblib(client):
    X, y = data()
    search = GridSearchCV(
        skhebb.SETClassifier(**SMALL), {"alpha": [0.0, 1.0]}, cv=2, n_jobs=2
    )
    with parallel_config("dask"):
        search.fit(X, y)
    alone = search.__sklearn_clone__().set_params(n_jobs=1).fit(X, y)
    np.testing.assert_array_equal(scores(search), scores(alone))


def test_halving_search_on_the_backend_of_joblib(client):
    """Epochs are the resource that candidates compete for."""
    X, y = data()
    search = HalvingRandomSearchCV(
        skhebb.HebbSETClassifier(**SMALL),
        {"lambda0": [0.0, 0.01, 0.1, 1.0]},
        resource="max_iter",
        min_resources=2,
        max_resources=4,
        factor=2,
        cv=2,
        random_state=0,
        n_jobs=2,
    )
    with parallel_config("dask"):
        search.fit(X, y)
    assert set(search.cv_results_["param_max_iter"]) == {2, 4}
    assert search.best_estimator_.n_iter_ == 4
    alone = search.__sklearn_clone__().set_params(n_jobs=1).fit(X, y)
    np.testing.assert_array_equal(scores(search), scores(alone))


def test_memory_map_is_not_copied(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.random((30_000, 250), dtype=np.float32)
    y = (X[:, 0] > 0.5).astype(int)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    network = skhebb.SETClassifier(10, max_iter=1, batch_size=100, random_state=0)
    tracemalloc.start()
    network.fit(mapped, y)
    _, needed = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert needed < X.nbytes / 4
    coefs = [weights.data for weights in network.coefs_]
    network.fit(X, y)
    for one, other in zip(coefs, network.coefs_, strict=True):
        np.testing.assert_array_equal(one, other.data)


def test_batches_of_a_parquet_file(tmp_path):
    """In a stream as from an array in memory."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    X, y = data()
    columns = {f"x{k}": column for k, column in enumerate(X.T)}
    parquet.write_table(pyarrow.table(columns | {"y": y}), tmp_path / "train.parquet")
    network = skhebb.SETClassifier(**SMALL)
    for batch in parquet.ParquetFile(tmp_path / "train.parquet").iter_batches(20):
        frame = batch.to_pandas()
        network.partial_fit(frame.drop(columns="y"), frame["y"], classes=[0, 1])
    alone = skhebb.SETClassifier(**SMALL)
    for start in range(0, 60, 20):
        some = slice(start, start + 20)
        alone.partial_fit(X[some], y[some], classes=[0, 1])
    assert network.n_features_in_ == 8
    np.testing.assert_array_equal(network.coefs_[0].data, alone.coefs_[0].data)
