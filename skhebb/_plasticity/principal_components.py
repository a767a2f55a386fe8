"""Hebbian principal component analysis."""

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from skhebb._utils.norms import power_of_two


def identity(projections):
    """Leave them as they are."""
    return projections


def relu(projections):
    """Positive part, in place."""
    return np.maximum(projections, 0, out=projections)


UNIT_ACTIVATIONS = {"identity": identity, "relu": relu}

# Mean squared norm of samples up to which the rule is as published. What samples add
# and outputs take away have eigenvalues up to that of theirs, and a rate of 0.001,
# which is the default, times 500 is well below 1, where weights would overshoot.
LARGEST = 500


class PrincipalComponentsRule:
    """The (nonlinear) generalised Hebbian algorithm, HPCA.

    Δw_i = η mean_b[y_i (x - sum_{k <= i} y_k w_k)] with y = f(wᵀ x) (Sanger 1989;
    Karhunen & Joutsensalo 1995; Lagani et al. 2022, Eq. 5), in matrix form
    η / B (Yᵀ X - tril(Yᵀ Y) W). Where the mean squared norm of the samples of a
    mini-batch, or of their outputs, is above `LARGEST`, η is divided by the excess, so
    that weights do not depend on the scale of large samples.

    Parameters
    ----------
    activation : {"identity", "relu"}
        f. With "identity" the units converge to the leading principal components of
        centred data.
    """

    def __init__(self, activation):
        self.activate = UNIT_ACTIVATIONS[activation]

    def step(self, components, projections, norms_of_samples, rate):
        """Coefficients of the samples and decay of the weights."""
        outputs = self.activate(projections)
        scalar = outputs.dtype.type
        n_samples = len(outputs)
        # Of large numbers, parts by a power of two, the squares of which are finite.
        largest = max(norms_of_samples.max(), np.abs(outputs).max(), scalar(1))
        power = power_of_two(largest)
        outputs, norms = outputs / power, norms_of_samples / power
        limit = LARGEST * n_samples / float(power) / float(power)
        excess = max(norms @ norms, np.vdot(outputs, outputs), limit)
        rate = scalar(rate / (excess / (LARGEST * n_samples)))
        coefficients = outputs / scalar(n_samples)
        decay = np.tril(coefficients.T @ outputs)
        return rate * coefficients / power, rate * decay

    def explained(self, components, X):
        """Return what each unit takes of the squares of X that others left.

        With y = f(wᵀ x), that is sum_b |r_{k-1}|² - |r_k|² of r_k = x - sum_{i <= k}
        y_i w_i. It is negative for a unit that adds more than it takes.
        """
        projections = components.project(X)
        outputs = self.activate(projections.copy())
        overlaps = safe_sparse_dot(
            components.weights, components.weights.T, dense_output=True
        )
        shared = (outputs.T @ outputs) * overlaps
        of_those_before = np.tril(shared, -1).sum(axis=1)
        of_all = np.einsum("bk,bk->k", outputs, projections)
        return 2 * (of_all - of_those_before) - shared.diagonal()
