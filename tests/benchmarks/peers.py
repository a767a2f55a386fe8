"""Time per epoch and accuracy beside other implementations, on the same work.

Networks of the same shape and density take turns in one process, a few epochs each,
with plain gradient descent on cross-entropy at the same learning rate; weights start
as each implementation starts them. Peers that are not installed are left out:

    pip install torch
    pip install sparselab --no-deps

Jobs are the two of the HebbSET thesis (Lung with the 1543 genes that are public) and
wider networks at several densities. Medians over the turns, and their ratio to SET's.

    SKHEBB_DATA=... python tests/benchmarks/peers.py
    SKHEBB_DATA=... python tests/benchmarks/peers.py --jobs mnist lung --turns 15
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they slow NumPy down
    os.environ.pop(name, None)

import argparse
import importlib.util
import time
import warnings
from itertools import pairwise

import numpy as np
from settings import PUBLISHED
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import skhebb
from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset

if importlib.util.find_spec("torch"):
    import torch
    from torch.nn.functional import cross_entropy, relu
if importlib.util.find_spec("sparselab"):
    import sparselab

LEARNING_RATE = 0.02
# data, number of training samples, hidden layers, batch size, epsilon or density
JOBS = {
    "mnist": ("mnist", 2400, (1000,) * 3, 200, {"epsilon": 20}),
    "lung": ("lung_bhattacharjee1543", 152, (2000,) * 3, 30, {"epsilon": 20}),
    "3000 1%": ("mnist", 1280, (3000,) * 3, 128, {"density": 0.01}),
    "3000 5%": ("mnist", 1280, (3000,) * 3, 128, {"density": 0.05}),
    "3000 20%": ("mnist", 1280, (3000,) * 3, 128, {"density": 0.2}),
    "10000 0.2%": ("mnist", 256, (10_000,) * 3, 128, {"density": 0.002}),
    "10000 1%": ("mnist", 256, (10_000,) * 3, 128, {"density": 0.01}),
}


class Estimator:
    """An estimator of scikit-learn's kind, trained in turns."""

    def __init__(self, estimator, **params):
        self.model = estimator(
            **{
                "learning_rate_init": LEARNING_RATE,
                "random_state": 0,
                "warm_start": True,
                **params,
            }
        )

    def train(self, X, y, epochs):
        """Go on for so many epochs."""
        self.model.set_params(max_iter=epochs).fit(X, y)

    def score(self, X, y):
        """Accuracy."""
        return self.model.score(X, y)


class Torch:
    """A network of torch layers that map (batch, n_in) to (batch, n_out)."""

    def __init__(self, layers, batch_size, algorithm=None):
        self.layers, self.batch_size = layers, batch_size
        self.algorithm = algorithm or (lambda: None)
        parameters = [p for layer in layers for p in layer.parameters()]
        self.optimizer = torch.optim.SGD(parameters, lr=LEARNING_RATE)

    def outputs(self, X):
        """Pre-activations of the last layer."""
        for layer in self.layers[:-1]:
            X = relu(layer(X))
        return self.layers[-1](X)

    def train(self, X, y, epochs):
        """Go on for so many epochs."""
        X, y = torch.from_numpy(X), torch.from_numpy(y)
        for _ in range(epochs):
            for batch in torch.randperm(len(X)).split(self.batch_size):
                self.optimizer.zero_grad()
                cross_entropy(self.outputs(X[batch]), y[batch]).backward()
                self.optimizer.step()
                self.algorithm()

    def score(self, X, y):
        """Accuracy."""
        with torch.no_grad():
            found = self.outputs(torch.from_numpy(X)).argmax(dim=1).numpy()
        return np.mean(found == y)


def torch_csr(n_in, n_out, density):
    """A layer whose weights are a torch.sparse CSR tensor of fixed topology."""

    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            graph = torch.rand(n_out, n_in) < density
            weights = (graph * torch.randn(n_out, n_in) * 0.1).to_sparse_csr()
            self.place = weights.crow_indices().int(), weights.col_indices().int()
            self.values = torch.nn.Parameter(weights.values().clone())
            self.bias = torch.nn.Parameter(torch.zeros(n_out, 1))

        def forward(self, X):
            weights = torch.sparse_csr_tensor(
                *self.place, self.values, (n_out, n_in), check_invariants=False
            )
            return (torch.sparse.mm(weights, X.T) + self.bias).T

    return Layer()


def sparselab_network(shapes, densities, batch_size, batches_per_epoch, evolves):
    """SparseLab's layers, static or with its SET after each epoch."""
    layers, algorithms = [], []
    for shape, density in zip(shapes, densities, strict=True):
        layers.append(sparselab.SparseLinear(*shape, sparsity=1 - density))
        if evolves:
            algorithms.append(
                sparselab.SET(1 - density, 0.3, update_freq=batches_per_epoch)
            )
            layers[-1].apply(algorithms[-1])

    def algorithm():
        for one in algorithms:
            one.step()

    return Torch(layers, batch_size, algorithm)


def realised(shapes, setting):
    """Densities of the layers and the epsilon that gives them."""
    if "epsilon" in setting:
        epsilon = setting["epsilon"]
        cells = [n_in * n_out / (n_in + n_out) for n_in, n_out in shapes]
        return [float(1 - np.exp(-epsilon / cell)) for cell in cells], epsilon
    # Of the widest layers; the others follow from epsilon.
    widest = max(shapes, key=min)
    cell = widest[0] * widest[1] / sum(widest)
    epsilon = -np.log(1 - setting["density"]) * cell
    return realised(shapes, {"epsilon": epsilon})[0], epsilon


def make_peers(job, n_features, n_classes, n_threads):
    """The implementations at hand, by name."""
    _, n_samples, hidden, batch_size, setting = JOBS[job]
    shapes = list(pairwise([n_features, *hidden, n_classes]))
    densities, epsilon = realised(shapes, setting)
    ours = {
        "hidden_layer_sizes": hidden,
        "batch_size": batch_size,
        "n_jobs": n_threads,
        **PUBLISHED,
        "epsilon": epsilon,
    }
    peers = {
        "skhebb SET": Estimator(SETClassifier, **ours),
        "skhebb SET, static": Estimator(SETClassifier, **{**ours, "zeta": 0}),
        "skhebb HebbSET": Estimator(HebbSETClassifier, lambda0=0.01, **ours),
        "scikit-learn, dense": Estimator(
            MLPClassifier,
            hidden_layer_sizes=hidden,
            batch_size=batch_size,
            solver="sgd",
            momentum=0,
            alpha=0,
            n_iter_no_change=10**9,
        ),
    }
    if importlib.util.find_spec("torch"):
        dense = [torch.nn.Linear(*shape) for shape in shapes]
        csr = [torch_csr(*s, d) for s, d in zip(shapes, densities, strict=True)]
        peers["torch, dense"] = Torch(dense, batch_size)
        peers["torch.sparse CSR, static"] = Torch(csr, batch_size)
    if importlib.util.find_spec("sparselab"):
        batches = -(-n_samples // batch_size)
        for label, evolves in (("static", False), ("SET", True)):
            peers[f"sparselab, {label}"] = sparselab_network(
                shapes, densities, batch_size, batches, evolves
            )
    for name in ("torch", "sparselab"):
        if not importlib.util.find_spec(name):
            print(f"({name} is not installed and left out)")
    return peers, densities


def run(job, turns, epochs, n_threads, names):
    """Print a table of one job."""
    data, n_samples, *_ = JOBS[job]
    X, y = fetch_dataset(data)
    classes, y = np.unique(y, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(y))
    X, y = X[order[: n_samples + 2000]].astype(np.float32), y[order[: n_samples + 2000]]
    low = X.min(axis=0)
    X = (X - low) / np.maximum(X.max(axis=0) - low, 1e-6)
    train, test = (X[:n_samples], y[:n_samples]), (X[n_samples:], y[n_samples:])
    peers, densities = make_peers(job, X.shape[1], len(classes), n_threads)
    peers = {name: peer for name, peer in peers.items() if not names or name in names}
    times = {name: [] for name in peers}
    for _ in range(turns + 1):  # the first warms up
        for name, peer in peers.items():
            time.sleep(0.2)  # threads of the one before spin for a while
            start = time.perf_counter()
            peer.train(*train, epochs)
            times[name].append((time.perf_counter() - start) / epochs)
    medians = {name: np.median(seconds[1:]) for name, seconds in times.items()}
    print(f"\n{job}: densities {', '.join(f'{d:.1%}' for d in densities)}")
    print(f"{'':26} ms/epoch  this/SET  SET/this  accuracy@{(turns + 1) * epochs}")
    for name, median in medians.items():
        ratio = median / medians.get("skhebb SET", np.nan)
        accuracy = peers[name].score(*test)
        print(
            f"{name:26} {1e3 * median:8.1f}  {ratio:8.2f}  {1 / ratio:8.3f}"
            f"  {accuracy:.3f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", nargs="+", default=list(JOBS), choices=list(JOBS))
    parser.add_argument("--peers", nargs="+", help="by name; all by default")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=3, help="in a turn")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", "Sparse CSR tensor support")
    skhebb.show_versions()
    if importlib.util.find_spec("torch"):
        torch.set_num_threads(args.threads)
        torch.manual_seed(0)
        print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    for job in args.jobs:
        run(job, args.turns, args.epochs, args.threads, args.peers)


if __name__ == "__main__":
    main()
