"""Defaults that depend on the amount of data."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import is_classifier
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skhebb import (
    HebbianMaskClassifier,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)
from skhebb._predictors.recipe import auto_interval, auto_max_iter, batch_size_for
from skhebb._predictors.recipe import learning_rate_for as rate_for
from skhebb.topology import GRAPHS

from .networks import make_data

NETWORKS = [SETClassifier, HebbSETClassifier, SETRegressor, HebbSETRegressor]


class TestFormulas:
    @pytest.mark.parametrize(
        ("n", "batch_size", "epochs", "rate"),
        [  # n_batches = n / batch_size, epochs = 1.6 n^0.85 / n_batches, upwards
            (20, 20, 21, 0.02 * math.sqrt(20 / 32)),  # 20.4
            (100, 25, 21, 0.02 * math.sqrt(25 / 32)),  # 80.2 / 4
            (320, 32, 22, 0.02),  # 215.5 / 10
            (1000, 100, 57, 0.02),  # 567.7 / 10
            (2000, 200, 103, 0.02),  # 1023.3 / 10
            (10_000, 200, 81, 0.0125),  # 4019 / 50
            (60_000, 200, 62, 1.25 / 60_000**0.5),  # 18431 / 300
            (1_000_000, 200, 41, 0.00125),  # 201428 / 5000
        ],
    )
    def test_by_hand(self, n, batch_size, epochs, rate):
        assert batch_size_for("auto", n) == batch_size
        assert auto_max_iter(n, -(-n // batch_size)) == epochs
        for n_inputs, factor in ((8, 1), (32, 1), (128, 0.5)):
            layer = SimpleNamespace(n_connections_target=7 * n_inputs, n_out=7)
            found = rate_for("auto", [layer], n, batch_size)
            assert_allclose(found, factor * rate)

    @pytest.mark.parametrize(
        ("n_batches", "rate"), [(20, 0.02), (80, 1 / 80), (200, 0.005), (5000, 0.005)]
    )
    def test_few_mini_batches_are_fast(self, n_batches, rate):
        layer = SimpleNamespace(n_connections_target=512 * 7, n_out=7)
        assert_allclose(rate_for("auto", [layer], 100, 32, n_batches), rate)
        half = rate / math.sqrt(2)
        assert_allclose(rate_for("auto", [layer], 100, 16, n_batches), half)

    def test_the_mini_batches_are_those_planned(self, rng):
        X, y = make_data(rng, 100, 600)
        for max_iter in (10, 21, 50):
            model = SETClassifier(300, max_iter=max_iter, random_state=0).fit(X, y)
            assert model.batch_size_ == 25
            k = model._state.network.layers[0].n_connections_target / 300
            expected = max(0.02 * math.sqrt(32 / k), min(0.02, 1 / (4 * max_iter)))
            assert_allclose(model.learning_rate_init_, expected * math.sqrt(25 / 32))

    @pytest.mark.parametrize("n", [1, 31, 33, 64, 65, 321, 399, 1999, 2001, 60_001])
    def test_mini_batches_are_even(self, n):
        size = batch_size_for("auto", n)
        n_batches = -(-n // size)
        assert size <= max(32, min(200, n // 10)) or size == n <= 64
        assert n_batches * size - n < n_batches  # the last one lacks less than one each

    @pytest.mark.parametrize(
        ("n_features", "share"), [(1, 0.5), (16, 0.5), (24, 0.75), (32, 1), (300, 1)]
    )
    def test_few_features(self, rng, n_features, share):
        """Half of the penalties and twice the mini-batches of classes of up to 16."""
        X, y = rng.normal(size=(1000, n_features)), np.arange(1000) % 2
        model = SETClassifier((9, 7), random_state=0).fit(X, y)
        expected = np.array([0.2 * min(n_features, 500), 0.2 * 9, 1]) / 1000
        assert_allclose(model.weight_decay_, share * expected)
        assert model.max_iter_ == math.ceil(1.6 * 1000**0.85 / share / 10)
        numbers = SETRegressor((9, 7), random_state=0).fit(X, y)
        assert_allclose(numbers.weight_decay_, expected)
        assert numbers.max_iter_ == math.ceil(1.6 * 1000**0.85 / 10)

    def test_at_least_ten_epochs_and_ten_mini_batches(self):
        assert auto_max_iter(1000, 1000) == 10
        assert auto_interval(100) == 10
        assert auto_interval(6001) == 101

    @pytest.mark.parametrize("cls", NETWORKS)
    def test_realised_values(self, cls, rng):
        X, y = make_data(rng, 400)
        model = cls((20, 10), random_state=0).fit(X, y)
        assert model.batch_size_ == 40
        # Of few features classifiers have half of the penalties, twice the steps.
        share = 0.5 if is_classifier(model) else 1
        assert model.max_iter_ == model.n_iter_ == math.ceil(26.05 / share)
        assert model.learning_rate_init_ == 0.02
        expected = share * np.array([0.2 * 8, 0.2 * 20, 1]) / 400
        assert_allclose(model.weight_decay_, expected)
        assert model.evolution_interval_ == 10
        assert model.density_ == 1

    @pytest.mark.parametrize("n", [10, 39, 40, 41, 100])
    def test_no_more_inputs_count_than_half_the_samples(self, n, rng):
        model = SETClassifier((20, 10), max_iter=1).fit(
            rng.normal(size=(n, 8)), np.arange(n) % 2
        )
        expected = [min(0.05, 0.1 * 8 / n), min(0.05, 0.1 * 20 / n), 0.5 / n]
        assert_allclose(model.weight_decay_, expected)

    @pytest.mark.parametrize("cls", [SETClassifier, HebbSETClassifier])
    def test_dropout(self, cls, rng):
        """Less where layers are narrow or features few; none where samples are."""
        for n_features, hidden, expected in [
            (30, 20, 0.04), (30, 150, 0.3), (200, 1000, 0.3), (8, 150, 0.08),
            (30, (300, 300, 20), 0.04 / 3), (30, (), 0),
        ]:  # fmt: skip
            X, y = make_data(rng, 65, n_features)
            model = cls(hidden, max_iter=1, random_state=0)
            assert model.fit(X, y).dropout_ == pytest.approx(expected)
            assert model.fit(X[:64], y[:64]).dropout_ == 0
            weights = np.r_[np.full(63, 1), 2]
            model.fit(X[:64], y[:64], sample_weight=weights)
            assert model.dropout_ == pytest.approx(expected)
            stream = cls(hidden).partial_fit(X[:1], y[:1], classes=[0, 1])
            of_many = expected * min(1, 16 * n_features**2 / 10_000)
            assert stream.dropout_ == pytest.approx(of_many)

    @pytest.mark.parametrize(("n", "expected"), [(65, 0.02), (128, 0.01), (640, 0.002)])
    def test_dropout_falls_beyond_16_samples_a_pair_of_features(self, rng, n, expected):
        X, y = make_data(rng, n, 2)
        model = SETClassifier(150, max_iter=1).fit(X, y)
        assert model.dropout_ == pytest.approx(expected, rel=0.02)

    def test_given_values_are_kept(self, rng):
        X, y = make_data(rng, 50)
        model = SETClassifier(
            5, batch_size=7, max_iter=3, learning_rate_init=0.5, weight_decay=0.25,
            dropout=0.5, evolution_interval="epoch", random_state=0,
        ).fit(X, y)  # fmt: skip
        assert model.dropout_ == 0.5
        assert model.batch_size_ == 7
        assert model.max_iter_ == model.n_iter_ == 3
        assert model.learning_rate_init_ == 0.5
        assert_array_equal(model.weight_decay_, [0.25, 0.25])
        assert model.evolution_interval_ == "epoch"

    @pytest.mark.parametrize("graph", sorted(GRAPHS))
    @pytest.mark.parametrize("shapes", [[(16, 300), (300, 26)], [(60, 400), (400, 65)]])
    def test_small_networks_are_dense(self, graph, shapes):
        counts = GRAPHS[graph](shapes, None, "auto").counts
        assert_allclose(counts, [math.prod(shape) for shape in shapes])

    @pytest.mark.parametrize("graph", sorted(GRAPHS))
    def test_large_networks_have_a_tenth_or_less(self, graph):
        shapes = [(300, 300), (300, 2)]  # a tenth
        counts = GRAPHS[graph](shapes, None, "auto").counts
        assert sum(counts) == pytest.approx(0.1 * 90_600, rel=0.03)
        shapes = [(3000, 1000), (1000, 10)]  # what epsilon = 20 gives
        p = 20 * np.array([4000 / 3e6, 1010 / 1e4])
        expected = -np.array([3e6, 1e4]) * np.expm1(-p)
        counts = GRAPHS[graph](shapes, None, "auto").counts
        assert sum(counts) == pytest.approx(expected.sum(), rel=0.01)

    def test_glorot(self, rng):
        X, y = make_data(rng, 20, 40)
        model = SETClassifier(
            500, max_iter=1, learning_rate_init=1e-15, zeta=0, random_state=0
        )
        data = model.fit(X, y).coefs_[0].data
        assert data.std() == pytest.approx(math.sqrt(2 / (40 + 500)), rel=0.02)


class TestWeights:
    """The amount of data is the total weight of the samples, their number at least."""

    def test_a_weight_of_two_is_two_samples(self, rng):
        X, y = make_data(rng, 600)
        twice = SETClassifier(9, dropout=0, random_state=0, batch_size=600)
        twice.fit(X, y, sample_weight=np.full(600, 2.0))
        both = SETClassifier(9, dropout=0, random_state=0, batch_size=1200)
        both.fit(np.r_[X, X], np.r_[y, y])
        assert_array_equal(twice.weight_decay_, both.weight_decay_)
        assert twice.learning_rate_init_ == both.learning_rate_init_
        assert twice.max_iter_ == both.max_iter_
        for one, other in zip(twice.coefs_, both.coefs_, strict=True):
            assert_allclose(one.toarray(), other.toarray(), rtol=1e-3, atol=1e-5)

    @pytest.mark.parametrize("total", [1.0, 300.0])
    def test_weights_that_sum_to_one(self, rng, total):
        X, y = make_data(rng, 300)
        weighted = SETClassifier(9, random_state=0)
        weighted.fit(X, y, sample_weight=np.full(300, total / 300))
        plain = SETClassifier(9, random_state=0).fit(X, y)
        assert_array_equal(weighted.weight_decay_, plain.weight_decay_)
        assert_allclose(weighted.coefs_[0].data, plain.coefs_[0].data, atol=1e-6)

    def test_samples_held_out_do_not_count(self, rng):
        X, y = make_data(rng, 500)
        model = SETClassifier(9, early_stopping=True, random_state=0).fit(X, y)
        assert_allclose(model.weight_decay_[-1], 0.5 / 450)
        weight = (np.arange(500) < 200).astype(float)  # absent ones do not, either
        model = SETClassifier(9, random_state=0).fit(X, y, weight)
        assert_allclose(model.weight_decay_[-1], 0.5 / 200)

    def test_the_penalty_is_that_of_each_layer(self, rng):
        X, y = make_data(rng, 200)
        params = {"max_iter": 1, "learning_rate_init": 1e-15, "random_state": 0}
        penalised = SETClassifier((9, 7), **params).fit(X, y)
        plain = SETClassifier((9, 7), weight_decay=0, **params).fit(X, y)
        squares = [np.sum(coefs.data**2) for coefs in plain.coefs_]
        expected = 0.5 * np.dot(np.array([0.8, 0.9, 0.5]) / 200, squares)
        assert_allclose(penalised.loss_ - plain.loss_, expected, rtol=1e-6)

    def test_a_step_is_that_of_each_layer(self, rng):
        X, y = make_data(rng, 200)
        params = {
            "max_iter": 1, "learning_rate_init": 0.5, "solver": "sgd", "momentum": 0,
            "batch_size": 200, "random_state": 0,
        }  # fmt: skip
        start = SETClassifier((9, 7), **{**params, "learning_rate_init": 1e-300})
        start = start.fit(X, y).coefs_
        penalised = SETClassifier((9, 7), **params).fit(X, y).coefs_
        plain = SETClassifier((9, 7), weight_decay=0, **params).fit(X, y).coefs_
        for c, one, other, w in zip(
            [0.8, 0.9, 0.5], penalised, plain, start, strict=True
        ):
            difference = other.data - one.data
            assert_allclose(difference, 0.5 * c / 200 * w.data, atol=1e-12)


class TestEasyTraining:
    """Plans are shortened where hardly anything is left to learn."""

    @staticmethod
    def easy_data(rng):
        X = rng.standard_normal((200, 4))
        y = (np.arange(200) < 50).astype(int)
        X[:, 0] += 9 * y
        return X, y

    @staticmethod
    def epochs_of(losses, n_epochs, limit):
        """How many epochs it takes, if these losses go on as they are."""
        left, n_left = n_epochs, n_epochs
        for n_over, loss in enumerate(losses, 1):
            left -= left / n_left
            if n_left == 1:
                return n_over
            n_left = math.ceil(left / min(max(limit / loss, 1), n_epochs / 10))
        return None

    @pytest.mark.parametrize("weight", [1, 75])
    @pytest.mark.parametrize("cls", [SETClassifier, HebbianMaskClassifier])
    def test_an_epoch_counts_for_more(self, rng, cls, weight):
        X, y = self.easy_data(rng)
        model = cls(
            20, weight_decay=0, batch_size=50, learning_rate_init=0.05, random_state=0
        )
        model.fit(X, y, np.full(200, float(weight)))
        n = 200 * weight
        assert model.max_iter_ == math.ceil(3.2 * n**0.85 / 4)  # of few features
        entropy = -0.25 * math.log(0.25) - 0.75 * math.log(0.75)
        limit = min(0.02, 100 / n) * entropy
        losses = model.loss_curve_
        assert min(losses) < limit / 2  # of no interest otherwise
        assert 10 < model.n_iter_ < 0.9 * model.max_iter_
        assert self.epochs_of(losses, model.max_iter_, limit) == model.n_iter_

    def test_the_penalty_does_not_count(self, rng):
        X, y = self.easy_data(rng)
        model = SETClassifier(50, weight_decay=0.004, random_state=0).fit(X, y)
        assert min(model.loss_curve_) > 0.02
        assert model.n_iter_ < model.max_iter_

    @pytest.mark.parametrize(
        "params", [{"max_iter": 40}, {"learning_rate": "constant", "tol": None}]
    )
    def test_only_where_the_plan_is_automatic(self, rng, params):
        X, y = self.easy_data(rng)
        params = {"weight_decay": 0, "learning_rate_init": 0.05, **params}
        model = SETClassifier(50, random_state=0, **params).fit(X, y)
        assert model.loss_ < 0.005
        assert model.n_iter_ == model.max_iter_

    def test_not_of_numbers(self, rng):
        X, _ = self.easy_data(rng)
        model = SETRegressor(20, weight_decay=0, random_state=0).fit(X, X[:, 0])
        assert model.loss_ < 0.005
        assert model.n_iter_ == model.max_iter_


class TestStreams:
    def test_taken_for_ten_thousand_samples(self, rng):
        X, y = make_data(rng, 500)
        model = SETClassifier(9, random_state=0).partial_fit(X, y, classes=[0, 1])
        assert model.batch_size_ == 200
        assert model.max_iter_ is None
        assert model.learning_rate_init_ == 0.0125
        assert_allclose(model.weight_decay_, np.array([0.8, 0.5]) / 10_000)
        assert model.evolution_interval_ == 50
        model.partial_fit(X[:1], y[:1])
        assert model.batch_size_ == 1
        assert_allclose(model.learning_rate_init_, 0.0125 / math.sqrt(32))
        assert model.evolution_interval_ == 10_000

    def test_decay_falls_with_samples_seen(self, rng):
        X, y = make_data(rng, 9000)
        model = SETClassifier(2, random_state=0)
        for n in (10_000, 18_000, 27_000):
            model.partial_fit(X, y, classes=[0, 1])
            assert_allclose(model.weight_decay_[-1], 0.5 / n)
        assert model.learning_rate_init_ == 0.0125

    def test_one_sample_at_a_time(self):
        """As accurate on the next sample as a dense network, within some points."""
        X, y = load_digits(return_X_y=True)
        X = StandardScaler().fit_transform(X)
        order = np.random.default_rng(0).permutation(len(y))[:600]
        model = SETClassifier((100,), random_state=0, n_jobs=1)
        model.partial_fit(X[order[:1]], y[order[:1]], classes=np.arange(10))
        hits = 0
        for place in order[1:]:
            hits += model.predict(X[[place]])[0] == y[place]
            model.partial_fit(X[[place]], y[[place]])
        assert hits / (len(order) - 1) >= 0.8


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"zeta_schedule": "linear"}, "zeta_schedule"),
        ({"evolution_end": 0}, "evolution_end"),
        ({"evolution_end": 1.5}, "evolution_end"),
        ({"weight_decay": "n"}, "weight_decay"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"learning_rate_init": 0}, "learning_rate_init"),
        ({"max_iter": 0}, "max_iter"),
        ({"max_iter": "all"}, "max_iter"),
        ({"weight_scale": "lecun"}, "weight_scale"),
    ],
)
@pytest.mark.parametrize("cls", NETWORKS)
def test_errors_name_the_parameter(cls, params, name):
    with pytest.raises(ValueError, match=name):
        cls(**params).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("as_given", [csr_array, np.asarray])
@pytest.mark.parametrize("rarity", [0.002, 0.3])
def test_penalty_of_features_that_are_rarely_there(as_given, rarity, rng):
    """Of the first layer's inputs, 10 mean(X²) count where that is less than 1."""
    X = (rng.random((200, 400)) < rarity) * 1.0
    X[0, 0], y = 1, np.arange(200) % 2
    weights = rng.integers(3, size=200)
    clf = SETClassifier((50, 20), density=0.1, max_iter=1, evolution_interval=10**6)
    clf.fit(as_given(X), y, weights)
    first, second, last = clf.weight_decay_
    n = max(np.count_nonzero(weights), weights.sum())
    share = min(1, 10 * np.average((X**2).mean(axis=1), weights=weights))
    inputs = clf.coefs_[0].nnz / 50, clf.coefs_[1].nnz / 20
    assert_allclose(first, 0.2 * inputs[0] * share / n)
    assert_allclose([second, last], [0.2 * inputs[1] / n, 1 / n])
