"""The loop of epochs, of networks and of features."""

from skhebb._training.stopping import NonFiniteTraining, StopReason


def run_epochs(state, run_epoch, reason_to_stop, observer):
    """Train epoch after epoch until there is a reason to stop.

    An epoch that is interrupted, or whose numbers become non-finite, is undone.

    Parameters
    ----------
    state : object
        What is trained. It has `snapshot()`, which gives all that an epoch changes,
        and `restore(snapshot)`.
    run_epoch : callable
        ``run_epoch(before)`` trains the state for an epoch, which begins with the
        snapshot `before`, and returns its metrics.
    reason_to_stop : callable
        ``reason_to_stop()`` gives a StopReason, or None where training is to go on. It
        is asked before each epoch and at the end, and changes nothing.
    observer : Observer
        Told of each epoch.

    Returns
    -------
    reason : StopReason
        Why training ended.
    """
    while (reason := reason_to_stop()) is None:
        before = state.snapshot()
        try:
            observer.begin_epoch()
            wants_to_stop = observer.end_epoch(run_epoch(before))
        except (KeyboardInterrupt, NonFiniteTraining) as error:
            state.restore(before)
            return StopReason.of(error)
        if wants_to_stop:
            return StopReason.BY_CALLBACK
    return reason
