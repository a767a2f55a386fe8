"""What is float32 stays float32, in arrays and in data frames of any library."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier, is_regressor

from skhebb import (
    HebbianMaskRegressor,
    HebbianPCA,
    HebbianPretrainingClassifier,
    HebbSETClassifier,
    SETRegressor,
    WinnerTakeAll,
    ZCAWhitening,
)

pl = pytest.importorskip("polars")

FAST = {"max_iter": 2, "random_state": 0}
ESTIMATORS = [
    HebbSETClassifier(5, **FAST),
    SETRegressor(5, **FAST),
    HebbianMaskRegressor(5, mask_rate=0.01, **FAST),
    HebbianPretrainingClassifier(HebbSETClassifier(5, **FAST), random_state=0),
    WinnerTakeAll(3, density=0.5, random_state=0),
    HebbianPCA(3, random_state=0),
    ZCAWhitening(),
]
X = np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32)
Y = np.arange(40) % 3
SINGLE = pd.DataFrame(X, columns=list("abcd"))
COUNTS = np.arange(40) % 5


def with_column(column):
    """The frames of both libraries with another column."""
    return [SINGLE.assign(e=column), pl.from_pandas(SINGLE.assign(e=column))]


# Frames, and what NumPy makes of their columns.
FRAMES = {
    "pandas": (SINGLE, np.float32),
    "nullable": (SINGLE.astype("Float32"), np.float32),
    "sparse": (SINGLE.astype(pd.SparseDtype("float32", 0)), np.float32),
    "polars": (pl.from_pandas(SINGLE), np.float32),
    "pandas, bool": (with_column(Y > 0)[0], np.float32),
    "polars, bool": (with_column(Y > 0)[1], np.float32),
    "pandas, int16": (with_column(COUNTS.astype(np.int16))[0], np.float32),
    "polars, int16": (with_column(COUNTS.astype(np.int16))[1], np.float32),
    "pandas, int32": (with_column(COUNTS.astype(np.int32))[0], np.float64),
    "polars, int32": (with_column(COUNTS.astype(np.int32))[1], np.float64),
    "pandas, float64": (with_column(Y / 3)[0], np.float64),
    "polars, float64": (with_column(Y / 3)[1], np.float64),
    "nullable, float64": (with_column(Y / 3)[0].convert_dtypes(), np.float64),
    "pandas, integers": (pd.DataFrame((9 * X).astype(int)), np.float64),
    "polars, integers": (pl.DataFrame((9 * X).astype(int)), np.float64),
}


def result(estimator, X):
    """What a fitted estimator makes of X."""
    if is_classifier(estimator):
        return estimator.predict_proba(X)
    return estimator.predict(X) if is_regressor(estimator) else estimator.transform(X)


def type_of(estimator):
    """That of what was learned."""
    estimator = getattr(estimator, "estimator_", estimator)
    for name in "components_", "whitening_":
        if hasattr(estimator, name):
            return getattr(estimator, name).dtype
    return estimator.coefs_[0].dtype


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("name", FRAMES)
def test_frames_are_what_their_arrays_are(estimator, name):
    frame, dtype = FRAMES[name]
    if isinstance(frame, pd.DataFrame):
        frame = frame.rename(columns=str)
    array = np.asarray(frame).astype(dtype)
    if name == "sparse":
        if isinstance(estimator, ZCAWhitening):
            pytest.skip("takes no sparse samples")
        array = csr_array(array)
    expected = result(clone(estimator).fit(array, Y), array)
    fitted = clone(estimator).fit(frame, Y)
    assert result(fitted, frame).dtype == expected.dtype
    assert type_of(fitted) == dtype
    assert_array_equal(result(fitted, frame), expected)
    if hasattr(estimator, "partial_fit"):
        options = {"classes": range(3)} if is_classifier(estimator) else {}
        fitted = clone(estimator).partial_fit(frame, Y, **options)
        assert type_of(fitted) == dtype
