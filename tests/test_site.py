"""The site has a page for every public name and tells MLPClassifier's parameters."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from sklearn.neural_network import MLPClassifier

from skhebb import SETClassifier

DOCS = Path(__file__).parent.parent / "docs"
MODULES = [
    "skhebb",
    "skhebb.callbacks",
    "skhebb.datasets",
    "skhebb.inspection",
    "skhebb.topology",
]

pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="needs docs/")


def public_names():
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        names = getattr(module, "__all__", ["fetch_dataset"])  # of datasets, a file
        yield from (f"{module_name}.{name}" for name in names)


def names_in_reference():
    """Names below `autosummary` and after `autodata`, with their modules."""
    module, is_in_summary = None, False
    for line in (DOCS / "reference" / "index.rst").read_text("utf-8").splitlines():
        if match := re.fullmatch(r"\.\. currentmodule:: ([\w.]+)", line):
            module = match[1]
        elif match := re.fullmatch(r"\.\. autodata:: (\w+)", line):
            yield f"{module}.{match[1]}"
        elif line and not line.startswith(" "):
            is_in_summary = line == ".. autosummary::"
        elif is_in_summary and re.fullmatch(r" +\w+", line):
            yield f"{module}.{line.strip()}"


def test_every_public_name_has_its_page():
    assert sorted(names_in_reference()) == sorted(public_names())


def test_parameters_of_mlp():
    """Their names and defaults, and those of ours, are those of the signatures."""
    text = (DOCS / "guide" / "coming_from_mlp.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) ?\|", text, flags=re.MULTILINE)
    told = {name: (value(dense), value(sparse)) for name, dense, sparse in rows}
    dense, sparse = MLPClassifier().get_params(), SETClassifier().get_params()
    assert told == {name: (dense[name], sparse.get(name)) for name in dense}


def value(cell):
    """What stands in a cell of the table; None where nothing does."""
    return ast.literal_eval(cell.strip().strip("`") or "None")
