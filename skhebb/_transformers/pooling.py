"""Reduction of maps of features by windows."""

from dataclasses import dataclass

import numpy as np

from skhebb._transformers.patch_grid import n_windows


@dataclass(frozen=True)
class Pooling:
    """Reduction of windows of maps; beyond the borders there is nothing.

    Attributes
    ----------
    kind : {"max", "average", "sum"} or None
        None leaves maps as they are.
    size, stride, padding : tuple of int
        Of rows and columns.
    """

    kind: str | None
    size: tuple
    stride: tuple
    padding: tuple

    def shape(self, map_shape):
        """Return the numbers of rows and columns of windows."""
        if self.kind is None:
            return map_shape
        return n_windows("pool_size", map_shape, self.size, self.stride, self.padding)

    def pool(self, maps):
        """Return (n_images, rows, columns, channels), reduced window by window."""
        if self.kind is None:
            return maps
        counts = []
        for axis, n in enumerate(self.shape(maps.shape[1:3])):
            counts.append(self._counts(axis, maps.shape[1 + axis], n))
            maps = self._pool_axis(maps, axis, n)
        if self.kind == "average":
            maps /= np.multiply.outer(*counts)[:, :, None].astype(maps.dtype)
        return maps

    def _counts(self, axis, n_inputs, n_windows):
        """Return how many inputs each window has along an axis."""
        begins = np.arange(n_windows) * self.stride[axis] - self.padding[axis]
        return np.minimum(begins + self.size[axis], n_inputs) - np.maximum(begins, 0)

    def _pool_axis(self, maps, axis, n_windows):
        """Reduce rows, axis 0, or columns, axis 1, place by place in the windows."""
        combine, start = (np.maximum, -np.inf) if self.kind == "max" else (np.add, 0)
        stride, n_inputs = self.stride[axis], maps.shape[1 + axis]
        shape = list(maps.shape)
        shape[1 + axis] = n_windows
        result = np.full(shape, start, dtype=maps.dtype)
        every = (slice(None),) * (1 + axis)
        for place in range(-self.padding[axis], self.size[axis] - self.padding[axis]):
            first = max(0, -(place // stride))
            end = min(n_windows, (n_inputs - 1 - place) // stride + 1)
            if first < end:
                begin, last = first * stride + place, (end - 1) * stride + place
                inputs = maps[(*every, slice(begin, last + 1, stride))]
                part = result[(*every, slice(first, end))]
                combine(part, inputs, out=part)
        return result
