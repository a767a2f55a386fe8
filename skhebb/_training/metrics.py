"""What an epoch gave."""

from typing import NamedTuple


class EpochMetrics(NamedTuple):
    """Metrics of an epoch.

    Attributes
    ----------
    epoch : int
        From 1.
    loss : float
        Mean over the samples, before each update.
    score, validation_loss : float or None
    n_connections : int
        After the epoch.
    share_replaced : float
        Connections that were added in this epoch, divided by those that its last
        mini-batch trained. More than one where the topology evolves many times.
    penalty : float
        What L2 terms have of the loss.
    """

    epoch: int
    loss: float
    score: float | None
    validation_loss: float | None
    n_connections: int
    share_replaced: float
    penalty: float = 0.0

    def __str__(self):
        parts = [f"Iteration {self.epoch}", f"loss = {self.loss:.8f}"]
        if self.score is not None:
            parts.append(f"validation loss = {self.validation_loss:.8f}")
            parts.append(f"validation score = {self.score:.6f}")
        parts.append(f"connections = {self.n_connections}")
        parts.append(f"replaced = {100 * self.share_replaced:.1f} %")
        return ", ".join(parts)
