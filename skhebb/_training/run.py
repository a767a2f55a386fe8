"""A run of a fit, which callbacks may keep, so that a later run goes on with it.

A callback that does is a keeper. It has what scikit-learn wants of callbacks, and

``load_state(run)``
    Asked, before anything is drawn, for the KeptState that this run is to go on from;
    None if there is none.
``save_state(run, state, epoch)``
    Told after each epoch how many are complete.
``save_result(run, state, reason)``
    Told in the end why training ended, unless that was an interrupt.

``state.pack()`` gives plain data, which shares arrays with what is trained.
"""

from typing import NamedTuple

from skhebb._training.stopping import StopReason


class KeptState(NamedTuple):
    """State that a run goes on from.

    Attributes
    ----------
    state : object
        What `unpack` of the Run gave.
    reason : StopReason or None
        Why training ended, where the state is its result.
    """

    state: object
    reason: StopReason | None


class Run:
    """A run of a fit.

    Parameters
    ----------
    callbacks : list
        Those among them that are keepers take part.
    context : sklearn.callback.CallbackContext
        Of the whole fit.
    describe : callable
        Gives `identity`; not called where there are no keepers.
    unpack : callable
        ``unpack(**packed)`` gives a state, or what lets something go on from there;
        or raises one of OF_DAMAGE.
    n_epochs_before : int
        Those of the fitted state that a warm start begins with.

    Attributes
    ----------
    identity : dict of str or None
        What decides the result, described by name: parameters and data.
    kept : KeptState or None
        What there is to go on from.
    """

    def __init__(self, callbacks, context, describe, unpack, n_epochs_before=0):
        self.keepers = [each for each in callbacks if hasattr(each, "load_state")]
        self.context = context
        self.unpack = unpack
        self.n_epochs_before = n_epochs_before
        self.identity = describe() if self.keepers else None
        loaded = (keeper.load_state(self) for keeper in self.keepers)
        self.kept = next((kept for kept in loaded if kept is not None), None)

    def save_state(self, state, epoch):
        """Tell keepers of a complete epoch."""
        for keeper in self.keepers:
            keeper.save_state(self, state, epoch)

    def save_result(self, state, reason):
        """Tell keepers of the end, unless training is to go on later."""
        if reason is not StopReason.INTERRUPTED:
            for keeper in self.keepers:
                keeper.save_result(self, state, reason)
