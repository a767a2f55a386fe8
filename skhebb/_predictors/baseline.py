"""Whether a network tells more of its targets than the best constant would."""

import numpy as np

PROBE = 10_000  # samples that are looked at, at most
# Epochs below which a network need not know anything; mini-batches and samples below
# which it need not know much.
FEWEST_EPOCHS, PATIENCE = 10, (60, 128)
# Relative change of the loss of networks that are not meant to learn.
STILL = 1e-10
# What chance may add to the loss of a constant, as a factor, and what a short training
# may; and, since rare classes make that loss small, a number where there are classes.
MARGIN, SHORT_MARGIN, OF_CLASSES = 1.2, 10, 0.05


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
    samples = data.samples[:: -(-n_samples // PROBE)]
    sample_weight = data.weights_of(samples)
    targets = np.empty((network.layer_sizes[-1], len(samples)), dtype=network.dtype)
    data.load_targets(samples, targets)

    def loss_of(outputs):
        of_samples = trainer.loss.values(outputs, targets, np.empty_like(targets))
        return np.average(of_samples, weights=sample_weight)

    best = np.average(targets, axis=1, weights=sample_weight).astype(network.dtype)
    of_constant = loss_of(np.repeat(best[:, np.newaxis], len(samples), axis=1))
    is_constant = np.ptp(targets, axis=1).max() == 0
    if is_constant or losses[-1] < of_constant / MARGIN:
        return False
    has_classes = trainer.loss.output_activation != "identity"
    margin = SHORT_MARGIN if is_short else MARGIN
    limit = margin * of_constant + (OF_CLASSES if has_classes else 0)
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = network.outputs(data.inputs, trainer.n_threads, samples).T
        if not loss_of(outputs) <= limit:
            return True
    is_same = is_the_same_for_all(outputs.T) and not is_the_same_for_all(
        data.inputs.X[samples]
    )
    return is_same and not is_short


def is_the_same_for_all(rows):
    """Whether all rows of an array or sparse matrix are equal."""
    differ = rows.max(axis=0) != rows.min(axis=0)
    return not np.any(differ.toarray() if hasattr(differ, "toarray") else differ)
