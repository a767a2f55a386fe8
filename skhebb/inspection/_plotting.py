"""What the displays share: axes, and bands around means."""

import math
from collections.abc import Mapping

import numpy as np

from skhebb._utils.sklearn import check_matplotlib_support


class Display:
    """Base of displays, which say that they need matplotlib before any work."""

    @classmethod
    def _import_pyplot(cls):
        check_matplotlib_support(cls.__name__)
        from matplotlib import pyplot

        return pyplot


def with_defaults(kwargs, artist, **defaults):
    """Style as users want it, under whatever names, and else by default."""
    from matplotlib.cbook import normalize_kwargs

    return {**defaults, **normalize_kwargs(kwargs, artist)}


def axes_of(display, ax):
    """Figure and Axes to draw on: those given, or new ones."""
    pyplot = display._import_pyplot()
    if ax is None:
        _, ax = pyplot.subplots()
    return ax.figure, ax


def axes_of_layers(display, axes, n_layers):
    """Figure and an array of one Axes per layer: those given, or new ones."""
    pyplot = display._import_pyplot()
    if axes is None:
        size = 3.2 * n_layers, 3
        _, axes = pyplot.subplots(1, n_layers, figsize=size, layout="constrained")
    if isinstance(axes, Mapping):  # of subplot_mosaic
        axes = list(axes.values())
    axes = np.atleast_1d(axes).ravel()
    if len(axes) != n_layers:
        raise ValueError(
            f"axes must be {n_layers} matplotlib Axes, one for each layer. Got "
            f"{len(axes)}."
        )
    return axes[0].figure, axes


def side_by_side(images, between):
    """Arrange images in a square, with lines of the value `between` between them.

    Parameters
    ----------
    images : ndarray of shape (n_images, rows, columns, channels)
    between : float

    Returns
    -------
    image : ndarray of shape (n_rows, n_columns, channels)
    """
    n, rows, columns, channels = images.shape
    across = math.ceil(math.sqrt(n))
    down = math.ceil(n / across)
    shape = down * (rows + 1) - 1, across * (columns + 1) - 1, channels
    arranged = np.full(shape, between, dtype=float)
    for place, image in enumerate(images):
        top, left = (place // across) * (rows + 1), (place % across) * (columns + 1)
        arranged[top : top + rows, left : left + columns] = image
    return arranged


def name_of_layer(depth):
    """Title of a layer of weights, counted from 1 as papers do."""
    return f"Layer {depth + 1}"


def plot_band(ax, x, runs, label):
    """Draw the mean of `runs`, (n_runs, n), and a band of a deviation around it.

    NaN stands for a run that is over.
    """
    mean, deviation = np.nanmean(runs, axis=0), np.nanstd(runs, axis=0)
    (line,) = ax.plot(x, mean, label=label)
    if len(runs) > 1:
        low, high = mean - deviation, mean + deviation
        ax.fill_between(x, low, high, color=line.get_color(), alpha=0.25, lw=0)
    return line
