"""What inspection uses of scikit-learn that is not public there."""

from sklearn.callback._transport import can_reuse_listener, open_listener, send
from sklearn.utils._optional_dependencies import check_matplotlib_support

__all__ = [
    "can_reuse_listener",
    "check_matplotlib_support",
    "open_listener",
    "send",
]
