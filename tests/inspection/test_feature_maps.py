"""Displays of what convolutional layers make of an image."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import ConvolutionalFeatures
from skhebb.inspection import FeatureMapsDisplay


def layer_of(n_units, shape, **params):
    return ConvolutionalFeatures(
        PCA(n_units), image_shape=shape, kernel_size=2, random_state=0, **params
    )


@pytest.fixture
def X(rng):
    return rng.standard_normal((20, 7 * 8))


class TestFeatureMapsDisplay:
    def test_maps_of_a_kernel(self, X):
        """Each place of a map is a patch by the unit's kernel."""
        layer = layer_of(3, (7, 8, 1), pooling=None).fit(X)
        display = FeatureMapsDisplay.from_estimator(layer, X[4])
        image, pca = X[4].reshape(7, 8), layer.features_
        assert_array_equal(display.image[..., 0], image)
        (maps,) = display.maps
        assert maps.shape == (6, 7, 3)
        for row, column in [(0, 0), (2, 5), (5, 6)]:
            patch = image[row : row + 2, column : column + 2].ravel()
            expected = pca.components_ @ (patch - pca.mean_)
            assert_allclose(maps[row, column], expected)
        drawn = display.ims_[1].get_array()
        assert drawn.shape == (13, 15)
        assert_array_equal(drawn[:6, :7], maps[..., 0])
        assert_array_equal(drawn[:6, 8:], maps[..., 1])
        assert_array_equal(drawn[7:, :7], maps[..., 2])
        assert np.ma.getmaskarray(drawn)[6].all()
        assert display.ims_[1].get_clim() == (maps.min(), maps.max())

    @pytest.mark.parametrize("output", ["default", "pandas"])
    def test_layers_of_a_pipeline(self, X, output):
        first = layer_of(4, (7, 8, 1), pool_size=(2, 1), standardize="channels")
        pipeline = make_pipeline(
            StandardScaler(),
            "passthrough",
            first,
            layer_of(5, (3, 7, 4), pool_size=2),
            LogisticRegression(),
        ).set_output(transform=output)
        pipeline.fit(X, np.arange(20) % 2)
        display = FeatureMapsDisplay.from_estimator(pipeline, X[0], max_maps=2)
        assert_allclose(display.image.ravel(), np.ravel(pipeline[:1].transform(X[:1])))
        shapes = [(3, 7, 4), (1, 3, 5)]
        for n, maps, shape in zip((3, 4), display.maps, shapes, strict=True):
            expected = np.asarray(pipeline[:n].transform(X[:1]))
            assert_array_equal(maps, expected.reshape(shape))
        assert [ax.get_title() for ax in display.axes_] == [
            "Image",
            "Layer 1",
            "Layer 2",
        ]
        assert display.ims_[2].get_array().shape == (1, 7)

    def test_colours(self, rng):
        X = rng.integers(10, 200, size=(6, 36), dtype=np.uint8)
        for n_channels, shape in [(3, (4, 3, 3)), (2, (6, 7))]:
            layer = layer_of(2, (*(36 // 3 // n_channels, 3), n_channels)).fit(X)
            _, axes = plt.subplots(1, 2)
            display = FeatureMapsDisplay.from_estimator(layer, X[0], axes=axes)
            assert display.axes_[0] is axes[0]
            drawn = display.ims_[0].get_array()
            assert drawn.shape == shape
        layer = layer_of(2, (4, 3, 3)).fit(X)
        drawn = FeatureMapsDisplay.from_estimator(layer, X[0]).ims_[0].get_array()
        low, high = X[0].min(), X[0].max()
        assert_allclose(drawn.ravel(), (X[0] - float(low)) / (float(high) - low))

    def test_errors(self, X):
        layer = layer_of(2, (7, 8, 1)).fit(X)
        with pytest.raises(TypeError, match="Give ConvolutionalFeatures or a Pipeline"):
            FeatureMapsDisplay.from_estimator(PCA(2).fit(X), X[0])
        with pytest.raises(ValueError, match=r"one sample.* Got shape \(2, 56\)"):
            FeatureMapsDisplay.from_estimator(layer, X[:2])
        with pytest.raises(ValueError, match="X has 55 features, but Convolutional"):
            FeatureMapsDisplay.from_estimator(layer, X[0, 1:])
        with pytest.raises(ValueError, match="axes must be 2 matplotlib Axes"):
            FeatureMapsDisplay.from_estimator(layer, X[0], axes=plt.subplots()[1])
