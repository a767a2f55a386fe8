"""Displays of the weights and connections of layers."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skhebb import ConvolutionalFeatures, SETClassifier, WinnerTakeAll
from skhebb.inspection import (
    DegreeDistributionDisplay,
    InputConnectivityDisplay,
    KernelsDisplay,
    WeightDistributionDisplay,
)

from .networks import NETWORK


class TestInputConnectivityDisplay:
    def test_image(self, fitted):
        display = InputConnectivityDisplay.from_estimator(fitted, image_shape=(3, 4))
        expected = (fitted.coefs_[0].toarray() != 0).sum(axis=1).reshape(3, 4)
        assert_array_equal(display.im_.get_array(), expected)
        assert len(display.figure_.axes) == 2  # with a colour bar

    def test_points(self, fitted):
        _, ax = plt.subplots()
        display = InputConnectivityDisplay.from_estimator(fitted, ax=ax, c="k", ls="-")
        assert display.ax_ is ax
        expected = (fitted.coefs_[0].toarray() != 0).sum(axis=1)
        assert_array_equal(ax.lines[0].get_ydata(), expected)
        assert ax.lines[0].get_color() == "k"

    @pytest.mark.parametrize(
        "shape", [(3, 5), (12,), (3, 2, 2), 12, (3.0, 4.0), (-3, -4)]
    )
    def test_wrong_shape(self, fitted, shape):
        with pytest.raises(ValueError, match="number of inputs, 12"):
            InputConnectivityDisplay.from_estimator(fitted, image_shape=shape)


class TestKernelsDisplay:
    @pytest.mark.parametrize("n_channels", [1, 3])
    def test_of_convolution(self, n_channels, rng):
        """Weights from -max to max of a unit become 0 to 1, with lines between."""
        layer = ConvolutionalFeatures(
            PCA(3), image_shape=(6, 5, n_channels), kernel_size=(4, 2)
        )
        layer.fit(rng.standard_normal((20, 30 * n_channels)))
        pipeline = make_pipeline(FunctionTransformer(), layer)
        for estimator in pipeline, layer:
            display = KernelsDisplay.from_estimator(estimator)
            assert display.kernels.shape == (3, 4, 2, n_channels)
        image = np.asarray(display.im_.get_array()).reshape(9, 5, n_channels)
        cells = image[:4, :2], image[:4, 3:], image[5:, :2]
        for cell, weights in zip(cells, layer.features_.components_, strict=True):
            expected = 0.5 + weights / np.abs(weights).max() / 2
            assert_allclose(cell.ravel(), expected)
        assert (image[4] == 1).all()
        assert (image[:, 2] == 1).all()

    def test_of_units_with_receptive_fields(self, rng):
        wta = WinnerTakeAll(7, density=0.3).fit(rng.random((30, 12)))
        display = KernelsDisplay.from_estimator(
            make_pipeline(StandardScaler(), wta).fit(rng.random((30, 12))),
            image_shape=(3, 4),
        )
        assert_array_equal(display.kernels.reshape(7, 12), wta.components_.toarray())
        few = display.plot(max_kernels=2).im_.get_array()
        assert few.shape == (3, 9)

    def test_errors(self, rng):
        kmeans = KMeans(2).fit(rng.random((9, 12)))
        with pytest.raises(ValueError, match=r"a unit, 12\. Got \(5, 2\)"):
            KernelsDisplay.from_estimator(kmeans, image_shape=(5, 2))
        for shape in None, 12, (3.0, 4.0), (-3, -4):
            with pytest.raises(ValueError, match=r"a unit, 12\. Got"):
                KernelsDisplay.from_estimator(kmeans, image_shape=shape)
        with pytest.raises(
            ValueError, match=r"one or three channels to be seen\. Got 2"
        ):
            KernelsDisplay.from_estimator(kmeans, image_shape=(3, 2, 2))
        with pytest.raises(TypeError, match="components_ or cluster_centers_"):
            KernelsDisplay.from_estimator(StandardScaler().fit(rng.random((9, 12))))


class TestWeightDistributionDisplay:
    def test_summary(self, fitted):
        display = WeightDistributionDisplay.from_estimator(fitted)
        frame = pd.DataFrame(display.summary).set_index("layer")
        for depth, weights in enumerate(fitted.coefs_):
            data = weights.toarray()[weights.toarray() != 0]
            row = frame.loc[depth + 1]
            assert row["n_connections"] == data.size
            assert_allclose(row["share_positive"], np.mean(data > 0))
            assert_allclose(row["mean_positive"], np.mean(data[data > 0]))
            assert_allclose(row["std_positive"], np.std(data[data > 0]))
            assert_allclose(row["mean_negative"], np.mean(data[data < 0]))
            assert_allclose(row["std_negative"], np.std(data[data < 0]))

    def test_one_sign_only(self):
        (figures,) = WeightDistributionDisplay([np.array([1.0, 3.0])]).summary
        assert figures["share_positive"] == 1
        assert figures["mean_positive"] == 2
        assert np.isnan(figures["mean_negative"])

    def test_compare(self, fitted, data):
        display = WeightDistributionDisplay.from_estimator(fitted, label="HebbSET")
        other = SETClassifier(**NETWORK).fit(*data)
        WeightDistributionDisplay.from_estimator(other, axes=display.axes_, label="SET")
        texts = display.axes_[2].get_legend().get_texts()
        assert [text.get_text() for text in texts] == ["HebbSET", "SET"]


class TestDegreeDistributionDisplay:
    def test_degrees(self, fitted):
        display = DegreeDistributionDisplay.from_estimator(fitted)
        for depth, weights in enumerate(fitted.coefs_):
            there = weights.toarray() != 0
            assert_array_equal(display.out_degrees[depth], there.sum(axis=1))
            assert_array_equal(display.in_degrees[depth + 1], there.sum(axis=0))
        assert not display.in_degrees[0].any()
        assert not display.out_degrees[-1].any()

    def test_cumulative(self):
        display = DegreeDistributionDisplay(
            [np.zeros(4, int), np.array([3, 1])],
            [np.array([0, 1, 1, 2]), np.zeros(2, int)],
        ).plot()
        line = display.axes_[0].lines[0]
        assert_array_equal(line.get_xdata(), [1, 2])
        assert_array_equal(line.get_ydata(), [0.75, 0.25])
        line = display.axes_[1].lines[0]
        assert_array_equal(line.get_xdata(), [1, 3])
        assert_array_equal(line.get_ydata(), [1, 0.5])
