"""Moving images of connections."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array, random_array

from skhebb import SETClassifier
from skhebb.inspection import TopologyAnimation, TopologyHistory, TopologyMonitor

from .networks import NETWORK


@pytest.fixture(scope="module")
def history(data):
    monitor = TopologyMonitor(every=2)
    SETClassifier(**NETWORK).set_callbacks(monitor).fit(*data)
    return monitor.histories[0]


def test_images(history):
    display = TopologyAnimation.from_history(history, image_shape=(3, 4))
    assert display.epochs == [0, 2, 4, 6]
    for record, layers in enumerate(history.connections):
        dense = [each.toarray() for each in layers]
        display.show(record)
        expected = [dense[0].sum(axis=1).reshape(3, 4), *dense[1:]]
        for depth, image in enumerate(expected):
            assert_array_equal(display.images[depth][record], image)
            assert_array_equal(display.ims_[depth].get_array(), image)
        assert display.figure_.get_suptitle() == f"Epoch {display.epochs[record]}"


@pytest.mark.parametrize("shape", [(7, 5), (23, 4), (200, 150)])
def test_several_neurons_to_a_pixel(shape, rng):
    weights = csr_array(random_array(shape, density=0.3, rng=rng))
    history = TopologyHistory()
    history.append(3, [weights])
    display = TopologyAnimation.from_history(history, max_pixels=5)
    (image,) = display.images[0]
    assert max(image.shape) <= 5
    dense = weights.toarray() != 0
    heights, widths = (-(-size // min(size, 5)) for size in shape)
    for row, column in np.ndindex(image.shape):
        block = dense[row * heights :, column * widths :][:heights, :widths]
        assert_allclose(image[row, column], block.mean())
    assert image.shape == (-(-shape[0] // heights), -(-shape[1] // widths))


def test_animation(history):
    _, axes = plt.subplots(1, 3, figsize=(3, 1))
    display = TopologyAnimation.from_history(history, axes=axes)
    assert_array_equal(display.axes_, axes)
    assert display._repr_html_().count("data:image/png") == 4
    display.plot(axes, colorbar=False, cmap="gray")
    assert display.ims_[0].get_cmap().name == "gray"


def test_no_connections():
    history = TopologyHistory()
    history.append(0, [csr_array((4, 3))])
    display = TopologyAnimation.from_history(history)
    assert display.ims_[0].get_clim() == (0, 1)


def test_refusals(history):
    with pytest.raises(TypeError, match="must be a TopologyHistory"):
        TopologyAnimation.from_history(None)
    with pytest.raises(ValueError, match="no record yet"):
        TopologyAnimation.from_history(TopologyHistory())
    with pytest.raises(ValueError, match="number of inputs, 12"):
        TopologyAnimation.from_history(history, image_shape=(5, 5))
    for n in (0, 1.5, True):
        with pytest.raises(ValueError, match="max_pixels must be an integer"):
            TopologyAnimation.from_history(history, max_pixels=n)
    with pytest.raises(ValueError, match="axes must be 3"):
        TopologyAnimation.from_history(history, axes=plt.subplots()[1])
