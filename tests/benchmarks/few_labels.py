"""What Hebbian pre-training is worth where labels are few.

In the style of Table 1 of Lagani (2022): of the training images 1, 5, 10 and 100 % have
a label; sparse networks of one to three hidden layers are pre-trained on all and fine-
tuned on those, or are not pre-trained. Beside them are networks whose layers were pre-
trained by backprop, as sparse autoencoders, and such that learned nothing but are
standardised as the others; a linear classifier (ridge, regularised by leave-one-out) on
pixels and on principal components, k-means, soft-WTA and HPCA features, as many as a
layer has neurons; and scikit-learn's SelfTrainingClassifier, one round with the network
with one hidden layer, and LabelSpreading.

Seeds choose the labelled images and all random numbers. All methods get images that are
centred by pixel and divided by their overall standard deviation. Results are added to
a file as they come and what it has is not run again, so remove it after a change of
settings. In the end it prints accuracies in % on the test images with 95 % confidence
intervals. Those of CIFAR-10 are the last 10 000 images of its training set, which
nothing learns from.

    SKHEBB_DATA=... python tests/benchmarks/few_labels.py
"""

import argparse
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from result_rows import add_rows, in_percent, read_rows
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeClassifierCV
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from skhebb import HebbianPCA, SETClassifier, SETRegressor, WinnerTakeAll, ZCAWhitening
from skhebb._network.activations import ReLU
from skhebb._predictors.data_preparation import Given
from skhebb._predictors.layerwise import pretrain
from skhebb.datasets import fetch_dataset

N_TRAIN = {"mnist": 60_000, "fashion_mnist": 60_000, "cifar10": 40_000}
N_TEST = 10_000
SHARES = 1, 5, 10, 100
DEPTHS = 1, 2, 3
N_UNITS = 300
RULES = {
    "soft-WTA": WinnerTakeAll(N_UNITS, init="samples", learning_rate_init=0.1),
    "HPCA": HebbianPCA(N_UNITS, learning_rate_init=0.003),
}
METHODS = "none", "standardised", *RULES, "autoencoder"
# Adam with the package's settings but a quarter of its learning rate, and gradient
# descent with Nesterov's momentum, as Lagani has it, but with a rate that suits so few
# steps.
FINE_TUNING = {
    "adam": {"learning_rate_init": 0.005},
    "sgd": {
        "solver": "sgd",
        "learning_rate_init": 0.01,
        "batch_size": 32,
        "weight_decay": 0,
        "max_iter": 50,
    },
}
RESULTS = Path(__file__).parent / "results" / "few_labels.jsonl"


def images(name):
    """Training and test images and their classes."""
    X, y = fetch_dataset(name)
    X, y = np.asarray(X, dtype=np.float32), np.asarray(y).astype(int)
    n_train = N_TRAIN[name]
    X, y = X[: n_train + N_TEST], y[: n_train + N_TEST]
    X -= X[:n_train].mean(axis=0)
    X /= X[:n_train].std()
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


def network(depth, share, seed, fine_tuning="adam"):
    params = {**FINE_TUNING[fine_tuning], "zeta": 0, "dropout": 0}
    params |= {"random_state": seed, "n_jobs": 1}
    if share == 100:
        params["max_iter"] = 10
    return SETClassifier((N_UNITS,) * depth, **params)


def initial_layers(X, seed, depth):
    given = Given(X, np.arange(len(X)) % 10)
    return network(depth, 100, seed)._initial_layers(given)


def learn_by_rule(rule, seed, inputs, weights):
    part = clone(rule).set_params(random_state=seed, n_jobs=1)
    part.fit(inputs, receptive_fields=weights.T != 0)
    return part.components_.T.tocsr()


def learn_by_backprop(seed, inputs, weights):
    """Weights of the encoder; those of the decoder lie on the same connections."""
    decoder = weights.T.tocsr()
    rng = np.random.default_rng(seed)
    deviation = np.sqrt(2 * decoder.shape[1] / decoder.nnz)
    decoder.data = rng.normal(0, deviation, decoder.nnz).astype(decoder.dtype)
    autoencoder = SETRegressor(
        (weights.shape[1],),
        zeta=0,
        normalize_y=False,
        learning_rate_init=0.005,
        weight_decay=0,
        max_iter=5,
        random_state=seed,
        n_jobs=1,
    )
    autoencoder.fit(inputs, inputs, coefs_init=[weights, decoder])
    return autoencoder.coefs_[0]


def keep(inputs, weights):
    """Learn nothing."""
    return weights.copy()


def learned_layers(method, layers, X, seed):
    if method == "none":
        return layers
    learn = {
        "standardised": keep,
        "autoencoder": partial(learn_by_backprop, seed),
        **{rule: partial(learn_by_rule, RULES[rule], seed) for rule in RULES},
    }[method]
    return pretrain(layers, [ReLU()] * (len(layers) - 1), X, learn, n_threads=1)


def run_networks(data, seed, labelled):
    """Fine-tuned networks."""
    X, y, X_test, y_test = data
    layers = initial_layers(X, seed, max(DEPTHS))
    for method in METHODS:
        learned = learned_layers(method, layers, X, seed)
        for depth in DEPTHS:
            these = [*learned[:depth], initial_layers(X, seed, depth)[-1]]
            start = {
                "coefs_init": [layer.weights for layer in these],
                "intercepts_init": [layer.biases for layer in these],
            }
            for share, some in labelled.items():
                for fine_tuning in FINE_TUNING if share <= 5 else ("adam",):
                    clf = network(depth, share, seed, fine_tuning)
                    clf.fit(X[some], y[some], **start)
                    about = {"share": share, "depth": depth, "fine_tuning": fine_tuning}
                    yield {"method": method, **about}, clf.score(X_test, y_test)


def triangle(distances):
    """k-means features: how much nearer a centre is than centres are in the mean."""
    return np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0)


def run_linear(data, seed, labelled):
    """Linear classifiers on features."""
    X, y, X_test, y_test = data
    shared = {"random_state": seed}
    kmeans = MiniBatchKMeans(N_UNITS, batch_size=1024, n_init=1, **shared)
    features = {
        "pixels": FunctionTransformer(),
        "PCA": PCA(N_UNITS, **shared),
        "k-means": make_pipeline(kmeans, FunctionTransformer(triangle)),
        **{rule: clone(RULES[rule]).set_params(**shared) for rule in RULES},
    }
    whitened = make_pipeline(ZCAWhitening(0.1), clone(features["soft-WTA"]))
    features["whitened, soft-WTA"] = whitened
    for method, transformer in features.items():
        F, F_test = transformer.fit(X).transform(X), transformer.transform(X_test)
        unit = F.std()  # one for all: principal components are not to be whitened
        for share, some in labelled.items():
            clf = RidgeClassifierCV(np.logspace(-1, 5, 13))
            score = clf.fit(F[some] / unit, y[some]).score(F_test / unit, y_test)
            yield {"method": f"{method}, linear", "share": share}, score


def run_self_training(data, seed, labelled):
    """One round, that is two networks."""
    X, y, X_test, y_test = data
    for share, some in labelled.items():
        if share < 100:
            few = np.full(len(y), -1)
            few[some] = y[some]
            clf = SelfTrainingClassifier(network(1, share, seed), max_iter=1)
            clf.fit(X, few)
            yield {"method": "self-training", "share": share}, clf.score(X_test, y_test)


def run_label_spreading(data, seed, labelled, graphs):
    """Its default of seven neighbours."""
    X, y, X_test, y_test = data

    def kernel(X, others):
        return graphs["test"].T if len(others) == len(X_test) else graphs["train"]

    for share, some in labelled.items():
        few = np.full(len(y), -1)
        few[some] = y[some]
        clf = LabelSpreading(kernel=kernel).fit(X, few)
        with np.errstate(invalid="ignore"):  # no label has reached any neighbour
            score = clf.score(X_test, y_test)
        yield {"method": "label spreading", "share": share}, score


def neighbour_graphs(data):
    """A row for each image with ones for the seven nearest training images."""
    X, _, X_test, _ = data
    neighbors = NearestNeighbors(n_neighbors=7).fit(X)
    return {
        "train": neighbors.kneighbors_graph(X),
        "test": neighbors.kneighbors_graph(X_test),
    }


RUNS = {
    "networks": run_networks,
    "linear": run_linear,
    "self-training": run_self_training,
    "label spreading": run_label_spreading,
}


def run(what, name, seeds):
    """Results of some seeds, a dict each."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    data, runner, results = images(name), RUNS[what], []
    if what == "label spreading":  # the same for all seeds
        runner = partial(runner, graphs=neighbour_graphs(data))
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(N_TRAIN[name])
        labelled = {share: order[: len(order) * share // 100] for share in SHARES}
        about = {"run": what, "data": name, "seed": seed}
        for of_method, score in runner(data, seed, labelled):
            results.append({**about, **of_method, "accuracy": float(score)})
    return results


def missing(results, sets, seeds):
    """Arguments of `run`."""
    done = {(r["run"], r["data"], r["seed"]) for r in results}
    for seed in range(seeds):
        for name in sets:
            for what in ("networks", "linear"):
                if (what, name, seed) not in done:
                    yield what, name, [seed]
    for name in sets:
        left = [s for s in range(seeds) if ("label spreading", name, s) not in done]
        if left:
            yield "label spreading", name, left
    for seed in range(seeds):
        for name in sets:
            if ("self-training", name, seed) not in done:
                yield "self-training", name, [seed]


def table(results, of):
    """Rows of methods, columns of shares."""
    chosen = [r for r in results if all(r.get(k) == v for k, v in of.items())]
    shares = sorted({r["share"] for r in chosen})
    print("| method | depth | " + " | ".join(f"{share} %" for share in shares) + " |")
    print("|---" * (len(shares) + 2) + "|")
    for method, depth in dict.fromkeys((r["method"], r.get("depth")) for r in chosen):
        cells = []
        for share in shares:
            row = {"method": method, "depth": depth, "share": share}
            matching = [r for r in chosen if all(r.get(k) == row[k] for k in row)]
            cells.append(
                in_percent([r["accuracy"] for r in matching]) if matching else ""
            )
        print(f"| {method} | {depth or ''} | " + " | ".join(cells) + " |")
    print()


def gains(results, sets, seeds):
    """What layers gained by learning, over standardised ones; means of all depths."""
    found = {
        (r["data"], r["fine_tuning"], r["share"], r["method"], r["depth"], r["seed"]):
        r["accuracy"] for r in results if r["run"] == "networks"
    }  # fmt: skip
    print("| data | fine-tuning | labels | " + " | ".join(METHODS[2:]) + " |")
    print("|---" * (len(METHODS) + 1) + "|")
    rows = dict.fromkeys(key[:3] for key in found if key[0] in sets)
    for about in sorted(rows, key=lambda row: (sets.index(row[0]), *row[1:])):
        name, fine_tuning, share = about
        cells = []
        for method in METHODS[2:]:
            differences = [
                found[*about, method, depth, seed]
                - found[*about, "standardised", depth, seed]
                for seed in range(seeds)
                for depth in DEPTHS
            ]
            of_seeds = np.reshape(differences, (seeds, -1)).mean(axis=1)
            cells.append(in_percent(of_seeds, "+.1f"))
        print(f"| {name} | {fine_tuning} | {share} % | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--sets", nargs="+", choices=N_TRAIN, default=list(N_TRAIN))
    add("--seeds", type=int, default=5)
    add("--results", type=Path, default=RESULTS)
    add("--n-jobs", type=int, default=2)
    add("--print", action="store_true", help="run nothing")
    args = parser.parse_args()

    if not args.print:
        jobs = list(missing(read_rows(args.results), args.sets, args.seeds))
        parallel = Parallel(n_jobs=args.n_jobs, return_as="generator_unordered")
        for results in parallel(delayed(run)(*job) for job in jobs):
            add_rows(args.results, *results)
    results = read_rows(args.results)
    gains(results, args.sets, args.seeds)
    print()
    for name in args.sets:
        for fine_tuning in FINE_TUNING:
            print(f"{name}, networks, {fine_tuning}\n")
            table(results, {"data": name, "fine_tuning": fine_tuning})
        print(f"{name}, others\n")
        table(results, {"data": name, "fine_tuning": None})


if __name__ == "__main__":
    main()
