"""Data of which some samples have no label."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from skhebb._predictors.data_preparation import Given
from skhebb._utils.validation import check_sortable, check_weights

UNLABELLED = -1


class PartlyLabelled(NamedTuple):
    """Samples to pre-train on, and those to fine-tune on.

    Attributes
    ----------
    X : {ndarray, csr_array} of shape (n_samples, n_features)
        All with a weight above 0.
    labelled : Given
        Those with a label.
    """

    X: object
    labelled: Given

    @classmethod
    def of(cls, X, y, sample_weight, needs_labels):
        """Return the samples of X, and those with a label, which are checked.

        Parameters
        ----------
        X : {ndarray, csr_array} of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None
        needs_labels : bool
            Whether there must be a label.
        """
        labelled = labelled_samples(y)
        if needs_labels and not len(labelled):
            raise ValueError(
                "y holds no label: all samples are marked by -1. Give some a class."
            )
        y = y[labelled]
        check_sortable("y", y)
        if len(y):
            check_classification_targets(y)
        X_labelled = X[labelled]
        if sample_weight is not None:
            sample_weight = check_weights("sample_weight", sample_weight, X)
            if (sample_weight == 0).any():
                X = X[np.flatnonzero(sample_weight)]
            sample_weight = sample_weight[labelled]
            if len(labelled) and not sample_weight.any():
                raise ValueError(
                    "sample_weight must be positive for at least one sample that has a "
                    "label."
                )
        return cls(X, Given(X_labelled, y, sample_weight))


def labelled_samples(y):
    """Return the indices of the samples that have a label."""
    if y.dtype.kind in "UO" and np.asarray(y == str(UNLABELLED)).any():
        raise ValueError(
            "y holds the string '-1', which could mean no label. Give an array of "
            "dtype object, with the number -1 where there is none; if '-1' is a "
            "class, give it another name."
        )
    return np.flatnonzero(np.asarray(y != UNLABELLED, dtype=bool))


def check_classes(y, n_samples):
    """Raise if -1 may be the name of a class: where labels `y` are of one only."""
    if len(y) < n_samples and len(np.unique(y)) == 1:
        raise ValueError(
            f"y holds one class, {y[0]}, and -1, which marks samples without a "
            "label. If -1 is a class, number the classes from 0, for example by "
            "sklearn.preprocessing.LabelEncoder; else give some samples of other "
            "classes a label."
        )


def check_known_classes(classes):
    """Raise if -1 is among `classes`, which may be None."""
    if classes is not None and (np.asarray(classes, dtype=object) == UNLABELLED).any():
        raise ValueError(
            "classes must not hold -1, which marks samples without a label. Got "
            f"{classes!s:.80}."
        )


def with_one_feature(given):
    """Return what is given, with X of one feature, by which all else can be checked."""
    return given._replace(X=np.linspace(0, 1, len(given.y))[:, np.newaxis])
