"""Turns what users pass into data that a network trains on, or is judged by."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import column_or_1d, indexable

from skhebb._predictors.early_stopping import split
from skhebb._training.batches import as_batch_source
from skhebb._training.computed_rows import ComputedRows
from skhebb._training.data import FitData
from skhebb._utils.sklearn import _num_samples, _safe_indexing
from skhebb._utils.sparse import check_sparse
from skhebb._utils.validation import check_weights, floats_for, validate_data


class Given(NamedTuple):
    """Samples, targets and weights in the units of users.

    Attributes
    ----------
    X, y, sample_weight : array, sparse matrix, frame or None
    """

    X: object
    y: object
    sample_weight: object = None

    def take(self, samples):
        """Return what is given of these samples."""
        return Given(*(take_rows(array, samples) for array in self))


class DataPreparationMixin:
    """Checks X and y, and encodes them as FitData.

    Subclasses check y by `_y_options`, which are those of `validate_data`, and
    `_check_y(y, name)`, and may have class weights. Early stopping holds out samples by
    `validation_fraction`.
    """

    def _check_data(self, given, is_first):
        """Return what is given, checked: X of one of our types, y as an array."""
        if hasattr(given.X, "check_for"):  # its rows are elsewhere
            return given.X.check_for(self, given, is_first)
        if isinstance(given.X, ComputedRows):  # checked before, together with y
            X, y = given.X, given.y
            self.n_features_in_ = X.shape[1]
        else:
            X, y = check_sparse("X", given.X), check_sparse("y", given.y)
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csr",
                dtype=floats_for(X) if is_first else self._state.network.dtype,
                order="C",
                reset=is_first,
                **self._y_options,
            )
        y = self._check_y(dense_y(y), "y")
        sample_weight = given.sample_weight
        if sample_weight is not None:
            sample_weight = check_weights("sample_weight", sample_weight, X)
        return Given(X, y, sample_weight)

    def _fit_data(self, checked, encoder, X_given=None):
        """Return FitData of what was checked; `X_given` is X as users gave it."""
        X, y, sample_weight = checked
        samples = np.arange(len(y), dtype=np.intp)
        if sample_weight is not None:
            samples = np.flatnonzero(sample_weight)
        encoded = encoder.encode(y)
        self._check_encoded(encoded[samples], y[samples], X.dtype, "y")
        class_weights = self._class_weights(encoder, y, sample_weight, samples)
        sample_weight, samples = apply_class_weights(
            sample_weight, class_weights, encoded, samples
        )
        return FitData(
            inputs=as_batch_source(X),
            encoder=encoder,
            y=encoded,
            sample_weight=sample_weight,
            samples=samples,
            class_weights=class_weights,
            given=checked._replace(X=X_given),
        )

    def _validation_data(self, given, data):
        """Return FitData of the validation data that users gave, beside `data`."""
        dtype, encoder = data.inputs.dtype, data.encoder
        try:
            X, y = check_sparse("X_val", given.X), check_sparse("y_val", given.y)
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csr",
                dtype=dtype,
                reset=False,
                ensure_min_samples=2,  # R² wants two
                **self._y_options,
            )
            y = self._check_y(dense_y(y), "y_val")
            encoder.check_known(y, "y_val")
            sample_weight = given.sample_weight
            if sample_weight is not None:
                sample_weight = check_weights("sample_weight_val", sample_weight, X)
                if np.count_nonzero(sample_weight) < 2:
                    raise ValueError("less than two samples have a weight above 0.")
            encoded = encoder.encode(y)
            self._check_encoded(encoded, y, dtype, "y_val")
        except ValueError as error:
            raise ValueError(f"Validation data, X_val and y_val: {error}") from error
        given = Given(given.X, y, sample_weight)
        samples = np.arange(len(y), dtype=np.intp)
        sample_weight, _ = apply_class_weights(
            sample_weight, data.class_weights, encoded, samples
        )
        return replace(
            data,
            inputs=as_batch_source(X),
            y=encoded,
            sample_weight=sample_weight,
            samples=samples,
            given=given,
        )

    def _hold_out(self, data, random_state):
        """Share out the samples of `data`: FitData to train on and to judge by."""
        n_samples = len(data.samples)
        n_val = int(np.ceil(self.validation_fraction * n_samples))
        if n_val < 2:
            raise ValueError(
                "The validation set is too small: "
                f"validation_fraction={self.validation_fraction} of {n_samples} "
                "samples is less than 2. Increase it or the data set."
            )
        if n_val >= n_samples:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {n_samples} "
                "samples leaves none to train on. Lower it."
            )
        strata = data.encoder.strata(data.y[data.samples])
        parts = split(data.samples, strata, n_val, random_state)
        train, held_out = [replace(data, samples=samples) for samples in parts]
        return train, held_out.at_hand(held_out.samples)

    def _check_encoded(self, encoded, y, dtype, name):
        """Raise if targets, in units of the network, are too large for `dtype`."""

    def _class_weights(self, encoder, y, sample_weight, samples):
        """Return the weights of classes, or None; there are none without classes."""
        return None


def dense_y(y):
    """An array, of one dimension if there is one column."""
    if issparse(y):
        y = y.toarray()
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def apply_class_weights(sample_weight, of_classes, encoded, samples):
    """Weights of samples times those of their classes, and the samples with any.

    Those of several labels per sample, (n_labels, 2), are for the loss instead.
    """
    if of_classes is None or of_classes.ndim == 2:
        return sample_weight, samples
    of_samples = of_classes[encoded]
    sample_weight = of_samples if sample_weight is None else sample_weight * of_samples
    samples = samples[sample_weight[samples] > 0]
    if not len(samples):
        raise ValueError("class_weight leaves no sample with a weight above 0.")
    largest = sample_weight.max()
    if not 1e-20 <= largest <= 1e20:  # beyond, errors under- or overflow
        raise ValueError(
            "The largest product of class_weight and sample_weight must be in the "
            f"range [1e-20, 1e20]. Got {largest}."
        )
    return sample_weight, samples


def take_rows(array, samples):
    """Return rows of an array, matrix or frame; itself if these are all."""
    if hasattr(array, "take_rows"):
        return array.take_rows(samples)
    if array is None or len(samples) == _num_samples(array):
        return array
    if isinstance(array, ComputedRows):
        return array[samples]
    return _safe_indexing(*indexable(array), samples)


def metadata(sample_weight):
    """Return what the hooks of callbacks are told besides X and y."""
    return None if sample_weight is None else {"sample_weight": sample_weight}
