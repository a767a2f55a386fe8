"""A fit that is killed goes on, and ends with the bits of one that was not."""

import copy
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pandas import DataFrame
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.decomposition import IncrementalPCA
from sklearn.exceptions import ConvergenceWarning

from skhebb import (
    ConvolutionalFeatures,
    HebbianPCA,
    HebbianPretrainingClassifier,
    SETClassifier,
    SETRegressor,
    SoftHebb,
    WinnerTakeAll,
)
from skhebb.callbacks import Checkpoint

from .fits import (
    CONVOLUTION,
    FEATURES,
    FITS,
    SMALL,
    STOPS,
    Killed,
    Killer,
    assert_alike,
    data,
    files,
    fit,
    kept,
)

NETWORK = FITS["sgd"]


def interrupted(estimator, folder, epoch, error=Killed, **options):
    """Whether a fit came to this epoch, where it ends."""
    killer = Killer(epoch, error)
    try:
        fit(estimator, kept(folder), killer, **options)
    except error:
        return True
    return False


def n_trained(estimator, *callbacks, **options):
    """How many epochs a fit trains in this run, and the estimator."""
    counter = Killer(None)
    fitted = fit(estimator, *callbacks, counter, **options)
    return counter.n_seen, fitted


@pytest.mark.parametrize("name", FITS)
def test_killed_again_and_again(name, tmp_path):
    estimator = FITS[name]
    expected = fit(estimator)
    for epoch in range(8):
        if not interrupted(estimator, tmp_path, epoch):
            break
    assert epoch > 3
    assert n_trained(estimator, kept(tmp_path))[0] == 0
    assert_alike(fit(estimator, kept(tmp_path)), expected)


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("epoch", [2, 5])
def test_killed_once(name, epoch, tmp_path):
    estimator = FITS[name]
    n_epochs, expected = n_trained(estimator)
    was_killed = interrupted(estimator, tmp_path, epoch)
    assert was_killed == (epoch < n_epochs)
    n_resumed, resumed = n_trained(estimator, kept(tmp_path))
    assert n_resumed == max(n_epochs - epoch, 0)
    assert_alike(resumed, expected)


def test_epochs_between_snapshots_are_trained_again(tmp_path):
    checkpoint = kept(tmp_path, every=3)
    with pytest.raises(Killed):
        fit(NETWORK, checkpoint, Killer(5))
    assert files(tmp_path) == ["epoch-000003.npz"]
    n_resumed, resumed = n_trained(NETWORK, checkpoint)
    assert n_resumed == 7 - 3
    assert_alike(resumed, fit(NETWORK))


def test_keep(tmp_path):
    for keep, expected in [
        (1, ["result.npz"]),
        (3, ["epoch-000004.npz", "epoch-000006.npz", "result.npz"]),
        (9, [f"epoch-00000{n}.npz" for n in (2, 4, 6)] + ["result.npz"]),
    ]:
        fit(NETWORK, kept(tmp_path / str(keep), every=2, keep=keep))
        assert files(tmp_path / str(keep)) == expected


def test_ctrl_c(tmp_path):
    with pytest.warns(UserWarning, match="after 4 complete epochs"):
        interrupted(NETWORK, tmp_path, 4, KeyboardInterrupt)
    assert_alike(fit(NETWORK, kept(tmp_path)), fit(NETWORK))


def test_ctrl_c_with_early_stopping(tmp_path):
    estimator = FITS["early stopping"]
    with pytest.warns(UserWarning, match="after 2 complete epochs"):
        interrupted(estimator, tmp_path, 2, KeyboardInterrupt)
    assert_alike(fit(estimator, kept(tmp_path)), fit(estimator))


class Stopper(Killer):
    """Wants to stop after an epoch."""

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        return context.task_name == "epoch" and context.task_id + 1 == self.epoch


@pytest.mark.parametrize("name", ["sgd", "competition"])
def test_stopped_by_a_callback(name, tmp_path):
    expected = fit(FITS[name], Stopper(3))
    fit(FITS[name], Stopper(3), kept(tmp_path))
    n_epochs, again = n_trained(FITS[name], Stopper(3), kept(tmp_path))
    assert (n_epochs, again.n_iter_) == (0, 3)
    assert_alike(again, expected)
    assert interrupted(FITS[name], tmp_path / "b", 2)
    assert_alike(fit(FITS[name], Stopper(3), kept(tmp_path / "b")), expected)


def test_warnings_are_given_again(tmp_path):
    estimator = clone(NETWORK).set_params(tol=1e-9, learning_rate="constant")
    estimator.set_callbacks(kept(tmp_path))
    for _ in range(2):
        with pytest.warns(ConvergenceWarning, match="max_iter=7"):
            estimator.fit(*data())


def test_divergence(tmp_path):
    estimator = clone(NETWORK).set_params(learning_rate_init=1e200)
    for _ in range(2):
        estimator.set_callbacks(kept(tmp_path))
        with pytest.warns(ConvergenceWarning, match="after 0 complete epochs"):
            estimator.fit(*data())


class TestRandomState:
    def test_none(self, tmp_path):
        """The split of early stopping is that of the first run."""
        estimator = clone(FITS["early stopping"]).set_params(random_state=None)
        assert interrupted(estimator, tmp_path, 2)
        first = fit(estimator, kept(tmp_path))
        (tmp_path / "result.npz").unlink()
        assert_alike(fit(estimator, kept(tmp_path, keep=1)), first)

    def test_instance(self, tmp_path):
        """It is used up alike, and not when it was used otherwise."""

        def begin():
            estimator = SETClassifier(**SMALL)
            return estimator.set_params(random_state=np.random.RandomState(3))

        X, y = data()
        undisturbed = begin().fit(X, y)
        killed = begin().set_callbacks(kept(tmp_path), Killer(4))
        with pytest.raises(Killed):
            killed.fit(X, y)
        resumed = begin().set_callbacks(kept(tmp_path)).fit(X, y)
        assert_array_equal(resumed.predict_proba(X), undisturbed.predict_proba(X))
        one, other = resumed.random_state, undisturbed.random_state
        assert one.randint(2**31) == other.randint(2**31)
        with pytest.raises(ValueError, match="random_state was RandomState"):
            resumed.fit(X, y)


class TestWarmStart:
    def test_resumed(self, tmp_path):
        def script(*killers):
            estimator = clone(FITS["hebb, stops, cuts"]).set_params(warm_start=True)
            estimator.set_params(tol=None, learning_rate="constant")
            for killer in killers:
                callbacks = [kept(tmp_path), killer] if killer else []
                fitted = estimator.set_callbacks(*callbacks).fit(*data())
            return fitted

        expected = script(None, None, None)
        with pytest.raises(Killed):
            script(Killer(None), Killer(3))
        counters = [Killer(None) for _ in range(3)]
        assert_alike(script(*counters), expected)
        assert [counter.n_seen for counter in counters] == [0, 4, 7]
        assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {
            "after-7-epochs",
            "after-14-epochs",
        }

    def test_from_another_network(self, tmp_path):
        estimator = fit(NETWORK).set_params(warm_start=True)
        other = copy.copy(estimator)
        estimator.set_callbacks(kept(tmp_path)).fit(*data())
        other.intercepts_[0][0] += 1
        with pytest.raises(ValueError, match="fitted_state was checksum"):
            other.set_callbacks(kept(tmp_path)).fit(*data())


class TestData:
    def test_sparse_multilabel(self, tmp_path):
        X, y = make_multilabel_classification(60, 9, random_state=0)
        given = {"X": csr_array(X), "y": y}
        assert interrupted(NETWORK, tmp_path, 4, **given)
        assert_alike(
            fit(NETWORK, kept(tmp_path), **given),
            fit(NETWORK, **given),
        )

    def test_float32_of_strings(self, tmp_path):
        X, y = data()
        y = np.array(["a", "bc"], dtype=object)[y]
        given = {"X": X.astype(np.float32), "y": y}
        assert interrupted(NETWORK, tmp_path, 4, **given)
        resumed = fit(NETWORK, kept(tmp_path), **given)
        assert_alike(resumed, fit(NETWORK, **given))
        assert resumed.coefs_[0].dtype == np.float32

    def test_given_validation_data_and_weights(self, tmp_path):
        X, y = data()
        estimator = SETRegressor(**SMALL, **STOPS)
        given = {
            "X": X[:30],
            "y": y[:30],
            "X_val": X[30:],
            "y_val": y[30:],
            "sample_weight": np.linspace(0, 1, 30),
            "coefs_init": [np.eye(8, 12), np.eye(12, 10), np.eye(10, 1)],
        }
        estimator.set_params(density="auto")
        assert interrupted(estimator, tmp_path, 2, **given)
        assert_alike(fit(estimator, kept(tmp_path), **given), fit(estimator, **given))


class TestCallbacks:
    def test_others_see_epochs_with_their_numbers(self, tmp_path):
        class Numbers(Stopper):
            def setup(self, estimator, context):
                self.seen = []

            def on_fit_task_end(self, estimator, context):
                self.seen.append((context.task_name, context.task_id))
                self.n_planned = (context.parent or context).max_subtasks

        assert interrupted(NETWORK, tmp_path, 5)
        numbers = Numbers(None)
        fit(NETWORK, kept(tmp_path), numbers)
        assert numbers.seen == [("epoch", 5), ("epoch", 6), ("fit", 0)]
        assert numbers.n_planned == 7

    def test_without_one_nothing_is_described(self, monkeypatch):
        def describe(*_, **__):
            raise AssertionError

        for module in "_predictors.runs", "_transformers.base":
            monkeypatch.setattr(f"skhebb.{module}.identity_of", describe)
        fit(NETWORK, Stopper(3))
        fit(FITS["competition"])


@pytest.mark.parametrize("kept_bytes", [0, 2**30])
def test_pretraining(kept_bytes, tmp_path, monkeypatch):
    """Also on what a hidden layer makes of samples again and again."""
    monkeypatch.setattr("skhebb._training.computed_rows.KEPT_BYTES", kept_bytes)
    X, y = data()

    def run(*killers):
        network = clone(NETWORK)
        rule = WinnerTakeAll(max_iter=4, batch_size=8)
        if killers:
            network.set_callbacks(kept(tmp_path), killers[1])
            rule.set_callbacks(kept(tmp_path), killers[0])
        return HebbianPretrainingClassifier(network, rule, random_state=0).fit(X, y)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        expected = run()
        with pytest.raises(Killed):
            run(Killer(2), Killer(None))
        with pytest.raises(Killed):
            run(Killer(None), Killer(3))
        counters = Killer(None), Killer(None)
        resumed = run(*counters)
    assert [counter.n_seen for counter in counters] == [0, 4]
    assert_array_equal(resumed.predict_proba(X), expected.predict_proba(X))
    assert_alike(resumed.features_[1], expected.features_[1])
    assert {path.name for path in tmp_path.iterdir()} == {
        "pre-training-0",
        "pre-training-1",
        "fine-tuning-2",
    }
    with pytest.raises(ValueError, match=r"-0/result.npz is .* another fit: X was"):
        HebbianPretrainingClassifier(
            NETWORK,
            WinnerTakeAll(max_iter=4, batch_size=8).set_callbacks(kept(tmp_path)),
            random_state=0,
        ).fit(X + 1, y)


@pytest.mark.parametrize("name", ["every", "keep"])
@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None])
def test_wrong_parameters(name, value, tmp_path):
    with pytest.raises(ValueError, match=rf"{name} must be .* Got "):
        Checkpoint(tmp_path, **{name: value})


def test_convolution_of_drawn_patches(tmp_path):
    """What is kept is the fit of the features; other patches are another fit."""

    def convolution(*killers, random_state=0, features=WinnerTakeAll):
        parameters = CONVOLUTION | {"n_patches": 40, "random_state": random_state}
        features = features(3, max_iter=7, batch_size=8, random_state=0)
        return ConvolutionalFeatures(features.set_callbacks(*killers), **parameters)

    with pytest.raises(Killed):
        fit(convolution(Killer(3)), kept(tmp_path))
    counter = Killer(None)
    resumed = fit(convolution(counter), kept(tmp_path))
    assert counter.n_seen == 7 - 3
    resumed.features_.set_callbacks()
    expected = fit(convolution())
    assert_alike(resumed.features_, expected.features_)
    X, _ = data()
    assert_array_equal(resumed.transform(X), expected.transform(X))
    with pytest.raises(ValueError, match=r"another fit: X was"):
        fit(convolution(random_state=1), kept(tmp_path))
    with pytest.raises(ValueError, match="estimator was WinnerTakeAll and is SoftHebb"):
        fit(convolution(features=SoftHebb), kept(tmp_path))


def test_convolution_of_other_features(tmp_path):
    fit(FITS["convolution"], kept(tmp_path))
    changed = clone(FITS["convolution"]).set_params(features__n_components=4)
    with pytest.raises(ValueError, match="features__n_components was 3 and is 4"):
        fit(changed, kept(tmp_path))
    with pytest.raises(ValueError, match="max_iter was 7 and is 9"):
        fit(clone(changed).set_params(max_iter=9), kept(tmp_path))
    fit(clone(FITS["convolution"]).set_params(features__n_jobs=1), kept(tmp_path))


def test_convolution_that_diverges(tmp_path):
    """The warning is given again."""
    convolution = ConvolutionalFeatures(
        HebbianPCA(3, activation="identity", learning_rate_init=1e100), **CONVOLUTION
    ).set_callbacks(kept(tmp_path))
    for _ in range(2):
        with pytest.warns(ConvergenceWarning, match="last complete mini-batch"):
            convolution.fit(data()[0])
    assert files(tmp_path) == ["result.npz"]


@pytest.mark.parametrize("change", [{"kernel_rate": 2}, {"fine_tune": "head"}])
def test_kernels_that_learn_otherwise(change, tmp_path):
    """These are parameters of the whole; the network that is kept has none such."""

    def fitted(*callbacks, **params):
        network = clone(NETWORK).set_callbacks(*callbacks)
        layers = [ConvolutionalFeatures(SoftHebb(3), **CONVOLUTION)]
        whole = HebbianPretrainingClassifier(
            network, convolutions=layers, fine_tune="all", random_state=0
        )
        return fit(whole.set_params(**params))

    first = fitted(kept(tmp_path))
    X, _ = data()
    assert not np.array_equal(fitted(**change).predict_proba(X), first.predict_proba(X))
    with pytest.raises(ValueError, match=r"another fit: X was .* kernel_rate=1.0 and"):
        fitted(kept(tmp_path), **change)
    again = fitted(kept(tmp_path), kernel_rate=1)
    assert_array_equal(again.predict_proba(X), first.predict_proba(X))


def test_frame(tmp_path):
    """Frames have methods of many names."""
    init = DataFrame(data()[0][:5])
    rule = WinnerTakeAll(5, **FEATURES)
    expected = fit(rule, components_init=init)
    for _ in range(2):
        found = fit(rule, kept(tmp_path), components_init=init)
        assert_alike(found, expected)


def test_wrong_estimator(tmp_path):
    features = ConvolutionalFeatures(IncrementalPCA(), **CONVOLUTION)
    with pytest.raises(TypeError, match=r"features of this Conv.* IncrementalPCA\(\)"):
        fit(features, Checkpoint(tmp_path))
    with pytest.raises(TypeError, match="was set on HebbianPretrainingClassifier"):
        fit(HebbianPretrainingClassifier(), Checkpoint(tmp_path))
    assert not files(tmp_path)


def test_repr(tmp_path):
    shown = repr(Checkpoint(tmp_path, every=3))
    assert shown == f"Checkpoint({str(tmp_path)!r}, every=3, keep=2)"
