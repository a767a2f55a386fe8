"""SoftHebb: soft competition with an anti-Hebbian share for those that do not win."""

import numpy as np

from skhebb._plasticity.unsupervised_rule import ComponentsUpdate, UnsupervisedRule
from skhebb._plasticity.winner_take_all import soft


class SoftHebbRule(UnsupervisedRule):
    """Units share each sample; the first of them approaches it, the others withdraw.

    With u_i = w_iᵀ x and r the softmax of u / T, y_i is r_i for the unit with the
    largest u and -r_i for all others. A mini-batch moves w_i along D_i = sum_b y_bi
    (x_b - u_bi w_i), divided by the largest |D| of all units and features, and by a
    rate that is smaller the nearer the norm of w_i is to 1: η |‖w_i‖ - 1|^½ (Journé et
    al. 2023, and the code published with it).

    Parameters
    ----------
    temperature : float
        T; the paper's t is 1 / T.
    """

    def __init__(self, temperature):
        self.temperature = temperature

    def update_components(self, components, batch, rate):
        """Move units along D, by rates that go by the largest part of it."""
        update = self.compute_update(components, components.project(batch))
        change = components.change(update, batch)
        components.add(change, self.rates(components.norms(), change, rate))

    def compute_update(self, components, projections):
        """Return the ComponentsUpdate that would add D, before rates scale it.

        Parameters
        ----------
        components : DenseComponents or SparseComponents
        projections : ndarray of shape (n_samples, n_units)
            Products of samples and units.
        """
        scores = projections
        sees_nothing = components.norms() == 0
        if sees_nothing.any():  # it shall not win where all others are negative
            scores = np.where(sees_nothing, -np.inf, projections)
        coefficients = -soft(scores, self.temperature)
        samples = np.arange(len(scores))
        winners = scores.argmax(axis=1)
        coefficients[samples, winners] = -coefficients[samples, winners]
        decay = np.einsum("bi,bi->i", coefficients, projections)
        return ComponentsUpdate(coefficients, decay)

    def rates(self, norms, change, rate):
        """Return what the change of each unit's weights is multiplied by.

        Parameters
        ----------
        norms : ndarray of shape (n_units,)
            Those of the weights before the change.
        change : ndarray
            D of all units.
        rate : floating-point scalar

        Returns
        -------
        rates : ndarray of shape (n_units,)
        """
        largest = max(change.max(), -change.min(), np.finfo(norms.dtype).tiny)
        return rate * np.sqrt(np.abs(norms - 1)) / largest
