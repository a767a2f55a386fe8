"""Snapshots of other fits, damaged ones, and folders that cannot be written to."""

import errno
import json
import os
import shutil

import numpy as np
import pytest
from sklearn.base import clone

from skhebb import SETClassifier, SETRegressor
from skhebb._utils import persistence
from skhebb.callbacks import _snapshots

from .fits import (
    FITS,
    SMALL,
    Killed,
    Killer,
    assert_alike,
    data,
    files,
    fit,
    kept,
)

NETWORK = FITS["early stopping"]


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    """A folder of snapshots after epochs 1 to 3."""
    folder = tmp_path_factory.mktemp("snapshots")
    with pytest.raises(Killed):
        fit(NETWORK, kept(folder, keep=9), Killer(3))
    return folder


@pytest.fixture
def folder(snapshots, tmp_path):
    """A copy of it."""
    return shutil.copytree(snapshots, tmp_path / "run")


class TestOtherFits:
    @pytest.mark.parametrize(
        ("params", "difference"),
        [
            ({"alpha": 0.5}, r"alpha was 0\.0 and is 0\.5\."),
            ({"max_iter": 8, "momentum": 0.5}, "max_iter was 7 and is 8; momentum was"),
            ({"random_state": 1}, "random_state was 0 and is 1"),
            ({"random_state": None}, "random_state was 0 and is None"),
            ({"class_weight": "balanced"}, "class_weight was None and is 'balanced'"),
        ],
    )
    def test_parameters(self, folder, params, difference):
        params = {"alpha": 0.0, **params}
        if "alpha" not in difference:
            params.pop("alpha")
        else:
            shutil.rmtree(folder)
            with pytest.raises(Killed):
                fit(clone(NETWORK).set_params(alpha=0.0), kept(folder), Killer(3))
        before = files(folder)
        with pytest.raises(ValueError, match=f"another fit: {difference}") as caught:
            fit(clone(NETWORK).set_params(**params), kept(folder))
        assert "epoch-000003.npz is a snapshot of another fit" in str(caught.value)
        assert "remove this one to start anew" in str(caught.value)
        assert files(folder) == before

    def test_parameters_without_effect(self, folder, capsys):
        again = clone(NETWORK).set_params(verbose=1, n_jobs=1)
        resumed = fit(again, kept(folder))
        assert capsys.readouterr().out.startswith("Iteration 4, ")
        expected = fit(NETWORK).predict_proba(data()[0])
        np.testing.assert_array_equal(resumed.predict_proba(data()[0]), expected)

    def test_estimator(self, folder):
        other = SETRegressor(**SMALL, early_stopping=True)
        with pytest.raises(ValueError, match="estimator was SETClassifier and is SETR"):
            fit(other, kept(folder))

    def test_data(self, folder):
        X, y = data()
        changed, turned = X.copy(), y.copy()
        changed[7, 3] = np.nextafter(changed[7, 3], 9)
        turned[[0, 1]] = 1 - turned[[0, 1]]
        for given, difference in [
            (
                {"X": X[:-1], "y": y[:-1]},
                r"X was float64 of shape \(50, 8\), .* and is",
            ),
            ({"X": X.astype(np.float32)}, r"X was float64 .* and is float32 of shape"),
            ({"X": changed}, r"fit: X was .* checksum \w{8} and is .* \w{8}\. Give"),
            ({"y": turned}, r"fit: y was int64 of shape \(50,\), checksum"),
            ({"y": y.astype(str)}, "y was int64 of .* and is <U21 of shape"),
            ({"sample_weight": np.ones(50)}, "sample_weight was None and is float64"),
            ({"X_val": X, "y_val": y}, "fit: validation_data was None and is checks"),
            (
                {"intercepts_init": [[0] * 12, [0] * 10, [0]]},
                "intercepts_init was None",
            ),
        ]:
            with pytest.raises(ValueError, match=difference):
                fit(NETWORK, kept(folder), **given)

    def test_initial_weights(self, tmp_path):
        coefs = [np.eye(8, 12), np.eye(12, 10), np.eye(10, 1)]
        fit(NETWORK, kept(tmp_path), coefs_init=coefs)
        coefs[0][0, 0] = 2
        with pytest.raises(ValueError, match=r"coefs_init was checksum .* and is"):
            fit(NETWORK, kept(tmp_path), coefs_init=coefs)

    def test_features(self, tmp_path):
        rule = FITS["competition"]
        fit(rule, kept(tmp_path))
        with pytest.raises(ValueError, match="fit: n_components was 7 and is 6"):
            fit(clone(rule).set_params(n_components=6), kept(tmp_path))
        with pytest.raises(ValueError, match="fit: X was float64"):
            fit(rule, kept(tmp_path), X=data()[0] + 1)
        with pytest.raises(ValueError, match="fit: receptive_fields was None"):
            fit(rule, kept(tmp_path), receptive_fields=np.ones((7, 8)))

    def test_functions_by_name(self, tmp_path):
        """An address in memory, which is another one in the next run, is not told."""

        def judge():
            def accuracy(estimator, X, y):
                return estimator.score(X, y)

            return accuracy

        one, other = judge(), judge()
        assert repr(one) != repr(other)
        fit(clone(NETWORK).set_params(scoring=one), kept(tmp_path))
        fit(clone(NETWORK).set_params(scoring=other), kept(tmp_path))
        with pytest.raises(ValueError, match="scoring was <function"):
            fit(NETWORK, kept(tmp_path))

    def test_other_format(self, folder, monkeypatch):
        monkeypatch.setattr(_snapshots, "FORMAT", persistence.FORMAT + 1)
        with pytest.raises(ValueError, match=r"000003\.npz was written by skhebb 0"):
            fit(NETWORK, kept(folder))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def change_layout(path, change):
    """Write a whole file of another content."""
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(str(arrays["header"]))
    change(header, arrays)
    np.savez(path, **{**arrays, "header": np.array(json.dumps(header))})


def foreign_array(path):
    np.savez(path, x=np.arange(3))


def pickled(path):
    with path.open("wb") as file:
        np.save(file, np.array([{}]), allow_pickle=True)


def without_state(path):
    change_layout(path, lambda header, _: header.pop("state"))


def far_indices(path):
    change_layout(path, lambda _, arrays: arrays["state.layers.0.indices"].fill(99))


def infinite_weights(path):
    change_layout(path, lambda _, arrays: arrays["state.layers.0.data"].fill(np.inf))


def unknown_reason(path):
    change_layout(path, lambda header, _: header.update(reason="TIRED"))


def lists_for_dicts(path):
    change_layout(path, lambda header, _: header.update(identity=[1]))


DAMAGE = [
    truncate,
    lambda path: path.write_bytes(b""),
    lambda path: path.write_text("epoch,loss\n"),
    foreign_array,
    pickled,
    without_state,
    far_indices,
    infinite_weights,
    unknown_reason,
    lists_for_dicts,
]


class TestDamage:
    @pytest.mark.parametrize("damage", DAMAGE)
    def test_the_snapshot_before_is_used(self, damage, folder):
        damage(folder / "epoch-000003.npz")
        counter = Killer(None)
        with pytest.warns(UserWarning, match="3.npz is .* from .*2.npz instead"):
            resumed = fit(NETWORK, kept(folder), counter)
        assert counter.n_seen == resumed.n_iter_ - 2
        assert_alike(resumed, fit(NETWORK))

    @pytest.mark.parametrize("damage", DAMAGE)
    def test_of_the_result(self, damage, folder):
        fit(NETWORK, kept(folder))
        damage(folder / "result.npz")
        with pytest.warns(UserWarning, match="result.npz is .* instead"):
            assert_alike(fit(NETWORK, kept(folder)), fit(NETWORK))

    def test_of_features(self, tmp_path):
        rule = FITS["competition, fields"]
        fit(rule, kept(tmp_path))

        def far(_, arrays):
            arrays["state.weights.arrays.1"].fill(99)

        change_layout(tmp_path / "result.npz", far)
        with pytest.warns(UserWarning, match="result.npz is damaged"):
            assert_alike(fit(rule, kept(tmp_path)), fit(rule))

    def test_of_all_snapshots(self, folder):
        for path in folder.iterdir():
            truncate(path)
        with pytest.raises(
            ValueError, match=r"3\.npz is .*2\.npz is .*1\.npz is .* no oth"
        ):
            fit(NETWORK, kept(folder))
        assert len(files(folder)) == 3

    def test_no_bit_goes_unnoticed(self, folder, rng):
        """Or else it changes nothing."""
        path = folder / "epoch-000003.npz"
        for other in 1, 2:
            (folder / f"epoch-00000{other}.npz").unlink()
        whole = path.read_bytes()
        expected = fit(NETWORK)
        n_noticed = 0
        for _ in range(30):
            place, bit = int(rng.integers(len(whole))), int(rng.integers(8))
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            copied = shutil.copytree(folder, folder.parent / "copy")
            try:
                resumed = fit(NETWORK, kept(copied))
            except ValueError:  # there is no snapshot before
                n_noticed += 1
            else:
                assert_alike(resumed, expected)
            shutil.rmtree(copied)
        assert n_noticed > 10

    def test_other_files_are_left_alone(self, folder):
        strangers = ["epoch-last.npz", "notes.txt", "epoch-000003.npz.tmp"]
        for name in strangers:
            (folder / name).write_text("mine")
        resumed = fit(NETWORK, kept(folder))
        assert_alike(resumed, fit(NETWORK))
        assert set(files(folder)) >= set(strangers)


class TestWriting:
    def test_disk_full_while_writing(self, folder, monkeypatch):
        """An error tells; what was there is there, and of use."""
        before = files(folder)

        def full(descriptor):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            estimator = clone(NETWORK).set_callbacks(kept(folder, keep=1))
            with pytest.raises(OSError, match="No space left on device") as caught:
                estimator.fit(*data())
        assert caught.value.filename == str(folder)
        assert not hasattr(estimator, "coefs_")
        assert files(folder) == before
        assert_alike(fit(NETWORK, kept(folder)), fit(NETWORK))

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
    def test_device_full(self, folder):
        """Writes themselves fail, not only what forces them to the disk."""
        before = files(folder)
        (folder / "epoch-000004.npz.tmp").symlink_to("/dev/full")
        with pytest.raises(OSError, match="No space left on device"):
            fit(NETWORK, kept(folder))
        assert files(folder) == before
        assert_alike(fit(NETWORK, kept(folder)), fit(NETWORK))

    def test_no_rights(self, tmp_path, monkeypatch):
        """That is told before anything is trained."""

        def refuse(*_, **__):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr("tempfile.TemporaryFile", refuse)
        counter = Killer(None)
        with pytest.raises(
            PermissionError, match="cannot write to its folder"
        ) as caught:
            fit(SETClassifier(), kept(tmp_path), counter)
        assert caught.value.filename == str(tmp_path)
        assert counter.n_seen == 0
        monkeypatch.setattr("skhebb.callbacks._snapshots.Snapshots.of_epochs", refuse)
        with pytest.raises(PermissionError, match="cannot look into its folder"):
            fit(SETClassifier(), kept(tmp_path))

    def test_a_file_for_a_folder(self, tmp_path):
        (tmp_path / "run").write_text("")
        with pytest.raises(OSError, match="cannot write to its folder"):
            fit(NETWORK, kept(tmp_path / "run"))

    def test_a_result_needs_no_rights(self, tmp_path, monkeypatch):
        expected = fit(NETWORK, kept(tmp_path))
        monkeypatch.setattr("tempfile.TemporaryFile", None)
        monkeypatch.setattr("skhebb.callbacks._snapshots.write_plain", None)
        assert_alike(fit(NETWORK, kept(tmp_path)), expected)
