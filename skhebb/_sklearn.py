"""Everything this package uses of scikit-learn that is not public there."""

from sklearn.base import _fit_context
from sklearn.callback._transport import can_reuse_listener, open_listener, send
from sklearn.utils import _safe_indexing
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight, _num_samples

__all__ = [
    "Interval",
    "Options",
    "StrOptions",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_safe_indexing",
    "can_reuse_listener",
    "check_matplotlib_support",
    "open_listener",
    "send",
]
