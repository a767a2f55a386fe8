"""Lets training take effect at once and as a whole, or not at all.

Training works on a draft of the estimator and replaces the attributes of the estimator
by those of the draft in one step. Whoever reads meanwhile, in another thread or after
an exception, sees what the last complete training left.
"""

import os
import threading
from contextlib import contextmanager

# The thread that trains an estimator, by the estimator's id.
_trainers = {}

if hasattr(os, "register_at_fork"):  # other threads do not exist in a child
    os.register_at_fork(after_in_child=_trainers.clear)


def twin(estimator):
    """Return an estimator with the attributes that this one has at one moment."""
    new = object.__new__(type(estimator))
    new.__dict__ = vars(estimator).copy()
    return new


@contextmanager
def transaction(estimator):
    """Give a draft to train; its attributes become the estimator's if all goes well.

    Parameters
    ----------
    estimator : estimator
        Which another thread may read, but not train, meanwhile.

    Yields
    ------
    draft : estimator
        A twin. Values that the estimator shares with it must be replaced, not changed.

    Raises
    ------
    RuntimeError
        If another thread trains the estimator.
    """
    me = threading.get_ident()
    trainer = _trainers.setdefault(id(estimator), me)
    if trainer != me:
        raise RuntimeError(
            f"This {type(estimator).__name__} is being trained in another thread. Wait "
            "until that has ended, or train a copy of it (copy.copy)."
        )
    try:
        draft = twin(estimator)
        before = vars(draft).copy()
        yield draft
        commit(estimator, before, vars(draft))
    finally:
        _trainers.pop(id(estimator), None)


def commit(estimator, before, after):
    """Do with the attributes of `estimator` what was done from `before` to `after`."""
    attributes = {
        name: value
        for name, value in vars(estimator).copy().items()
        if name in after or name not in before
    }
    for name, value in after.items():
        if name not in before or value is not before[name]:
            attributes[name] = value
    estimator.__dict__ = attributes  # in one step
