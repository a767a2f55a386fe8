"""What a fitted network tells."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhebb._network.network import NetworkParameters
from skhebb._predictors.persistence import NetworkPersistenceMixin
from skhebb._training.batches import as_batch_source
from skhebb._training.computed_rows import ComputedRows
from skhebb._typing import MatrixLike
from skhebb._utils.sparse import check_sparse
from skhebb._utils.threads import effective_n_threads
from skhebb._utils.transaction import twin
from skhebb._utils.validation import (
    check_coefs,
    check_intercepts,
    check_length,
    check_overflowing,
    count_overflowing,
    validate_data,
)

FEW = 1 << 16  # numbers that are looked at faster than scikit-learn looks at an array
MOST_OUTPUTS = 1 << 22  # that predictions are made of at a time


class FittedNetworkMixin(NetworkPersistenceMixin):
    """Predictions and fitted attributes.

    Users may read while another thread trains, and may change `coefs_` and
    `intercepts_`.
    """

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Predict the targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Classes or zeros and ones of classifiers, numbers of regressors.

        Raises
        ------
        ValueError
            If X is not as described, or so large that sums of the network overflow.
        """
        fitted = self._at_this_moment()
        # One block at a time is in memory.
        parts = list(map(fitted._encoder.decode, fitted._blocks_of_outputs(X)))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @property
    def feature_importances_(self):
        """Strength of each feature's neuron, ndarray of shape (n_features,).

        The sum of the absolute weights of its connections, as QuickSelection has it
        (Atashgahi et al. 2022). It is comparable between features of one scale only.
        """
        first = self._at_this_moment()._fitted_state().network.layers[0]
        return np.asarray(abs(first.weights).sum(axis=1)).ravel()

    def _at_this_moment(self):
        """Return a twin, which threads that train this estimator do not change."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)  # which raises, and takes longer
        return twin(self)

    def _outputs(self, X):
        """Return what the network gives for all samples, (n_samples, n_outputs)."""
        (outputs,) = self._blocks_of_outputs(X, most=None)
        return outputs

    def _blocks_of_outputs(self, X, most=MOST_OUTPUTS):
        """Yield that of one block of samples after the other, of so many numbers."""
        network = self._fitted_state().network
        X = self._check_samples(X, network.dtype)
        inputs, n_samples = as_batch_source(X), X.shape[0]
        is_plain = not isinstance(X, ComputedRows)  # or else these are most of the work
        work = n_samples * network.n_connections if is_plain else None
        n_threads = effective_n_threads(self.n_jobs, work)
        size = n_samples if most is None else max(1, most // network.layer_sizes[-1])
        n_overflowing = 0
        for start in range(0, n_samples, size):
            samples = np.arange(start, min(start + size, n_samples), dtype=np.intp)
            with np.errstate(over="ignore", invalid="ignore"):  # an error below
                outputs = network.outputs(inputs, n_threads, samples)
            n_overflowing += count_overflowing(outputs)
            if n_overflowing == 0:
                yield outputs
            del outputs
        check_overflowing(n_overflowing, n_samples)

    def _check_samples(self, X, dtype):
        """Return X as an array or CSR matrix of `dtype`, if it is as in `fit`."""
        if isinstance(X, ComputedRows):  # checked before
            return X
        if (
            type(X) is np.ndarray
            and X.dtype == dtype
            and X.ndim == 2
            and X.shape[1] == self.n_features_in_
            and 0 < X.size <= FEW
            and not hasattr(self, "feature_names_in_")
            and np.isfinite(X).all()
        ):
            return X  # scikit-learn says the same, and takes longer than to predict
        X = check_sparse("X", X)
        return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)

    def _fitted_state(self):
        """The state that training left, to be read, or copied and trained.

        If users have changed `coefs_` or `intercepts_` since, a state with what these
        hold now, and an optimiser that starts anew.

        Raises
        ------
        ValueError
            If these are no longer layers of this network.
        """
        layers = self._state.network.layers
        check_length("coefs_", self.coefs_, len(layers))
        check_length("intercepts_", self.intercepts_, len(layers))
        parameters = list(zip(self.coefs_, self.intercepts_, strict=True))
        if all(
            weights is layer.weights
            and biases is layer.biases
            and layer.is_sound()
            and layer.is_aligned()
            for layer, (weights, biases) in zip(layers, parameters, strict=True)
        ):
            return self._state
        shapes = [(layer.n_in, layer.n_out) for layer in layers]
        sizes, dtype = [n_out for _, n_out in shapes], self._state.network.dtype
        coefs = check_coefs(self.coefs_, shapes, dtype, "coefs_")
        intercepts = check_intercepts(self.intercepts_, sizes, dtype, "intercepts_")
        state = self._state.copy()
        # What a mask remembers is of the connections that were there before.
        state.restore_parameters(
            NetworkParameters(
                [(*pair, None) for pair in zip(coefs, intercepts, strict=True)]
            )
        )
        return state

    def _fitted(self, state, encoder, recipe, n_before):
        """All fitted attributes, after training that began with epoch `n_before`."""
        layers, history = state.network.layers, state.history
        n_cells = sum(layer.n_in * layer.n_out for layer in layers)
        is_judged = self.early_stopping
        return {
            "_state": state,
            "_encoder": encoder,
            "_activation": (self.activation, self.negative_slope),
            "coefs_": [layer.weights for layer in layers],
            "intercepts_": [layer.biases for layer in layers],
            **{f"{name}_": value for name, value in recipe._asdict().items()},
            "n_layers_": len(layers) + 1,
            "n_outputs_": layers[-1].n_out,
            "out_activation_": self._loss(encoder).output_activation,
            "n_connections_": state.network.n_connections,
            "density_": state.network.n_connections / n_cells,
            "n_iter_": len(history.losses) - n_before,
            "t_": state.counters.n_samples_seen,
            "loss_": history.losses[-1] if history.losses else np.nan,
            "loss_curve_": history.losses,
            "best_loss_": None if is_judged else min(history.losses, default=np.inf),
            "validation_scores_": history.scores if is_judged else None,
            "validation_loss_curve_": (
                history.validation_losses if is_judged else None
            ),
            "best_validation_score_": state.progress.best_score if is_judged else None,
        }

    def __sklearn_is_fitted__(self):
        return hasattr(self, "coefs_")
