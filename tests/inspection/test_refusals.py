"""What all tools refuse, and where they are found."""

import builtins
import subprocess
import sys

import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier
from skhebb.inspection import (
    DegreeDistributionDisplay,
    InputConnectivityDisplay,
    NetworkDisplay,
    TopologyHistory,
    WeightDistributionDisplay,
    to_graph,
    to_networkx,
    update_terms,
)

from .networks import NETWORK


def test_matplotlib_is_named_where_it_is_missing(fitted, monkeypatch):
    find = builtins.__import__

    def without_matplotlib(name, *args, **kwargs):
        if name.split(".")[0] in ("matplotlib", "networkx"):
            raise ImportError(name)
        return find(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_matplotlib)
    with pytest.raises(
        ImportError, match="InputConnectivityDisplay requires matplotlib"
    ):
        InputConnectivityDisplay.from_estimator(fitted)
    with pytest.raises(ImportError, match="to_networkx requires networkx"):
        to_networkx(fitted)


@pytest.mark.parametrize(
    "look",
    [
        InputConnectivityDisplay.from_estimator,
        WeightDistributionDisplay.from_estimator,
        DegreeDistributionDisplay.from_estimator,
        NetworkDisplay.from_estimator,
        to_graph,
        to_networkx,
    ],
)
def test_not_fitted(look):
    with pytest.raises(NotFittedError):
        look(SETClassifier())


@pytest.mark.parametrize(
    "look",
    [
        InputConnectivityDisplay.from_estimator,
        WeightDistributionDisplay.from_estimator,
        NetworkDisplay.from_estimator,
        to_graph,
        to_networkx,
        lambda estimator: update_terms(estimator, [[0.0]], [0]),
        lambda estimator: TopologyHistory().record(estimator),
    ],
)
def test_no_network_of_ours(look, data):
    pipeline = make_pipeline(StandardScaler(), SETClassifier(**NETWORK)).fit(*data)
    for estimator in pipeline, LogisticRegression().fit(*data):
        with pytest.raises(TypeError, match="Give a fitted network of skhebb"):
            look(estimator)


def test_inspection_is_found():
    """Without an import of its own, and only where it is asked for."""
    code = (
        "import sys, skhebb\n"
        "assert 'skhebb.inspection' not in sys.modules\n"
        "skhebb.inspection.to_graph\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
