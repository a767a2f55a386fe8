"""Fits that take effect as a whole and that callbacks of scikit-learn see."""

from sklearn.callback import CallbackSupportMixin, with_callbacks

from skhebb._utils.transaction import transaction


class ObservedFitMixin(CallbackSupportMixin):
    """Fits a draft of the estimator, see `transaction`; callbacks see the estimator.

    Subclasses have `_fit(observed, *data)`, which trains the draft that it is called
    on and tells callbacks about `observed`.
    """

    def _fit_draft(self, *data):
        """Fit by `data`, or leave this as it is; return what `_fit` returns."""
        with transaction(self) as draft:
            return self._observe_fit(draft, *data)

    @with_callbacks
    def _observe_fit(self, draft, *data):
        """Let the draft fit, and callbacks know this estimator."""
        return draft._fit(self, *data)
