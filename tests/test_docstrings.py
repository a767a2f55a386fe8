"""Docstrings say what is so: their examples, their parameters, their defaults."""

import ast
import doctest
import importlib
import inspect
import pkgutil
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator, is_classifier

import skhebb
from skhebb._predictors.hebbian_mask import HebbianMaskMixin
from skhebb._predictors.hebbset import HebbianMixin

HAS_DASK = find_spec("distributed") is not None
MODULES = [
    module.name
    for module in pkgutil.walk_packages(
        skhebb.__path__, prefix="skhebb.", onerror=lambda name: None
    )
    if HAS_DASK or not module.name.startswith("skhebb.dask")
]
PUBLIC = [
    "skhebb",
    "skhebb.callbacks",
    *(["skhebb.dask"] if HAS_DASK else []),
    "skhebb.datasets",
    "skhebb.inspection",
    "skhebb.onnx",
    "skhebb.topology",
]
NETWORKS = [
    skhebb.SETClassifier,
    skhebb.SETRegressor,
    skhebb.HebbSETClassifier,
    skhebb.HebbSETRegressor,
    skhebb.HebbianMaskClassifier,
    skhebb.HebbianMaskRegressor,
]
# What it takes to fit three features.
SMALL = {skhebb.ConvolutionalFeatures: {"kernel_size": 1, "pool_size": 1}}
# Parameters and attributes that classifiers and regressors describe differently.
OF_KIND = {
    "lambda0", "dropout", "early_stopping", "out_activation_", "validation_scores_"
}  # fmt: skip
# Parameters that are by default something else where Hebb's rule decides them.
OF_HEBB = {"initial_graph", "growth"}
# Parameters that mean, or are by default, something else where there is a mask.
OF_MASK = {
    "initial_graph", "density", "epsilon", "weight_scale", "dropout",
    "evolution_interval",
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    if name.startswith("skhebb.onnx._"):
        pytest.importorskip("skl2onnx")
    matplotlib.use("agg")
    failed, _ = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.ELLIPSIS
    )
    plt.close("all")
    assert not failed


def is_public(name, obj):
    """Whether a module's or class's member is documented by this package."""
    of_package = (getattr(obj, "__module__", None) or "").startswith("skhebb")
    return callable(obj) and of_package and not name.startswith("_")


def public_callables():
    """Public classes, their public methods, and public functions, with their names."""
    found = {}
    for module in map(importlib.import_module, PUBLIC):
        for name, obj in vars(module).items():
            if not is_public(name, obj):
                continue
            found[f"{module.__name__}.{name}"] = obj
            if inspect.isclass(obj):
                members = inspect.getmembers(obj, inspect.isroutine)
                found |= {
                    f"{module.__name__}.{name}.{method}": function
                    for method, function in members
                    if is_public(method, function)
                }
    return found


CALLABLES = public_callables()
ESTIMATORS = [
    obj
    for obj in CALLABLES.values()
    if inspect.isclass(obj) and issubclass(obj, BaseEstimator)
]


def documentation(obj):
    """What numpydoc reads in a docstring."""
    docscrape = pytest.importorskip("numpydoc.docscrape")
    return docscrape.NumpyDocString(inspect.getdoc(obj))


def documented_parameters(obj):
    """Names, types and descriptions; those of a named tuple are its attributes."""
    is_named_tuple = inspect.isclass(obj) and issubclass(obj, tuple)
    return documentation(obj)["Attributes" if is_named_tuple else "Parameters"]


def parameters(obj):
    """Parameters of the signature by name, with stars as in a docstring."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return {
        stars.get(parameter.kind, "") + name: parameter
        for name, parameter in inspect.signature(obj).parameters.items()
        if name != "self"
    }


def documented_default(kind):
    """The default in the line of a parameter's type, `Parameter.empty` if none."""
    _, is_given, default = kind.partition("default=")
    return ast.literal_eval(default) if is_given else inspect.Parameter.empty


@pytest.mark.parametrize("name", CALLABLES)
def test_parameters_are_those_of_the_signature(name):
    documented = [entry.name for entry in documented_parameters(CALLABLES[name])]
    assert documented == list(parameters(CALLABLES[name]))


@pytest.mark.parametrize("name", CALLABLES)
def test_defaults_are_those_of_the_signature(name):
    expected = parameters(CALLABLES[name])
    for entry in documented_parameters(CALLABLES[name]):
        assert documented_default(entry.type) == expected[entry.name].default, entry


def shared_texts(one, other, section):
    """Names, types and descriptions of one class that the other has, too, in order."""
    may_differ = set()
    if is_classifier(one()) != is_classifier(other()):
        may_differ |= OF_KIND
    if issubclass(one, HebbianMixin) != issubclass(other, HebbianMixin):
        may_differ |= OF_HEBB
    if issubclass(one, HebbianMaskMixin) != issubclass(other, HebbianMaskMixin):
        may_differ |= OF_MASK
    names = {entry.name for entry in documentation(other)[section]} - may_differ
    return [entry for entry in documentation(one)[section] if entry.name in names]


@pytest.mark.parametrize(("one", "other"), [*combinations(NETWORKS, 2)])
@pytest.mark.parametrize("section", ["Parameters", "Attributes"])
def test_networks_share_their_words(one, other, section):
    shared = shared_texts(one, other, section)
    assert len(shared) > 10
    assert shared == shared_texts(other, one, section)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator_class", ESTIMATORS)
def test_attributes_are_those_after_fit(estimator_class):
    X = np.random.default_rng(0).random((20, 3))
    X = pytest.importorskip("pandas").DataFrame(X, columns=["a", "b", "c"])
    estimator = estimator_class(**SMALL.get(estimator_class, {}))
    estimator.fit(X, np.arange(20) % 2)
    public = {
        name
        for name in dir(estimator)
        if name.endswith("_") and not name.startswith("_")
    }
    documented = documentation(estimator_class)["Attributes"]
    assert {n for entry in documented for n in entry.name.split(", ")} == public


# What leaves a reader to find out what it stands for.
FRAGMENTS = {
    "After",
    "As",
    "Before",
    "Falling",
    "Of",
    "Others",
    "That",
    "Those",
    "What",
}


@pytest.mark.parametrize(
    "path",
    sorted(Path(skhebb.__file__).parent.rglob("*.py")),
    ids=lambda path: path.stem,
)
def test_docstrings_are_true_when_read_alone(path):
    """They start with a verb or with the noun that they are about."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            words = (ast.get_docstring(node) or "A docstring").split()
            assert words[0] not in FRAGMENTS, f"{node.name}: {' '.join(words)[:80]}"
