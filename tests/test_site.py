"""The site has every public name; notebooks link to it."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator
from sklearn.neural_network import MLPClassifier

import skhebb

DOCS = Path(__file__).parent.parent / "docs"
MODULES = [
    "skhebb",
    "skhebb.callbacks",
    "skhebb.dask",
    "skhebb.datasets",
    "skhebb.inspection",
    "skhebb.onnx",
    "skhebb.topology",
]

pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="needs docs/")


def public_names():
    pytest.importorskip("distributed")
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
    dense, sparse = MLPClassifier().get_params(), skhebb.SETClassifier().get_params()
    assert told == {name: (dense[name], sparse.get(name)) for name in dense}


def value(cell):
    """What stands in a cell of the table; None where nothing does."""
    return ast.literal_eval(cell.strip().strip("`") or "None")


ESTIMATORS = [
    obj
    for obj in vars(skhebb).values()
    if inspect.isclass(obj) and issubclass(obj, BaseEstimator)
]


@pytest.mark.parametrize("estimator_class", ESTIMATORS)
def test_html_view_links_every_parameter_to_the_page(estimator_class):
    html = estimator_class()._repr_html_()
    page = f"reference/generated/skhebb.{estimator_class.__name__}.html"
    names = inspect.signature(estimator_class).parameters
    for name in names:
        assert re.search(rf'href="https://[^"]+/{page}#:~:text={name},-', html), name
    assert html.count('class="param-doc-description"') >= len(names)
