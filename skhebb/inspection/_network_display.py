"""A network with its strongest paths."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from skhebb._typing import Axes, Estimator
from skhebb.inspection._network import layers_of
from skhebb.inspection._paths import strongest_paths
from skhebb.inspection._plotting import Display

SMALL = 40  # neurons of a layer that are all drawn
APART = 0.035  # of the height, between names


class NetworkDisplay(Display):
    """Layers as columns, and the strongest paths to an output.

    The strength of a path is the product of the absolute weights of its connections. A
    connection on one of the strongest paths has a colour, by the sign of its weight,
    and a width, by its absolute weight beside the largest one of the layer. The others
    are faint, the strongest ones of each layer only, so that large networks can be
    drawn, too; of large layers there are the neurons that have lines. Neurons are in
    their order, from above. Make it with `from_estimator`.

    Weights of inputs compare where these have one scale, such as that of
    :class:`~sklearn.preprocessing.StandardScaler`.

    Parameters
    ----------
    coefs : list of csr_array of shape (n_in, n_out)
        Weights of the layers.
    paths : ndarray of shape (n_paths, n_layers + 1)
        Numbers of the neurons of each path, from an input to an output.
    input_names : list of str, default=None
        By default the numbers of the inputs.
    output_names : list of str, default=None
        By default the numbers of the outputs.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Set by `plot`.
    figure_ : matplotlib Figure
        Set by `plot`.
    lines_ : dict of str to matplotlib LineCollection
        Connections that are "positive" and "negative" on the strongest paths, and
        "other" ones. Set by `plot`.

    See Also
    --------
    InputConnectivityDisplay : Connections of the inputs alone.
    to_networkx : The whole network, for programs that draw graphs.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhebb import SETClassifier
    >>> from skhebb.inspection import NetworkDisplay
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> clf = SETClassifier((20, 20), density=0.2, random_state=0).fit(X, y)
    >>> display = NetworkDisplay.from_estimator(clf, output=2, n_paths=5)
    >>> display.paths.shape
    (5, 4)
    """

    def __init__(
        self,
        coefs: Sequence[csr_array],
        paths: np.ndarray,
        *,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
    ) -> None:
        self.coefs = coefs
        self.paths = paths
        self.input_names = input_names
        self.output_names = output_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        *,
        output: int | None = None,
        n_paths: int = 10,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted network.
        output : int, default=None
            Number of the output to which paths lead, that of a class in `classes_` or
            of a column of y; any output by default. With two classes there is one
            output, 0, which stands for the second class.
        n_paths : int, default=10
            How many of the strongest paths.
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        **kwargs
            For `plot`.

        Returns
        -------
        display : NetworkDisplay
        """
        cls._import_pyplot()
        coefs = [layer.weights for layer in layers_of(estimator)]
        n_outputs = coefs[-1].shape[1]
        if output is not None and output not in range(n_outputs):
            raise ValueError(
                f"output must be None or an integer in the range [0, {n_outputs - 1}], "
                f"since the network has {n_outputs} outputs. Got {output!r}."
            )
        check_number("n_paths", n_paths, 1)
        names = getattr(estimator, "feature_names_in_", None)
        return cls(
            coefs,
            strongest_paths(coefs, n_paths, output),
            input_names=None if names is None else [str(name) for name in names],
            output_names=names_of_outputs(estimator),
        ).plot(ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        max_connections: int = 300,
        legend: bool = True,
    ) -> Self:
        """Draw neurons and connections.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on; by default a new figure.
        max_connections : int, default=300
            How many connections of each layer to draw beside those of the paths, the
            strongest ones.
        legend : bool, default=True
            Whether to tell what the colours mean.

        Returns
        -------
        self : NetworkDisplay
        """
        pyplot = self._import_pyplot()
        check_number("max_connections", max_connections, 0)
        sizes = [self.coefs[0].shape[0], *(weights.shape[1] for weights in self.coefs)]
        if ax is None:
            size = max(5.5, 1.5 * len(sizes)), 4.8
            _, ax = pyplot.subplots(figsize=size, layout="constrained")
        self.figure_, self.ax_ = ax.figure, ax
        paths = np.reshape(self.paths, (-1, len(sizes))).astype(int)
        drawn = [
            Drawn(weights, paths[:, depth : depth + 2], max_connections)
            for depth, weights in enumerate(self.coefs)
        ]
        self.lines_ = draw_lines(ax, drawn, sizes)
        draw_neurons(ax, drawn, paths, sizes)
        for names, depth in (self.input_names, 0), (self.output_names, -1):
            draw_names(ax, names, paths[:, depth], sizes, depth)
        if legend:
            for color, sign in ("C0", "positive"), ("C3", "negative"):
                ax.plot([], [], color=color, linewidth=2, label=f"{sign} weight")
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2)
        ax.set(xlim=(-0.4, len(sizes) - 0.6), ylim=(1.02, -0.02))
        ax.set_axis_off()
        return self


def check_number(name, value, least):
    """Raise a ValueError unless this is an integer, of at least `least`."""
    is_integer = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_integer or value < least:
        raise ValueError(f"{name} must be an integer in [{least}, inf). Got {value!r}.")


class Drawn:
    """The connections of a layer that are drawn.

    Parameters
    ----------
    weights : csr_array of shape (n_in, n_out)
    pairs : ndarray of shape (n_paths, 2)
        Neurons that a path leads through.
    max_connections : int
        How many others.

    Attributes
    ----------
    neurons : ndarray of shape (n_drawn, 2)
        Before and after each connection.
    weights : ndarray of shape (n_drawn,)
        Divided by the largest absolute one of the layer.
    is_on_path : ndarray of bool of shape (n_drawn,)
    """

    def __init__(self, weights, pairs, max_connections):
        n_in, n_out = weights.shape
        before = np.repeat(np.arange(n_in), np.diff(weights.indptr))
        on_path = np.isin(before * n_out + weights.indices, pairs @ [n_out, 1])
        sizes = np.abs(weights.data)
        others = np.flatnonzero(~on_path)
        others = others[np.argsort(-sizes[others], kind="stable")[:max_connections]]
        chosen = np.concatenate([others, np.flatnonzero(on_path)])
        self.neurons = np.column_stack([before[chosen], weights.indices[chosen]])
        self.weights = weights.data[chosen] / (sizes.max(initial=0) or 1)
        self.is_on_path = on_path[chosen]


def draw_lines(ax, drawn, sizes):
    """Draw connections; return their LineCollections by kind."""
    from matplotlib import rcParams
    from matplotlib.collections import LineCollection

    segments, weights, on_path = [], [], []
    for depth, layer in enumerate(drawn):
        heights = (layer.neurons + 0.5) / sizes[depth : depth + 2]
        columns = np.broadcast_to([depth, depth + 1], heights.shape)
        segments.append(np.stack([columns, heights], axis=2))
        weights.append(layer.weights)
        on_path.append(layer.is_on_path)
    segments, weights, on_path = map(np.concatenate, (segments, weights, on_path))
    kinds = {
        "other": (~on_path, {"color": rcParams["text.color"], "alpha": 0.15}),
        "positive": (on_path & (weights >= 0), {"color": "C0", "zorder": 3}),
        "negative": (on_path & (weights < 0), {"color": "C3", "zorder": 3}),
    }
    lines = {}
    for kind, (chosen, style) in kinds.items():
        widths = 0.5 if kind == "other" else 0.7 + 2.5 * np.abs(weights[chosen])
        lines[kind] = LineCollection(segments[chosen], linewidths=widths, **style)
        ax.add_collection(lines[kind])
    return lines


def draw_neurons(ax, drawn, paths, sizes):
    """Draw those neurons of each layer that have lines, or all, and its name."""
    from matplotlib import rcParams

    color = rcParams["text.color"]
    kinds = ["Inputs", *(f"Hidden {n}" for n in range(1, len(sizes) - 1)), "Outputs"]
    for depth, (kind, size) in enumerate(zip(kinds, sizes, strict=True)):
        before = drawn[depth - 1].neurons[:, 1] if depth else []
        after = drawn[depth].neurons[:, 0] if depth < len(drawn) else []
        shown = range(size) if size <= SMALL else np.union1d(before, after)
        is_on_path = np.isin(shown, paths[:, depth])
        for chosen, style in (
            (~is_on_path, {"s": 6, "alpha": 0.5}),
            (is_on_path, {"s": 22, "zorder": 4}),
        ):
            heights = (np.asarray(shown, dtype=int)[chosen] + 0.5) / size
            columns = np.full(len(heights), depth)
            ax.scatter(columns, heights, color=color, linewidths=0, **style)
        ax.text(depth, -0.05, f"{kind}\n{size:,}", ha="center", va="bottom")


def draw_names(ax, names, neurons, sizes, depth):
    """Write names beside inputs or outputs where paths end, as far as there is room.

    Parameters
    ----------
    ax : matplotlib Axes
    names : list of str or None
    neurons : ndarray of shape (n_paths,)
        Those of the strongest path come first.
    sizes : list of int
        Neurons of all layers.
    depth : {0, -1}
        Inputs or outputs.
    """
    column, side = (-0.1, "right") if depth == 0 else (len(sizes) - 0.9, "left")
    if depth and sizes[-1] <= SMALL:
        neurons = [*neurons, *range(sizes[-1])]
    taken = []
    for neuron in dict.fromkeys(neurons):
        height = (neuron + 0.5) / sizes[depth]
        if all(abs(height - other) >= APART for other in taken):
            taken.append(height)
            name = str(neuron) if names is None else names[neuron]
            style = {"ha": side, "va": "center", "fontsize": "small"}
            ax.text(column, height, name, parse_math=False, **style)


def names_of_outputs(estimator):
    """Return the classes that outputs stand for; None where these have no names."""
    classes = getattr(estimator, "classes_", None)
    if classes is None or np.ndim(classes) != 1:
        return None
    names = [str(each) for each in classes]
    return names[1:] if len(names) == 2 else names
