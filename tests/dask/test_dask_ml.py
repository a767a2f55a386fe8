"""What docs/many_machines.md says of dask-ml, which is not part of the extra `test`."""

import numpy as np
import pytest
from distributed import Client, LocalCluster
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import GridSearchCV

import skhebb
from skhebb.dask import DataParallel

from .networks import SMALL, data

da = pytest.importorskip("dask.array")
selection = pytest.importorskip("dask_ml.model_selection")
preprocessing = pytest.importorskip("dask_ml.preprocessing")
wrappers = pytest.importorskip("dask_ml.wrappers")

pytestmark = pytest.mark.filterwarnings("ignore")
NETWORK = skhebb.SETClassifier(**SMALL)


def blocks():
    return [da.from_array(array, chunks=20) for array in data()]


def test_predictions_of_blocks():
    X, y = data()
    network = skhebb.SETClassifier(**SMALL).fit(X, y)
    found = wrappers.ParallelPostFit(network).predict_proba(blocks()[0])
    assert isinstance(found, da.Array)
    np.testing.assert_allclose(found.compute(), network.predict_proba(X))


def test_passes_over_blocks():
    X, y = data()
    wrapped = wrappers.Incremental(NETWORK, shuffle_blocks=False)
    found = wrapped.fit(*blocks(), classes=[0, 1]).estimator_
    alone = skhebb.SETClassifier(**SMALL)
    for start in range(0, 60, 20):
        some = slice(start, start + 20)
        alone.partial_fit(X[some], y[some], classes=[0, 1])
    np.testing.assert_array_equal(found.coefs_[0].data, alone.coefs_[0].data)


def test_searches():
    X, y = data()
    grid = {"alpha": [0.0, 1.0]}
    search = selection.GridSearchCV(NETWORK, grid, cv=2, scheduler="threads").fit(X, y)
    alone = GridSearchCV(NETWORK, grid, cv=2).fit(X, y)
    scores = [each.cv_results_["mean_test_score"] for each in (search, alone)]
    np.testing.assert_allclose(*scores)
    some = selection.RandomizedSearchCV(
        NETWORK, grid, n_iter=2, cv=2, scheduler="threads"
    )
    assert some.fit(X, y).best_estimator_.predict(X).shape == y.shape


def test_preparation():
    X, y = blocks()
    X_train, X_test, y_train, y_test = selection.train_test_split(X, y, shuffle=True)
    scaler = preprocessing.StandardScaler().fit(X_train)
    meta = DataParallel(NETWORK, 2).fit(scaler.transform(X_train), y_train)
    assert 0 <= meta.score(scaler.transform(X_test), y_test) <= 1


@pytest.mark.parametrize("estimator", [NETWORK, SGDClassifier()], ids=["SET", "SGD"])
def test_hyperband_is_broken(estimator):
    """Of any estimator; when it is not any more, the page is to say so."""
    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster,
        Client(cluster),
    ):
        search = selection.HyperbandSearchCV(
            estimator, {"alpha": [0.01, 0.1]}, max_iter=3
        )
        with pytest.raises(RuntimeError, match="asynchronous Client"):
            search.fit(*blocks(), classes=[0, 1])
