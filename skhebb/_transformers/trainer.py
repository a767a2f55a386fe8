"""The training loop of features: epochs of mini-batches."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import gen_batches

from skhebb._plasticity import UnsupervisedRule
from skhebb._training.schedules import Schedule
from skhebb._training.stopping import NonFiniteTraining
from skhebb._utils.threads import one_blas_thread


@dataclass(frozen=True)
class FeatureTrainer:
    """Trains components by a rule.

    Attributes
    ----------
    rule : UnsupervisedRule
    schedule : Schedule
        Of the learning rate.
    batch_size : int
        Upper bound; an epoch's last mini-batch may be smaller.
    shuffle : bool
    """

    rule: UnsupervisedRule
    schedule: Schedule
    batch_size: int
    shuffle: bool

    def __post_init__(self):
        if not isinstance(self.rule, UnsupervisedRule):
            raise TypeError(
                "The rule that features learn by must be an UnsupervisedRule, which "
                f"has update_components. Got {self.rule!r}."
            )

    def train(self, state, X, epoch, max_epochs):
        """Pass once over the samples.

        Sets: everything of `state` but its `change_curve`.

        Parameters
        ----------
        state : FeatureState
        X : {ndarray, csr_array} of shape (n_samples, n_features)
        epoch : int
            From 0.
        max_epochs : int or None
            None where no end is planned.

        Raises
        ------
        NonFiniteTraining
            If a weight becomes so large that squares overflow, or NaN.
        """
        rate = self.schedule.rate(epoch, max_epochs, state.n_samples_seen, 0)
        rate = X.dtype.type(rate)
        n_samples = X.shape[0]
        order = np.arange(n_samples)
        if self.shuffle:
            state.rng.shuffle(order)
        with np.errstate(over="ignore", invalid="ignore"), one_blas_thread():
            for some in gen_batches(n_samples, self.batch_size):
                self.rule.update_components(state.components, X[order[some]], rate)
            if not np.isfinite(np.square(state.components.norms())).all():
                raise NonFiniteTraining
        state.n_iter += 1
        state.n_samples_seen += n_samples
