"""Competitive learning: winners move towards what they win."""

import numpy as np
from scipy.special import softmax


def hard(scores, temperature):
    """1 for the unit with the largest score, the first of equals, and 0 for others."""
    responses = np.zeros_like(scores)
    responses[np.arange(len(scores)), scores.argmax(axis=1)] = 1
    return responses


def soft(scores, temperature):
    """Softmax of the scores, divided by the temperature."""
    return softmax(scores / scores.dtype.type(temperature), axis=1)


COMPETITIONS = {"hard": hard, "soft": soft}


class WinnerTakeAllRule:
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
        """Share of each unit in each sample, shape (n_samples, n_units)."""
        scales = np.outer(norms_of_samples, components.norms())
        tiny = np.finfo(scales.dtype).tiny
        cosines = projections / np.maximum(scales, tiny)
        responses = self.compete(((cosines + 1) / 2) ** 2, self.temperature)
        responses[norms_of_samples == 0] = 0  # what has no direction is nobody's
        return responses

    def step(self, components, projections, norms_of_samples):
        """Coefficients of the samples and decay of the weights, at a rate of 1."""
        responses = self.responses(components, projections, norms_of_samples)
        totals = responses.sum(axis=0)
        tiny = np.finfo(totals.dtype).tiny
        coefficients = responses**2 / np.maximum(totals, tiny)
        return coefficients, coefficients.sum(axis=0)
