"""Imports go one way, down, and no file is too long to be read at once."""

import ast
from pathlib import Path

import pytest

import skhebb

ROOT = Path(skhebb.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TESTS = Path(__file__).parent
SOURCE = {".py", ".pyx", ".pxd", ".h"}  # not .c, most of which Cython writes
# From the top; those of one line do not know each other.
FLOORS = (
    {"__init__"},
    {"onnx"},
    {"callbacks", "dask", "inspection", "datasets", "_export", "_show_versions"},
    {"_predictors"},
    {"_transformers"},
    {"_training"},
    {"topology", "_plasticity"},
    {"_network"},
    {"_utils"},
    {"_kernels"},
    {"_typing", "_version"},
)
FLOOR_OF = {name: depth for depth, floor in enumerate(FLOORS) for name in floor}

every_file = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(path.relative_to(ROOT))
)


def package_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path):
    """Modules and the names that are imported of them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def imported_packages(path):
    for module, name in imports(path):
        package, *below = module.split(".")
        if package == "skhebb":
            yield below[0] if below else name


@every_file
def test_imports_go_down(path):
    own = package_of(path)
    for imported in set(imported_packages(path)) - {own}:
        assert FLOOR_OF[own] < FLOOR_OF[imported], imported


@every_file
def test_imports_are_absolute(path):
    assert not [module for module, _ in imports(path) if module.startswith(".")]


@every_file
def test_private_names_of_sklearn_are_in_one_file(path):
    if path == ROOT / "_utils" / "sklearn.py":
        return
    for module, name in imports(path):
        if module.split(".")[0] == "sklearn":
            parts = [*module.split("."), name]
            assert not [part for part in parts if part.startswith("_")]


@pytest.mark.parametrize("package", ["_training", "_network", "topology"])
def test_training_knows_no_sklearn(package):
    for path in (ROOT / package).rglob("*.py"):
        assert not [m for m, _ in imports(path) if m.split(".")[0] == "sklearn"]


def longer_than(limit, folder):
    """How many lines those files have that have more."""
    lengths = {
        str(path.relative_to(folder)): len(path.read_bytes().splitlines())
        for path in folder.rglob("*")
        if path.suffix in SOURCE
    }
    return {path: length for path, length in lengths.items() if length > limit}


def test_no_test_file_is_long():
    assert longer_than(600, TESTS) == {}


def test_no_file_of_the_package_is_long():
    assert longer_than(450, ROOT) == {}
