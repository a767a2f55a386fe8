"""Features as plain data, for pickle, joblib and skops."""

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
            components = self.components_
            if issparse(components):
                arrays = components.data, components.indices, components.indptr
                components = {"arrays": arrays, "shape": components.shape}
            attributes["components_"] = components
        return {}

    def _unpack(self, saved):
        if not hasattr(self, "components_"):
            return
        if isinstance(self.components_, dict):
            arrays = map(native, self.components_["arrays"])
            self.components_ = unpack_csr(
                "components_", self.components_["shape"], *arrays
            )
        else:
            self.components_ = native(self.components_)
        check_features(self)
        check_counts(
            n_components_=self.n_components_,
            n_iter_=self.n_iter_,
            n_samples_seen_=self.n_samples_seen_,
        )
        self._check_components()
        require(self._n_features_out == self.n_components_, "_n_features_out")
        require(isinstance(self._rng, np.random.Generator), f"_rng={self._rng!s:.80}")
        curve = self.change_curve_
        are_numbers = isinstance(curve, list) and all(
            isinstance(change, Real) for change in curve
        )
        require(are_numbers, f"change_curve_={curve!s:.80}")
