"""Leaves nothing half-fitted behind."""

from contextlib import contextmanager


@contextmanager
def unchanged_on_error(estimator):
    """Let an exception leave the attributes of `estimator` as they were."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
