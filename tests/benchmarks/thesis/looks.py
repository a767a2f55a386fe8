"""One HebbSET network looked at mini-batch by mini-batch: Figures 3, 4 and 8.

    SKHEBB_DATA=... python -m tests.benchmarks.thesis looks

writes `results/looks.npz`: the terms of updates at some epochs; the updates by single
samples of a connection that is chosen at random among those whose neurons are both
active for a quarter of the samples; and the paths of four connections, chosen at random
among those of the final network that were there in epoch 25. It trains twice, because
these are known in the end only.
"""

import numpy as np

from skhebb import HebbSETClassifier
from skhebb.inspection import ConnectionUpdateDisplay, update_terms

from .data import load
from .experiments import N_EPOCHS, THESIS
from .results import FOLDER
from .training import prune

PATH = FOLDER / "looks.npz"
BATCH = THESIS["batch_size"]
EPOCHS = (0, 50, 100, 200)  # of Figure 4
N_POINTS = 1000  # connections of a layer in Figure 4
EARLY = 25


def mini_batches(X, y, look):
    """Train; `look(model, X, y, epoch)` is called before each mini-batch but the first.

    One call of `partial_fit` is one mini-batch here, and an epoch is a generation.
    """
    rng, n_batches = np.random.default_rng(0), len(y) // BATCH
    model = HebbSETClassifier(
        **{
            **THESIS,
            "lambda0": 0.01,
            "random_state": 0,
            "evolution_interval": n_batches,
        },
    )
    for epoch in range(N_EPOCHS):
        order = rng.permutation(len(y))
        for number in range(n_batches):
            rows = order[number * BATCH : (number + 1) * BATCH]
            if epoch or number:
                look(model, X[rows], y[rows], epoch)
            model.partial_fit(X[rows], y[rows], classes=range(10))
    return model


class Early:
    """What the first training remembers: the weights in an early epoch."""

    def __call__(self, model, X, y, epoch):
        if epoch == EARLY:
            self.coefs = model.coefs_


class Looks:
    """What the second training remembers."""

    def __init__(self, connections):
        self.connections = connections
        self.terms = {}
        self.updates = None
        self.paths = []

    def __call__(self, model, X, y, epoch):
        terms = update_terms(model, X, y)
        if epoch in EPOCHS and epoch not in self.terms:
            self.terms[epoch] = [some_of(*pair) for pair in zip(*terms, strict=True)]
        if self.updates is None:
            self.updates = lively_update(model, X, y)
        for (layer, pre, post), hebbian in zip(
            self.connections, terms.hebbian, strict=True
        ):
            weights = model.coefs_[layer]
            start, stop = weights.indptr[pre : pre + 2]
            for place in start + np.flatnonzero(weights.indices[start:stop] == post):
                weight = weights.data[place]
                self.paths.append((layer, epoch, weight, hebbian[place]))

    def save(self):
        display = self.updates
        figure_3 = display.presynaptic, display.postsynaptic, display.updates
        np.savez_compressed(
            PATH,
            epochs=EPOCHS,
            terms=np.array(list(self.terms.values()), dtype=np.float32),
            update=np.array(figure_3, dtype=np.float32),
            connections=self.connections,
            paths=np.array(self.paths, dtype=np.float32),
        )


def some_of(gradient, hebbian):
    """Both terms of as many connections of each layer, evenly spaced."""
    some = np.linspace(0, len(gradient) - 1, N_POINTS).astype(int)
    return gradient[some], hebbian[some]


def lively_update(model, X, y):
    """The update of a connection of the second layer, by samples."""
    ends = np.transpose(model.coefs_[1].nonzero())
    for pre, post in np.random.default_rng(0).permutation(ends).tolist():
        display = ConnectionUpdateDisplay.from_estimator(model, X, y, (1, pre, post))
        activities = display.presynaptic > 0, display.postsynaptic > 0
        if min(active.mean() for active in activities) >= 0.25:
            return display
    raise ValueError("no connection between neurons that are active often enough")


def old_connections(model, early):
    """One connection of each layer of the final network that was there early."""
    rng, chosen = np.random.default_rng(0), []
    for layer, final in enumerate(prune(model.coefs_, model.zeta)):
        ends = np.transpose((final * (early[layer] != 0)).nonzero())
        chosen.append((layer, *rng.choice(ends).tolist()))
    return chosen


def main():
    X, y, _, _ = load("mnist", "text", seed=0)
    early = Early()
    final = mini_batches(X, y, early)
    looks = Looks(old_connections(final, early.coefs))
    mini_batches(X, y, looks)
    looks.save()
