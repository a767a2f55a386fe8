"""Schedules: the course of the learning rate, and when the topology evolves.

`rate(epoch, max_epochs, n_samples_seen, n_cuts)` is the learning rate of an epoch,
numbered from 0. Where `cuts` is true, a plateau lowers it, `n_cuts` times so far, and
ends training only once it is at most `SMALLEST`. Where `ends_by_plan` is true, training
is complete after `max_epochs`; these are None where the last epoch is not known.
"""

import math

SMALLEST = 1e-6

# Share of an evolution's full extent, by the share of the training with evolution that
# is over.
ZETA_SCHEDULES = {
    "constant": lambda share: 1.0,
    "cosine": lambda share: (1 + math.cos(math.pi * share)) / 2,
}


class Constant:
    """Constant rate."""

    cuts = ends_by_plan = False

    def __init__(self, initial, power_t):
        self.initial = initial
        self.power_t = power_t

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """The initial rate."""
        return self.initial


class InverseScaling(Constant):
    """initial / (number of samples seen + 1)^power_t."""

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Return a rate that falls with all the training that has been."""
        return self.initial * float(n_samples_seen + 1) ** -float(self.power_t)


class Adaptive(Constant):
    """A fifth at each plateau."""

    cuts = True

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Return a rate that falls with the number of plateaus."""
        return self.initial / 5**n_cuts


class Cosine(Constant):
    """initial (1 + cos(pi epoch / max_epochs)) / 2 (Loshchilov & Hutter 2017)."""

    ends_by_plan = True

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Return a rate that falls to almost nothing in the last epoch."""
        if max_epochs is None:
            return self.initial
        return self.initial * (1 + math.cos(math.pi * epoch / max_epochs)) / 2


SCHEDULES = {
    "adaptive": Adaptive,
    "constant": Constant,
    "cosine": Cosine,
    "invscaling": InverseScaling,
}


class EvolutionSchedule:
    """When the topology evolves, and to what extent.

    The three questions are asked where training may stop for it. Each is answered by
    the extent, 1 for the whole of `zeta`, or 0 where the topology stays as it is.

    Parameters
    ----------
    interval : int or None
        Mini-batches from one evolution to the next; None for an epoch.
    course : {"constant", "cosine"}
        How the extent goes on; "cosine" falls from 1 to 0 (GSE; Cannistraci-Hebb
        training).
    end : float in (0, 1]
        Share of the training planned after which the topology stays.
    """

    def __init__(self, interval, course, end):
        self.interval = interval
        self.course = ZETA_SCHEDULES[course]
        self.end = end

    def before_epoch(self, n_batches, progress):
        """Return the extent of what is due from an epoch of `n_batches` before.

        That is nothing where `after_epoch` was asked then.
        """
        is_due = self.interval is None and n_batches > 0
        return self.extent(progress) if is_due else 0.0

    def before_batch(self, n_batches, progress):
        """Return the extent, `n_batches` after the last evolution."""
        is_due = self.interval is not None and n_batches >= self.interval
        return self.extent(progress) if is_due else 0.0

    def after_epoch(self, progress):
        """Return the extent of what prunes the network that an epoch leaves behind."""
        return self.extent(progress) if self.interval is None else 0.0

    def extent(self, progress):
        """Return the extent at this share of the training; None is without a plan."""
        if progress is None:
            return 1.0
        return self.course(progress / self.end) if progress <= self.end else 0.0
