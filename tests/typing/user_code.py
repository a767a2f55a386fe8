"""What users write, for mypy: right calls pass, wrong ones are found.

mypy says so if a comment that expects an error meets none.
"""

from typing import assert_type

import numpy as np
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skhebb
from skhebb import HebbSETClassifier, HebbSETRegressor, SETClassifier, WinnerTakeAll
from skhebb.callbacks import Checkpoint
from skhebb.inspection import TopologyMonitor, TrainingCurveDisplay, update_terms
from skhebb.topology import CandidateRule, LayerProbe

X, y = load_digits(return_X_y=True)


class SmallestGradients(CandidateRule):
    """A growth rule."""

    def scores(self, candidates: csr_array, probe: LayerProbe) -> np.ndarray:
        """Prefer candidates that would hardly move."""
        return -np.abs(probe.gradients(candidates))


def right() -> None:
    """Calls that mypy has nothing to say about."""
    classifier = SETClassifier((100, 50), "tanh", density=0.1, random_state=0)
    assert_type(classifier.fit(X, y), SETClassifier)
    assert_type(classifier.partial_fit(X, y, classes=range(10)), SETClassifier)
    assert_type(classifier.predict_proba(csr_array(X)), np.ndarray)
    HebbSETClassifier(lambda0=[0.01, 0], growth=SmallestGradients(), tol=None)
    HebbSETRegressor(hidden_layer_sizes=50, batch_size="auto", max_iter=10)
    pipeline = make_pipeline(StandardScaler(), WinnerTakeAll(20), classifier)
    GridSearchCV(pipeline, {"setclassifier__zeta": [0.1, 0.3]}).fit(X, y)
    monitor = TopologyMonitor(every=5)
    classifier.set_callbacks(monitor, Checkpoint("folder", keep=1)).fit(X, y)
    TrainingCurveDisplay.from_estimators({"SET": classifier}, metric="loss")
    skhebb.export_npz(classifier, "network.npz")
    assert_type(update_terms(classifier, X, y).gradient, list[np.ndarray])


def wrong() -> None:
    """Calls that mypy must refuse, each for one reason."""
    SETClassifier(hidden_layers=(100,))  # type: ignore[call-arg]
    SETClassifier(activation="rleu")  # type: ignore[arg-type]
    SETClassifier(initial_graph="erdos-renyi")  # type: ignore[arg-type]
    SETClassifier(growth="magnitude")  # type: ignore[arg-type]
    SETClassifier(density="all")  # type: ignore[arg-type]
    HebbSETClassifier(lambda_unit="epoch")  # type: ignore[arg-type]
    HebbSETRegressor(solver="lbfgs")  # type: ignore[arg-type]
    WinnerTakeAll(learning_rate="adaptive")  # type: ignore[arg-type]
    SETClassifier().fit(X, y, weights=y)  # type: ignore[call-arg]
    SETClassifier().fit(X, y).predict(X, y)  # type: ignore[call-arg]
    TopologyMonitor("often")  # type: ignore[arg-type]
    TrainingCurveDisplay.from_estimators({}, metric="R2")  # type: ignore[arg-type]
