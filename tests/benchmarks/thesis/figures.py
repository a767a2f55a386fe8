"""Draws the figures of docs/thesis.md from what is in `results/`.

    python -m tests.benchmarks.thesis.figures

Figure n is that of the thesis; those beyond it have names.
"""

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("agg")
from matplotlib import pyplot as plt

from skhebb.inspection import (
    ConnectionPath,
    ConnectionPathDisplay,
    ConnectionUpdateDisplay,
    HebbianTermDisplay,
    InputConnectivityDisplay,
    TopologyPersistenceDisplay,
    TrainingCurveDisplay,
)

from . import experiments
from .experiments import LAMBDAS
from .looks import PATH
from .results import Results
from .tables import SETS, accuracies, density_windows, watched
from .training import BINS

FOLDER = Path(__file__).parents[3] / "docs" / "thesis"
LABELS = {lambda0: f"HebbSET {lambda0:g}" if lambda0 else "SET" for lambda0 in LAMBDAS}
PAIR = (0.0, 0.01)  # what Figures 5 to 9 compare


def subplots(rows, columns, width=3.0, height=2.7):
    size = width * columns, height * rows
    return plt.subplots(
        rows, columns, figsize=size, layout="constrained", squeeze=False
    )


def save(figure, name):
    figure.savefig(FOLDER / f"{name}.png", dpi=80)
    plt.close(figure)


def figure_2():
    """Accuracy and loss on the test data."""
    figure, axes = subplots(2, 2, width=4.5, height=3)
    for (name, file), column in zip(SETS.items(), axes.T, strict=True):
        jobs, results = (
            experiments.table_2(file, "text"),
            Results(f"table2_{name}_text"),
        )
        records = {
            LABELS[lambda0]: results.of(
                [job for job in jobs if job["model"]["lambda0"] == lambda0]
            )
            for lambda0 in LAMBDAS
        }
        accuracy = {label: accuracies(each) for label, each in records.items()}
        loss = {
            label: [record["test_loss"] for record in each]
            for label, each in records.items()
        }
        TrainingCurveDisplay(accuracy, name="Accuracy, %").plot(column[0])
        TrainingCurveDisplay(loss, name="Mean squared error").plot(column[1])
        column[0].set_title("MNIST" if name == "mnist" else "Lung (1543 genes)")
    save(figure, "figure2")


def figure_3():
    """Update of one connection by single samples."""
    figure, axes = subplots(1, 1, width=4.5, height=3.5)
    with np.load(PATH) as looks:
        ConnectionUpdateDisplay(*looks["update"]).plot(axes[0, 0])
    save(figure, "figure3")


def figure_4():
    """Hebbian against gradient terms."""
    with np.load(PATH) as looks:
        epochs, terms = looks["epochs"], looks["terms"]  # epoch, layer, term, place
    figure, axes = subplots(len(epochs), terms.shape[1], height=2.3)
    for row, epoch, layers in zip(axes, epochs, terms, strict=True):
        HebbianTermDisplay(layers[:, 0], layers[:, 1]).plot(row, s=3)
        row[0].set_ylabel(f"Epoch {epoch}\nHebbian term")
    save(figure, "figure4")


def figure_5():
    """Maps of input connectivity."""
    figure, axes = subplots(len(PAIR), 3, width=2.4, height=2.3)
    for row, lambda0 in zip(axes, PAIR, strict=True):
        (record,) = (each for each in watched(lambda0) if "degrees" in each)
        for ax, epoch in zip(row, (0, 50, 200), strict=True):
            degrees = np.array(record["degrees"][record["epochs"].index(epoch)])
            display = InputConnectivityDisplay(degrees, image_shape=(28, 28))
            display.plot(ax)
            ax.set_title(f"Epoch {epoch}")
        row[0].set_ylabel(LABELS[lambda0])
    save(figure, "figure5")


def figures_6_and_7():
    """How long connections live."""
    for kind, item, name in (
        ("persistence", "persistence", "figure6"),
        ("final", "in_final", "figure7"),
    ):
        shares = {
            LABELS[each]: np.array([record[item] for record in watched(each)])
            for each in PAIR
        }
        epochs = watched(0.0)[0]["epochs"]
        shown = epochs[1:] if kind == "persistence" else epochs
        display = TopologyPersistenceDisplay(shown, shares, kind=kind).plot()
        save(display.figure_, name)


def figure_8():
    """Paths of single connections."""
    with np.load(PATH) as looks:
        connections, paths = looks["connections"], looks["paths"]
    figure, axes = subplots(1, len(connections), width=3.2)
    for connection, ax in zip(connections.tolist(), axes[0], strict=True):
        path = paths[paths[:, 0] == connection[0], 1:]
        gaps = np.flatnonzero(np.diff(path[:, 0]) > 1)
        epochs, weights, hebbian = path[gaps[-1] + 1 if len(gaps) else 0 :].T
        path = ConnectionPath(tuple(connection), epochs, weights, hebbian)
        ConnectionPathDisplay(path).plot(ax, s=3)
        ax.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    save(figure, "figure8")


def figure_9():
    """Weights after training."""
    figure, axes = subplots(1, 4)
    for lambda0 in PAIR:
        (record,) = (each for each in watched(lambda0) if "histograms" in each)
        for depth, (ax, counts) in enumerate(
            zip(axes[0], record["histograms"], strict=True)
        ):
            density = np.array(counts) / (np.sum(counts) * np.diff(BINS))
            ax.stairs(density, BINS, label=LABELS[lambda0])
            ax.set(title=f"Layer {depth + 1}", xlabel="Weight")
    axes[0, 0].legend()
    save(figure, "figure9")


def figure_density():
    """Question 5: accuracy against density."""
    trainings = experiments.DENSITY_TRAININGS
    figure, axes = subplots(1, len(trainings), width=3.5)
    for ax, (training, (_, tried)) in zip(axes[0], trainings.items(), strict=True):
        percent = [100 * density for density in tried]
        for rule in experiments.RULES:
            late = np.array(
                [density_windows(density, training, rule)[1] for density in tried]
            )
            mean, deviation = late.mean(axis=1), late.std(axis=1)
            ax.errorbar(percent, mean, deviation, label=rule, marker=".", capsize=2)
        ax.set(xscale="log", xlabel="Density, %", title=training.capitalize())
    axes[0, 0].set_ylabel("Accuracy, %")
    axes[0, 0].legend()
    save(figure, "density")


def main():
    FOLDER.mkdir(exist_ok=True)
    for draw in (
        figure_2, figure_3, figure_4, figure_5, figures_6_and_7, figure_8, figure_9,
        figure_density,
    ):  # fmt: skip
        try:
            draw()
        except (KeyError, FileNotFoundError):
            print(f"{draw.__name__}: results are missing.")


if __name__ == "__main__":
    main()
