"""Learning-rate schedules.

`rate(epoch, max_epochs, n_samples_seen, n_cuts)` is the learning rate of an epoch,
numbered from 0. Where `cuts` is true, a plateau lowers it, `n_cuts` times so far, and
ends training only once it is at most `SMALLEST`. Where `ends_by_plan` is true, training
is complete after `max_epochs`; these are None where the last epoch is not known.
"""

import math

SMALLEST = 1e-6


class Constant:
    """The same rate throughout."""

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
        """Falling with all the training that has been."""
        return self.initial * float(n_samples_seen + 1) ** -float(self.power_t)


class Adaptive(Constant):
    """A fifth at each plateau."""

    cuts = True

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Falling with the number of plateaus."""
        return self.initial / 5**n_cuts


class Cosine(Constant):
    """initial (1 + cos(pi epoch / max_epochs)) / 2 (Loshchilov & Hutter 2017)."""

    ends_by_plan = True

    def rate(self, epoch, max_epochs, n_samples_seen, n_cuts):
        """Falling to almost nothing in the last epoch."""
        if max_epochs is None:
            return self.initial
        return self.initial * (1 + math.cos(math.pi * epoch / max_epochs)) / 2


SCHEDULES = {
    "adaptive": Adaptive,
    "constant": Constant,
    "cosine": Cosine,
    "invscaling": InverseScaling,
}
