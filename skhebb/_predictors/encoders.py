"""What a network is to learn: labels, indicators or numbers.

Each of them has `kind` and `n_outputs`, `encode(y)`, which gives the rows that
`load(rows, out)` turns into the targets of a batch, of shape (n_outputs, batch_size),
and `decode(outputs)` and `score(encoded, outputs, sample_weight)`, where outputs are
those of the network, of shape (n_samples, n_outputs).
"""

import numpy as np
from sklearn.metrics import r2_score


class Labels:
    """Classes, one per sample; two share an output, which stands for the second.

    Classes may be without any sample: their outputs are trained towards 0.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted.
    """

    has_one_class = True  # per sample

    def __init__(self, classes):
        self.classes = classes
        self.kind = "binary" if len(classes) == 2 else "multiclass"
        outputs = np.array([1]) if len(classes) == 2 else np.arange(len(classes))
        self.n_outputs = len(outputs)
        self._outputs = outputs[:, np.newaxis]

    def encode(self, y):
        """Numbers of the classes, from 0."""
        codes = np.searchsorted(self.classes, y)
        return np.minimum(codes, len(self.classes) - 1)

    def check_known(self, y, name):
        """Raise if there are others than the classes in `y`."""
        if y.ndim != 1:
            raise ValueError(
                f"`{name}` must have one class per sample, as in training. Got "
                f"{y.shape[1]} columns."
            )
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                f"`{name}` has classes not in `classes`: {unknown} not in "
                f"{self.classes}"
            )

    def difference(self, others):
        """Tell what distinguishes another encoder from this; empty if nothing does."""
        if others.kind == "multilabel-indicator":
            return f"type. Previously got classes {self.classes}, now {others.kind}"
        if np.array_equal(self.classes, others.classes):
            return ""
        return (
            f"classes as in the previous call to fit. Previously got {self.classes}, "
            f"`y` has {others.classes}"
        )

    def strata(self, codes):
        """Return what to stratify a split by."""
        return codes

    def load(self, codes, out):
        """Write 1 for the class of each sample, else 0."""
        np.equal(codes, self._outputs, out=out, casting="unsafe")

    def decode(self, outputs):
        """Classes of the most active outputs."""
        return self.classes[self._winners(outputs)]

    def score(self, codes, outputs, sample_weight):
        """Accuracy."""
        return np.average(codes == self._winners(outputs), weights=sample_weight)

    def _winners(self, outputs):
        if self.kind == "binary":
            return (outputs[:, 0] > 0.5).astype(np.intp)
        return outputs.argmax(axis=1)


class Columns:
    """An output for each column of y."""

    def encode(self, y):
        """Return y as rows of one column or more."""
        return y.reshape(len(y), -1)

    def check_known(self, y, name):
        """Raise if `y` has another number of columns."""
        n_outputs = y.reshape(len(y), -1).shape[1]
        if n_outputs != self.n_outputs:
            raise ValueError(
                f"`{name}` must have {self.n_outputs} outputs, as in training. Got "
                f"{n_outputs}."
            )

    def difference(self, others):
        """Tell what distinguishes another encoder from this; empty if nothing does."""
        if (self.kind, self.n_outputs) == (others.kind, others.n_outputs):
            return ""
        return (
            f"number of outputs. Previously got {self.n_outputs} ({self.kind}), now "
            f"{others.n_outputs} ({others.kind})"
        )

    def strata(self, rows):
        """Return None: there is nothing to stratify by."""
        return None

    def load(self, rows, out):
        """Write the rows as columns."""
        out[...] = rows.T


class Indicators(Columns):
    """Any number of labels."""

    kind = "multilabel-indicator"
    has_one_class = False

    def __init__(self, n_outputs):
        # Of each label, as scikit-learn has it where there are several outputs: its
        # scorers would take two numbers for the classes of a binary problem.
        self.classes = np.tile([0, 1], (n_outputs, 1))
        self.n_outputs = n_outputs

    def decode(self, outputs):
        """1 where an output is above 0.5."""
        return (outputs > 0.5).astype(int)

    def score(self, y, outputs, sample_weight):
        """Share of samples with all labels right."""
        is_right = (y == self.decode(outputs)).all(axis=1)
        return np.average(is_right, weights=sample_weight)


class Numbers(Columns):
    """Real numbers, which the network learns as (y - mean) / scale.

    Parameters
    ----------
    n_outputs : int
    is_1d : bool
        Whether predictions are to have one dimension.
    mean, scale : ndarray of shape (n_outputs,)
    """

    kind = "continuous"

    def __init__(self, n_outputs, is_1d, mean=0.0, scale=1.0):
        self.n_outputs = n_outputs
        self.is_1d = is_1d
        self.mean = mean
        self.scale = scale

    def encode(self, y):
        """Rows of standardised numbers; infinite where these overflow."""
        with np.errstate(over="ignore"):
            return (super().encode(y) - self.mean) / self.scale

    def decode(self, outputs):
        """Numbers of the scale of y; infinite where these overflow.

        In double precision, unless the outputs are the numbers: single precision would
        leave few digits to what differs from a large `mean`.
        """
        y = outputs
        if self.mean.any() or (self.scale != 1).any():
            with np.errstate(over="ignore"):
                y = outputs.astype(np.float64) * self.scale + self.mean
        return y[:, 0] if self.is_1d else y

    def score(self, y, outputs, sample_weight):
        """Coefficient of determination R², which the scale does not change."""
        return r2_score(y, outputs, sample_weight=sample_weight)
