"""Sparse matrices that users pass, checked before anything reads them.

SciPy trusts their indices, as the kernels do. Its own check knows some formats only,
overlooks a negative number of stored items, and shortens the arrays of what it checks.
"""

from itertools import chain

import numpy as np
from scipy.sparse import bsr_array, coo_array, csc_array, csr_array, dia_array, issparse

COMPRESSED = {"csr": csr_array, "csc": csc_array, "bsr": bsr_array}


def check_sparse(name, X):
    """`X`, or, if it is sparse, a csr_array of the same with valid indices.

    It shares arrays with X where it can, and leaves X as it is.
    """
    if not issparse(X):
        return X
    try:
        checked = compressed(X) if X.format in COMPRESSED else coordinates(X)
        return checked.tocsr()
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"{name} is not a valid sparse matrix: {error}") from error


def compressed(X):
    """A checked CSR, CSC or BSR array of what `X` stores, without spare capacity."""
    data, indices, indptr = map(np.asarray, (X.data, X.indices, X.indptr))
    if data.ndim != (3 if X.format == "bsr" else 1):
        raise ValueError(f"data has {data.ndim} dimensions")
    block = data.shape[1:]
    options = {"blocksize": block} if block else {}
    checked = COMPRESSED[X.format](X.shape, dtype=data.dtype, **options)  # empty
    if indptr.shape != checked.indptr.shape:
        raise ValueError(f"indptr has shape {indptr.shape}")
    indptr = check_indices("indptr", indptr, min(len(indices), len(data)) + 1)
    if indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any():
        raise ValueError("indptr must begin with 0 and never fall")
    n_minor = X.shape[0 if X.format == "csc" else -1] // (block or (1,))[-1]
    indices = check_indices("indices", indices[: indptr[-1]], n_minor)
    dtype = np.result_type(indices, indptr)
    checked.data = data[: indptr[-1]]
    checked.indices = indices.astype(dtype, copy=False)
    checked.indptr = indptr.astype(dtype, copy=False)
    return checked


def coordinates(X):
    """A checked COO array of what `X`, of another format, stores."""
    if X.format == "lil":
        X = from_lists(X)
    elif X.format == "dia":
        # Not all that lie outside are left out by SciPy.
        is_inside = (X.offsets > -X.shape[0]) & (X.offsets < X.shape[1])
        X = dia_array((X.data[is_inside], X.offsets[is_inside]), shape=X.shape)
    X = X.tocoo()
    coords = [
        check_indices(f"coords[{axis}]", np.asarray(places), n)
        for axis, (places, n) in enumerate(zip(X.coords, X.shape, strict=True))
    ]
    return coo_array((X.data, coords), shape=X.shape)


def from_lists(X):
    """A COO array of a LIL matrix; its columns may be wrong."""
    lengths = [len(columns) for columns in X.rows]
    if lengths != [len(values) for values in X.data] or len(lengths) != X.shape[0]:
        raise ValueError("rows and data differ in length")
    checked = coo_array(X.shape, dtype=X.dtype)
    checked.data = np.array(list(chain.from_iterable(X.data)), dtype=X.dtype)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    columns = np.array(list(chain.from_iterable(X.rows)), dtype=np.int64)
    checked.coords = rows, columns
    return checked


def check_indices(name, values, bound):
    """`values`, if they are integers in [0, bound), as int32 or int64."""
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise ValueError(f"{name} must be a 1d array of integers")
    if len(values) and not (values.min() >= 0 and values.max() < bound):
        raise ValueError(
            f"{name} must be in [0, {bound}), but lie in "
            f"[{values.min()}, {values.max()}]"
        )
    is_index = values.dtype in (np.int32, np.int64)
    return values if is_index else values.astype(np.int64)
