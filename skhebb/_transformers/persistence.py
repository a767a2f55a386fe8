"""Features as plain data, for pickle, joblib, skops and keepers of fits."""

from numbers import Real

import numpy as np
from scipy.sparse import issparse

from skhebb._utils.persistence import (
    PersistenceMixin,
    check_counts,
    check_features,
    native,
    require,
    unpack_csr,
)
from skhebb._utils.validation import check_attribute


class FeaturePersistenceMixin(PersistenceMixin):
    """Saving, loading and copying of features that a local rule learned."""

    def _check_components(self):
        """Replace `components_` by what is read of them; raise if they are not sound.

        Users may have changed the array. SciPy and the kernels would not survive
        indices that lead out of it.
        """
        shape = self.n_components_, self.n_features_in_
        self.components_ = check_attribute("components_", self.components_, shape)

    def _pack(self, attributes):
        if "components_" in attributes:
            self._check_components()
            attributes["components_"] = pack_weights(self.components_)
        return {}

    def _unpack(self, saved):
        if not hasattr(self, "components_"):
            return
        self.components_ = unpack_weights(self.components_)
        check_features(self)
        check_counts(
            n_components_=self.n_components_,
            n_iter_=self.n_iter_,
            n_samples_seen_=self.n_samples_seen_,
        )
        self._check_components()
        require(self._n_features_out == self.n_components_, "_n_features_out")
        require(isinstance(self._rng, np.random.Generator), f"_rng={self._rng!s:.80}")
        check_curve(self.change_curve_)


def pack_weights(weights):
    """Return an ndarray as it is, a csr_array as plain data."""
    if not issparse(weights):
        return weights
    arrays = weights.data, weights.indices, weights.indptr
    return {"arrays": arrays, "shape": weights.shape}


def unpack_weights(packed):
    """Return what was packed; indices may lead out of a csr_array."""
    if isinstance(packed, dict):
        return unpack_csr(
            "components_", packed["shape"], *map(native, packed["arrays"])
        )
    return native(packed)


def check_curve(curve):
    """Raise unless this is a list of numbers."""
    are_numbers = isinstance(curve, list) and all(isinstance(n, Real) for n in curve)
    require(are_numbers, f"change_curve_={curve!s:.80}")
