"""What early stopping judges a network by."""

import warnings

import numpy as np
from sklearn.model_selection import train_test_split

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


def split(samples, strata, n_val, random_state):
    """Hold out `n_val` samples, with the shares that classes have of all.

    A class of one sample goes to those to train on.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
    strata : ndarray of shape (n_samples,) or None
        Numbers of their classes; None for a random split.
    n_val : int
    random_state : int

    Returns
    -------
    train, held : ndarray
        The two parts of `samples`.

    Warns
    -----
    UserWarning
        If there are more classes than can be in both parts; the split is then random.
    """
    if strata is None:
        return train_test_split(samples, test_size=n_val, random_state=random_state)
    is_alone = np.bincount(strata)[strata] == 1
    shared, alone, strata = samples[~is_alone], samples[is_alone], strata[~is_alone]
    n_classes = len(np.unique(strata))
    if not n_classes <= n_val <= len(shared) - n_classes:
        warnings.warn(
            f"early_stopping cannot share out {n_val} of {len(samples)} samples among "
            f"{n_classes} classes of two samples or more, so that those held out are "
            "drawn without regard to classes. Change validation_fraction, or give "
            "X_val and y_val to fit.",
            UserWarning,
            stacklevel=7,
        )
        return split(samples, None, n_val, random_state)
    train, held = train_test_split(
        shared, test_size=n_val, stratify=strata, random_state=random_state
    )
    return np.concatenate([train, alone]), held
