"""Schedules: the course of the learning rate, and when the topology evolves."""

import math
from abc import ABC, abstractmethod

SMALLEST = 1e-6

# Share of an evolution's full extent, by the share of the training with evolution that
# is over.
ZETA_SCHEDULES = {
    "constant": lambda share: 1.0,
    "cosine": lambda share: (1 + math.cos(math.pi * share)) / 2,
}


class Schedule(ABC):
    """The course of the learning rate.

    Parameters
    ----------
    initial : float
        Learning rate of the first epoch.

    Attributes
    ----------
    cuts : bool
        Whether a plateau lowers the rate, and ends training only once it is at most
        `SMALLEST`.
    ends_by_plan : bool
        Whether training is complete after the epochs planned, and not before.
    """

    cuts = False
    ends_by_plan = False

    def __init__(self, initial):
        self.initial = initial

    @classmethod
    def from_estimator(cls, estimator, initial):
        """Return the schedule that the parameters of an estimator describe.

        Parameters
        ----------
        estimator : estimator
        initial : float
            Its `learning_rate_init`, or what became of that.
        """
        return cls(initial)

    @abstractmethod
    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Return the learning rate of an epoch.

        Parameters
        ----------
        epoch : float
            From 0; how many of those planned are over.
        max_epochs : int or None
            How many are planned; None where there is no plan.
        n_samples_seen : int
            In all training so far.
        n_cuts : int
            How often a plateau has cut the rate so far.
        """


class Constant(Schedule):
    """Constant rate."""

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Return the initial rate."""
        return self.initial


class InverseScaling(Schedule):
    """initial / (number of samples seen + 1)^power_t."""

    def __init__(self, initial, power_t=0.5):
        super().__init__(initial)
        self.power_t = power_t

    @classmethod
    def from_estimator(cls, estimator, initial):
        """Return the one of `power_t`."""
        return cls(initial, estimator.power_t)

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Return a rate that falls with all the training that has been."""
        return self.initial * float(n_samples_seen + 1) ** -float(self.power_t)


class Adaptive(Schedule):
    """A fifth at each plateau."""

    cuts = True

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Return a rate that falls with the number of plateaus."""
        return self.initial / 5**n_cuts


class Cosine(Schedule):
    """initial (1 + cos(pi epoch / max_epochs)) / 2 (Loshchilov & Hutter 2017)."""

    ends_by_plan = True

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Return a rate that falls to almost nothing in the last epoch."""
        if max_epochs is None:
            return self.initial
        return self.initial * (1 + math.cos(math.pi * epoch / max_epochs)) / 2


SCHEDULES: dict[str, type[Schedule]] = {
    "adaptive": Adaptive,
    "constant": Constant,
    "cosine": Cosine,
    "invscaling": InverseScaling,
}


class EvolutionSchedule:
    """When the topology evolves, and to what extent.

    The three questions are asked where training may stop for it. Each is answered by
    the extent, 1 for the whole of `zeta`, or 0 where the topology stays as it is.
    What is due after an epoch that belongs to no plan is due before the next one.

    Parameters
    ----------
    interval : int or None
        Mini-batches from one evolution to the next; None for an epoch.
    course : {"constant", "cosine"}
        How the extent goes on; "cosine" falls from 1 to 0 (GSE; Cannistraci-Hebb
        training).
    end : float in (0, 1]
        Share of the training planned after which the topology stays.
    grows_after_epoch : bool
        Whether each epoch ends with a whole evolution, so that the topology is up to
        date. Else an epoch prunes at most, and growth waits for the next one, because
        new connections have not learned anything.
    """

    def __init__(self, interval, course, end, grows_after_epoch=False):
        self.interval = interval
        self.course = ZETA_SCHEDULES[course]
        self.end = end
        self.grows_after_epoch = grows_after_epoch

    def before_epoch(self, n_batches, progress):
        """Return the extent of what is due, `n_batches` after the last evolution."""
        is_due = self.interval is None and n_batches > 0
        return self.extent(progress) if is_due else 0.0

    def before_batch(self, n_batches, progress):
        """Return the extent, `n_batches` after the last evolution."""
        is_due = self.interval is not None and n_batches >= self.interval
        return self.extent(progress) if is_due else 0.0

    def after_epoch(self, progress):
        """Return the extent of what prunes the network that an epoch leaves behind."""
        is_due = self.interval is None and progress is not None
        return self.extent(progress) if is_due or self.grows_after_epoch else 0.0

    def extent(self, progress):
        """Return the extent at this share of the training; None is without a plan."""
        if progress is None:
            return 1.0
        return self.course(progress / self.end) if progress <= self.end else 0.0
