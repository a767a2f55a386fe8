"""Sparse matrices from users: read if they are sound, refused if not, never changed."""

import copy
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skhebb import (
    HebbianPCA,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SoftHebb,
    WinnerTakeAll,
)
from skhebb._utils.sparse import check_sparse
from skhebb.inspection import update_terms

FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]
CONTAINERS = [f"{name}_{kind}" for name in FORMATS for kind in ("array", "matrix")]
FAST = {"max_iter": 2, "random_state": 0, "batch_size": 20}
SHAPE = (60, 6)


@pytest.fixture
def dense(rng):
    X = rng.random(SHAPE) * (rng.random(SHAPE) < 0.5)
    X[0], X[:, 0] = 1, 1  # each format stores something of them
    return X


@pytest.fixture
def y():
    return np.arange(SHAPE[0]) % 3


def set_item(name, index, value, X):
    getattr(X, name)[index] = value


def replace(name, change, X):
    setattr(X, name, change(getattr(X, name)))


def set_coordinate(axis, value, X):
    X.coords[axis][3] = value


def store(key, X):
    X._dict[key] = 1.0


COORDINATES = [
    partial(set_coordinate, 0, -1),
    partial(set_coordinate, 1, -(2**31)),
    partial(set_coordinate, 0, SHAPE[0]),
    partial(set_coordinate, 1, 10**6),
    partial(replace, "data", lambda data: data[:-1]),
    partial(replace, "coords", lambda coords: (coords[0][:-1], coords[1])),
    partial(replace, "coords", lambda coords: (coords[0] + 0.5, coords[1])),
    partial(replace, "coords", lambda coords: coords[:1]),
]
INDICES = [
    partial(set_item, "indices", 3, -1),
    partial(set_item, "indices", 3, 10**6),
    partial(set_item, "indptr", 2, -1),
    partial(set_item, "indptr", 2, 10**6),
    partial(set_item, "indptr", -1, -1),
    partial(set_item, "indptr", -1, 10**6),
    partial(set_item, "indptr", 0, 1),
    partial(replace, "indptr", lambda indptr: indptr[:-1]),
    partial(replace, "indptr", lambda indptr: indptr.astype(float)),
    partial(replace, "indices", lambda indices: indices[:-1]),
    partial(replace, "indices", lambda indices: indices[:, np.newaxis]),
    partial(replace, "data", lambda data: data[:-1]),
    partial(replace, "data", lambda data: data[..., np.newaxis]),
]
SPOILED = {
    "csr": INDICES,
    "csc": INDICES,
    "bsr": [*INDICES, partial(replace, "data", lambda data: data[:, :0])],
    "coo": COORDINATES,
    "dia": [
        partial(replace, "offsets", lambda offsets: offsets[:-1]),
        partial(replace, "offsets", lambda offsets: offsets * 0),
        partial(replace, "data", lambda data: data[:-1]),
        partial(replace, "data", np.ravel),
    ],
    "dok": [
        partial(store, (-1, 0)),
        partial(store, (0, 10**6)),
        partial(store, (0, 10**12)),
        partial(store, (0,)),
        partial(store, ("a", 0)),
    ],
    "lil": [
        lambda X: X.rows[0].append(5),
        lambda X: X.data[0].append(5.0),
        lambda X: X.rows[0].__setitem__(0, -1),
        lambda X: X.rows[0].__setitem__(0, 10**6),
        lambda X: X.rows[0].__setitem__(0, 10**30),
        lambda X: X.rows.__setitem__(0, None),
        partial(replace, "rows", lambda rows: rows[:-1]),
    ],
}
CASES = [
    (container, spoil)
    for container in CONTAINERS
    for spoil in SPOILED[container.split("_")[0]]
]


def spoiled(container, spoil, X):
    S = getattr(sparse, container)(X)
    spoil(S)
    return S


@pytest.mark.parametrize(("container", "spoil"), CASES)
def test_unsound_matrices_are_refused(container, spoil, dense, y):
    S = spoiled(container, spoil, dense)
    with pytest.raises(ValueError, match=r"^X is not a valid sparse matrix: .+"):
        SETClassifier((5,), **FAST).fit(S, y)


def calls(dense, y):
    """What takes sparse matrices: the name of an argument, its value, and a call."""
    net = SETClassifier((5,), **FAST).fit(dense, y)
    hebb = HebbSETRegressor((5,), **FAST).fit(dense, y)
    pca = HebbianPCA(4, **FAST).fit(dense)
    wta = WinnerTakeAll(4, density=0.5, **FAST).fit(dense)
    pre = HebbianPretrainingClassifier(net, pca).fit(dense, y)
    stop = SETClassifier((5,), early_stopping=True, **FAST)
    labels = np.eye(3)[y]
    coefs = [c.toarray() for c in net.coefs_]
    fields = dense[:4]
    return [
        ("X", dense, lambda S: net.fit(S, y)),
        ("X", dense, lambda S: net.partial_fit(S, y)),
        ("X", dense, net.predict),
        ("X", dense, net.predict_proba),
        ("X", dense, net.predict_log_proba),
        ("X", dense, lambda S: net.score(S, y)),
        ("X", dense, lambda S: update_terms(net, S, y)),
        ("X", dense, lambda S: hebb.fit(S, y)),
        ("X", dense, lambda S: hebb.partial_fit(S, y)),
        ("X", dense, hebb.predict),
        ("X", dense, pca.fit),
        ("X", dense, pca.partial_fit),
        ("X", dense, pca.transform),
        ("X", dense, wta.fit),
        ("X", dense, wta.partial_fit),
        ("X", dense, wta.transform),
        ("X", dense, wta.responses),
        ("X", dense, lambda S: pre.fit(S, y)),
        ("X", dense, pre.predict),
        ("X", dense, pre.predict_proba),
        ("y", labels, lambda S: HebbSETClassifier((5,), **FAST).fit(dense, S)),
        ("y", labels, lambda S: HebbSETRegressor((5,), **FAST).fit(dense, S)),
        ("y", labels, lambda S: SETClassifier((5,), **FAST).partial_fit(dense, S)),
        ("X_val", dense, lambda S: stop.fit(dense, y, X_val=S, y_val=y)),
        (
            "y_val",
            labels,
            lambda S: stop.fit(dense, labels, X_val=dense, y_val=S),
        ),
        (
            r"coefs_init\[0\]",
            coefs[0],
            lambda S: net.fit(dense, y, coefs_init=[S, coefs[1]]),
        ),
        (
            "components_init",
            fields,
            lambda S: WinnerTakeAll(4, **FAST).fit(dense, components_init=S),
        ),
        (
            "receptive_fields",
            fields,
            lambda S: WinnerTakeAll(4, **FAST).fit(dense, receptive_fields=S),
        ),
    ]


@pytest.mark.parametrize(
    ("container", "spoil"),
    [
        ("coo_array", lambda S: set_coordinate(0, -1, S)),
        ("csr_matrix", partial(set_item, "indptr", -1, -1)),
        ("csc_array", partial(set_item, "indices", 0, 10**6)),
    ],
)
def test_arguments_are_named(container, spoil, dense, y):
    for name, value, call in calls(dense, y):
        S = spoiled(container, spoil, value)
        before = contents(S)
        with pytest.raises(ValueError, match=f"{name} is not a valid sparse matrix"):
            call(S)
        assert_same_contents(contents(S), before)


def contents(S):
    """The arrays of a matrix, or what stands for them, and copies of these."""
    names = "data", "indices", "indptr", "coords", "offsets", "rows", "_dict"
    found = {name: vars(S)[name] for name in names if name in vars(S)}
    return found, copy.deepcopy(found)


def assert_same_contents(now, before):
    for name, array in before[0].items():
        assert now[0][name] is array, name
        for a, b in zip(array, before[1][name], strict=True):
            assert_array_equal(a, b)


def unsorted_with_duplicates(container, X):
    """Equal to X, but stored as carelessly as the format allows."""
    S = sparse.coo_array(X)
    order = np.random.default_rng(0).permutation(S.nnz)
    rows, columns = (np.tile(coords[order], 2) for coords in S.coords)
    S = sparse.coo_array((np.tile(S.data[order] / 2, 2), (rows, columns)), X.shape)
    name = container.split("_")[0]
    if name in ("csr", "csc"):
        major, minor = (rows, columns) if name == "csr" else (columns, rows)
        order = np.argsort(major, kind="stable")
        counts = np.bincount(major, minlength=X.shape[name == "csc"])
        indptr = np.append(0, np.cumsum(counts))
        # Spare capacity, which means nothing.
        data = np.append(S.data[order], [np.nan, 7])
        indices = np.append(minor[order], [-5, 10**6])
        S = getattr(sparse, container)(X.shape)
        S.data, S.indices, S.indptr = data, indices, indptr
        return S
    return getattr(sparse, container)(S if name == "coo" else X)


@pytest.mark.parametrize("container", CONTAINERS)
def test_sound_matrices_are_read_and_left_alone(container, dense, y):
    S = unsorted_with_duplicates(container, dense)
    before = contents(S)
    assert_array_equal(check_sparse("X", S).toarray(), dense)
    for estimator in (
        HebbSETClassifier((5,), **FAST),
        SoftHebb(4, density=0.5, **FAST),
        WinnerTakeAll(4, density=0.5, **FAST),
        WinnerTakeAll(4, **FAST),
    ):
        expected = copy.deepcopy(estimator).fit(sparse.csr_array(dense), y)
        estimator.fit(S, y)
        method = "predict_proba" if hasattr(estimator, "predict") else "transform"
        assert_array_equal(
            getattr(estimator, method)(S),
            getattr(expected, method)(sparse.csr_array(dense)),
        )
        estimator.partial_fit(S, y)
    assert_same_contents(contents(S), before)
    for _, value, call in calls(dense, y):
        S = getattr(sparse, container)(value)
        before = contents(S)
        call(S)
        assert_same_contents(contents(S), before)


def test_stale_flags_are_not_believed(dense, y):
    """SciPy remembers whether indices are sorted; who replaces them may not know."""
    S = sparse.csr_array(dense)
    assert S.has_canonical_format
    S.data = np.insert(S.data, 1, S.data[1] / 2)  # of a feature that varies
    S.data[2] /= 2
    S.indices = np.insert(S.indices, 1, S.indices[1])
    S.indptr = np.append(0, S.indptr[1:] + 1)
    clf = HebbSETClassifier((5,), **FAST).fit(dense, y)
    assert S.has_canonical_format
    assert_array_equal(clf.predict_proba(S), clf.predict_proba(dense))
    again = HebbSETClassifier((5,), **FAST).fit(S, y)
    assert_array_equal(
        again.coefs_[0].data,
        HebbSETClassifier((5,), **FAST).fit(sparse.csr_array(dense), y).coefs_[0].data,
    )


@pytest.mark.parametrize("dtype", ["int16", "uint64", ">i4", ">i8", "int64"])
def test_indices_of_any_integers(dtype, dense, y):
    S = sparse.csr_array(dense)
    S.indices, S.indptr = S.indices.astype(dtype), S.indptr.astype(dtype)
    clf = SETClassifier((5,), **FAST).fit(S, y)
    assert_array_equal(clf.predict_proba(S), clf.predict_proba(dense))


def test_of_one_dimension(dense):
    """As y they are an array like any other, as X they are not two-dimensional."""
    y = dense[:, 1]
    expected = HebbSETRegressor((5,), **FAST).fit(dense, y).predict(dense)
    for container in sparse.coo_array, sparse.csr_array:
        reg = HebbSETRegressor((5,), **FAST).fit(dense, container(y))
        assert_array_equal(reg.predict(dense), expected)
        with pytest.raises(ValueError, match=r"2D|2d"):
            reg.fit(container(y), y)
