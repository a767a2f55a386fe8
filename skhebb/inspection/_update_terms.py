"""What a mini-batch adds to the weights of a network."""

import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from skhebb._training.stopping import NonFiniteTraining
from skhebb._typing import Estimator, MatrixLike
from skhebb.inspection._network import layers_of
from skhebb.inspection._one_batch import one_batch


class UpdateTerms(NamedTuple):
    """Additions of a mini-batch to each weight.

    Attributes
    ----------
    gradient : list of ndarray of shape (n_connections,)
        The step of the optimiser of each layer, in the order of ``coefs_[l].data``.
    hebbian : list of ndarray of shape (n_connections,)
        The Hebbian term, zeros where there is none.
    """

    gradient: list[np.ndarray]
    hebbian: list[np.ndarray]


def update_terms(
    estimator: Estimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> UpdateTerms:
    """Take an update of the weights apart: gradient descent and Hebbian term.

    The update is that which the mini-batch of all samples in `X` would make now, Eq. 8
    of de Ranitz 2023 with whatever optimiser and L2 terms the estimator has: at the
    learning rate of the last epoch (before the first one, `learning_rate_init`), and
    with λ(t) for as many evolutions t of the topology as there were, which
    ``lambda_unit="evolution"`` divides by the mini-batches of the last epoch. Dropout
    is left out. It is computed in float64. The estimator is left as it is.

    Parameters
    ----------
    estimator : estimator
        A fitted network.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The samples of the mini-batch.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Their weights.

    Raises
    ------
    ValueError
        If the data are not like those of `fit`, the loss on them is not finite, or
        ``class_weight="balanced"``, which needs all samples.

    Returns
    -------
    terms : UpdateTerms
        The named tuple of `gradient` and `hebbian`, each a list with an array of shape
        (n_connections,) for each layer, in the order of ``coefs_[l].data``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import HebbSETClassifier
    >>> from skhebb.inspection import update_terms
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = HebbSETClassifier(max_iter=20, random_state=0).fit(X / 16, y)
    >>> terms = update_terms(clf, X[:200] / 16, y[:200])
    >>> terms.hebbian[0].shape == clf.coefs_[0].data.shape
    True
    """
    layers_of(estimator)  # raises if there are none
    estimator = copy.copy(estimator)  # which may be in training
    updates = []
    for with_local_rule in False, True:
        trainer, data = one_batch(estimator, X, y, sample_weight)
        layers = trainer.state.network.layers
        before = [layer.weights.data.copy() for layer in layers]
        if not with_local_rule:
            trainer.plasticity = None
        run_batch(trainer, data)
        after = [layer.weights.data for layer in layers]
        updates.append([a - b for a, b in zip(after, before, strict=True)])
    gradient, both = updates
    hebbian = [a - b for a, b in zip(both, gradient, strict=True)]
    return UpdateTerms(gradient, hebbian)


def run_batch(trainer, data, samples=None):
    """Let a trainer update its weights by a mini-batch, by default all of `data`."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            trainer.run_batch(data, data.samples if samples is None else samples)
            trainer.settle()
    except NonFiniteTraining as error:
        raise ValueError("The loss on X and y is not finite. Scale X.") from error
