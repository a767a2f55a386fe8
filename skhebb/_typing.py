"""Types of public signatures.

A set of names is that of a registry or of a parameter's constraints, which
`tests/test_types.py` compares.
"""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import sparray, spmatrix
from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
else:  # matplotlib is an extra
    Axes = Any

# Names of registries
ActivationName: TypeAlias = Literal["all_relu", "identity", "logistic", "relu", "tanh"]
CompetitionName: TypeAlias = Literal["hard", "soft"]
FeatureActivationName: TypeAlias = Literal["identity", "relu", "triangle"]
FeatureScheduleName: TypeAlias = Literal["constant", "cosine", "invscaling"]
GraphName: TypeAlias = Literal["correlation", "erdos_renyi", "erk", "uniform"]
GrowthName: TypeAlias = Literal["gradient", "hebbian", "random"]
LossName: TypeAlias = Literal["log_loss", "squared_error", "squared_error_published"]
MaskRuleName: TypeAlias = Literal["contribution", "sign"]
PruningName: TypeAlias = Literal["magnitude", "sign"]
ScheduleName: TypeAlias = Literal["adaptive", "constant", "cosine", "invscaling"]
SolverName: TypeAlias = Literal["adam", "sgd"]
UnitActivationName: TypeAlias = Literal["identity", "relu"]
ZetaScheduleName: TypeAlias = Literal["constant", "cosine"]

# Other names
Auto: TypeAlias = Literal["auto"]
ComponentsInitName: TypeAlias = Literal["samples", "uniform"]
CurveName: TypeAlias = Literal["loss", "validation_loss", "validation_score"]
FateName: TypeAlias = Literal["stayed", "weight"]
FineTuneName: TypeAlias = Literal["all", "head"]
LambdaUnit: TypeAlias = Literal["batch", "evolution"]
PatchActivationName: TypeAlias = Literal["relu", "triangle"]
PersistenceKind: TypeAlias = Literal["final", "persistence"]
PoolingName: TypeAlias = Literal["average", "max", "sum"]
StandardizeName: TypeAlias = Literal["channels", "layer"]

# Values of parameters
ClassWeight: TypeAlias = (
    Mapping[Any, float] | Sequence[Mapping[int, float]] | Literal["balanced"] | None
)
EvolutionInterval: TypeAlias = int | Literal["auto", "epoch"]
GrowthRule: TypeAlias = GrowthName | Callable[..., ArrayLike]
Integers: TypeAlias = int | Sequence[int] | np.ndarray
PruningRule: TypeAlias = PruningName | Callable[..., ArrayLike]
RandomState: TypeAlias = int | np.random.RandomState | None
Scoring: TypeAlias = str | Callable[..., float] | None
Strengths: TypeAlias = float | Sequence[float] | np.ndarray
WeightScale: TypeAlias = float | Literal["glorot", "he"]

# What is passed to methods
Estimator: TypeAlias = BaseEstimator
ManyAxes: TypeAlias = Sequence[Axes] | Mapping[Any, Axes] | np.ndarray
MatrixLike: TypeAlias = ArrayLike | sparray | spmatrix
FilePath: TypeAlias = str | PathLike[str]
