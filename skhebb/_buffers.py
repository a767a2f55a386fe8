"""Reused arrays for the activations of a batch, feature-major and padded."""

import numpy as np

CACHE_LINE = 64  # bytes


def padded(batch, dtype):
    """Values per row for a batch: whole cache lines, or a power of two below one."""
    per_line = CACHE_LINE // np.dtype(dtype).itemsize
    unit = min(per_line, 1 << (batch - 1).bit_length())
    return -(-batch // unit) * unit


def aligned_zeros(size, dtype):
    """Zeroed array that begins at a cache line."""
    dtype = np.dtype(dtype)
    raw = np.zeros(size * dtype.itemsize + CACHE_LINE, dtype=np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + size * dtype.itemsize].view(dtype)


class BatchBuffers:
    """One array per layer, large enough for `max_batch` samples.

    Parameters
    ----------
    sizes : list of int
        Neurons of each layer.
    max_batch : int
    dtype : dtype
    """

    def __init__(self, sizes, max_batch, dtype):
        self.sizes = sizes
        self.dtype = dtype
        stride = padded(max_batch, dtype)
        self._flat = [aligned_zeros(size * stride, dtype) for size in sizes]

    def arrays(self, batch):
        """The arrays, each of shape (size, padded(batch))."""
        stride = padded(batch, self.dtype)
        return [
            flat[: size * stride].reshape(size, stride)
            for flat, size in zip(self._flat, self.sizes, strict=True)
        ]
