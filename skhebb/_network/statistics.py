"""Statistics of neurons over a batch, of tiles or of the non-zeros of sparse inputs."""

import numpy as np

from skhebb._kernels import _hebbian


def statistics_of_tiles(activations, batch, n_threads):
    """Means and inverse ranges of neurons."""
    means = np.empty(activations.size // batch.tiles.stride, dtype=activations.dtype)
    scales = np.empty_like(means)
    _hebbian.batch_statistics(
        batch.tiles,
        activations=activations,
        sample_weight=batch.sample_weight,
        total=batch.total,
        means=means,
        scales=scales,
        n_threads=n_threads,
    )
    return means, scales


def round_deviations(deviations, activations, batch, n_threads):
    """Write the Deviations of neurons; activations are of float32."""
    _hebbian.round_deviations(
        deviations,
        activations=activations,
        sample_weight=batch.sample_weight,
        total=batch.total,
        n_threads=n_threads,
    )


def statistics_of_nonzeros(inputs, batch):
    """Means and inverse ranges of the features that are not zero everywhere."""
    values, starts = inputs.values, inputs.starts[:-1]
    if not len(starts):
        return values, values
    weighted = values * batch.sample_weight[inputs.columns]
    means = np.add.reduceat(weighted, starts, dtype=np.float64) / batch.total
    low = np.minimum.reduceat(values, starts)
    high = np.maximum.reduceat(values, starts)
    has_zeros = np.diff(inputs.starts) < batch.tiles.batch_size
    low[has_zeros] = np.minimum(low[has_zeros], 0)
    high[has_zeros] = np.maximum(high[has_zeros], 0)
    limits = np.finfo(values.dtype)
    ranges = high - low
    size = np.maximum(high, -low)
    varies = (ranges > 4 * limits.eps * size) & (ranges >= limits.tiny)
    scales = np.divide(1, ranges, where=varies, out=np.zeros_like(ranges))
    return means.astype(values.dtype), scales
