"""Convolution in blocks of images: patches, maps and pooled maps in turn."""

import math
from dataclasses import dataclass

from skhebb._transformers.blocks import blocks, in_blocks
from skhebb._transformers.patch_encoder import PatchEncoder
from skhebb._transformers.patch_source import PatchSource
from skhebb._transformers.pooling import Pooling


@dataclass(frozen=True)
class Convolver:
    """Makes pooled maps of images, never of all at a time.

    Attributes
    ----------
    source : PatchSource
    encoder : PatchEncoder
    pooling : Pooling
    n_threads : int
    """

    source: PatchSource
    encoder: PatchEncoder
    pooling: Pooling
    n_threads: int

    def output_shape(self, X):
        """Return rows, columns and channels of the pooled map of an image like X[0]."""
        n_channels = self.encoder.encode(self.source.patches(X[:1])[:1]).shape[1]
        return (*self.pooling.shape(self.source.grid.map_shape), n_channels)

    def pooled_maps(self, X):
        """Return pooled maps of a block of images, (n_images, *output_shape)."""
        maps = self.encoder.encode(self.source.patches(X))
        maps = maps.reshape(len(X), *self.source.grid.map_shape, -1)
        if self.pooling.kind == "max":  # then there are fewer numbers to rectify
            return self.encoder.rectify(self.pooling.pool(maps))
        return self.pooling.pool(self.encoder.rectify(maps))

    def for_blocks(self, function, X, n_channels):
        """Call function(block, pooled maps of X[block]) in threads; return the results.

        Blocks depend on sizes alone, not on the number of threads.
        """

        def convolve(block):
            return function(block, self.pooled_maps(X[block]))

        grid = self.source.grid
        of_patch = grid.patch_size + 2 * n_channels
        n_numbers = math.prod(grid.map_shape) * of_patch
        slices = blocks(len(X), n_numbers * self.source.dtype.itemsize)
        return in_blocks(convolve, slices, self.n_threads)
