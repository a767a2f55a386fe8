"""Patches of images: all of them, or some at random."""

import math
from dataclasses import dataclass

import numpy as np
from sklearn.utils import gen_batches

from skhebb._transformers.blocks import blocks
from skhebb._transformers.channel_statistics import ChannelStatistics
from skhebb._transformers.patch_grid import PatchGrid


@dataclass(frozen=True)
class PatchSource:
    """Makes patches of images, which are standardised first if that is wanted.

    Attributes
    ----------
    grid : PatchGrid
    input_statistics : ChannelStatistics or None
        What channels are standardised by.
    dtype : dtype
        Of patches.
    """

    grid: PatchGrid
    input_statistics: ChannelStatistics | None
    dtype: np.dtype

    def load(self, X):
        """Return samples as images with their margins."""
        images, inner = self.grid.padded(len(X), self.dtype)
        inner[...] = self.grid.images(X)
        if self.input_statistics is not None:
            self.input_statistics.standardize(inner)
        return images

    def patches(self, X):
        """Return all patches of samples, (n_patches, patch_size)."""
        return self.grid.patches(self.load(X))

    def add_up(self, patches, shape):
        """Return sums of patches at each feature: what errors of patches say of X.

        Parameters
        ----------
        patches : ndarray of shape (n_patches, patch_size)
            All of some samples.
        shape : tuple of int
            (n_samples, n_features).
        """
        images, inner = self.grid.padded(shape[0], self.dtype)
        self.grid.add_up(patches, images)
        if self.input_statistics is not None:
            inner /= self.input_statistics.scale().astype(self.dtype)
        X = np.empty(shape, dtype=self.dtype)
        self.grid.images(X)[...] = inner
        return X

    def draw(self, X, n_patches, rng):
        """Return some patches in the order of the images.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
        n_patches : int or None
            None for all.
        rng : numpy.random.Generator

        Returns
        -------
        patches : ndarray of shape (n_patches, patch_size)
        """
        grid = self.grid
        n_of_image = math.prod(grid.map_shape)
        total = len(X) * n_of_image
        if n_patches is None or n_patches >= total:
            chosen = np.arange(total)
        else:
            chosen = np.sort(rng.choice(total, n_patches, replace=False))
        images, places = np.divmod(chosen, n_of_image)
        rows, columns = np.divmod(places, grid.map_shape[1])
        patches = np.empty((len(chosen), grid.patch_size), dtype=self.dtype)
        for some in blocks(len(chosen), X.shape[1] * self.dtype.itemsize):
            these, which = np.unique(images[some], return_inverse=True)
            windows = grid.windows(self.load(X[these]))
            of_these = windows[which, rows[some], columns[some]]
            patches[some] = of_these.reshape(-1, grid.patch_size)
        return patches

    def batches(self, X, batch_size, rng):
        """Yield patches of `batch_size` images at a time, in random order of these."""
        order = rng.permutation(len(X))
        for some in gen_batches(len(X), batch_size):
            yield self.patches(X[order[some]])
