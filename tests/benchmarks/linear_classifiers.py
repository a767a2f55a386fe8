"""Linear classifiers of features as papers have them, in the type of the features."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.utils import gen_batches


class DropoutClassifier:
    """Softmax regression with dropout of its inputs, as Journé et al. have it.

    Adam; the rate falls along a cosine from 0.001 to 0.
    """

    def __init__(self, seed, max_iter=30, batch_size=100):
        self.rng = np.random.default_rng(seed)
        self.max_iter = max_iter
        self.batch_size = batch_size

    def fit(self, F, y):
        """Learn by mini-batches; half of the features of each sample are 0, doubled."""
        targets = np.eye(y.max() + 1, dtype=F.dtype)[y]
        shape = F.shape[1], targets.shape[1]
        self.coef, self.intercept = np.zeros(shape, F.dtype), np.zeros(shape[1])
        mean, square = np.zeros_like(self.coef), np.zeros_like(self.coef)
        n_steps, step = self.max_iter * -(-len(F) // self.batch_size), 0
        for _ in range(self.max_iter):
            order = self.rng.permutation(len(F))
            for some in gen_batches(len(F), self.batch_size):
                X, step = self._drop(F[order[some]]), step + 1
                errors = softmax(X @ self.coef + self.intercept, axis=1)
                errors -= targets[order[some]]
                gradient = X.T @ errors.astype(F.dtype) / len(X)
                mean += 0.1 * (gradient - mean)
                square += 0.001 * (gradient**2 - square)
                cosine = 0.0005 * (1 + np.cos(np.pi * step / n_steps))
                rate = F.dtype.type(cosine * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step))
                self.coef -= rate * mean / (np.sqrt(square) + 1e-8)
                self.intercept -= cosine * errors.mean(axis=0)
        return self

    def _drop(self, X):
        bits = np.frombuffer(self.rng.bytes(-(-X.size // 8)), dtype=np.uint8)
        X *= 2 * np.unpackbits(bits, count=X.size).reshape(X.shape)
        return X

    def score(self, F, y):
        return float(np.mean((F @ self.coef + self.intercept).argmax(axis=1) == y))


class SupportVectors:
    """One classifier for each class: |w|² / 2 + C mean_b max(0, 1 - y_b w x_b)².

    Loss and C are those of Coates's code. Weights of all classes by L-BFGS in the type
    of X.
    """

    def __init__(self, C=100):
        self.C = C

    def fit(self, F, y):
        """Minimise the loss."""
        signs = 2 * np.eye(y.max() + 1, dtype=F.dtype)[y] - 1
        shape = F.shape[1] + 1, signs.shape[1]

        def loss(flat):
            coef = flat.reshape(shape).astype(F.dtype)
            slack = np.maximum(1 - signs * (F @ coef[:-1] + coef[-1]), 0)
            penalty = 0.5 * np.sum(flat.reshape(shape)[:-1] ** 2)
            errors = -2 * self.C / len(F) * signs * slack
            gradient = np.vstack([F.T @ errors + coef[:-1], errors.sum(axis=0)])
            value = penalty + self.C * np.sum(slack**2, dtype=np.float64) / len(F)
            return value, gradient.ravel().astype(np.float64)

        options = {"maxiter": 200, "ftol": 1e-6}
        start = np.zeros(shape).ravel()
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
        self.coef, self.n_iter = found.x.reshape(shape), found.nit
        return self

    def score(self, F, y):
        coef = self.coef.astype(F.dtype)
        return float(np.mean((F @ coef[:-1] + coef[-1]).argmax(axis=1) == y))
