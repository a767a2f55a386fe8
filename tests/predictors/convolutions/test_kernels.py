"""Kernels that learn with the network: which way, how far, in what units."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

from skhebb import HebbianPCA
from skhebb._transformers.base import BaseHebbianFeatures

from .networks import classifier, convolutions, kernels


def test_only_all_moves_kernels(digits):
    X, y, _ = digits
    frozen, tuned = (classifier(each).fit(X, y) for each in ("head", "all"))
    still = classifier("all", learning_rate_init=1e-12).fit(X, y)
    for one, other, moved in zip(*map(kernels, (frozen, still, tuned)), strict=True):
        assert_allclose(one, other, atol=1e-9)
        assert np.abs(moved - one).max() > 1e-3
    assert tuned.convolutions_[0].output_statistics_.mean == pytest.approx(
        frozen.convolutions_[0].output_statistics_.mean
    )


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_whatever_the_size_of_kernels(digits, solver, monkeypatch):
    """Kernels a thousandth as large learn the same, where maps are standardised."""
    X, y, _ = digits
    layer = convolutions()[0].set_params(activation="relu", pooling="max")
    fitted = []
    for factor in 1, 1e-3:
        features = HebbianPCA(6, learning_rate_init=1e-30)
        layers = [clone(layer).set_params(features=features)]
        learn = BaseHebbianFeatures._initial_components

        def scaled(self, shape, fields, X, rng, learn=learn, factor=factor):
            components = learn(self, shape, fields, X, rng)
            if shape[0] == 6:  # those of the convolution
                components.weights *= factor
            return components

        with monkeypatch.context() as patch:
            patch.setattr(BaseHebbianFeatures, "_initial_components", scaled)
            clf = classifier("all", layers, solver=solver, max_iter=3, dropout=0.2)
            fitted.append(clf.fit(X, y))
    large, small = (clf.predict_proba(X) for clf in fitted)
    # Adam adds 1e-8 to what it divides by.
    assert_allclose(small, large, atol=1e-9 if solver == "sgd" else 1e-4)
    sizes = [np.abs(kernels(clf)[0]).max() for clf in fitted]
    assert sizes[1] < 0.01 * sizes[0]


def test_gradient_of_the_whole(digits):
    """A step of plain gradient descent is that of the loss, in units of kernels."""
    X, y, _ = digits
    X, y = X[y >= 0][:20], y[y >= 0][:20]
    layer = convolutions()[0]
    params = {"solver": "sgd", "max_iter": 1, "batch_size": 20, "momentum": 0}
    params |= {"weight_decay": 0, "dropout": 0, "zeta": 0, "tol": None}
    rate, network = 1e-5, params
    clf = classifier("all", [layer], **network, learning_rate_init=rate)
    before = clone(clf).set_params(estimator__learning_rate_init=1e-200).fit(X, y)
    clf.fit(X, y)
    start, step = kernels(before)[0], kernels(clf)[0] - kernels(before)[0]
    unit = np.linalg.norm(start) / np.sqrt(2 * len(start))
    rng, move = np.random.default_rng(0), 1e-6
    targets = np.searchsorted(before.classes_, y)

    def loss(components):
        before.convolutions_[0].features_.components_ = components
        proba = before.predict_proba(X)
        return -np.log(proba[np.arange(len(y)), targets]).mean()

    for _ in range(5):
        way = rng.standard_normal(start.shape)
        slope = (loss(start + move * way) - loss(start - move * way)) / (2 * move)
        assert_allclose(np.sum(step * way), -rate * unit**2 * slope, rtol=1e-4)


def test_kernel_rate(digits):
    """Steps of plain gradient descent are in proportion to it, also after a pickle."""
    X, y, _ = digits
    params = {"solver": "sgd", "momentum": 0, "batch_size": 500, "dropout": 0}
    start = kernels(classifier("head", **params, max_iter=1).fit(X, y))
    steps = []
    for rate in 1e-3, 3e-3:
        clf = classifier("all", **params, max_iter=1).set_params(kernel_rate=rate)
        first = kernels(clf.fit(X, y))
        second = kernels(pickle.loads(pickle.dumps(clf)).partial_fit(X, y))
        steps.append([[a - b for a, b in zip(first, start, strict=True)],
                      [a - b for a, b in zip(second, first, strict=True)]])  # fmt: skip
    for one, other in zip(steps[0][0], steps[1][0], strict=True):
        assert_allclose(other, 3 * one, rtol=1e-6, atol=1e-12)
    for one, other in zip(steps[0][1], steps[1][1], strict=True):
        assert_allclose(other, 3 * one, rtol=0.05, atol=1e-2 * np.abs(one).max())
