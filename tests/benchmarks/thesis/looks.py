"""One HebbSET network looked at mini-batch by mini-batch: Figures 3, 4 and 8.

    SKHEBB_DATA=... python -m tests.benchmarks.thesis.looks

writes `results/looks.npz`: the terms of updates at some epochs, the updates of one
connection by single samples, and the paths of four connections, which are chosen at
random among those of the final network. It trains twice, because these are known in the
end only.
"""

import numpy as np

from skhebb import HebbSETClassifier
from skhebb.inspection import ConnectionUpdateDisplay, update_terms

from .data import load
from .experiments import N_EPOCHS, THESIS
from .results import FOLDER

PATH = FOLDER / "looks.npz"
BATCH = THESIS["batch_size"]
EPOCHS = (0, 50, 100, 200)  # of Figure 4
N_POINTS = 1000  # connections of a layer in Figure 4


def mini_batches(X, y, look):
    """Train; `look(model, X, y, epoch)` is called before each mini-batch but the first.

    One call of `partial_fit` is one mini-batch here, and an epoch is a generation.
    """
    rng, n_batches = np.random.default_rng(0), len(y) // BATCH
    model = HebbSETClassifier(
        **{**THESIS, "lambda0": 0.01, "random_state": 0},
        evolution_interval=n_batches,
    )
    for epoch in range(N_EPOCHS):
        order = rng.permutation(len(y))
        for number in range(n_batches):
            rows = order[number * BATCH : (number + 1) * BATCH]
            if epoch or number:
                look(model, X[rows], y[rows], epoch)
            model.partial_fit(X[rows], y[rows], classes=range(10))
    return model


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
            self.updates = ConnectionUpdateDisplay.from_estimator(
                model, X, y, random_connections(model)[1]
            )
        for (layer, pre, post), hebbian in zip(
            self.connections, terms.hebbian, strict=True
        ):
            row = model.coefs_[layer].indices[slice(*bounds(model, layer, pre))]
            found = np.flatnonzero(row == post)
            if len(found):
                place = model.coefs_[layer].indptr[pre] + found[0]
                weight = model.coefs_[layer].data[place]
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


def bounds(model, layer, pre):
    return model.coefs_[layer].indptr[pre : pre + 2]


def some_of(gradient, hebbian):
    """Both terms of as many connections of each layer, evenly spaced."""
    some = np.linspace(0, len(gradient) - 1, N_POINTS).astype(int)
    return gradient[some], hebbian[some]


def random_connections(model):
    """One connection of each layer."""
    rng = np.random.default_rng(0)
    chosen = []
    for layer, weights in enumerate(model.coefs_):
        rows, columns = weights.nonzero()
        place = rng.integers(len(rows))
        chosen.append((layer, int(rows[place]), int(columns[place])))
    return chosen


def main():
    X, y, _, _ = load("mnist", "text", seed=0)
    final = mini_batches(X, y, look=lambda *_: None)
    looks = Looks(random_connections(final))
    mini_batches(X, y, looks)
    looks.save()


if __name__ == "__main__":
    main()
