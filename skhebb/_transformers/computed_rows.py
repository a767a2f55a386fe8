"""Samples that are computed where they are wanted."""

from abc import ABC, abstractmethod

from skhebb._utils.plain_files import checksum

BLOCK = 1000  # samples that are in memory to be described


class ComputedRows(ABC):
    """Samples that features learn from without all of them being in memory.

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
            Finite, and the same bits in whatever company.
        """

    def checksums(self):
        """Return numbers that tell these samples from others, of one block each."""
        blocks = (self[n : n + BLOCK] for n in range(0, self.shape[0], BLOCK))
        return [checksum({"X": block}) for block in blocks]


def whole(X):
    """Return all of X, which may be ComputedRows, in memory."""
    return X[:] if isinstance(X, ComputedRows) else X
