"""Documents name what there is; docs/benchmarks.md is the index of the benchmarks."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
DOCUMENTS = [
    path
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if path.exists()
]
SCRIPTS = [
    path
    for path in sorted((TESTS / "benchmarks").rglob("*.py"))
    if "argparse.ArgumentParser" in path.read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def rows():
    """Of the table; what is installed comes without documents."""
    index = ROOT / "docs" / "benchmarks.md"
    if not index.exists():
        pytest.skip("needs docs/")
    lines = index.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| [`")]


def command_of(path):
    """What the index calls it."""
    if path.name == "__main__.py":
        return f"python -m tests.benchmarks.{path.parent.name}"
    return path.name


def options_of(path):
    """Names of its options, but for those that its help does not tell of."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and call.args:
            name = ast.unparse(call.args[0]).strip("'")
            if name.startswith("--") and "argparse.SUPPRESS" not in ast.unparse(call):
                yield name


@pytest.mark.parametrize("path", SCRIPTS, ids=command_of)
def test_index(path, rows):
    (row,) = (row for row in rows if f"[`{command_of(path)}`](" in row)
    options = row.split("|")[-2]
    assert not [name for name in options_of(path) if f"`{name}" not in options]


def test_index_has_nothing_else(rows):
    assert len(rows) == len(SCRIPTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(document):
    """From the root or, where the code is described, from the package."""
    names = set(re.findall(r"\w+/[\w./]+\.py\b", document.read_text(encoding="utf-8")))
    missing = {name for name in names if not (ROOT / name).exists()}
    assert not {name for name in missing if not (ROOT / "skhebb" / name).exists()}


def test_the_thesis_has_results_of_the_settings_of_today(monkeypatch):
    """Else nothing is found of them, and the tables of docs/thesis.md can't be made."""
    monkeypatch.syspath_prepend(ROOT)
    experiments = import_module("tests.benchmarks.thesis.experiments").EXPERIMENTS
    results = import_module("tests.benchmarks.thesis.results").Results
    assert len(experiments) > 5
    for name, jobs in experiments.items():
        assert results(name).missing(jobs()) == []
