"""Lets training take effect at once and as a whole, or not at all.

Training works on a draft of the estimator and replaces the attributes of the estimator
by those of the draft in one step. Whoever reads meanwhile, in another thread or after
an exception, sees what the last complete training left.
"""

import os
import threading
from contextlib import contextmanager
from weakref import WeakValueDictionary


class Training:
    """Held by those who train an estimator, for as long as they do."""

    def __init__(self):
        self.thread = threading.get_ident()


# By the id of the estimator. An entry goes with the frame that holds it, so that no
# interrupt, wherever it comes, leaves an estimator locked.
_trainings: WeakValueDictionary[int, Training] = WeakValueDictionary()
_guard = threading.Lock()


def _forget_threads():
    """Begin anew in a forked process, which has one thread."""
    global _guard
    _guard = threading.Lock()
    _trainings.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)


def claim(estimator):
    """Return what to hold while training; raise if another thread holds it."""
    with _guard:
        training = _trainings.get(id(estimator))
        if training is None:
            training = _trainings[id(estimator)] = Training()
        is_mine = training.thread == threading.get_ident()
        if not is_mine:
            del training  # or else the traceback would hold it
    if not is_mine:
        raise RuntimeError(
            f"This {type(estimator).__name__} is being trained in another thread. Wait "
            "until that has ended, or train a copy of it (copy.copy)."
        )
    return training


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
    training = claim(estimator)
    try:
        draft = twin(estimator)
        before = vars(draft).copy()
        yield draft
        commit(estimator, before, vars(draft))
    finally:
        del training


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
