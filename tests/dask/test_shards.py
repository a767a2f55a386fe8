"""Training on shards in this process: what comes of it does not depend on where."""

import copy
import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV

import skhebb
from skhebb._training.trainer import Trainer
from skhebb.callbacks import Checkpoint
from skhebb.dask import DataParallel

from .networks import NETWORKS, SGD, SMALL, assert_same, data, trained

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)


@pytest.mark.parametrize(
    ("name", "sync_every"),
    [*((name, "epoch") for name in NETWORKS), ("HebbSET, early stopping", 2)],
)
def test_one_shard_is_fit(name, sync_every):
    X, y = data()
    alone = clone(NETWORKS[name]).fit(X, y)
    meta = DataParallel(NETWORKS[name], 1, sync_every=sync_every).fit(X, y)
    assert_same(meta.estimator_, alone)
    assert type(meta.estimator_) is type(alone)
    np.testing.assert_array_equal(meta.predict(X), alone.predict(X))


@pytest.mark.parametrize(
    ("weighted", "sparse", "growth"),
    [(False, False, "random"), (True, False, "gradient"), (True, True, "gradient")],
)
def test_round_of_one_batch_is_fit(weighted, sparse, growth):
    """To rounding, through evolutions, momentum, penalties and an uneven last batch."""
    X, y = data(103)
    X = csr_array(X * (np.abs(X) > 0.7)) if sparse else X
    weights = np.random.default_rng(1).integers(0, 4, len(y)) if weighted else None
    network = skhebb.SETClassifier(
        **SGD,
        alpha=0.3,
        weight_decay=0.02,
        dropout=0,
        evolution_interval=4,
        growth=growth,
    )
    alone = clone(network).fit(X, y, weights)
    meta = DataParallel(network, 5, sync_every=1).fit(X, y, weights)
    assert alone._state.counters == meta.estimator_._state.counters
    assert alone._state.counters.n_evolutions >= 5
    losses, *arrays = trained(alone)
    found, *others = trained(meta.estimator_)
    for one, other in zip(arrays, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    # Of sparse samples `fit` estimates L2 terms where weights lag behind.
    np.testing.assert_allclose(losses, found, rtol=1e-2 if sparse else 1e-12)


def test_initial_graph_of_correlations_is_that_of_fit():
    X, y = data()
    network = skhebb.HebbSETClassifier(**SMALL | {"max_iter": 1}, learning_rate_init=0)
    network.set_params(learning_rate_init=1e-9, lambda0=0, evolution_interval=99)
    alone = clone(network).fit(X, y)
    meta = DataParallel(network, 4).fit(X, y)
    for one, other in zip(alone.coefs_, meta.estimator_.coefs_, strict=True):
        np.testing.assert_array_equal(one.indices, other.indices)


def test_epoch_averages_what_shards_learn_alone():
    """Of rows in order, mini-batches belong to one shard each."""
    X, y = data(60)
    network = skhebb.SETRegressor(
        **SGD | {"max_iter": 1, "batch_size": 10, "learning_rate": "constant"},
        shuffle=False,
        normalize_y=False,
        weight_decay=0,
        evolution_interval=99,
        learning_rate_init=0.1,
    )
    start = clone(network).fit(X, y)
    given = {"coefs_init": start.coefs_, "intercepts_init": start.intercepts_}
    weights = np.random.default_rng(2).uniform(1, 2, size=len(y))
    low, high = slice(0, 30), slice(30, 60)
    parts = [clone(network).fit(X[k], y[k], weights[k], **given) for k in (low, high)]
    share = weights[low].sum() / weights.sum()
    meta = DataParallel(network, 2).fit(X, y, weights, **given)
    for depth in range(3):
        one, other = (part.coefs_[depth].data for part in parts)
        found = meta.estimator_.coefs_[depth].data
        np.testing.assert_allclose(found, share * one + (1 - share) * other)
        assert np.abs(one - other).max() > 1e-3


def test_optimizer_averages_too():
    X, y = data(40)
    meta = DataParallel(skhebb.SETClassifier(**SMALL), 2).fit(X, y)
    layer = meta.estimator_._state.network.layers[0]
    assert [len(state) for state in layer.weight_state] == [layer.n_connections] * 2
    assert all(state.any() for state in layer.weight_state)


def test_shards_drop_different_neurons(monkeypatch):
    seen = []
    run_batch = skhebb._training.rounds.BatchTrainer.run_batch

    def spying(trainer, *args):
        seen.append(trainer.dropout.rng.bit_generator.state["state"]["state"])
        return run_batch(trainer, *args)

    monkeypatch.setattr(
        "skhebb._training.rounds.BatchTrainer.run_batch", spying, raising=True
    )
    X, y = data()
    DataParallel(NETWORKS["SET, sgd, dropout"], 3).fit(X, y)
    assert len(set(seen)) == len(seen) == 3 * 4 * 5


@pytest.mark.parametrize("name", ["SET, gradients", "HebbSET, early stopping"])
def test_sources_of_samples_give_the_same(name, tmp_path):
    dask_array = pytest.importorskip("dask.array")
    X, y = data()
    weights = np.random.default_rng(1).uniform(size=len(y))
    meta = DataParallel(clone(NETWORKS[name]).set_params(max_iter=2), 3)
    expected = clone(meta).fit(X, y, weights).estimator_
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    blocks = dask_array.from_array(X, chunks=(17, 3))
    for given in mapped, blocks, blocks[blocks[:, 0] > -9]:  # the last of unknown size
        found = clone(meta).fit(given, y, weights).estimator_
        assert_same(found, expected)
    lazy = [dask_array.from_array(each, chunks=7) for each in (y, weights)]
    assert_same(clone(meta).fit(X, *lazy).estimator_, expected)


def test_sparse_blocks_give_the_same():
    dask_array = pytest.importorskip("dask.array")
    X, y = data()
    X *= X > 0.5
    meta = DataParallel(NETWORKS["SET, gradients"], 3)
    expected = clone(meta).fit(csr_array(X), y).estimator_
    blocks = dask_array.from_array(X, chunks=(17, -1)).map_blocks(csr_array)
    found = clone(meta).fit(blocks, y)
    assert_same(found.estimator_, expected)
    np.testing.assert_array_equal(found.predict(blocks), found.predict(csr_array(X)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_type_of_blocks_decides_that_of_the_network(dtype):
    dask_array = pytest.importorskip("dask.array")
    X, y = data()
    X = (10 * X).astype(dtype)
    meta = DataParallel(skhebb.SETClassifier(**SMALL), 2)
    found = clone(meta).fit(dask_array.from_array(X, chunks=(9, 8)), y).estimator_
    assert_same(found, clone(meta).fit(X, y).estimator_)
    assert found.coefs_[0].dtype == (np.float32 if dtype is np.float32 else np.float64)


def test_predictions_are_lazy():
    dask_array = pytest.importorskip("dask.array")
    X, y = data()
    meta = DataParallel(skhebb.SETClassifier(**SMALL), 2).fit(X, y)
    blocks = dask_array.from_array(X, chunks=(17, 3))
    for method in "predict", "predict_proba", "predict_log_proba":
        lazy = getattr(meta, method)(blocks)
        assert isinstance(lazy, dask_array.Array)
        expected = getattr(meta.estimator_, method)(X)
        assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
        # Products of other blocks are added up in other tiles.
        np.testing.assert_allclose(lazy.compute(), expected)
    assert meta.score(blocks, dask_array.from_array(y)) == meta.score(X, y)
    assert meta.score(X, y) == meta.estimator_.score(X, y)


def test_score_of_regression():
    X, _ = data()
    meta = DataParallel(skhebb.SETRegressor(**SMALL), 2).fit(X, X[:, 0])
    assert meta.score(X, X[:, 0]) == meta.estimator_.score(X, X[:, 0])
    assert not hasattr(meta, "predict_proba")


def test_validation_data_judge_at_the_client():
    X, y = data(90)
    network = skhebb.SETClassifier(**SMALL, early_stopping=True)
    given = {"X_val": X[60:], "y_val": y[60:]}
    meta = DataParallel(network, 3).fit(X[:60], y[:60], **given)
    scores = meta.estimator_.validation_scores_
    assert len(scores) == 5
    assert max(scores) == meta.score(X[60:], y[60:])


def test_callbacks_see_every_epoch():
    X, y = data()
    seen = []

    class Spy:
        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_begin = setup

        def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
            if context.task_name == "epoch":
                seen.append(fitted_estimator.coefs_[0].data.copy())
                assert X.shape == (60, 8)

    network = skhebb.SETClassifier(**SMALL)
    meta = DataParallel(network.set_callbacks(Spy()), 3).fit(X, y)
    assert len(seen) == 5
    np.testing.assert_array_equal(seen[-1], meta.estimator_.coefs_[0].data)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("name", ["SET, sgd, dropout", "HebbSET, early stopping"])
def test_checkpoint_goes_on(name, tmp_path, monkeypatch):
    X, y = data()
    expected = DataParallel(NETWORKS[name], 3, sync_every=2).fit(X, y).estimator_
    network = clone(NETWORKS[name]).set_callbacks(Checkpoint(tmp_path, every=1))
    meta = DataParallel(network, 3, sync_every=2)
    run_epoch = Trainer.run_epoch

    def dying(trainer, *args):
        if trainer.state.progress.epoch == 3:
            raise Killed
        return run_epoch(trainer, *args)

    monkeypatch.setattr(Trainer, "run_epoch", dying)
    with pytest.raises(Killed):
        clone(meta).fit(X, y)
    assert (tmp_path / "epoch-000003.npz").exists()
    n_epochs = []

    def counting(trainer, *args):
        n_epochs.append(1)
        return run_epoch(trainer, *args)

    monkeypatch.setattr(Trainer, "run_epoch", counting)
    assert_same(clone(meta).fit(X, y).estimator_, expected)
    assert len(n_epochs) == 2
    with pytest.raises(ValueError, match="shards"):  # other shards are another fit
        clone(meta).set_params(n_shards=2).fit(X, y)


def test_in_a_search():
    X, y = data()
    grid = {"estimator__alpha": [0.0, 1.0]}
    meta = DataParallel(skhebb.SETClassifier(**SMALL), 2)
    search = GridSearchCV(meta, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_estimator_.predict(X).shape == y.shape


def test_is_what_its_estimator_is():
    classifier = DataParallel(skhebb.SETClassifier())
    assert is_classifier(classifier)
    assert is_regressor(DataParallel(skhebb.SETRegressor()))
    assert not hasattr(classifier, "n_features_in_")
    with pytest.raises(NotFittedError, match="DataParallel instance is not fitted yet"):
        _ = classifier.classes_


class FakeClient:
    def submit(self):
        pass

    scatter = compute = submit

    def __deepcopy__(self, memo):
        raise AssertionError


def test_clones_share_the_client_and_files_have_none():
    X, y = data()
    meta = DataParallel(skhebb.SETClassifier(**SMALL), 2).fit(X, y)
    meta.set_params(client=FakeClient())
    assert clone(meta).client is meta.client
    for twin in pickle.loads(pickle.dumps(meta)), copy.deepcopy(meta):
        assert twin.client is None
        assert_same(twin.estimator_, meta.estimator_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_shards": 0}, "'n_shards' parameter"),
        ({"n_shards": 61}, "n_shards=61 and n_samples=60"),
        ({"sync_every": "batch"}, "'sync_every' parameter"),
        ({"client": "localhost"}, "'client' parameter"),
        ({"estimator__batch_size": 0}, "'batch_size' parameter"),
    ],
)
def test_wrong_parameters(change, message):
    X, y = data()
    meta = DataParallel(skhebb.SETClassifier(**SMALL)).set_params(**change)
    with pytest.raises(ValueError, match=message):
        meta.fit(X, y)
    assert not hasattr(meta, "estimator_")


def test_other_estimators_are_refused():
    with pytest.raises(TypeError, match="network of skhebb"):
        DataParallel(RandomForestClassifier()).fit(*data())


def test_wrong_blocks():
    dask_array = pytest.importorskip("dask.array")
    X, y = data()
    meta = DataParallel(skhebb.SETClassifier(**SMALL), 3)
    spoilt = X.copy()
    spoilt[25] = np.nan
    with pytest.raises(ValueError, match=r"In shard 1 of X: Input X contains NaN"):
        meta.fit(dask_array.from_array(spoilt, chunks=(17, 8)), y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        meta.fit(dask_array.from_array(X, chunks=(17, 8)), y[1:])
    with pytest.raises(ValueError, match="two dimensions"):
        meta.fit(dask_array.from_array(X[:, 0]), y)
