"""Fitted attributes of transformers and pre-training: changed, saved and copied."""

import copy
import pickle
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skhebb import (
    HebbianPCA,
    HebbianPretrainingClassifier,
    SETClassifier,
    WinnerTakeAll,
    ZCAWhitening,
)

X = np.random.default_rng(0).standard_normal((80, 12))
Y = np.arange(80) % 2
RULES = [WinnerTakeAll(6, random_state=0), HebbianPCA(6, random_state=0)]
NETWORK = SETClassifier(5, density=0.5, max_iter=2, tol=None, random_state=0)
PRETRAINED = HebbianPretrainingClassifier(
    NETWORK, WinnerTakeAll(random_state=0), random_state=0
)
ESTIMATORS = [
    *RULES,
    *(clone(rule).set_params(density=0.5) for rule in RULES),
    ZCAWhitening(),
    PRETRAINED,
]


def name_of(estimator):
    is_sparse = getattr(estimator, "density", 1) < 1
    return f"{'sparse ' * is_sparse}{type(estimator).__name__}"


def set_item(container, key, value):
    container[key] = value


def set_components(change):
    def spoil(fitted):
        fitted.components_ = change(fitted.components_)

    return spoil


SPOIL_FIELDS = [
    lambda fitted: set_item(fitted.components_.indices, 0, 10**8),
    lambda fitted: set_item(fitted.components_.indices, -1, 12),
    lambda fitted: set_item(fitted.components_.indices, 0, -1),
    lambda fitted: set_item(fitted.components_.indptr, 1, 10**6),
    lambda fitted: set_item(fitted.components_.indptr, 0, -5),
    lambda fitted: setattr(
        fitted.components_, "indptr", fitted.components_.indptr[:-1]
    ),
    lambda fitted: set_item(fitted.components_.data, 0, np.nan),
    lambda fitted: fitted.components_.resize((6, 9)),
]
SPOIL = [
    set_components(lambda c: c[:4]),
    set_components(lambda c: c.T),
    set_components(lambda c: c.tolist() if isinstance(c, np.ndarray) else [c]),
    set_components(lambda c: (10 * c).astype(int)),
    set_components(lambda c: c.astype(complex)),
    set_components(lambda c: np.inf * c),
    set_components(lambda c: None),
]


def of_columns(spoil):
    """Spoil components in the format of columns."""

    def spoil_columns(fitted):
        fitted.components_ = fitted.components_.tocsc()
        spoil(fitted)

    return spoil_columns


@pytest.mark.parametrize("rule", RULES, ids=name_of)
@pytest.mark.parametrize(
    ("density", "spoil"),
    [
        *((0.5, spoil) for spoil in SPOIL_FIELDS + SPOIL),
        *((0.5, of_columns(spoil)) for spoil in SPOIL_FIELDS[:1] + SPOIL_FIELDS[2:5]),
        *((1, spoil) for spoil in SPOIL),
    ],
)
def test_spoiled_components_are_refused(rule, density, spoil):
    """By all that reads them, with a sentence, and nothing crashes."""
    fitted = clone(rule).set_params(density=density).fit(X)
    with np.errstate(invalid="ignore"):
        spoil(fitted)
    before = vars(fitted).copy()
    uses = [
        lambda: fitted.transform(X),
        lambda: fitted.partial_fit(X),
        lambda: pickle.dumps(fitted),
        lambda: copy.deepcopy(fitted),
        lambda: copy.copy(fitted).transform(X[:1]),
    ]
    if isinstance(rule, WinnerTakeAll):
        uses.append(lambda: fitted.responses(X))
    else:
        uses.append(lambda: fitted.inverse_transform(np.ones((2, 6))))
    for use in uses:
        with pytest.raises(ValueError, match="components_"):
            use()
        assert vars(fitted).keys() == before.keys()
        assert all(value is before[name] for name, value in vars(fitted).items())
    fitted.fit(X).transform(X)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.tocsc(),
        lambda c: c.tolil(),
        lambda c: type(c)(2 * c.toarray()),
        lambda c: c.toarray(),
        lambda c: np.asfortranarray(c.toarray()),
    ],
)
def test_components_may_be_replaced(rule, change):
    fitted = clone(rule).set_params(density=0.5).fit(X)
    fitted.components_ = change(fitted.components_)
    expected = X @ fitted.components_.T
    for each in fitted, pickle.loads(pickle.dumps(fitted)):
        assert_allclose(each.transform(X), np.maximum(expected, 0), atol=1e-12)
        each.partial_fit(X)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_unsorted_components_mean_the_same(rule):
    fitted = clone(rule).set_params(density=0.5).fit(X)
    expected = fitted.transform(X)
    components = fitted.components_
    start, stop = components.indptr[:2]
    for array in components.data, components.indices:
        array[start:stop] = array[start:stop][::-1].copy()
    given = components.indices.copy()
    assert_allclose(fitted.transform(X), expected)
    assert_array_equal(components.indices, given)  # they are the user's
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), expected)


@pytest.mark.parametrize("name", ["mean_", "whitening_"])
@pytest.mark.parametrize(
    "change",
    [
        lambda array: array[:-1],
        lambda array: array[..., None],
        lambda array: array.tolist(),
        lambda array: array.astype(int),
        lambda array: np.nan * array,
        lambda array: None,
    ],
)
def test_spoiled_whitening_is_refused(name, change):
    fitted = ZCAWhitening().fit(X)
    setattr(fitted, name, change(getattr(fitted, name)))
    for use in (
        lambda: fitted.transform(X),
        lambda: fitted.inverse_transform(X),
        lambda: pickle.dumps(fitted),
        lambda: copy.deepcopy(fitted),
    ):
        with pytest.raises(ValueError, match=name):
            use()


def test_whitening_that_cannot_be_undone():
    fitted = ZCAWhitening().fit(X)
    fitted.whitening_[:] = 0
    with pytest.raises(ValueError, match="whitening_ has no inverse"):
        fitted.inverse_transform(X)


def test_spoiled_weights_of_a_pretrained_network():
    fitted = clone(PRETRAINED).fit(X, Y)
    fitted.estimator_.coefs_[0] = None
    with pytest.raises(ValueError, match="coefs_"):
        fitted.predict(X)


def load(estimator, state):
    other = type(estimator).__new__(type(estimator))
    try:
        other.__setstate__(state)
    except ValueError:
        assert vars(other) == {}
        raise
    return other


JUNK = [None, -1, "junk", [], {}, np.zeros(3), np.zeros((2, 2)), [None], np.nan]
CHECKED = {
    WinnerTakeAll: [
        *("components_", "n_components_", "n_features_in_", "n_iter_"),
        *("n_samples_seen_", "change_curve_", "_rng", "_n_features_out", "_begun_with"),
    ],
    ZCAWhitening: ["mean_", "whitening_", "n_features_in_"],
    HebbianPretrainingClassifier: [
        *("estimator_", "features_", "classes_", "n_features_in_"),
    ],
}
CHECKED[HebbianPCA] = [
    *CHECKED[WinnerTakeAll],
    *("explained_variance_", "explained_variance_ratio_"),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
def test_damaged_files_are_refused(estimator):
    fitted = clone(estimator).fit(X, Y)
    sound = {"change_curve_": [[]], "_begun_with": [{}]}
    for name in CHECKED[type(estimator)]:
        for junk in JUNK:
            if any(type(junk) is type(e) and e == junk for e in sound.get(name, [])):
                continue
            state = {**fitted.__getstate__(), name: junk}
            with pytest.raises(ValueError, match=r"cannot be loaded, because .* damag"):
                load(estimator, state)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
@pytest.mark.parametrize("array", range(3))
def test_damaged_receptive_fields_are_refused(rule, array):
    fitted = clone(rule).set_params(density=0.5).fit(X)
    for place, number in [(0, 10**8), (0, -1), (-1, 10**8), (1, 5000)]:
        state = copy.deepcopy(fitted.__getstate__())
        values = state["components_"]["arrays"][array]
        values[place] = np.nan if array == 0 else number
        with pytest.raises(ValueError, match=r"damaged: .*components_"):
            load(rule, state)
    for junk in [*JUNK, fitted.components_.data[:-1], fitted.components_.data[::-1]]:
        state = fitted.__getstate__()
        arrays = list(state["components_"]["arrays"])
        arrays[array] = junk
        state["components_"] = {**state["components_"], "arrays": tuple(arrays)}
        if array == 0 and getattr(junk, "shape", ()) == fitted.components_.data.shape:
            load(rule, state).transform(X)
            continue
        with pytest.raises(ValueError, match=r"damaged: "):
            load(rule, state)


@pytest.mark.parametrize("estimator", ESTIMATORS[:-1], ids=name_of)
def test_the_other_byte_order(estimator):
    fitted = clone(estimator).fit(X)
    state = fitted.__getstate__()

    def swapped(array):
        return array.astype(array.dtype.newbyteorder())

    for name in {"components_", "mean_", "whitening_"} & state.keys():
        if isinstance(state[name], dict):
            arrays = tuple(map(swapped, state[name]["arrays"]))
            state[name] = {**state[name], "arrays": arrays}
        else:
            state[name] = swapped(state[name])
    assert_array_equal(load(estimator, state).transform(X), fitted.transform(X))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
@pytest.mark.parametrize("is_fitted", [False, True])
def test_another_format_is_refused(estimator, is_fitted):
    estimator = clone(estimator)
    if is_fitted:
        estimator.fit(X, Y)
    state = estimator.__getstate__()
    state["_saved"] = {**state["_saved"], "version": "77.0", "format": 1000}
    with pytest.raises(ValueError, match=r"was saved by skhebb 77\.0.*cannot load"):
        load(estimator, state)


OF_A_FIT = {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}


@pytest.mark.parametrize("estimator", [*ESTIMATORS, NETWORK], ids=name_of)
def test_copies_during_a_fit(estimator):
    """They hold nothing of it, and no thread that makes them fails."""
    estimator = clone(estimator).fit(X, Y)
    attributes = vars(estimator).keys()
    is_over, failures, copies = threading.Event(), [], []

    def keep_copying():
        try:
            while not is_over.is_set():
                copies.append(copy.copy(estimator))
                copies.append(copy.deepcopy(estimator))
                copies.append(pickle.loads(pickle.dumps(estimator)))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=keep_copying)
    thread.start()
    try:
        for _ in range(20):
            estimator.fit(X, Y)
    finally:
        is_over.set()
        thread.join()
    assert failures == []
    assert all(vars(each).keys() == attributes for each in copies)


class CopyIt:
    """Copies what is being fitted."""

    def setup(self, estimator, context):
        self.copies = []

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        assert vars(estimator).keys() >= OF_A_FIT
        self.copies += [vars(copy.copy(estimator)), estimator.__getstate__()]

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.mark.parametrize(
    "estimator",
    [e for e in [*ESTIMATORS, NETWORK] if hasattr(e, "set_callbacks")],
    ids=name_of,
)
def test_copies_hold_nothing_of_a_fit(estimator):
    callback = CopyIt()
    clone(estimator).set_callbacks(callback).fit(X, Y)
    assert callback.copies
    for attributes in callback.copies:
        assert not attributes.keys() & OF_A_FIT
