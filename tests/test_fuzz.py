"""Some cases of the fuzzers, which run for longer by hand: see docs/CONTRIBUTING.md."""

import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import skhebb

FOLDER = Path(__file__).parent / "fuzz"


@pytest.fixture(autouse=True)
def _files_beside_a_script_are_found(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


def test_kernels():
    run = runpy.run_path(FOLDER / "kernels.py")["run"]
    assert 0 < run(cases=1000, seed=0) < 500  # most calls do something


def test_estimators():
    pytest.importorskip("pandas")
    run = runpy.run_path(FOLDER / "api.py")["run"]
    assert run(cases=300, seed=0) > 0
    assert run(cases=200, seed=0, spoiled=True) > 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_kills():
    """As a script, whose functions other processes import."""
    paths = [str(Path(skhebb.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, str(FOLDER / "kills.py"), "--cases", "12", "--seed", "0"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "12 cases, " in done.stdout
    n_killed = int(done.stdout.split("12 cases, ")[1].split()[0])
    assert n_killed > 4
