"""Fuzzer of the estimators: a call works, or raises and leaves all as it was.

    python tests/fuzz/api.py --cases 500 --seed 0

Each case makes an estimator with random parameters, some of them wrong, and calls its
methods with random data, some of it odd. Case number k depends on the seed and k alone;
`--first k --cases 1` runs it again. With `--spoiled` fitted attributes are spoiled
between calls, too.
"""

import argparse
import copy
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skhebb
from skhebb.topology import GRAPHS, GROWTH_RULES

# An exception of another type is no answer to a user.
REFUSALS = (ValueError, TypeError, NotFittedError, RuntimeError)
ESTIMATORS = [
    skhebb.SETClassifier,
    skhebb.SETRegressor,
    skhebb.HebbSETClassifier,
    skhebb.HebbSETRegressor,
    skhebb.HebbianMaskClassifier,
    skhebb.HebbianMaskRegressor,
    skhebb.HebbianPretrainingClassifier,
    skhebb.HebbianPCA,
    skhebb.WinnerTakeAll,
    skhebb.ZCAWhitening,
]
PARAMETERS = {
    "activation": ["relu", "all_relu", "identity", "logistic", "tanh"],
    "alpha": [0, 0.1],
    "batch_size": ["auto", 1, 7, 10**9],
    "class_weight": [None, "balanced", {0: 2}],
    "competition": ["soft", "hard"],
    "density": [0.3, 0.9, 1, "auto"],
    "dropout": [0, 0.5],
    "early_stopping": [False, True],
    "epsilon": [None, 2, 1e6],
    "evolution_interval": ["epoch", 1, 3],
    "growth_scale": [0, 0.1, "he"],
    "hidden_layer_sizes": [(5,), (), 4, (3, 4), np.array([6])],
    "init": ["uniform", "samples"],
    "growth": sorted(GROWTH_RULES),
    "initial_graph": sorted(GRAPHS),
    "lambda0": [0, 0.01, 1e3],
    "lambda_unit": ["evolution", "batch"],
    "learning_rate": ["constant", "invscaling", "adaptive", "cosine"],
    "learning_rate_init": [1e-3, 0.1, 1e6],
    "loss": ["log_loss", "squared_error", "squared_error_published"],
    "mask_rate": [0, 0.1, 10],
    "mask_rule": ["contribution", "sign"],
    "masked_layers": ["all", [0], [-1], []],
    "max_iter": [1, 2, 3],
    "n_components": [1, 4, 30],
    "n_iter_no_change": [1, np.inf],
    "n_jobs": [None, 1, 2, -1],
    "normalize_y": [True, False],
    "pruning": ["magnitude", "sign"],
    "random_state": [0, 1],
    "regularization": [0.01, 1e-9],
    "shuffle": [True, False],
    "solver": ["adam", "sgd"],
    "tol": [None, 1e-4],
    "validation_fraction": [0.1, 0.5],
    "warm_start": [False, True],
    "zeta": [0, 0.3, 0.9],
}
WRONG = [None, -1, 0, 1.5, np.nan, np.inf, "no", [], (0,), {}, object(), True, 10**400]
ODD_NUMBERS = [np.nan, np.inf, -np.inf, 1e300, 1e-300, 10**9]


def random_parameters(cls, rng):
    """Some parameters, seldom one that is wrong."""
    names = list(cls._get_param_names())
    chosen = {
        name: pick(PARAMETERS[name], rng)
        for name in names
        if name in PARAMETERS and rng.random() < 0.2
    }
    for name, value in {"max_iter": 2, "random_state": 0, "n_jobs": 1}.items():
        if name in names:
            chosen.setdefault(name, value)
    if rng.random() < 0.15:
        chosen[str(rng.choice(names))] = pick(WRONG, rng)
    if cls is skhebb.HebbianPretrainingClassifier:
        network = pick(ESTIMATORS[:5], rng)
        chosen.setdefault("estimator", network(**random_parameters(network, rng)))
        rule = pick(ESTIMATORS[-3:], rng)
        chosen.setdefault("features", rule(**random_parameters(rule, rng)))
    return chosen


def pick(values, rng):
    """One of a list, whatever their types."""
    return values[rng.integers(len(values))]


def random_X(rng, n_samples, n_features):
    """Samples of some type, seldom odd ones."""
    X = rng.random((n_samples, n_features))
    X[rng.random(X.shape) < 0.3] = 0
    if rng.random() < 0.5:
        return X
    if rng.random() < 0.1:
        X.flat[rng.integers(X.size)] = pick(ODD_NUMBERS, rng)
    if rng.random() < 0.4:
        return random_sparse(X, rng)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pick(DENSE, rng)(X)


DENSE = [
    lambda X: X,
    lambda X: X,
    lambda X: X.astype(np.float32),
    lambda X: X.astype(np.float16),
    lambda X: X.astype(">f8"),
    lambda X: X.astype(np.int8),
    lambda X: X > 0.5,
    lambda X: X.astype(object),
    lambda X: X.astype(complex),
    lambda X: X.astype(str),
    lambda X: X.tolist(),
    lambda X: np.asfortranarray(X),
    lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    lambda X: pd.DataFrame(X, columns=[f"x{k}" for k in range(X.shape[1])]),
    lambda X: np.ma.masked_less(X, 0.1),
    lambda X: X[:, :0],
    lambda X: X[:0],
    lambda X: X[0],
    lambda X: X[np.newaxis],
    lambda X: X[:, :-1],
    lambda X: None,
    lambda X: X.view(np.recarray),
]


def random_sparse(X, rng):
    """A sparse matrix of any format, often one that is not sound."""
    name = pick(["bsr", "coo", "csc", "csr", "dia", "dok", "lil"], rng)
    S = getattr(sparse, f"{name}_{pick(['array', 'matrix'], rng)}")(X)
    if rng.random() < 0.5:
        return S.astype(pick([np.float32, np.float64], rng))
    value = int(pick([-(2**31), -1, 0, 1, 10**6, 2**31 - 1], rng))
    arrays = [a for a in ("indices", "indptr", "offsets", "data") if hasattr(S, a)]
    if name == "coo":
        coords = S.coords[rng.integers(2)]
        coords[rng.integers(len(coords) + 1) - 1 :] = value
    elif name == "lil":
        (S.rows if rng.integers(2) else S.data)[0].append(value)
    elif name == "dok":
        S._dict[value, 0] = 1.0
    else:
        array = getattr(S, pick(arrays, rng))
        change = rng.integers(3)
        if change and array.size:
            array.flat[rng.integers(array.size)] = value
        elif array.size:
            setattr(S, pick(arrays, rng), array[:-1])
    return S


def random_y(rng, n_samples):
    """Targets of some type, seldom odd ones."""
    y = rng.integers(3, size=n_samples)
    if rng.random() < 0.6:
        return y
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pick(TARGETS, rng)(y)


TARGETS = [
    lambda y: y,
    lambda y: y,
    lambda y: y,
    lambda y: y % 2,
    lambda y: y * 0,
    lambda y: y.astype(float),
    lambda y: y + 0.5,
    lambda y: y * 1e300,
    lambda y: np.array(["a", "b", "c"])[y],
    lambda y: np.array(["a", 1, None], dtype=object)[y],
    lambda y: np.where(y == 0, np.nan, y),
    lambda y: np.where(y == 0, -1, y),
    lambda y: np.eye(3)[y],
    lambda y: sparse.csr_array(np.eye(3)[y]),
    lambda y: y[:, np.newaxis],
    lambda y: y[:-1],
    lambda y: y[:0],
    lambda y: pd.Series(y),
    lambda y: pd.Categorical(y),
    lambda y: y.tolist(),
    lambda y: None,
    lambda y: y > 0,
]


def random_weights(rng, n_samples):
    """Weights of samples, seldom odd ones."""
    weights = rng.random(n_samples)
    odd = [weights * 0, -weights, weights[:-1], weights * 1e30, weights * np.nan]
    return pick([None, weights, weights > 0.5, 1, "x", *odd], rng)


def fit(estimator, rng, n_samples, n_features):
    """Fit with data, and sometimes what else `fit` takes."""
    X, y = random_X(rng, n_samples, n_features), random_y(rng, n_samples)
    options = {}
    if hasattr(estimator, "predict") and not hasattr(estimator, "features"):
        if rng.random() < 0.2:
            options["sample_weight"] = random_weights(rng, n_samples)
        if rng.random() < 0.1:
            options |= {"X_val": random_X(rng, 20, n_features), "y_val": y[:20]}
        if rng.random() < 0.1:
            options["coefs_init"] = [
                random_X(rng, n_features, 5),
                random_X(rng, 5, 3),
            ]
    elif hasattr(estimator, "n_components") and rng.random() < 0.2:
        name = pick(["components_init", "receptive_fields"], rng)
        options[name] = random_X(rng, 4, n_features)
    estimator.fit(X, y, **options)


def partial_fit(estimator, rng, n_samples, n_features):
    """Train on a chunk."""
    X, y = random_X(rng, n_samples, n_features), random_y(rng, n_samples)
    options = {}
    if hasattr(estimator, "class_weight") and rng.random() < 0.8:
        options["classes"] = pick([[0, 1, 2], [0, 1], ["a", "b", "c"], 3], rng)
    if hasattr(estimator, "partial_fit"):
        estimator.partial_fit(X, y, **options)


def use(estimator, rng, n_samples, n_features):
    """Predict or transform."""
    names = ["predict", "predict_proba", "predict_log_proba", "transform"]
    names += ["inverse_transform", "responses"]
    method = getattr(estimator, pick(names, rng), None)
    if method is not None:
        result = method(random_X(rng, n_samples, n_features))
        assert len(result) in (n_samples, 1), "a result for each sample"


def score(estimator, rng, n_samples, n_features):
    """Score predictions."""
    if hasattr(estimator, "score"):
        X = rng.random((n_samples, n_features))
        estimator.score(X, random_y(rng, n_samples))


def set_parameters(estimator, rng, n_samples, n_features):
    """Change parameters, which are checked later."""
    estimator.set_params(**random_parameters(type(estimator), rng))


def look(estimator, rng, n_samples, n_features):
    """Read what can be read."""
    repr(estimator)
    estimator.get_params()
    estimator.__sklearn_tags__()
    for name in ("feature_importances_", "n_connections_", "components_"):
        getattr(estimator, name, None)


CALLS = [fit, fit, fit, partial_fit, partial_fit, use, use, use, score]
CALLS += [set_parameters, look]
COPIES = [
    copy.copy,
    copy.deepcopy,
    lambda estimator: pickle.loads(pickle.dumps(estimator)),
    clone,
    lambda estimator: estimator,
    lambda estimator: estimator,
    lambda estimator: estimator,
]


def edit(name, values):
    """A spoiler that puts `values` into an array of a layer's weights, in place."""

    def spoil(estimator, rng):
        array = getattr(pick(estimator.coefs_, rng), name)
        if array.size:
            array[rng.integers(array.size)] = pick(values, rng)

    return spoil


def replace_coefs(estimator, rng):
    """Put something else into the list of weights."""
    others = [None, np.eye(5), sparse.eye_array(5), "no", estimator.coefs_[-1].T]
    estimator.coefs_[rng.integers(len(estimator.coefs_))] = pick(others, rng)


def shorten(estimator, rng):
    """Let an array of a layer's weights end too early."""
    weights = pick(estimator.coefs_, rng)
    name = pick(["data", "indices", "indptr"], rng)
    setattr(weights, name, getattr(weights, name)[:-1])


def replace_intercepts(estimator, rng):
    """Put something else into the list of biases."""
    others = [None, np.zeros(3), "no", np.full(5, np.nan)]
    estimator.intercepts_[-1] = pick(others, rng)


def delete(estimator, rng):
    """Forget an attribute."""
    names = [name for name in vars(estimator) if name not in estimator.get_params()]
    if names:
        delattr(estimator, pick(names, rng))


SPOILERS = [
    edit("indices", [-1, 10**6, 0, -(2**31)]),
    edit("indptr", [-1, 10**6, 0, 1]),
    edit("data", [np.nan, np.inf, 1e300]),
    replace_coefs,
    shorten,
    replace_intercepts,
    delete,
]


def fingerprint(estimator):
    """A hash of all that a pickle of the estimator would hold."""
    return joblib.hash(estimator.__getstate__())


def run_case(rng, is_spoiled):
    """Make an estimator and call it; return how many calls were refused."""
    cls = pick(ESTIMATORS, rng)
    n_features, n_refused = int(rng.integers(1, 8)), 0
    estimator = cls(**random_parameters(cls, rng))
    for _ in range(rng.integers(1, 7)):
        call = pick(CALLS, rng)
        n_samples = int(pick([1, 2, 30, 61], rng)) if rng.random() < 0.3 else 40
        has_changed = is_spoiled and hasattr(estimator, "coefs_") and rng.random() < 0.5
        if has_changed:
            pick(SPOILERS, rng)(estimator, rng)
        before = None if has_changed else fingerprint(estimator)
        try:
            call(estimator, rng, n_samples, n_features)
        except (*REFUSALS, AttributeError) as error:
            if not (has_changed or isinstance(error, REFUSALS)):
                raise
            n_refused += 1
            if not has_changed and fingerprint(estimator) != before:
                raise AssertionError(f"{call.__name__} left traces") from error
        if has_changed:  # what else it would do is unknown
            break
        estimator = pick(COPIES, rng)(estimator)
    return n_refused


def run(cases, seed=0, first=0, spoiled=False):
    """Run cases number first, first + 1, ...; return how many calls were refused."""
    n_refused = 0
    for number in range(first, first + cases):
        rng = np.random.default_rng([seed, number])
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                n_refused += run_case(rng, spoiled)
        except Exception as error:
            raise AssertionError(f"case {number}: {error!r}") from error
    return n_refused


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument(
        "--spoiled", action="store_true", help="spoil fitted attributes, too"
    )
    options = vars(parser.parse_args())
    print(f"{run(**options)} calls in {options['cases']} cases were refused")
