"""What the classifiers share: labels, class weights and probabilities."""

from numbers import Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skhebb._predictors.base import FRACTION, BaseSparseNetwork
from skhebb._predictors.data_preparation import Given
from skhebb._predictors.encoders import Indicators, Labels
from skhebb._predictors.outcome import warn_of_outcome
from skhebb._training.losses import LOSSES
from skhebb._typing import MatrixLike
from skhebb._utils.sklearn import StrOptions, _fit_context
from skhebb._utils.transaction import transaction
from skhebb._utils.validation import check_sortable, warn_of_changes


class BaseSparseClassifier(ClassifierMixin, BaseSparseNetwork):
    """Classifier with a truly sparse network whose topology evolves."""

    _parameter_constraints = {
        **BaseSparseNetwork._parameter_constraints,
        "dropout": [FRACTION, StrOptions({"auto"})],
        "loss": [StrOptions(set(LOSSES))],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    _y_options = {"multi_output": True}

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one pass over X and y, going on from where training stands.

        With ``evolution_interval="epoch"`` the topology evolves between two calls;
        streams of small chunks want a number of mini-batches instead, which are
        counted across calls. Evolution takes place when training goes on, so that
        after each call the network is as it was trained. Callbacks are not called.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in `fit`.
        classes : array-like of shape (n_classes,), default=None
            All classes that may ever occur. Needed at the first call, may be left
            out later, and always if `y` is a matrix of zeros and ones.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, X, y or `classes` is not as described, or with parameters
            that want to know all data: ``early_stopping=True`` and
            ``class_weight="balanced"``.

        Warns
        -----
        ConvergenceWarning
            If the loss becomes non-finite; the pass is then undone.
        UserWarning
            If training is interrupted from the keyboard; the pass is then undone.
        """
        warn_of_changes(self, "Use fit to start anew.")
        with transaction(self) as draft:
            reason = draft._partial_fit(
                Given(X, y, sample_weight),
                lambda y, _: draft._known_encoder(y, classes),
            )
        warn_of_outcome(self, reason)
        return self

    def _check_partial_fit(self):
        super()._check_partial_fit()
        if self.class_weight == "balanced":
            raise ValueError(
                "partial_fit does not support class_weight='balanced', which wants to "
                "know all samples. Give a dict of weights, or use fit."
            )

    def predict_proba(self, X: MatrixLike) -> np.ndarray:
        """Probability of each class.

        With a squared-error loss and more than two classes, the logistic outputs
        divided by their sum.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`. If several labels may apply to a
            sample, the probability of each label.
        """
        fitted = self._at_this_moment()
        outputs, kind = fitted._outputs(X), fitted._encoder.kind
        if kind == "binary":
            return np.hstack([1 - outputs, outputs])
        if kind == "multiclass" and fitted.out_activation_ == "logistic":
            totals = outputs.sum(axis=1, keepdims=True)
            outputs[totals[:, 0] == 0] = 1  # all outputs zero: all classes alike
            outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    def predict_log_proba(self, X: MatrixLike) -> np.ndarray:
        """Logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``, -inf where that is 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _loss(self, encoder, class_weights=None):
        of_labels = None if encoder.has_one_class else class_weights
        return LOSSES[self.loss](encoder.kind, of_labels)

    def _check_y(self, y, name):
        """`y`, if it is labels or a matrix of zeros and ones."""
        if y.ndim == 1:
            check_sortable(name, y)
        check_classification_targets(y)
        kind = type_of_target(y, input_name=name)
        is_indicator = kind == "multilabel-indicator" and np.isin(y, (0, 1)).all()
        if y.ndim == 2 and not is_indicator:
            raise ValueError(
                f"`{name}` with several columns must hold zeros and ones, one column "
                f"for each label. Got targets of type {kind!r}; "
                "sklearn.multioutput.MultiOutputClassifier fits a network to each."
            )
        return y

    def _make_encoder(self, y, sample_weight=None):
        return Labels(np.unique(y)) if y.ndim == 1 else Indicators(y.shape[1])

    def _known_encoder(self, y, classes):
        """Return the encoder of all calls of partial_fit; `classes` may tell it."""
        if classes is not None and y.ndim == 1:
            try:
                classes = column_or_1d(classes, input_name="classes")
            except ValueError as error:
                raise ValueError(
                    "classes must be array-like of shape (n_classes,), the labels that "
                    f"may ever occur. Got {classes!r}."
                ) from error
            check_sortable("classes", classes)
            classes = np.unique(classes)
            if classes.dtype.kind == "f" and np.isnan(classes).any():
                raise ValueError(f"`classes` must not hold NaN. Got {classes}.")
        encoder = getattr(self, "_encoder", None)
        if encoder is None:
            encoder = self._first_encoder(y, classes)
        elif (
            classes is not None
            and encoder.has_one_class
            and not np.array_equal(classes, encoder.classes)
        ):
            raise ValueError(
                f"`classes={classes}` is not the same as on last call to partial_fit, "
                f"was: {encoder.classes}"
            )
        encoder.check_known(y, "y")
        return encoder

    def _first_encoder(self, y, classes):
        """Return the encoder of the first call of partial_fit."""
        if y.ndim == 2:
            return self._make_encoder(y)
        if classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return Labels(classes)

    def _class_weights(self, encoder, y, sample_weight, samples):
        """Return weights of classes, or of zeros and ones of each label, or None.

        Returns
        -------
        of_classes : ndarray of shape (n_classes,) or (n_labels, 2), or None
        """
        given = self.class_weight
        if given is None:
            return None
        sample_weight = None if sample_weight is None else sample_weight[samples]
        if encoder.has_one_class:
            if isinstance(given, list):
                raise ValueError(
                    "class_weight as a list of dicts is for several labels per sample. "
                    f"Give a dict, {{class: weight}}. Got {given!r}."
                )
            of_classes = weights_of(given, encoder.classes, y[samples], sample_weight)
        else:
            given = label_weights(given, encoder.n_outputs)
            columns = zip(given, encoder.classes, y[samples].T, strict=True)
            of_classes = np.array(
                [weights_of(*column, sample_weight) for column in columns]
            )
            if not of_classes.any():
                raise ValueError("class_weight leaves no label with a weight above 0.")
        if not ((of_classes >= 0) & np.isfinite(of_classes)).all():
            raise ValueError(
                "The 'class_weight' parameter must give weights in the range [0, inf)."
                f" Got {self.class_weight!r} instead."
            )
        return of_classes

    def _fitted(self, state, encoder, recipe, n_before):
        fitted = super()._fitted(state, encoder, recipe, n_before)
        return {**fitted, "classes_": encoder.classes}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def label_weights(class_weight, n_labels):
    """The `class_weight` of each of several labels."""
    if isinstance(class_weight, str):
        return [class_weight] * n_labels
    is_list = isinstance(class_weight, list) and len(class_weight) == n_labels
    if not is_list or not all(isinstance(item, dict) for item in class_weight):
        raise ValueError(
            "With several labels per sample class_weight must be 'balanced' or a list "
            f"of {n_labels} dicts, {{0: weight, 1: weight}}, one for each label. Got "
            f"{class_weight!r}."
        )
    return class_weight


def weights_of(class_weight, classes, y, sample_weight):
    """The weight of each of `classes`; 1 of those that `class_weight` leaves out.

    "balanced" shares out the weight of the samples among the classes that are there,
    and knows nothing of those that are not.
    """
    if isinstance(class_weight, str):
        present = np.unique(y)
        weights = np.ones(len(classes))
        weights[np.isin(classes, present)] = compute_class_weight(
            class_weight, classes=present, y=y, sample_weight=sample_weight
        )
        return weights
    labels = classes.tolist()
    missing = [label for label in labels if label not in class_weight]
    unknown = [label for label in class_weight if label not in labels]
    if missing and unknown:
        raise ValueError(
            f"The classes {missing} are not in class_weight, which has {unknown} that "
            "are no classes."
        )
    given = [class_weight.get(label, 1) for label in labels]
    return np.array([w if isinstance(w, Real) else np.nan for w in given], dtype=float)
