"""Weight vectors of units that learn by a local rule: dense, or with receptive fields.

Both kinds have `weights`, (n_units, n_features), as users see them; `norms()` of them;
`project(X)`, the product of each sample with each unit's weights; and `update(update,
X)`, which adds what a ComponentsUpdate says. `change` and `add` do the same in two
steps, for rules that look at the change. All is in matrix form, as in FastHebb (Lagani
et al. 2022).
"""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.extmath import safe_sparse_dot

from skhebb._kernels import _loops
from skhebb._kernels._handles import NonZeros
from skhebb._network.activations import Identity
from skhebb._network.buffers import Batch, BatchBuffers, HebbianTerm, tiles_for
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._training.batches import as_batch_source
from skhebb._utils.csr import make_csr
from skhebb._utils.norms import norm_of, norms_of, power_of_two


class DenseComponents:
    """Units that see all features; products are those of BLAS.

    Parameters
    ----------
    weights : ndarray of shape (n_units, n_features)
        Changed in place.
    """

    def __init__(self, weights):
        self.weights = weights

    def fill(self, samples):
        """Replace weights by dense or CSR samples, (n_units, n_features)."""
        self.weights[:] = samples.toarray() if issparse(samples) else samples

    def copy(self):
        """Return components with the same weights, which do not change with these."""
        return DenseComponents(self.weights.copy())

    def relative_change(self, before):
        """Return the norm of the change since `before`, divided by the norm then."""
        return relative(self.weights, before.weights)

    def norms(self):
        """Return the Euclidean norms of the units, (n_units,)."""
        return norms_of(self.weights)

    def project(self, X):
        """Return products with samples, dense or CSR, (n_samples, n_units)."""
        return safe_sparse_dot(X, self.weights.T, dense_output=True)

    def update(self, update, X):
        """Add coefficientsᵀ X - decay weights, as a ComponentsUpdate says."""
        coefficients, decay = update
        change = safe_sparse_dot(coefficients.T, X, dense_output=True)
        if decay.ndim == 1:
            self.weights *= (1 - decay)[:, None]
        else:
            change -= decay @ self.weights
        self.weights += change

    def change(self, update, X):
        """Return what `update` would add, (n_units, n_features); one decay a unit."""
        coefficients, decay = update
        change = safe_sparse_dot(coefficients.T, X, dense_output=True)
        change -= decay[:, None] * self.weights
        return change

    def add(self, change, rates):
        """Add what `change` returned, times a rate for each unit; it is overwritten."""
        change *= rates[:, None]
        self.weights += change


class SparseComponents:
    """Units that see the features of a fixed receptive field only.

    Nothing dense of shape (n_units, n_features) exists at any time.

    Parameters
    ----------
    fields : csr_array of shape (n_features, n_units)
        Weights, changed in place; what is stored is the receptive fields.
    n_threads : int
    """

    def __init__(self, fields, n_threads):
        # The kernels want canonical arrays without the cost of looking for duplicates.
        fields = make_csr(fields.data, fields.indices, fields.indptr, fields.shape)
        self.layer = SparseLayer(fields, np.zeros(fields.shape[1], dtype=fields.dtype))
        self.n_threads = n_threads

    @property
    def weights(self):
        """Weights as a csr_array of shape (n_units, n_features)."""
        return self.layer.weights.T.tocsr()

    def fill(self, samples):
        """Replace weights by what units see of samples, (n_units, n_features)."""
        fields = self.layer.weights.tocoo()
        self.layer.weights.data[:] = np.ravel(samples[fields.col, fields.row])

    def copy(self):
        """Return components with the same weights, which do not change with these."""
        return SparseComponents(self.layer.weights.copy(), self.n_threads)

    def relative_change(self, before):
        """Return the norm of the change since `before`, divided by the norm then."""
        return relative(self.layer.weights.data, before.layer.weights.data)

    def norms(self):
        """Return the Euclidean norms of the units, (n_units,)."""
        fields = self.layer.weights
        power = power_of_two(np.abs(fields.data).max(initial=0))
        squares = (fields.data / power).astype(np.float64) ** 2
        sums = np.bincount(fields.indices, squares, self.layer.n_out)
        return np.sqrt(sums).astype(fields.dtype) * power

    def project(self, X):
        """Return products with samples, dense or CSR, (n_samples, n_units)."""
        network = Network([self.layer], [Identity()], Identity())
        return network.outputs(as_batch_source(X), self.n_threads)

    def update(self, update, X):
        """Add coefficientsᵀ X - decay weights within the receptive fields."""
        coefficients, decay = update
        fields = self.layer.weights
        if decay.ndim == 1:
            fields.data *= (1 - decay)[fields.indices]
        else:
            tiles = tiles_for(fields.shape[1], fields.dtype)
            self._add(-decay.T, self._as_samples(), tiles)
        self._add(coefficients, *self._load(X))

    def change(self, update, X):
        """Return what `update` would add, (n_connections,); one decay a unit."""
        coefficients, decay = update
        fields, changed = self.layer.weights, self.copy()
        changed.layer.weights.data[:] = 0
        changed._add(coefficients, *changed._load(X))
        return changed.layer.weights.data - decay[fields.indices] * fields.data

    def add(self, change, rates):
        """Add what `change` returned, times a rate for each unit."""
        fields = self.layer.weights
        fields.data += rates[fields.indices] * change

    def _add(self, coefficients, inputs, tiles):
        """Add coefficientsᵀ inputs within the receptive fields."""
        layer = self.layer
        outputs = self._outputs(tiles)
        tiles.pack(coefficients.T, outputs)
        n_in = layer.n_in if isinstance(inputs, np.ndarray) else len(inputs.features)
        in_plain, out_plain = plain(n_in, outputs), plain(layer.n_out, outputs)
        term = HebbianTerm(1.0, *in_plain, outputs, *out_plain)
        n_scratch = layer.largest_chunk(self.n_threads)
        scratch = np.empty((_loops.N_GROUPS, n_scratch), dtype=outputs.dtype)
        batch = Batch(tiles, tiles.ones, tiles.batch_size)
        room = np.empty_like(outputs), scratch
        layer.add_covariances(inputs, batch, term, *room, self.n_threads)

    def _as_samples(self):
        """Return the weights as NonZeros, with the units for samples."""
        fields = self.layer.weights
        features = np.flatnonzero(np.diff(fields.indptr))
        starts = np.append(fields.indptr[features], fields.nnz).astype(np.intp)
        return NonZeros(
            features, starts, fields.indices.astype(np.intp), fields.data.copy()
        )

    def _load(self, X):
        """Return samples, dense or CSR, in tiles or as NonZeros, and the Tiles."""
        rows, dtype = as_batch_source(X), self.layer.weights.dtype
        tiles = tiles_for(rows.n_samples, dtype)
        sizes = rows.tiled_sizes([self.layer.n_in, self.layer.n_out])
        (buffer,) = BatchBuffers(sizes[:1], rows.n_samples, dtype).arrays(tiles)
        samples = np.arange(rows.n_samples, dtype=np.intp)
        return rows.load(samples, tiles, buffer, self.n_threads), tiles

    def _outputs(self, tiles):
        """Return an array in tiles for a number of each unit and sample."""
        dtype = self.layer.weights.dtype
        buffers = BatchBuffers([self.layer.n_out], tiles.batch_size, dtype)
        return buffers.arrays(tiles)[0]


def plain(n, like):
    """Return means of 0 and scales of 1, with which a term takes neurons as they are.

    Parameters
    ----------
    n : int
        Number of neurons.
    like : ndarray
        Of the type that is wanted.
    """
    return np.zeros(n, dtype=like.dtype), np.ones(n, dtype=like.dtype)


def relative(now, before):
    """Return the norm of the change of weights, divided by their norm before."""
    tiny = np.finfo(now.dtype).tiny
    return float(norm_of(now - before) / max(norm_of(before), tiny))
