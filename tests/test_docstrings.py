"""The examples in docstrings run and print what they say."""

import doctest
import importlib
import pkgutil

import matplotlib
import pytest
from matplotlib import pyplot as plt

import skhebb

MODULES = [
    module.name for module in pkgutil.walk_packages(skhebb.__path__, prefix="skhebb.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    matplotlib.use("agg")
    failed, _ = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.ELLIPSIS
    )
    plt.close("all")
    assert not failed
