"""Samples that are computed where they are wanted."""

from abc import ABC, abstractmethod

from skhebb._training.batches import HiddenRows
from skhebb._utils.plain_files import checksum

BLOCK = 1000  # samples that are in memory to be described
KEPT_BYTES = 2**27  # up to which all samples are kept in memory, which is faster
STAND_FOR_ALL = 10_000  # samples, at most


class ComputedRows(ABC):
    """Samples that are learned from without all of them being in memory.

    Attributes
    ----------
    shape : tuple of int
        (n_samples, n_features).
    dtype : dtype
        float32 or float64.
    """

    @abstractmethod
    def __getitem__(self, rows):
        """Return some samples.

        Parameters
        ----------
        rows : slice or ndarray of int

        Returns
        -------
        samples : ndarray of shape (n_rows, n_features)
            A new array, finite, and of the same bits in the same company.
        """

    def batch_source(self):
        """Return where batches of these come from."""
        return HiddenRows(self)

    def __len__(self):
        return self.shape[0]

    @property
    def n_bytes(self):
        """Memory that all of them would take."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    def whole_if_small(self):
        """Return all samples in memory if they are few, else these."""
        return self[:] if self.n_bytes <= KEPT_BYTES else self

    def checksums(self):
        """Return numbers that tell these samples from others, of one block each."""
        blocks = (self[n : n + BLOCK] for n in range(0, self.shape[0], BLOCK))
        return [checksum({"X": block}) for block in blocks]

    def described_by(self, describe_data):
        """Return a text that tells these samples from others; see `describe_data`."""
        return describe_data(self.checksums())


def whole(X):
    """Return all of X, which may be ComputedRows, in memory."""
    return X[:] if isinstance(X, ComputedRows) else X


def thinned(X):
    """Return samples that stand for all: these, or some that lie evenly among them."""
    return X[:: -(-X.shape[0] // STAND_FOR_ALL)]
