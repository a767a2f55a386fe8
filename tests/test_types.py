"""Annotations of public signatures say what the parameters' constraints allow."""

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from types import NoneType, UnionType

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

import skhebb
from skhebb import _typing
from skhebb._network.activations import ACTIVATIONS
from skhebb._plasticity import COMPETITIONS, MASK_RULES, UNIT_ACTIVATIONS
from skhebb._training.losses import LOSSES
from skhebb._training.optimizers import OPTIMIZERS
from skhebb._training.schedules import SCHEDULES, ZETA_SCHEDULES
from skhebb._transformers.feature_activations import FEATURE_ACTIVATIONS
from skhebb.inspection import _topology_persistence
from skhebb.inspection._training_curve import CURVES
from skhebb.topology import GRAPHS, GROWTH_RULES, PRUNING_RULES

from .test_docstrings import CALLABLES

REGISTRIES = {
    "ActivationName": ACTIVATIONS,
    "CompetitionName": COMPETITIONS,
    "CurveName": CURVES,
    "FeatureActivationName": FEATURE_ACTIVATIONS,
    "GraphName": GRAPHS,
    "GrowthName": GROWTH_RULES,
    "LossName": LOSSES,
    "MaskRuleName": MASK_RULES,
    "PersistenceKind": _topology_persistence.KINDS,
    "PruningName": PRUNING_RULES,
    "ScheduleName": SCHEDULES,
    "SolverName": OPTIMIZERS,
    "UnitActivationName": UNIT_ACTIVATIONS,
    "ZetaScheduleName": ZETA_SCHEDULES,
}
ESTIMATORS = [
    obj
    for obj in vars(skhebb).values()
    if inspect.isclass(obj) and issubclass(obj, BaseEstimator)
]


@pytest.mark.parametrize("name", REGISTRIES)
def test_names_are_those_of_the_registry(name):
    assert typing.get_args(getattr(_typing, name)) == (*sorted(REGISTRIES[name]),)


@pytest.mark.parametrize("name", CALLABLES)
def test_public_signatures_are_annotated(name):
    obj = CALLABLES[name]
    signature = inspect.signature(obj)
    left_out = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty and parameter.name != "self"
    ]
    assert left_out == []
    if not inspect.isclass(obj):
        assert signature.return_annotation is not signature.empty


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_annotations_allow_what_the_constraints_do(cls):
    hints = typing.get_type_hints(cls.__init__)
    allowed = {name: kinds_of_annotation(hints[name]) for name in parameters(cls)}
    constraints = cls._parameter_constraints
    assert allowed == {
        name: kinds_of_constraints(constraints[name]) for name in parameters(cls)
    }


def parameters(cls):
    return list(inspect.signature(cls).parameters)


# Values are of these kinds, and single names and None stand for themselves.
KINDS = {
    float: "number",
    int: "number",
    bool: "bool",
    str: "str",
    NoneType: None,
    Callable: "callable",
    Mapping: "mapping",
    np.random.RandomState: "random state",
    BaseEstimator: "estimator",
    Sequence: "array-like",
    np.ndarray: "array-like",
}


def kinds_of_annotation(hint):
    """Names and kinds of values that an annotation allows."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, UnionType):
        return set().union(*map(kinds_of_annotation, typing.get_args(hint)))
    if origin is typing.Literal:
        return set(typing.get_args(hint))
    return {KINDS[origin or hint]}


def kinds_of_constraints(constraints):
    """Names and kinds of values that scikit-learn's check lets through."""
    return set().union(*map(kinds_of_constraint, constraints))


def kinds_of_constraint(constraint):
    if isinstance(constraint, StrOptions):
        return set(constraint.options)
    if isinstance(constraint, Interval | Options):
        return {"number"}
    if isinstance(constraint, HasMethods):
        return {"estimator"}
    return {
        None: {None},
        Integral: {"number"},
        "array-like": {"array-like"},
        "boolean": {"bool"},
        "random_state": {"number", "random state", None},
        "verbose": {"bool", "number"},
        callable: {"callable"},
        dict: {"mapping"},
        list: {"array-like", "mapping"},
        str: {"str"},
    }[constraint]
