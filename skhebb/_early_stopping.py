"""What early stopping judges a network by."""

import numpy as np

from skhebb._training import NonFiniteTraining


class Validation:
    """Gives score and loss of the network on validation data whenever called.

    Parameters
    ----------
    trainer : Trainer
        Whose network, loss and threads are used.
    targets : object
    inputs : DenseRows or SparseRows
    encoded : ndarray
        Targets as `targets` encodes them.
    weights : ndarray or None
        Of the samples.
    """

    def __init__(self, trainer, targets, inputs, encoded, weights):
        self.trainer = trainer
        self.targets = targets
        self.inputs = inputs
        self.encoded = encoded
        self.weights = weights

    def __call__(self):
        network, n_threads = self.trainer.state.network, self.trainer.n_threads
        outputs = network.outputs(self.inputs, n_threads)
        if not np.isfinite(outputs).all():
            raise NonFiniteTraining
        score = self.targets.score(self.encoded, outputs, self.weights)
        wanted = np.empty_like(outputs.T)
        self.targets.load(self.encoded, wanted)
        losses = self.trainer.loss.values(outputs.T, wanted, np.empty_like(wanted))
        return float(score), float(np.average(losses, weights=self.weights))
