"""Trains one network and returns what tables and figures need of it."""

import time

import numpy as np
from sklearn.neural_network import MLPClassifier

from skhebb import HebbSETClassifier
from skhebb.inspection import TopologyHistory, WeightDistributionDisplay
from skhebb.topology import PRUNING_RULES

from .data import load

ESTIMATORS = {"hebbset": HebbSETClassifier, "mlp": MLPClassifier}
STEP = 25  # epochs between records of the topology
BINS = np.linspace(-0.8, 0.8, 81)


def train(job):
    """Train as `job` says; see `experiments.py` for its items.

    Accuracy and loss are taken after each epoch's gradient descent and before the
    topology evolves, as the authors' code does.
    """
    X, y, X_test, y_test = load(**job["data"], seed=job["seed"])
    parameters = {**job["model"], "random_state": job["seed"]}
    model = ESTIMATORS[job["estimator"]](**parameters)
    rng = np.random.default_rng(job["seed"])
    watcher = Watcher(X) if job["watch"] else None
    evaluated, curve = job["evaluate"] or range(job["n_epochs"]), []
    start = time.perf_counter()
    for epoch in range(job["n_epochs"]):
        if epoch == job["hebbian_epochs"]:
            model.set_params(lambda0=0)
        rows = slice(None)
        if job["drop_last"]:
            batch_size = model.batch_size
            rows = rng.permutation(len(y))[: len(y) - len(y) % batch_size]
        model.partial_fit(X[rows], y[rows], classes=np.unique(np.r_[y, y_test]))
        if epoch in evaluated:
            curve.append(evaluate(model, X_test, y_test))
        if watcher is not None and epoch % STEP == 0:
            watcher.look(epoch, model.coefs_)
    correct, losses = zip(*curve, strict=True)
    record = {
        "seconds": round(time.perf_counter() - start, 1),
        "n_connections": n_connections(model),
        "n_train": len(y),
        "n_test": len(y_test),
        "correct": list(correct),
        "test_loss": list(losses),
    }
    if watcher is not None:
        final = prune(model.coefs_, model.zeta)
        record.update(watcher.figures(job["n_epochs"], final, job["seed"] == 0))
    return record


def evaluate(model, X, y):
    """Number of correct predictions, and mean squared error of the outputs."""
    # Logistic outputs as they are, which predict_proba would divide by their sum.
    network = isinstance(model, HebbSETClassifier)
    outputs = model._outputs(X) if network else model.predict_proba(X)
    targets = y[:, None] == model.classes_
    n_correct = int(np.sum(model.classes_[outputs.argmax(axis=1)] == y))
    return n_correct, float(f"{np.mean((outputs - targets) ** 2):.4g}")


def n_connections(model):
    """Weights of a model, without biases."""
    return int(sum(getattr(layer, "nnz", layer.size) for layer in model.coefs_))


def prune(coefs, zeta):
    """The network after the last epoch: pruned, and nothing is grown (Algorithm 1)."""
    pruned = []
    for weights in coefs:
        weights = weights.copy()
        weights.data[~PRUNING_RULES["magnitude"](weights.data, zeta)] = 0
        weights.eliminate_zeros()
        pruned.append(weights)
    return pruned


class Watcher:
    """Looks at the connections of a network as Figures 5 to 9 and Table III do."""

    def __init__(self, X):
        self.history = TopologyHistory()
        self.mean_image = X.mean(axis=0)

    def look(self, epoch, coefs):
        """Once every `STEP` epochs, after growth."""
        self.history.append(epoch, coefs)

    def figures(self, epoch, final, in_full):
        """After the last epoch; with maps and histograms only `in_full`."""
        history = self.history
        history.append(epoch, final)
        degrees = [np.diff(layers[0].indptr) for layers in history.connections]
        display = WeightDistributionDisplay([layer.data for layer in final])
        figures = {
            "epochs": history.epochs,
            "persistence": history.persistence().round(4).tolist(),
            "in_final": history.share_in_final().round(4).tolist(),
            "correlation": [correlation(each, self.mean_image) for each in degrees],
            "weights": [rounded(layer) for layer in display.summary],
        }
        if in_full:
            figures["degrees"] = [each.tolist() for each in degrees]
            histograms = [np.histogram(weights, BINS)[0] for weights in display.weights]
            figures["histograms"] = [counts.tolist() for counts in histograms]
        return figures


def correlation(degrees, mean_image):
    """Of connections per input with its mean, over inputs that are not always equal."""
    return round(float(np.corrcoef(degrees, mean_image)[0, 1]), 4)


def rounded(figures):
    """Numbers with four digits."""
    return {name: float(f"{value:.4g}") for name, value in figures.items()}
