"""Kills fits at random moments, and runs them again until they end.

    python tests/fuzz/kills.py --cases 100 --seed 0

Each case fits in a process of its own, with a Checkpoint, which SIGKILL ends: at once,
while it reads, trains, writes, or when it is over. What the last run gives must have
the bits of an undisturbed fit. Case number k depends on the seed and k, and on time.
"""

import argparse
import multiprocessing
import tempfile
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skhebb
from skhebb.callbacks import Checkpoint

SMALL = {"hidden_layer_sizes": (20, 15), "density": 0.4, "random_state": 0, "tol": None}
SMALL |= {"batch_size": 20, "max_iter": 30}
SGD = SMALL | {"solver": "sgd", "momentum": 0.9, "dropout": 0.1}
STOPS = {"early_stopping": True, "tol": 1e-4, "n_iter_no_change": 20}
CONSTANT = {"learning_rate": "constant", "evolution_interval": "epoch"}
CUTS = {"learning_rate": "adaptive", "tol": 1e-2, "n_iter_no_change": 2}
COSINE = {"learning_rate": "cosine", "evolution_interval": 7}
RULE = {"max_iter": 30, "batch_size": 20, "random_state": 0}
IMAGES = RULE | {"image_shape": (3, 4, 1), "kernel_size": 2, "n_patches": None}

FITS = {
    "SET, sgd, constant": skhebb.SETClassifier(**SGD | CONSTANT),
    "SET, adam, cosine, early stopping": skhebb.SETClassifier(**SMALL | COSINE | STOPS),
    "SET, adam, adaptive": skhebb.SETRegressor(**SMALL | CUTS),
    "HebbSET, sgd, cosine": skhebb.HebbSETClassifier(**SGD | COSINE),
    "HebbSET, adam, early stopping": skhebb.HebbSETRegressor(**SMALL | STOPS),
    "mask, sgd, constant": skhebb.HebbianMaskClassifier(**SGD | CONSTANT),
    "mask, adam, early stopping": skhebb.HebbianMaskRegressor(**SMALL | STOPS),
    "features": skhebb.WinnerTakeAll(30, density=0.5, **RULE),
    "components": skhebb.HebbianPCA(20, **RULE),
    "pre-training": skhebb.HebbianPretrainingClassifier(
        skhebb.SETClassifier(**SMALL | {"max_iter": 15}),
        skhebb.SoftHebb(**RULE | {"max_iter": 15}),
    ),
    "search": GridSearchCV(
        make_pipeline(
            StandardScaler(), skhebb.SETClassifier(**SMALL | {"max_iter": 8})
        ),
        {"setclassifier__alpha": [0.0, 0.1, 1.0]},
        cv=2,
    ),
    "convolution by passes": skhebb.ConvolutionalFeatures(
        skhebb.SoftHebb(8, batch_size=20), **IMAGES, standardize="channels"
    ),
    "convolution of drawn patches": skhebb.ConvolutionalFeatures(
        skhebb.HebbianPCA(4, batch_size=20, max_iter=30), **IMAGES | {"n_patches": 300}
    ),
    "pre-training of convolutions": skhebb.HebbianPretrainingClassifier(
        skhebb.SETClassifier(**SMALL | {"max_iter": 15}),
        convolutions=[
            skhebb.ConvolutionalFeatures(
                skhebb.WinnerTakeAll(6, batch_size=20), **IMAGES
            )
        ],
        random_state=0,
    ),
}
if find_spec("distributed"):  # which the extra `dask` has
    from skhebb.dask import DataParallel

    network = skhebb.HebbSETClassifier(**SMALL | COSINE)
    FITS["shards"] = DataParallel(network, 3, sync_every=2)
PRELOADED = ["skhebb.callbacks", "sklearn.model_selection", "sklearn.pipeline"]
NOT_REPRODUCED = ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time")


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 12))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=150) > 0).astype(int)


def with_callbacks(estimator, *callbacks):
    """The estimator, with callbacks on all parts of it that train by epochs."""
    parts = estimator.get_params()
    for part in [estimator, *parts.values(), *(parts.get("convolutions") or [])]:
        if type(part).__module__.startswith("skhebb") and hasattr(part, "max_iter"):
            part.set_callbacks(*callbacks)
    return estimator


def outcome(name, *callbacks):
    """What a fit gives, as arrays by name."""
    X, y = data()
    warnings.simplefilter("ignore", ConvergenceWarning)
    fitted = with_callbacks(FITS[name], *callbacks).fit(X, y)
    if name == "search":
        found = {
            key: np.asarray(values)
            for key, values in fitted.cv_results_.items()
            if key not in NOT_REPRODUCED and key != "params"
        }
        return {**found, **parts(fitted.best_estimator_[-1])}
    return parts(fitted)


def parts(fitted):
    """Weights and curves of a network, of features, and of convolutions before them."""
    if hasattr(fitted, "output_shape_"):
        return parts(fitted.features_)
    if hasattr(fitted, "convolutions_"):
        found = [parts(fitted.estimator_), *map(parts, fitted.convolutions_)]
        return {f"{n}.{k}": a for n, one in enumerate(found) for k, a in one.items()}
    if hasattr(fitted, "n_shards"):
        return parts(fitted.estimator_)
    if hasattr(fitted, "components_"):
        weights = fitted.components_
        weights = weights.toarray() if hasattr(weights, "toarray") else weights
        return {"weights": weights, "curve": np.array(fitted.change_curve_)}
    arrays = {"losses": np.array(fitted.loss_curve_)}
    layers = zip(fitted.coefs_, fitted.intercepts_, strict=True)
    for n, (weights, biases) in enumerate(layers):
        found = weights.indptr, weights.indices, weights.data, biases
        arrays |= {f"{n}.{k}": array for k, array in enumerate(found)}
    return arrays


def fit(name, folder, every, keep):
    """Fit in a process that may be killed."""
    outcome(name, Checkpoint(folder, every=every, keep=keep))


def fit_and_kill(processes, name, folder, options, delays):
    """Run a fit again until it ends; return how often it was killed."""
    for n_killed, delay in enumerate([*delays, None]):
        process = processes.Process(target=fit, args=(name, folder), kwargs=options)
        process.start()
        process.join(delay)
        if process.exitcode is None:
            process.kill()
            process.join()
        elif process.exitcode != 0:
            raise AssertionError(f"{name} ended with {process.exitcode}")
        else:
            return n_killed


def run(cases, seed, first=0):
    """Return how many fits were killed; raise if one has other bits in the end."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(PRELOADED)
    expected, durations, n_kills = {}, {}, []
    for case in range(first, first + cases):
        rng = np.random.default_rng([seed, case])
        name = list(FITS)[case % len(FITS)]
        if name not in expected:
            expected[name] = outcome(name)
            begin = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                fit_and_kill(processes, name, folder, {"every": 1, "keep": 1}, [])
            durations[name] = time.perf_counter() - begin
        options = {"every": int(rng.integers(1, 6)), "keep": int(rng.integers(1, 4))}
        delays = rng.uniform(0, 0.7 * durations[name], size=rng.integers(1, 6))
        with tempfile.TemporaryDirectory() as folder:
            n_killed = fit_and_kill(processes, name, folder, options, delays)
            n_files = len([*Path(folder).rglob("*.npz")])
            result = outcome(name, Checkpoint(folder, **options))
        assert n_files > 0, name
        assert result.keys() == expected[name].keys(), name
        for key, array in result.items():
            np.testing.assert_array_equal(array, expected[name][key], f"{name}, {key}")
        n_kills.append(n_killed)
        print(f"case {case}: {name}, {options}: killed {n_killed} times, same bits")
    n_killed = sum(n > 0 for n in n_kills)
    print(f"{cases} cases, {n_killed} killed, {sum(n_kills)} kills: same bits")
    return n_killed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    run(options.cases, options.seed, options.first)
