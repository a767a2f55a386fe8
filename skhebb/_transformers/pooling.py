"""Reduction of maps of features by windows."""

from dataclasses import dataclass
from itertools import product

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
        shape = list(maps.shape)
        shape[1 + axis] = n_windows
        result = np.full(shape, start, dtype=maps.dtype)
        every = (slice(None),) * (1 + axis)
        for inputs, windows in self._places(axis, maps.shape[1 + axis], n_windows):
            part = result[(*every, windows)]
            combine(part, maps[(*every, inputs)], out=part)
        return result

    def _places(self, axis, n_inputs, n_windows):
        """Yield, for each place in windows, slices of inputs and of their windows."""
        stride = self.stride[axis]
        for place in range(-self.padding[axis], self.size[axis] - self.padding[axis]):
            first = max(0, -(place // stride))
            end = min(n_windows, (n_inputs - 1 - place) // stride + 1)
            if first < end:
                begin, last = first * stride + place, (end - 1) * stride + place
                yield slice(begin, last + 1, stride), slice(first, end)

    def _places_of_both(self, map_shape):
        """Yield numbers of places in windows, and two slices as `_places` does."""
        n_windows, every = self.shape(map_shape), slice(None)
        of_axes = [
            list(self._places(axis, map_shape[axis], n_windows[axis]))
            for axis in range(2)
        ]
        for number, pair in enumerate(product(*of_axes)):
            yield number, *((every, *slices) for slices in zip(*pair, strict=True))

    def pool_with_winners(self, maps):
        """Return maxima as `pool` does, and the place in its window of each.

        Of equal numbers the first one wins.
        """
        places = list(self._places_of_both(maps.shape[1:3]))
        shape = len(maps), *self.shape(maps.shape[1:3]), maps.shape[3]
        pooled = np.full(shape, -np.inf, dtype=maps.dtype)
        winners = np.zeros(shape, dtype=np.min_scalar_type(len(places)))
        for number, inputs, windows in places:
            part, values = pooled[windows], maps[inputs]
            is_larger = values > part
            np.maximum(part, values, out=part)
            # Products and sums of bytes are several times as fast as masked copies.
            winners[windows] *= ~is_larger
            winners[windows] += is_larger * winners.dtype.type(number)
        return pooled, winners

    def errors_of_winners(self, errors, winners, map_shape):
        """Return dJ/dmaps, which is that of a maximum at the place where it was.

        Parameters
        ----------
        errors : ndarray of shape (n_images, rows, columns, channels)
            dJ/dpooled.
        winners : ndarray
            From `pool_with_winners`.
        map_shape : tuple of int
            Rows and columns of the maps.
        """
        result = np.zeros((len(errors), *map_shape, errors.shape[3]), errors.dtype)
        for number, inputs, windows in self._places_of_both(map_shape):
            result[inputs] += errors[windows] * (winners[windows] == number)
        return result

    def errors_of_sums(self, errors, map_shape):
        """Return dJ/dmaps of averages or sums, or of maps left as they are."""
        if self.kind is None:
            return errors
        if self.kind == "average":
            n_windows = self.shape(map_shape)
            counts = [self._counts(k, map_shape[k], n_windows[k]) for k in range(2)]
            n_inputs = np.multiply.outer(*counts)[:, :, None]
            errors = errors / n_inputs.astype(errors.dtype)
        for axis in range(2):
            shape = list(errors.shape)
            shape[1 + axis] = map_shape[axis]
            result, every = np.zeros(shape, errors.dtype), (slice(None),) * (1 + axis)
            places = self._places(axis, map_shape[axis], errors.shape[1 + axis])
            for inputs, windows in places:
                result[(*every, inputs)] += errors[(*every, windows)]
            errors = result
        return errors
