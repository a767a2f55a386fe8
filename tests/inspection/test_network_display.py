"""The strongest paths through a network, and a picture of them."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array, random_array

from skhebb import SETClassifier, SETRegressor
from skhebb.inspection import NetworkDisplay
from skhebb.inspection._paths import strongest_paths

from .networks import NETWORK, cells_of


def strength(coefs, path):
    """The product of absolute weights along a path."""
    pairs = zip(coefs, path[:-1], path[1:], strict=True)
    return np.prod([abs(weights[i, j]) for weights, i, j in pairs])


def all_strengths(coefs, output=None):
    """Of every path there could be, in order, without those of strength 0."""
    dense = [weights.toarray() for weights in coefs]
    sizes = [len(dense[0]), *(weights.shape[1] for weights in dense)]
    paths = product(*map(range, sizes))
    kept = (path for path in paths if output is None or path[-1] == output)
    every = np.array([strength(dense, path) for path in kept])
    return np.sort(every[every > 0])[::-1]


@pytest.mark.parametrize("sizes", [(6, 4), (5, 6, 3), (4, 3, 5, 4, 2)])
@pytest.mark.parametrize("output", [None, 1])
@pytest.mark.parametrize("n_paths", [1, 7, 10_000])
def test_against_all_paths(sizes, output, n_paths, rng):
    shapes = list(pairwise(sizes))
    coefs = [csr_array(random_array(shape, density=0.5, rng=rng)) for shape in shapes]
    coefs = [weights * (-1.0) ** depth for depth, weights in enumerate(coefs)]
    coefs[0].data[::3] = 0  # connections all the same
    paths = strongest_paths(coefs, n_paths, output)
    found = [strength(coefs, path) for path in paths.tolist()]
    assert len({*map(tuple, paths.tolist())}) == len(paths)
    assert_allclose(found, all_strengths(coefs, output)[:n_paths])
    assert output is None or (paths[:, -1] == output).all()


def test_many_layers_and_tiny_weights():
    """Products that underflow are told apart."""
    layer = csr_array(np.array([[1e-300, 2e-300], [0, 1e-300]]))
    paths = strongest_paths([layer] * 5, 5)
    assert_array_equal(np.diff(paths, axis=1).sum(axis=1), 1)  # one change, for 2e-300


def test_no_path():
    empty = csr_array((3, 2))
    assert strongest_paths([empty], 4).shape == (0, 2)
    display = NetworkDisplay([empty], np.empty((0, 2))).plot()
    assert not len(display.lines_["other"].get_segments())


def drawn(lines, sizes, depth):
    """The connections of a layer that LineCollections have."""
    segments = np.array([each for line in lines for each in line.get_segments()])
    segments = segments[segments[:, 0, 0] == depth]
    neurons = segments[:, :, 1] * sizes[depth : depth + 2] - 0.5
    return {tuple(pair) for pair in neurons.round().astype(int).tolist()}


class TestNetworkDisplay:
    def test_all_connections(self, fitted):
        display = NetworkDisplay.from_estimator(fitted, n_paths=5)
        sizes = [12, 15, 10, 3]
        for depth, weights in enumerate(fitted.coefs_):
            of_paths = {tuple(path) for path in display.paths[:, depth : depth + 2]}
            for sign in 1, -1:
                name = "positive" if sign == 1 else "negative"
                found = drawn([display.lines_[name]], sizes, depth)
                dense = sign * weights.toarray()
                assert found == {pair for pair in of_paths if dense[pair] > 0}
            found = drawn(display.lines_.values(), sizes, depth)
            assert found == cells_of(weights)

    def test_strongest_connections(self, fitted):
        display = NetworkDisplay.from_estimator(fitted, n_paths=1)
        display.plot(max_connections=4)
        for depth, weights in enumerate(fitted.coefs_):
            sizes = [12, 15, 10, 3]
            found = drawn([display.lines_["other"]], sizes, depth)
            dense = abs(weights.toarray())
            dense[tuple(display.paths[0, depth : depth + 2])] = 0
            assert {dense[pair] for pair in found} == set(np.sort(dense.ravel())[-4:])

    def test_names(self, data):
        X, y = data
        frame = pd.DataFrame(X, columns=[f"feature {n}" for n in range(12)])
        clf = SETClassifier(**NETWORK).fit(frame, np.array(["a", "b", "c"])[y])
        _, ax = plt.subplots()
        display = NetworkDisplay.from_estimator(
            clf, output=1, n_paths=1, ax=ax, legend=False
        )
        assert display.ax_ is ax
        assert ax.get_legend() is None
        texts = [text.get_text() for text in ax.texts]
        assert f"feature {display.paths[0, 0]}" in texts
        assert {"a", "b", "c", "Inputs\n12", "Hidden 2\n10"} < {*texts}
        two = SETClassifier(**NETWORK).fit(X, np.array(["no", "yes"])[y % 2])
        texts = [
            text.get_text() for text in NetworkDisplay.from_estimator(two).ax_.texts
        ]
        assert "yes" in texts
        assert "no" not in texts

    @pytest.mark.parametrize("kind", ["one output", "several labels"])
    def test_other_targets(self, data, kind):
        X, y = data
        if kind == "one output":
            model = SETRegressor(**NETWORK).fit(X, y.astype(float))
        else:
            model = SETClassifier(**NETWORK).fit(X, np.eye(3, dtype=int)[y])
        display = NetworkDisplay.from_estimator(model)
        names = [text.get_text() for text in display.ax_.texts][-model.n_outputs_ :]
        assert sorted(names) == [str(n) for n in range(model.n_outputs_)]

    def test_large_layers(self, rng):
        """Neurons without lines are left out of layers of many."""
        layers = [
            csr_array(random_array(shape, density=0.01, rng=rng))
            for shape in ((3000, 2000), (2000, 3))
        ]
        paths = strongest_paths(layers, 3)
        display = NetworkDisplay(layers, paths).plot(max_connections=10)
        points = np.concatenate([c.get_offsets() for c in display.ax_.collections[3:]])
        n_inputs = (points[:, 0] == 0).sum()
        assert 3 <= n_inputs <= 13
        assert (points[:, 0] == 2).sum() == 3

    @pytest.mark.parametrize("output", [-1, 3, "a", 0.5])
    def test_wrong_output(self, fitted, output):
        with pytest.raises(ValueError, match=r"range \[0, 2\], since the network"):
            NetworkDisplay.from_estimator(fitted, output=output)

    @pytest.mark.parametrize("n_paths", [0, 2.0, True])
    def test_wrong_number_of_paths(self, fitted, n_paths):
        with pytest.raises(ValueError, match="n_paths must be an integer"):
            NetworkDisplay.from_estimator(fitted, n_paths=n_paths)

    @pytest.mark.parametrize("max_connections", [-1, 2.0, None])
    def test_wrong_number_of_connections(self, fitted, max_connections):
        with pytest.raises(ValueError, match="max_connections must be an integer"):
            NetworkDisplay.from_estimator(fitted, max_connections=max_connections)

    def test_names_are_no_formulas(self, rng):
        """Signs of dollars in them are drawn as they are."""
        weights = [csr_array(rng.uniform(1, 2, (2, 1)))]
        names = ["$x_{$", "from $1 to $2"]
        display = NetworkDisplay(weights, np.array([[0, 0], [1, 0]]), input_names=names)
        display.plot().figure_.canvas.draw()
        texts = [text for text in display.ax_.texts if text.get_text() in names]
        assert [text.get_parse_math() for text in texts] == [False, False]
