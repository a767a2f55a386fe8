"""Kernels of convolutions before a network, and what moves with them."""

import math
from numbers import Real

import numpy as np

from skhebb._kernels import _loops
from skhebb._network.layer import is_finite
from skhebb._utils.norms import norm_of
from skhebb._utils.persistence import are_alike, native, require


class Kernels:
    """Kernels that learn together with the network behind them.

    Parameters
    ----------
    arrays : list of ndarray of shape (n_kernels, patch_size)
        Of each convolution. Training goes on with copies, see `unshare_from`.
    rate : float, default=1.0
        Their learning rate, in units of the network's.

    Attributes
    ----------
    scales : list of float
        By which an optimiser sees each array multiplied. The network does not care how
        large kernels are, because what they give is standardised; nor shall the
        learning rate, which is for weights of variance 2 / patch_size (He et al. 2015).
    states : list of list of ndarray
        The optimiser's arrays, aligned with those of the kernels.
    """

    def __init__(self, arrays, rate=1.0):
        self.arrays = list(arrays)
        self.rate = rate
        self.scales = [scale_of(array) for array in arrays]
        self.start_anew(0)

    def take_step(self, place, gradient, total, step):
        """Move the kernels of one convolution.

        Parameters
        ----------
        place : int
        gradient : ndarray of shape (n_kernels, patch_size)
            Summed over a batch of weight `total`.
        total : float
        step : _rules.OptimizerStep
        """
        states = [state.reshape(-1) for state in self.states[place]]
        moved = self.arrays[place].reshape(-1)
        _loops.take_step(moved, states, gradient.reshape(-1), total, step)

    def start_anew(self, n_arrays):
        """Give the optimiser `n_arrays` arrays of zeros for each convolution."""
        self.states = [
            [np.zeros_like(array) for _ in range(n_arrays)] for array in self.arrays
        ]

    def begin_training(self, n_arrays):
        """Prepare for an optimiser with so many arrays; tell whether it starts anew."""
        starts_anew = any(len(states) != n_arrays for states in self.states)
        if starts_anew:
            self.start_anew(n_arrays)
        return starts_anew

    @property
    def parameters(self):
        """The arrays, for `restore_parameters`."""
        return list(self.arrays)

    def unshare_from(self, parameters):
        """Go on with arrays that are not these, but equal."""
        pairs = zip(self.arrays, parameters, strict=True)
        self.arrays = [
            array.copy() if array is other else array for array, other in pairs
        ]

    def restore_parameters(self, parameters):
        """Go back to what `parameters` were; the optimiser starts anew."""
        self.arrays = list(parameters)
        self.start_anew(len(self.states[0]))

    def copy(self):
        """Return kernels of the same arrays, the optimiser's apart."""
        new = Kernels(self.arrays, self.rate)
        new.scales = list(self.scales)
        new.states = [[state.copy() for state in states] for states in self.states]
        return new

    def is_finite(self):
        """Whether all of them are."""
        return all(is_finite(array.reshape(-1)) for array in self.arrays)

    def pack(self):
        """Return plain data, which shares the arrays."""
        return {
            "arrays": list(self.arrays),
            "rate": self.rate,
            "scales": list(self.scales),
            "states": [list(states) for states in self.states],
        }

    @classmethod
    def unpack(cls, arrays, scales, states, rate=1.0):
        """Return the kernels that were packed; raise if they are not sound."""
        new = cls(unpack_arrays(arrays), rate)
        new.scales = list(scales)
        new.states = [[native(state) for state in of_one] for of_one in states]
        require(
            len(new.arrays) == len(new.scales) == len(new.states) > 0
            and all(
                isinstance(s, Real) and 0 < s < math.inf for s in [*new.scales, rate]
            ),
            "scales or rate of kernels",
        )
        require(
            all(
                are_alike(state, array)
                for array, of_one in zip(new.arrays, new.states, strict=True)
                for state in of_one
            )
            and len({len(of_one) for of_one in new.states}) == 1,
            "arrays of the optimiser do not fit their kernels",
        )
        return new


def unpack_arrays(arrays):
    """Return the arrays of kernels that were packed; raise if they are not sound."""
    arrays = [native(array) for array in arrays]
    require(
        all(
            array.ndim == 2
            and array.dtype.kind == "f"
            and array.flags.c_contiguous
            and np.isfinite(array).all()
            for array in arrays
        ),
        "kernels are not arrays of finite numbers",
    )
    return arrays


def scale_of(kernels):
    """Return what makes the mean square of kernels 2 / patch_size; 1 if they are 0."""
    n_kernels = len(kernels)
    norm = float(norm_of(kernels))
    return math.sqrt(2 * n_kernels) / norm if norm > 0 else 1.0
