"""What a mini-batch adds to the weights of a network."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted


class UpdateTerms(NamedTuple):
    """What a mini-batch adds to each weight.

    Attributes
    ----------
    gradient : list of ndarray of shape (n_connections,)
        The step of the optimiser of each layer, in the order of ``coefs_[l].data``.
    hebbian : list of ndarray of shape (n_connections,)
        The Hebbian term, zeros where there is none.
    """

    gradient: list
    hebbian: list


def update_terms(estimator, X, y, sample_weight=None):
    """Take the next update of the weights apart: gradient descent and Hebbian term.

    The update is that which the mini-batch of all samples in `X` would make if training
    went on with `partial_fit`, before any connection is pruned or grown, and without
    dropout: Eq. 8 of de Ranitz 2023, with whatever optimiser, momentum and weight decay
    the estimator has. It is computed in float64. The estimator is left as it is.

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
    >>> clf = HebbSETClassifier(random_state=0).fit(X / 16, y)
    >>> terms = update_terms(clf, X[:200] / 16, y[:200])
    >>> terms.hebbian[0].shape == clf.coefs_[0].data.shape
    True
    """
    check_is_fitted(estimator)
    before = [layer.data.astype(np.float64) for layer in estimator.coefs_]
    plain = weights_after(estimator, X, y, sample_weight, with_local_rule=False)
    both = weights_after(estimator, X, y, sample_weight, with_local_rule=True)
    return UpdateTerms(
        [after - start for after, start in zip(plain, before, strict=True)],
        [after - without for after, without in zip(both, plain, strict=True)],
    )


def weights_after(estimator, X, y, sample_weight, with_local_rule):
    """The weights of each layer after one mini-batch."""
    trainer, data = estimator._one_batch(X, y, sample_weight)
    if not with_local_rule:
        trainer.plasticity = None
    trainer.run_batch(data, data.samples)
    return [layer.weights.data for layer in trainer.state.network.layers]
