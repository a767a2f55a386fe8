"""Everything this package uses of scikit-learn that is not public there."""

from collections.abc import Callable
from inspect import signature
from typing import TypeVar

import sklearn.base
from sklearn.callback._transport import can_reuse_listener, open_listener, send
from sklearn.utils import _safe_indexing
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight, _num_samples

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_safe_indexing",
    "accepts_sample_weight",
    "callbacks_of",
    "can_reuse_listener",
    "check_matplotlib_support",
    "open_listener",
    "send",
]


Method = TypeVar("Method", bound=Callable)


def _fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
    """Check the parameters of an estimator before a method, whose signature stays."""
    skips = prefer_skip_nested_validation
    return sklearn.base._fit_context(prefer_skip_nested_validation=skips)


def callbacks_of(estimator):
    """Return the callbacks that are set on an estimator."""
    return getattr(estimator, "_skl_callbacks", [])


def accepts_sample_weight(scorer):
    """Whether a scorer of scikit-learn, or a function like one, takes weights."""
    if hasattr(scorer, "_accept_sample_weight"):
        return scorer._accept_sample_weight()
    return "sample_weight" in signature(scorer).parameters
