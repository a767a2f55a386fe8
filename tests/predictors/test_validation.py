"""Early stopping by held-out and by given samples."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhebb import SETClassifier, SETRegressor

from .networks import (
    assert_same,
    classification,
    each,
    each_classifier,
    each_regressor,
    make,
    multilabel,
    predictions,
    problem,
    regression,
)


class TestValidation:
    """Held-out and given validation data."""

    def given(self, cls, is_weighted=False):
        X, y = problem(cls)
        validation = {"X_val": X[60:], "y_val": y[60:]}
        if is_weighted:
            validation["sample_weight_val"] = np.arange(30.0)
        return X[:60], y[:60], validation

    @each
    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_scores_and_losses_of_every_epoch(self, cls, is_weighted):
        X, y, validation = self.given(cls, is_weighted)
        model = make(cls, early_stopping=True).fit(X, y, **validation)
        weights = validation.get("sample_weight_val")
        for epoch in range(5):
            there = make(cls, max_iter=epoch + 1).fit(X, y)
            found = predictions(there, validation["X_val"])
            wanted = validation["y_val"]
            if is_classifier(model):
                score = accuracy_score(
                    wanted, found.argmax(axis=1), sample_weight=weights
                )
                loss = log_loss(wanted, found, sample_weight=weights)
            else:
                score = r2_score(wanted, found, sample_weight=weights)
                loss = np.average((wanted - found) ** 2, weights=weights) / 2
            assert_allclose(model.validation_scores_[epoch], score)
            assert_allclose(model.validation_loss_curve_[epoch], loss)

    @each
    def test_the_best_network_is_returned(self, cls):
        """Which is not the last one, as the targets of validation are wrong."""
        X, y, validation = self.given(cls, is_weighted=True)
        wrong = (y[30:] + 1) % 3 if is_classifier(cls()) else -y[30:]
        validation = {**validation, "X_val": X[30:], "y_val": wrong}
        params = {"weight_scale": 0.01, "learning_rate_init": 0.03}
        model = make(cls, **params, early_stopping=True, max_iter=12)
        model.fit(X, y, **validation)
        best = int(np.argmax(model.validation_scores_))
        assert best < 11
        assert_allclose(model.score(*validation.values()), model.best_validation_score_)
        assert_same(model, make(cls, **params, max_iter=best + 1).fit(X, y))

    @pytest.mark.parametrize("targets", ["numbers", "labels"])
    def test_several_outputs(self, targets):
        cls = SETRegressor if targets == "numbers" else SETClassifier
        X, y = regression(3) if targets == "numbers" else multilabel()
        model = make(cls, early_stopping=True, max_iter=1)
        model.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
        if targets == "numbers":
            found = model.predict(X[50:])
            score = r2_score(y[50:], found)
            loss = ((found - y[50:]) ** 2).sum(axis=1).mean() / 2
        else:
            found = model.predict_proba(X[50:])
            score = (model.predict(X[50:]) == y[50:]).all(axis=1).mean()
            loss = sum(
                log_loss(y[50:, label], found[:, label], labels=[0, 1])
                for label in range(4)
            )
        assert_allclose(model.validation_scores_, [score])
        assert_allclose(model.validation_loss_curve_, [loss])

    @each_regressor
    def test_losses_are_of_standardised_targets(self, cls):
        X, y, _ = self.given(cls)
        reg = make(cls, early_stopping=True, max_iter=1, normalize_y=True)
        reg.fit(X, 9 * y + 4, X_val=X, y_val=9 * y + 4)
        errors = (reg.predict(X) - 9 * y - 4) / (9 * y.std())
        assert_allclose(reg.validation_loss_curve_, [(errors**2).mean() / 2])
        assert_allclose(reg.validation_scores_, [reg.score(X, 9 * y + 4)])

    @each
    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_is_a_split_by_hand(self, cls, is_weighted):
        """Which is stratified by class."""
        X, y = problem(cls)
        weights = np.linspace(1, 2, len(y)) if is_weighted else None
        model = make(
            cls, early_stopping=True, validation_fraction=0.3, max_iter=8
        ).fit(X, y, weights)  # fmt: skip
        train, val = train_test_split(
            np.arange(len(y)),
            test_size=0.3,
            stratify=y if is_classifier(model) else None,
            random_state=model._state.random.split_seed,
        )
        by_hand = clone(model).fit(
            X[train],
            y[train],
            sample_weight=weights[train] if is_weighted else None,
            X_val=X[val],
            y_val=y[val],
            sample_weight_val=weights[val] if is_weighted else None,
        )
        assert_same(model, by_hand)
        assert model.loss_curve_ == by_hand.loss_curve_
        assert model.validation_scores_ == by_hand.validation_scores_
        assert model.validation_loss_curve_ == by_hand.validation_loss_curve_

    @each
    def test_kinds_of_validation_data(self, cls):
        X, y, validation = self.given(cls)
        expected = make(cls, early_stopping=True).fit(X, y, **validation)
        X_val, y_val = validation.values()
        for kind in (sparse.csc_array, sparse.coo_matrix, np.ndarray.tolist):
            model = clone(expected).fit(X, y, X_val=kind(X_val), y_val=list(y_val))
            assert_allclose(model.validation_scores_, expected.validation_scores_)
            assert_allclose(
                model.validation_loss_curve_, expected.validation_loss_curve_
            )

    @each
    def test_weight_0_stands_for_absent(self, cls):
        X, y, validation = self.given(cls)
        weights = np.arange(30) % 2
        weighted = make(cls, early_stopping=True)
        weighted.fit(X, y, sample_weight_val=weights, **validation)
        absent = make(cls, early_stopping=True)
        absent.fit(X, y, **{name: rows[1::2] for name, rows in validation.items()})
        assert_allclose(weighted.validation_scores_, absent.validation_scores_)
        assert_allclose(weighted.validation_loss_curve_, absent.validation_loss_curve_)

    @each
    @pytest.mark.parametrize(
        ("names", "message"),
        [
            (["X_val"], "X_val was given without y_val"),
            (["y_val"], "y_val was given without X_val"),
            (["sample_weight_val"], "sample_weight_val was given without X_val and"),
            (["X_val", "sample_weight_val"], "X_val was given without y_val"),
        ],
    )
    def test_incomplete(self, cls, names, message):
        X, y, validation = self.given(cls, is_weighted=True)
        model = make(cls, early_stopping=True)
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, **{name: validation[name] for name in names})
        assert not hasattr(model, "coefs_")

    @each
    def test_wants_early_stopping(self, cls):
        X, y, validation = self.given(cls)
        with pytest.raises(ValueError, match="but early_stopping=False"):
            make(cls).fit(X, y, **validation)

    @each
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"X_val": np.ones((30, 3))}, "is expecting 10 features"),
            ({"X_val": np.ones((29, 10))}, "inconsistent numbers of samples"),
            ({"X_val": np.full((30, 10), np.nan)}, "contains NaN"),
            ({"sample_weight_val": np.ones(29)}, "sample_weight.shape"),
            ({"sample_weight_val": -np.ones(30)}, "Negative values"),
            ({"sample_weight_val": np.zeros(30)}, "at least one|must be positive"),
        ],
    )
    def test_unsound(self, cls, change, message):
        X, y, validation = self.given(cls)
        model = make(cls, early_stopping=True)
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, **{**validation, **change})
        assert not hasattr(model, "coefs_")

    @each_classifier
    def test_unknown_labels(self, cls):
        X, y = classification()
        clf = make(cls, early_stopping=True)
        with pytest.raises(ValueError, match=r"`y_val` has classes not in.*\[2\]"):
            clf.fit(X[y < 2], y[y < 2], X_val=X, y_val=y)
        with pytest.raises(ValueError, match=r"`y_val` has classes not in"):
            clf.fit(X, y, X_val=X, y_val=y.astype(str))

    @pytest.mark.parametrize("n_columns", [1, 2])
    def test_other_number_of_outputs(self, n_columns):
        for cls, (X, y) in [
            (SETRegressor, regression(3)),
            (SETClassifier, multilabel()),
        ]:
            y_val = y[:, 0] if n_columns == 1 else y[:, :2]
            with pytest.raises(ValueError, match=f"`y_val` must have.*Got {n_columns}"):
                make(cls, early_stopping=True).fit(X, y, X_val=X, y_val=y_val)

    def test_indicators_for_classes(self):
        X, y = classification(2)
        Y = np.column_stack([y, 1 - y])
        with pytest.raises(ValueError, match="y_val"):
            make(SETClassifier, early_stopping=True).fit(X, y, X_val=X, y_val=Y)

    @pytest.mark.parametrize("dtype", [object, str])
    @each_classifier
    def test_string_labels(self, cls, dtype):
        X, y = classification()
        labels = np.array(["spam", "ham", "eggs"], dtype=dtype)[y]
        clf = make(cls, early_stopping=True, validation_fraction=0.3).fit(X, labels)
        numbers = np.unique(labels, return_inverse=True)[1]
        same = clone(clf).fit(X, numbers)
        assert clf.validation_scores_ == same.validation_scores_
        given = clone(clf).fit(X, labels, X_val=X, y_val=labels)
        assert given.best_validation_score_ == given.score(X, labels)

    @each_classifier
    def test_a_class_of_one_sample(self, cls):
        """It is trained on; the others are stratified as without it."""
        X, y = classification()
        y = np.where(np.arange(len(y)) == 5, 3, y)
        clf = make(cls, early_stopping=True, validation_fraction=0.3).fit(X, y)
        assert_array_equal(clf.classes_, [0, 1, 2, 3])
        rest = np.flatnonzero(y < 3)
        train, val = train_test_split(
            rest,
            test_size=27,
            stratify=y[rest],
            random_state=clf._state.random.split_seed,
        )
        train = np.append(train, 5)
        by_hand = clone(clf).fit(X[train], y[train], X_val=X[val], y_val=y[val])
        assert_same(clf, by_hand)
        assert clf.validation_scores_ == by_hand.validation_scores_

    @each_classifier
    @pytest.mark.parametrize("fraction", [0.1, 0.9])
    def test_more_classes_than_fit_into_a_part(self, cls, fraction):
        X, _ = classification()
        y = np.arange(len(X)) // 3 % 15
        clf = make(cls, early_stopping=True, validation_fraction=fraction)
        n_val = round(fraction * len(X))
        message = f"share out {n_val} of 90 samples among 15 classes.*Change valid"
        with pytest.warns(UserWarning, match=message) as caught:
            clf.fit(X, y)
        assert caught[0].filename == __file__
        assert_array_equal(clf.classes_, np.arange(15))

    @each
    def test_too_few_samples(self, cls):
        X, y = problem(cls)
        model = make(cls, early_stopping=True, validation_fraction=0.1)
        with pytest.raises(ValueError, match="The validation set is too small"):
            model.fit(X[:9], y[:9])
        # Two are enough.
        model.set_params(validation_fraction=0.2).fit(X[:9], y[:9])
        assert len(model.validation_scores_) == 5

    def test_r2_of_one_sample(self):
        X, y = regression()
        reg = make(SETRegressor, early_stopping=True)
        with pytest.raises(ValueError, match=r"1 sample\(s\).* minimum of 2"):
            reg.fit(X, y, X_val=X[:1], y_val=y[:1])

    def test_nothing_left_to_train_on(self):
        X, y = regression()
        reg = make(SETRegressor, early_stopping=True, validation_fraction=0.9999)
        with pytest.raises(ValueError, match=r"validation_fraction=0\.9999 .*Lower it"):
            reg.fit(X, y)

    def test_r2_of_one_weighted_sample(self):
        X, y = regression()
        reg = make(SETRegressor, early_stopping=True)
        given = {"X_val": X[:3], "y_val": y[:3], "sample_weight_val": [1, 0, 0]}
        with pytest.raises(ValueError, match="X_val and y_val: less than two samples"):
            reg.fit(X, y, **given)

    @each
    @pytest.mark.parametrize("weight", [1e-30, 1e30])
    def test_weights_without_measure(self, cls, weight):
        X, y = problem(cls)
        with pytest.raises(ValueError, match=r"largest sample_weight .*Got 1e[+-]30\."):
            make(cls).fit(X, y, sample_weight=np.full(len(y), weight))

    @each
    def test_weights_of_1_change_nothing(self, cls):
        X, y = problem(cls)
        model = make(cls, early_stopping=True, batch_size=10).fit(X, y)
        weighted = clone(model).fit(X, y, sample_weight=np.ones(len(y)))
        assert_same(model, weighted, rtol=1e-10)
        assert_allclose(model.validation_scores_, weighted.validation_scores_)

    @each
    def test_samples_of_weight_0_are_in_no_part(self, cls):
        X, y = problem(cls)
        weights = (np.arange(len(y)) % 3 > 0) * np.linspace(1, 2, len(y))
        there = weights > 0
        model = make(cls, early_stopping=True, max_iter=8).fit(X, y, weights)
        absent = clone(model).fit(X[there], y[there], weights[there])
        assert_same(model, absent)
        assert model.validation_scores_ == absent.validation_scores_

    def test_in_a_pipeline(self):
        X, y = regression()
        with sklearn.config_context(enable_metadata_routing=True):
            reg = make(SETRegressor, early_stopping=True)
            reg.set_fit_request(X_val=True, y_val=True)
            pipe = make_pipeline(StandardScaler(), reg)
            pipe.set_params(transform_input=["X_val"])
            pipe.fit(9 * X[:60] + 1, y[:60], X_val=9 * X[60:] + 1, y_val=y[60:])
        score = pipe.score(9 * X[60:] + 1, y[60:])
        assert_allclose(pipe[-1].best_validation_score_, score)
