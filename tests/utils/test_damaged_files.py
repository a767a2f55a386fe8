"""Files that cannot be a model, or are of another version, are refused."""

import contextlib
import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from .saving import NETWORK, begin, outputs


def damage(state, rng):
    """Spoil one thing that was saved."""
    training = state["_saved"]["training"]
    holders = [
        state,
        state["_saved"],
        state["_saved"]["encoder"],
        training,
        *training["layers"],
        *training["random"]["generators"],
        *(training[part] for part in ("random", "counters", "progress", "history")),
    ]
    holders += 3 * training["layers"]
    holder = holders[rng.integers(len(holders))]
    if holder is state:
        names = [name for name in state if name.endswith("_")]
    else:
        names = list(holder)
    name = names[rng.integers(len(names))]
    value = holder[name]
    junk = [None, -1, 10**9, np.nan, "junk", [], {}, np.zeros(3), np.zeros((2, 2))]
    spoiled = [junk[rng.integers(len(junk))]]
    if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "iuf":
        changed = value.copy()
        changed.flat[rng.integers(value.size)] = rng.choice([-1, 10**6, 77])
        spoiled += [changed, value[:-1], np.append(value, value), value.astype(int)]
        spoiled += [value.astype(object), value[::-1], value.reshape(1, -1)]
    if isinstance(value, list):
        spoiled += [value[:-1], 2 * value]
    if isinstance(value, int | float):
        spoiled += [-value - 1, value + 10**12, str(value)]
    if isinstance(value, tuple):
        spoiled += [value[::-1], value + value, tuple(10 * n for n in value)]
    holder[name] = spoiled[rng.integers(len(spoiled))]


class TestDamaged:
    """What cannot be a model is refused when it is loaded, not when it crashes."""

    def test_malformed_states(self, estimator_class, data):
        X, y = data
        file = pickle.dumps(begin(estimator_class(**NETWORK, solver="adam"), X, y))
        rng = np.random.default_rng(0)
        n_refused = 0
        for _ in range(150):
            estimator = pickle.loads(file)
            state = estimator.__getstate__()
            damage(state, rng)
            other = estimator_class.__new__(estimator_class)
            try:
                other.__setstate__(state)
            except ValueError as error:
                reason = str(error)
            else:
                reason = None
            if reason is not None:
                assert "cannot be loaded" in reason or "cannot load" in reason
                assert vars(other) == {}
                n_refused += 1
                continue
            other.random_state, other.n_jobs = 0, 1
            for use in (
                lambda other=other: np.isfinite(outputs(other, X)).all(),
                lambda other=other: other.partial_fit(X, y),
                lambda other=other: outputs(other, X),
            ):
                with contextlib.suppress(Exception), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    use()
        assert n_refused > 75

    def test_the_other_byte_order(self, estimator_class, data):
        X, y = data
        estimator = begin(estimator_class(**NETWORK), X, y)
        state = estimator.__getstate__()
        for layer in state["_saved"]["training"]["layers"]:
            for name in ("data", "indices", "indptr", "biases"):
                layer[name] = layer[name].astype(layer[name].dtype.newbyteorder())
        other = estimator_class.__new__(estimator_class)
        other.__setstate__(state)
        assert_array_equal(outputs(other, X), outputs(estimator, X))


class TestVersions:
    @pytest.mark.parametrize("is_fitted", [False, True])
    def test_another_format_is_refused(
        self, estimator_class, data, is_fitted, monkeypatch
    ):
        estimator = estimator_class(**NETWORK)
        if is_fitted:
            estimator.fit(*data)
        with monkeypatch.context() as patch:
            patch.setattr("skhebb._utils.persistence.FORMAT", 1000)
            patch.setattr("skhebb._utils.persistence.__version__", "77.0")
            file = pickle.dumps(estimator)
        message = rf"{estimator_class.__name__} was saved by skhebb 77\.0.*cannot load"
        with pytest.raises(ValueError, match=message):
            pickle.loads(file)

    def test_no_format_is_refused(self, estimator_class):
        state = estimator_class().__getstate__()
        del state["_saved"]
        estimator = estimator_class.__new__(estimator_class)
        with pytest.raises(ValueError, match="saved by skhebb an earlier version"):
            estimator.__setstate__(state)
        assert vars(estimator) == {}

    def test_newer_parameters_get_their_default(self, estimator_class, data):
        X, y = data
        estimator = estimator_class(**NETWORK, negative_slope=0.1, dropout=0.2)
        state = begin(estimator, X, y).__getstate__()
        del state["negative_slope"], state["dropout"]
        other = estimator_class.__new__(estimator_class)
        other.__setstate__(state)
        default = estimator_class()
        assert other.negative_slope == default.negative_slope != 0.1
        assert other.dropout == default.dropout != 0.2
        assert_array_equal(outputs(other, X), outputs(estimator, X))
        assert other.partial_fit(X, y).n_iter_ == 1

    def test_loading_leaves_the_state_as_it_was(self, estimator_class, data):
        """So that one state makes several estimators."""
        X, y = data
        state = estimator_class(**NETWORK).fit(X, y).__getstate__()
        made = []
        for _ in range(2):
            made.append(estimator_class.__new__(estimator_class))
            made[-1].__setstate__(state)
        assert_array_equal(outputs(made[0], X), outputs(made[1], X))
