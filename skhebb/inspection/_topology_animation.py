"""Where connections are, epoch by epoch, as moving images."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhebb._typing import ManyAxes
from skhebb.inspection._input_connectivity import check_image_shape
from skhebb.inspection._plotting import Display, axes_of_layers, name_of_layer
from skhebb.inspection._topology_monitor import TopologyHistory

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation


class TopologyAnimation(Display):
    """Images of the connections of each layer that change from epoch to epoch.

    The image of a layer has its presynaptic neurons from above and its postsynaptic
    ones from the left, several to a pixel where there are many: a pixel is as bright as
    there are connections among its pairs of neurons. Where inputs are the pixels of an
    image themselves, the first layer can be that of their connections instead. Make it
    with `from_history`, and let `animate` move it; in a notebook it moves by itself.

    Parameters
    ----------
    epochs : list of int
        Where the connections were seen.
    images : list of ndarray of shape (n_epochs, rows, columns)
        For each layer of weights.
    labels : list of tuple of str
        For each layer what its pixels show, its rows and its columns.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_layers,)
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.
    ims_ : list of matplotlib AxesImage
        One for each layer. Set by `plot`.

    See Also
    --------
    TopologyMonitor : Remembers the connections of fits.
    TopologyPersistenceDisplay : How many connections stay.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import TopologyAnimation, TopologyMonitor
    >>> X, y = load_digits(return_X_y=True)
    >>> monitor = TopologyMonitor(every=5)
    >>> clf = SETClassifier(max_iter=20, random_state=0).set_callbacks(monitor)
    >>> clf = clf.fit(X / 16, y)
    >>> (history,) = monitor.histories
    >>> display = TopologyAnimation.from_history(history, image_shape=(8, 8))
    >>> display.epochs
    [0, 5, 10, 15, 20]
    >>> display.images[0].shape
    (5, 8, 8)
    >>> html = display.animate().to_jshtml()  # or save("topology.gif")
    """

    def __init__(
        self,
        epochs: Sequence[int],
        images: Sequence[np.ndarray],
        labels: Sequence[tuple[str, str, str]],
    ) -> None:
        self.epochs = epochs
        self.images = images
        self.labels = labels

    @classmethod
    def from_history(
        cls,
        history: TopologyHistory,
        *,
        image_shape: Sequence[int] | None = None,
        max_pixels: int = 100,
        axes: ManyAxes | None = None,
    ) -> Self:
        """Draw the connections of one network at several epochs.

        Parameters
        ----------
        history : TopologyHistory
            With at least one record.
        image_shape : tuple of int, default=None
            Height and width, where the inputs are the pixels of an image, row by row.
        max_pixels : int, default=100
            Rows and columns of an image, at most.
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.

        Returns
        -------
        display : TopologyAnimation

        Raises
        ------
        TypeError
            If `history` is something else.
        ValueError
            If it has no record, or another parameter is wrong.
        """
        cls._import_pyplot()
        if not isinstance(history, TopologyHistory):
            raise TypeError(f"history must be a TopologyHistory. Got {history!r}.")
        if not history.epochs:
            raise ValueError("There is no record yet.")
        is_integer = isinstance(max_pixels, Integral) and not isinstance(
            max_pixels, bool
        )
        if not is_integer or max_pixels < 1:
            raise ValueError(
                f"max_pixels must be an integer in [1, inf). Got {max_pixels!r}."
            )
        check_image_shape(image_shape, history.connections[0][0].shape[0])
        images, labels = [], []
        for depth, layer in enumerate(zip(*history.connections, strict=True)):
            if depth == 0 and image_shape is not None:
                each = [np.diff(there.indptr).reshape(image_shape) for there in layer]
                labels.append(("Connections of an input", "", ""))
            else:
                each = [density_image(there, max_pixels) for there in layer]
                labels.append(("Density", "Presynaptic neuron", "Postsynaptic neuron"))
            images.append(np.array(each))
        return cls(list(history.epochs), images, labels).plot(axes)

    def plot(
        self, axes: ManyAxes | None = None, *, colorbar: bool = True, **kwargs: Any
    ) -> Self:
        """Draw the first record.

        Parameters
        ----------
        axes : array-like of matplotlib Axes of shape (n_layers,), default=None
            What to draw on; by default a new figure.
        colorbar : bool, default=True
            Whether images get one.
        **kwargs
            For :meth:`matplotlib.axes.Axes.imshow`.

        Returns
        -------
        self : TopologyAnimation
        """
        self.figure_, self.axes_ = axes_of_layers(self, axes, len(self.images))
        self.ims_ = []
        layers = zip(self.axes_, self.images, self.labels, strict=True)
        for depth, (ax, images, label) in enumerate(layers):
            what, rows, columns = label
            options = {
                "vmin": 0,
                "vmax": images.max() or 1,
                "aspect": "auto" if rows else "equal",
                "interpolation": "nearest",
                **kwargs,
            }
            im = ax.imshow(images[0], **options)
            ax.set(title=name_of_layer(depth), xlabel=columns, ylabel=rows)
            ax.set(xticks=[], yticks=[])
            if colorbar:
                self.figure_.colorbar(im, ax=ax, label=what)
            self.ims_.append(im)
        return self.show(0)

    def show(self, record: int) -> Self:
        """Draw another record into the same images.

        Parameters
        ----------
        record : int
            Its number, from 0; negative ones count from the end.

        Returns
        -------
        self : TopologyAnimation
        """
        for im, images in zip(self.ims_, self.images, strict=True):
            im.set_data(images[record])
        self.figure_.suptitle(f"Epoch {self.epochs[record]}")
        return self

    def animate(self, *, interval: int = 300, **kwargs: Any) -> "FuncAnimation":
        """Let all records be drawn one after the other.

        Parameters
        ----------
        interval : int, default=300
            Milliseconds from one to the next.
        **kwargs
            For :class:`matplotlib.animation.FuncAnimation`.

        Returns
        -------
        animation : matplotlib.animation.FuncAnimation
            To be kept, and shown by ``plt.show()``, its `save` or its `to_jshtml`.
        """
        from matplotlib.animation import FuncAnimation

        def draw(record):
            self.show(record)
            return self.ims_

        options = {"frames": len(self.epochs), "interval": interval, **kwargs}
        return FuncAnimation(self.figure_, draw, **options)

    def _repr_html_(self):
        return self.animate().to_jshtml()


def density_image(connections, max_pixels):
    """Return the share of pairs of neurons that are connected, pixel by pixel.

    Parameters
    ----------
    connections : csr_array of shape (n_in, n_out)
    max_pixels : int

    Returns
    -------
    image : ndarray of shape (rows, columns)
    """
    n_pixels = [min(size, max_pixels) for size in connections.shape]
    per_pixel = [
        math.ceil(size / n) for size, n in zip(connections.shape, n_pixels, strict=True)
    ]
    n_rows, n_columns = (
        math.ceil(size / n)
        for size, n in zip(connections.shape, per_pixel, strict=True)
    )
    before = np.repeat(np.arange(connections.shape[0]), np.diff(connections.indptr))
    rows, columns = before // per_pixel[0], connections.indices // per_pixel[1]
    counts = np.bincount(rows * n_columns + columns, minlength=n_rows * n_columns)
    heights, widths = (
        np.bincount(np.arange(size) // n)
        for size, n in zip(connections.shape, per_pixel, strict=True)
    )
    return counts.reshape(n_rows, n_columns) / np.outer(heights, widths)
