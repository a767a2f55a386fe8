"""Hebbian principal component analysis."""

import numpy as np


def identity(projections):
    """Leave them as they are."""
    return projections


def relu(projections):
    """Positive part, in place."""
    return np.maximum(projections, 0, out=projections)


UNIT_ACTIVATIONS = {"identity": identity, "relu": relu}


class PrincipalComponentsRule:
    """The (nonlinear) generalised Hebbian algorithm, HPCA.

    Δw_i = η mean_b[y_i (x - sum_{k <= i} y_k w_k)] with y = f(wᵀ x) (Sanger 1989;
    Karhunen & Joutsensalo 1995; Lagani et al. 2022, Eq. 5), in matrix form
    η / B (Yᵀ X - tril(Yᵀ Y) W).

    Parameters
    ----------
    activation : {"identity", "relu"}
        f. With "identity" the units converge to the leading principal components of
        centred data.
    """

    def __init__(self, activation):
        self.activate = UNIT_ACTIVATIONS[activation]

    def step(self, components, projections, norms_of_samples):
        """Coefficients of the samples and decay of the weights, at a rate of 1."""
        outputs = self.activate(projections)
        coefficients = outputs / outputs.dtype.type(len(outputs))
        return coefficients, np.tril(coefficients.T @ outputs)
