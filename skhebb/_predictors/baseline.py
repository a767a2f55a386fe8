"""Networks beside the best constant prediction: no better, or by far."""

import numpy as np

from skhebb._training.computed_rows import thinned

# Epochs below which a network need not know anything; mini-batches and samples below
# which it need not know much.
FEWEST_EPOCHS, PATIENCE = 10, (60, 128)
# Relative change of the loss of networks that are not meant to learn.
STILL = 1e-10
# What chance may add to the loss of a constant, as a factor, and what a short training
# may; and, since rare classes make that loss small, a number where there are classes.
MARGIN, SHORT_MARGIN, OF_CLASSES = 1.2, 10, 0.05
# Share of the loss of a constant, below which hardly anything is left to learn; or the
# number of samples that nothing is known of, if that is less.
EASY_SHARE, EASY_SAMPLES = 0.02, 100


class Baseline:
    """The best constant prediction of some of the samples that are trained on.

    Parameters
    ----------
    loss : Loss
    network : Network
    data : FitData

    Attributes
    ----------
    samples : ndarray
        Those that are looked at.
    loss : float
        Their mean loss.
    varies : bool
        Whether their targets do.
    has_classes : bool
    """

    def __init__(self, loss, network, data):
        self._loss = loss
        self.samples = thinned(data.samples)
        self._weights = data.weights_of(self.samples)
        shape = network.layer_sizes[-1], len(self.samples)
        self._targets = np.empty(shape, dtype=network.dtype)
        data.load_targets(self.samples, self._targets)
        best = np.average(self._targets, axis=1, weights=self._weights)
        best = best.astype(network.dtype)[:, np.newaxis]
        self.loss = self.loss_of(np.repeat(best, len(self.samples), axis=1))
        self.varies = np.ptp(self._targets, axis=1).max() > 0
        self.has_classes = loss.output_activation != "identity"

    def loss_of(self, outputs):
        """Mean loss of other outputs for these samples, (n_outputs, n_samples)."""
        scratch = np.empty_like(self._targets)
        of_samples = self._loss.values(outputs, self._targets, scratch)
        return np.average(of_samples, weights=self._weights)


def easy_loss(loss, network, data):
    """Return the mean loss below which training is easy; 0 where it never is.

    Of numbers, unlike classes, there is always more to learn.
    """
    baseline = Baseline(loss, network, data)
    n = max(len(data.samples), data.total_weight)
    share = min(EASY_SHARE, EASY_SAMPLES / n)
    return share * baseline.loss if baseline.has_classes else 0.0


def is_no_better(trainer, data, n_epochs):
    """Whether a constant prediction would be better than the trained network.

    Or as good, because the network itself gives the same for all samples. The mean loss
    of the last epoch, with its penalty, tells of most networks that they are better;
    others predict.

    Parameters
    ----------
    trainer : Trainer
        After training.
    data : FitData
    n_epochs : int
        Of this training.
    """
    n_samples = len(data.samples)
    n_batches = n_epochs * -(-n_samples // trainer.batch_size)
    if n_epochs < FEWEST_EPOCHS:
        return False
    seen = n_batches, n_samples
    is_short = any(n < least for n, least in zip(seen, PATIENCE, strict=True))
    losses = trainer.state.history.losses[-n_epochs:]
    if np.ptp(losses) <= STILL * abs(losses[0]):
        return False
    network = trainer.state.network
    baseline = Baseline(trainer.loss, network, data)
    if not baseline.varies or losses[-1] < baseline.loss / MARGIN:
        return False
    margin = SHORT_MARGIN if is_short else MARGIN
    limit = margin * baseline.loss + (OF_CLASSES if baseline.has_classes else 0)
    at_hand = data.at_hand(baseline.samples)
    inputs, samples = at_hand.inputs, at_hand.samples
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = network.outputs(inputs, trainer.n_threads, samples).T
        if not baseline.loss_of(outputs) <= limit:
            return True
    is_same = is_the_same_for_all(outputs.T) and not is_the_same_for_all(
        inputs.X[samples]
    )
    return is_same and not is_short


def is_the_same_for_all(rows):
    """Whether all rows of an array or sparse matrix are equal."""
    differ = rows.max(axis=0) != rows.min(axis=0)
    return not np.any(differ.toarray() if hasattr(differ, "toarray") else differ)
