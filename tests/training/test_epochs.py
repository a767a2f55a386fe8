"""The loop of epochs, with a list for what is trained."""

import pytest

from skhebb._training.epochs import run_epochs
from skhebb._training.stopping import NonFiniteTraining, StopReason


class Numbers(list):
    """A state: the numbers of the epochs that trained it."""

    def snapshot(self):
        return tuple(self)

    def restore(self, snapshot):
        self[:] = snapshot


class Observer:
    def __init__(self, stops_at=None, raises=None):
        self.stops_at = stops_at
        self.raises = raises
        self.told = []

    def begin_epoch(self):
        self.told.append("begin")

    def end_epoch(self, metrics):
        self.told.append(metrics)
        if metrics == self.stops_at and self.raises is not None:
            raise self.raises
        return metrics == self.stops_at


def run(observer, error=None, max_epochs=4):
    state = Numbers()

    def run_epoch(before):
        assert before == tuple(state)
        state.append(len(state))
        if len(state) == 3 and error is not None:
            raise error
        return state[-1]

    def reason_to_stop():
        return StopReason.MAX_EPOCHS if len(state) == max_epochs else None

    return run_epochs(state, run_epoch, reason_to_stop, observer), list(state)


def test_to_the_end():
    observer = Observer()
    assert run(observer) == (StopReason.MAX_EPOCHS, [0, 1, 2, 3])
    assert observer.told == ["begin", 0, "begin", 1, "begin", 2, "begin", 3]


def test_nothing_to_do():
    observer = Observer()
    assert run(observer, max_epochs=0) == (StopReason.MAX_EPOCHS, [])
    assert observer.told == []


def test_stopped_by_the_observer():
    assert run(Observer(stops_at=1)) == (StopReason.BY_CALLBACK, [0, 1])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyboardInterrupt, StopReason.INTERRUPTED),
        (NonFiniteTraining, StopReason.DIVERGED),
    ],
)
def test_an_epoch_that_fails_is_undone(error, reason):
    assert run(Observer(), error) == (reason, [0, 1])
    assert run(Observer(stops_at=1, raises=error)) == (reason, [0])


@pytest.mark.parametrize("error", [OSError, FloatingPointError])
def test_other_errors_are_not_caught(error):
    with pytest.raises(error):
        run(Observer(), error)


def test_reasons():
    regular = {StopReason.MAX_EPOCHS, StopReason.CONVERGED}
    failures = {StopReason.INTERRUPTED, StopReason.DIVERGED}
    assert {reason for reason in StopReason if reason.is_regular} == regular
    assert {reason for reason in StopReason if reason.is_failure} == failures
