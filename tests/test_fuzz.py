"""Some cases of the fuzzers, which run for longer by hand: see docs/CONTRIBUTING.md."""

import runpy
from pathlib import Path

import pytest

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
