"""What early stopping judges a network by."""

import warnings
from numbers import Real

import numpy as np
from sklearn.model_selection import train_test_split

from skhebb._training.stopping import NonFiniteTraining
from skhebb._utils.sklearn import accepts_sample_weight


class Validation:
    """Gives score and loss of the network on validation data whenever called.

    Parameters
    ----------
    trainer : Trainer
        Whose network, loss and threads are used.
    data : FitData
    scorer : callable, "loss" or None
        ``scorer(X, y, sample_weight)`` of the network as it is; the negative loss; the
        score of the encoder of `data`.
    """

    def __init__(self, trainer, data, scorer):
        self.trainer = trainer
        self.data = data
        self.scorer = scorer

    def __call__(self):
        data, samples = self.data, self.data.samples
        network, n_threads = self.trainer.state.network, self.trainer.n_threads
        outputs = network.outputs(data.inputs, n_threads, samples)
        if not np.isfinite(outputs).all():
            raise NonFiniteTraining("The outputs for the validation data overflow.")
        targets = np.empty_like(outputs.T)
        data.load_targets(samples, targets)
        losses = self.trainer.loss.values(outputs.T, targets, np.empty_like(targets))
        sample_weight = data.weights_of(samples)
        loss = float(np.average(losses, weights=sample_weight))
        if self.scorer == "loss":
            return -loss, loss
        if self.scorer is not None:
            return self.scorer(*data.given.take(samples)), loss
        score = data.encoder.score(data.y[samples], outputs, sample_weight)
        return float(score), loss


class EstimatorScorer:
    """Score of an estimator by a scorer of scikit-learn or one like it.

    Parameters
    ----------
    scorer : callable
        ``scorer(estimator, X, y)``, and `sample_weight` by keyword if it takes that.
    estimator_now : callable
        Gives the estimator to score.
    """

    def __init__(self, scorer, estimator_now):
        self.scorer = scorer
        self.estimator_now = estimator_now

    def __call__(self, X, y, sample_weight):
        given = {}
        if sample_weight is not None and accepts_sample_weight(self.scorer):
            given["sample_weight"] = sample_weight
        try:
            score = self.scorer(self.estimator_now(), X, y, **given)
        except ValueError as error:
            raise ValueError(
                f"scoring cannot judge networks. {self._complaint(f'raised: {error}')}"
            ) from error
        if np.ndim(score) or not isinstance(np.asarray(score).item(), Real):
            raise ValueError(f"scoring must give a finite number. Got {score!r}.")
        if not np.isfinite(score):
            complaint = self._complaint(f"gave {score}.")
            raise ValueError(f"scoring must give a finite number. {complaint}")
        return float(score)

    def _complaint(self, what):
        return (
            "The validation data may lack a class: give X_val and y_val that do not, "
            f'or use scoring="loss". {self.scorer!r} {what}'
        )


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
        what = (
            f"{n_classes} classes of two samples or more"
            if n_classes
            else "classes of one sample each"
        )
        warnings.warn(
            f"early_stopping cannot share out {n_val} of {len(samples)} samples among "
            f"{what}, so that those held out are "
            "drawn without regard to classes. Change validation_fraction, or give "
            "X_val and y_val to fit.",
            UserWarning,
            stacklevel=10,
        )
        return split(samples, None, n_val, random_state)
    train, held = train_test_split(
        shared, test_size=n_val, stratify=strata, random_state=random_state
    )
    return np.concatenate([train, alone]), held
