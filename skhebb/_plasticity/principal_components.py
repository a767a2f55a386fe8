"""Hebbian principal component analysis."""

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from skhebb._plasticity.unsupervised_rule import ComponentsUpdate, UnsupervisedRule
from skhebb._utils.norms import norms_of, power_of_two


def identity(projections):
    """Return projections as they are."""
    return projections


def relu(projections):
    """Replace projections by their positive parts, and return them."""
    return np.maximum(projections, 0, out=projections)


UNIT_ACTIVATIONS = {"identity": identity, "relu": relu}

# Mean squared norm of samples up to which the rule is as published. What samples add
# and outputs take away have eigenvalues up to that of theirs, and a rate of 0.001,
# which is the default, times 500 is well below 1, where weights would overshoot.
LARGEST = 500


class PrincipalComponentsRule(UnsupervisedRule):
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

    couples_units = True

    def __init__(self, activation):
        self.activate = UNIT_ACTIVATIONS[activation]

    def update_components(self, components, batch, rate):
        """Let each unit learn what those before it leave of the samples."""
        projections, norms = components.project(batch), norms_of(batch)
        components.update(self.compute_update(projections, norms, rate), batch)

    def compute_update(self, projections, norms_of_samples, rate):
        """Return the ComponentsUpdate of a mini-batch.

        Parameters
        ----------
        projections : ndarray of shape (n_samples, n_units)
            Products of samples and units; may be overwritten.
        norms_of_samples : ndarray of shape (n_samples,)
        rate : floating-point scalar
        """
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
        return ComponentsUpdate(rate * coefficients / power, rate * decay)

    def explained(self, components, X):
        """Return what each unit takes of the squares of X that others left.

        With y = f(wᵀ x), that is sum_b |r_{k-1}|² - |r_k|² of r_k = x - sum_{i <= k}
        y_i w_i. It is negative for a unit that adds more than it takes.

        Parameters
        ----------
        components : DenseComponents or SparseComponents
        X : {ndarray, csr_array} of shape (n_samples, n_features)

        Returns
        -------
        explained : ndarray of shape (n_units,)
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
