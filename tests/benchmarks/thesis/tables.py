"""Prints the tables of docs/thesis.md from what is in `results/`.

    python -m tests.benchmarks.thesis.tables

± is a standard deviation in the tables of the thesis, as there, and half of a 95 %
confidence interval over seeds (Student's t) in those beyond it.
"""

import numpy as np
from scipy import stats

from . import experiments
from .experiments import EARLY, EXPERIMENTS, LAMBDAS, LATE, WINDOWS
from .published import TABLE_2, TABLE_3
from .results import Results

NAMES = {"mnist": "MNIST", "lung": "Lung (1543 genes)"}
SETS = {"mnist": "mnist", "lung": "lung_bhattacharjee1543"}


def markdown(title, header, rows):
    """Print a table."""
    print(f"\n### {title}\n")
    for cells in (header, ["---"] * len(header), *rows):
        print(f"| {' | '.join(cells)} |")


def accuracies(records):
    """In percent, (n_seeds, n_evaluations)."""
    return np.array([100 * np.array(r["correct"]) / r["n_test"] for r in records])


def with_deviation(values, digits=1):
    return f"{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}"


def with_interval(values, digits=1):
    """Mean and half of its 95 % confidence interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return f"{np.mean(values):.{digits}f} ± {half:.{digits}f}"


def difference(values, others):
    """Of the same seeds; bold where its interval does not contain 0."""
    differences = values - others
    mean, error = np.mean(differences), stats.sem(differences)
    half = stats.t.ppf(0.975, len(differences) - 1) * error
    shown = f"{round(mean, 1) + 0.0:+.1f} ± {half:.1f}"
    return f"**{shown}**" if abs(mean) > half else shown


def table_2():
    """Accuracy and loss of SET and HebbSET beside the thesis."""
    for (name, file), reading in [
        (each, reading) for each in SETS.items() for reading in ("text", "code")
    ]:
        results = Results(f"table2_{name}_{reading}")
        rows = []
        for lambda0 in LAMBDAS:
            jobs = experiments.table_2(file, reading)
            records = results.of(
                [job for job in jobs if job["model"]["lambda0"] == lambda0]
            )
            accuracy = accuracies(records)
            losses = np.array([record["test_loss"] for record in records])
            cells = [f"{lambda0:g}"]
            for epoch, thesis in zip((50, 249), TABLE_2[name, lambda0], strict=True):
                around = slice(epoch - 5, epoch + 6)
                cells += [
                    f"{thesis[0]} ± {thesis[1]}",
                    with_deviation(accuracy[:, epoch]),
                    with_deviation(accuracy[:, around].mean(axis=1)),
                    f"{thesis[2]:.3f}",
                    f"{losses[:, epoch].mean():.3f}",
                ]
            rows.append(cells)
        header = ["λ0"]
        for epoch, window in (50, "45 to 55"), (249, "244 to 249"):
            header += [
                f"thesis, epoch {epoch}", "ours", f"ours, epochs {window}",
                "loss, thesis", "ours",
            ]  # fmt: skip
        markdown(f"Table II: {NAMES[name]}, as the {reading} has it", header, rows)


def watched(lambda0):
    """Records of the trials whose connections were looked at."""
    jobs = experiments.table_2("mnist", "text")
    some = [job for job in jobs if job["model"]["lambda0"] == lambda0]
    return Results("table2_mnist_text").of(some)


def table_3():
    """Weights by sign."""
    rows = []
    for (lambda0, layer), (share, *means) in TABLE_3.items():
        weights = [record["weights"][layer - 1] for record in watched(lambda0)]
        figures = {
            name: np.mean([each[name] for each in weights]) for name in weights[0]
        }
        cells = ["HebbSET" if lambda0 else "SET", str(layer)]
        cells += [f"{share}", f"{100 * figures['share_positive']:.1f}"]
        for sign, (mean, deviation) in zip(
            ("positive", "negative"), means, strict=True
        ):
            ours = figures[f"mean_{sign}"], figures[f"std_{sign}"]
            cells += [f"{mean:.3f} ± {deviation:.3f}", "{:.3f} ± {:.3f}".format(*ours)]
        rows.append(cells)
    header = ["", "layer", "positive, %", "ours", "mean of positive", "ours"]
    markdown("Table III", [*header, "mean of negative", "ours"], rows)


def connectivity():
    """Figure 5 in numbers, and Figures 6 and 7."""
    rows, shares = [], []
    for lambda0 in LAMBDAS:
        records = watched(lambda0)
        epochs = records[0]["epochs"]
        correlations = np.array([record["correlation"] for record in records])
        some = [epochs.index(epoch) for epoch in (0, 50, 100, 200, 250)]
        rows.append(
            [f"{lambda0:g}", *(with_deviation(correlations[:, n], 2) for n in some)]
        )
        persistence = np.mean([record["persistence"] for record in records], axis=0)
        final = np.mean([record["in_final"] for record in records], axis=0)
        for name, figures, at in (
            ("still there after 25 epochs", persistence, (0, 3, 7)),
            ("in the final network", final, (0, 2, 4, 8)),
        ):
            cells = [
                " / ".join(f"{100 * share:.0f}" for share in figures[n]) for n in at
            ]
            shares.append([f"{lambda0:g}", name, *cells, *[""] * (4 - len(at))])
    header = ["λ0", *(f"epoch {epochs[n]}" for n in some)]
    markdown("Figure 5: correlation of input connectivity and mean image", header, rows)
    header = ["λ0", "% of the connections of layers 1 / 2 / 3 / 4 that are"]
    markdown("Figures 6 and 7", [*header, "", "", "", ""], shares)


def windows(records):
    """Mean accuracies around epoch 50 and of the last 20, each (n_seeds,)."""
    accuracy = accuracies(records)
    n_early = len(EARLY)
    assert accuracy.shape[1] == len(WINDOWS) == n_early + len(LATE)
    return accuracy[:, :n_early].mean(axis=1), accuracy[:, n_early:].mean(axis=1)


def trainings():
    """Question 1."""
    results, rows = Results("trainings"), []
    for name, (settings, rates) in experiments.TRAININGS.items():
        for rate in rates:

            def of(lambda0, settings=settings, rate=rate):
                model = {**settings, "learning_rate_init": rate, "lambda0": lambda0}
                return windows(results.of(experiments.beyond([model])))

            plain, hebbian = of(0.0), of(0.01)
            weak = of(0.003) if rate == rates[1] else None
            cells = [name, f"{rate:g}"]
            for n in (0, 1):
                cells += [with_interval(plain[n]), difference(hebbian[n], plain[n])]
                cells.append(difference(weak[n], plain[n]) if weak else "")
            rows.append(cells)
    header = ["training", "learning rate"]
    for epochs in "40 to 59", "230 to 249":
        header += [f"SET, epochs {epochs}", "λ0 = 0.01", "0.003"]
    markdown("1. Under which training does the Hebbian term help?", header, rows)


def schedules():
    """Question 2."""
    results, rows = Results("schedules"), []
    for name, changes in experiments.SCHEDULES.items():
        cells = [name]
        for loss in experiments.LOSSES:
            if loss == "log_loss" and name not in experiments.BY_CROSS_ENTROPY:
                cells += ["", ""]
                continue
            whole = windows(results.of(experiments.schedule(loss)))
            ours = windows(results.of(experiments.schedule(loss, **changes)))
            for n in (0, 1):
                is_base = name == "HebbSET"
                gap = "" if is_base else f" ({difference(ours[n], whole[n])})"
                cells.append(f"{ours[n].mean():.1f}{gap}")
        rows.append(cells)
    header = [""]
    for loss in "published derivative", "cross-entropy":
        header += [f"{loss}, epochs 40 to 59", "epochs 230 to 249"]
    markdown("2. When and where (difference to HebbSET, λ0 = 0.01)", header, rows)


def sizes():
    """Question 3."""
    results, rows = Results("sizes"), []
    for name, loss, interval in experiments.SIZED_TRAININGS:
        every = "12 mini-batches" if interval == 12 else "epoch"
        cells = [name, loss, every]
        for size in experiments.SIZES:
            if interval == 12 and size == 2400:  # where that is an epoch
                cells += ["", ""]
                continue
            plain, hebbian = (
                accuracies(
                    results.of(experiments.sized(name, loss, size, interval, each))
                ).mean(axis=1)
                for each in (0.0, experiments.SIZED["lambda0"])
            )
            cells += [with_interval(plain), difference(hebbian, plain)]
        rows.append(cells)
    header = ["data", "loss", "topology evolves every"]
    for size in experiments.SIZES:
        header += [f"{size:,} images: SET", "HebbSET"]
    markdown("3. More data", header, rows)


def dense():
    """Question 4."""
    results, rows = Results("dense"), []
    jobs = experiments.dense()
    for first in range(0, len(jobs), 5):
        model = jobs[first]["model"]
        records = results.of(jobs[first : first + 5])
        early, late = windows(records)
        size = model["hidden_layer_sizes"][0]
        cells = [
            f"dense, 3 x {size}",
            model["solver"],
            f"{model['learning_rate_init']:g}",
        ]
        cells += [f"{records[0]['n_connections']:,}"]
        rows.append([*cells, with_interval(early), with_interval(late)])
    results = Results("trainings")
    for name in "cross-entropy", "cross-entropy, Adam, He":
        settings, rates = experiments.TRAININGS[name]
        for lambda0 in 0.0, 0.01:
            model = {**settings, "learning_rate_init": rates[1], "lambda0": lambda0}
            records = results.of(experiments.beyond([model]))
            early, late = windows(records)
            label = "HebbSET" if lambda0 else "SET"
            cells = [f"{label}, 3 x 1000", name, f"{rates[1]:g}"]
            cells += [f"{records[0]['n_connections']:,}"]
            rows.append([*cells, with_interval(early), with_interval(late)])
    header = ["network", "training", "learning rate", "weights", "epochs 40 to 59"]
    markdown("4. Against dense networks", [*header, "epochs 230 to 249"], rows)


def density_windows(density, training, rule):
    """Windows of question 5."""
    jobs = experiments.dense_to(density, training, rule)
    return windows(Results("densities").of(jobs))


def densities():
    """Question 5."""
    for training, (_, tried) in experiments.DENSITY_TRAININGS.items():
        rows = []
        for rule in experiments.RULES:
            late = [density_windows(density, training, rule)[1] for density in tried]
            rows.append([rule, *map(with_interval, late)])
        header = ["", *(f"{100 * density:g} %" for density in tried)]
        markdown(f"5. Accuracy in epochs 230 to 249: {training}", header, rows)


def main():
    for table in (table_2, table_3, connectivity, trainings, schedules, sizes, dense):
        show(table)
    show(densities)
    seconds = {
        name: sum(record["seconds"] for record in Results(name).load().values())
        for name in EXPERIMENTS
    }
    rows = [[name, f"{total / 60:.1f}"] for name, total in seconds.items()]
    markdown("Time of training, minutes of one core", ["experiment", "min"], rows)


def show(table):
    """Print a table, or that results are missing."""
    try:
        table()
    except KeyError:
        print(f"\n{table.__name__}: results are missing.")


if __name__ == "__main__":
    main()
