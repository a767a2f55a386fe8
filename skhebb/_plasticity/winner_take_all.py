"""Competitive learning: winners move towards what they win."""

import numpy as np

from skhebb._plasticity.unsupervised_rule import ComponentsUpdate, UnsupervisedRule
from skhebb._utils.norms import norms_of


def hard(scores, temperature):
    """Return 1 for the unit with the largest score, the first of equals, else 0.

    `temperature` has no effect.
    """
    responses = np.zeros_like(scores)
    responses[np.arange(len(scores)), scores.argmax(axis=1)] = 1
    return responses


def soft(scores, temperature):
    """Return the softmax of the scores divided by the temperature."""
    shares = scores - scores.max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):  # -inf is what it comes to
        shares /= max(temperature, TINY)
    np.exp(shares, out=shares)  # scipy.special.softmax takes three times as long
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


TINY = np.finfo(np.float32).tiny
COMPETITIONS = {"hard": hard, "soft": soft}


class WinnerTakeAllRule(UnsupervisedRule):
    """Units compete for each sample and move towards those they win.

    A unit's score is s_i = ((cos(x, w_i) + 1) / 2)², its response r_i the softmax of
    s_i / T, or 1 for the winner and 0 for the others. A mini-batch moves w_i by the
    learning rate times sum_b r_bi² (x_b - w_i) / sum_b r_bi (Lagani et al. 2022, and
    the code published with it).

    Parameters
    ----------
    competition : {"soft", "hard"}
    temperature : float
    """

    def __init__(self, competition, temperature):
        self.compete = COMPETITIONS[competition]
        self.temperature = temperature

    def responses(self, components, projections, norms_of_samples):
        """Return the share of each unit in each sample.

        Parameters
        ----------
        components : DenseComponents or SparseComponents
        projections : ndarray of shape (n_samples, n_units)
            Products of samples and units.
        norms_of_samples : ndarray of shape (n_samples,)

        Returns
        -------
        responses : ndarray of shape (n_samples, n_units)
        """
        tiny = np.finfo(projections.dtype).tiny
        norms = components.norms()
        cosines = projections / np.maximum(norms_of_samples, tiny)[:, None]
        cosines /= np.maximum(norms, tiny)
        cosines[:, norms == 0] = -1  # what has no connections wins nothing
        responses = self.compete(((cosines + 1) / 2) ** 2, self.temperature)
        responses[norms_of_samples == 0] = 0  # what has no direction is nobody's
        return responses

    def update_components(self, components, batch, rate):
        """Move each unit towards the samples it responds to."""
        projections, norms = components.project(batch), norms_of(batch)
        update = self.compute_update(components, projections, norms, rate)
        components.update(update, batch)

    def compute_update(self, components, projections, norms_of_samples, rate):
        """Return the ComponentsUpdate of a mini-batch; arguments as of `responses`."""
        responses = self.responses(components, projections, norms_of_samples)
        totals = responses.sum(axis=0)
        tiny = np.finfo(totals.dtype).tiny
        coefficients = responses**2 / np.maximum(totals, tiny)
        return ComponentsUpdate(rate * coefficients, rate * coefficients.sum(axis=0))
