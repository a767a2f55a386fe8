"""The files of a fit that Checkpoint writes, and which of them are of use."""

import re

from skhebb._training.run import KeptState
from skhebb._training.stopping import StopReason
from skhebb._utils.persistence import FORMAT, OF_DAMAGE
from skhebb._utils.plain_files import read_plain, write_plain
from skhebb._version import __version__


class DamagedSnapshot(ValueError):
    """A file is not a whole snapshot."""


class Snapshots:
    """Snapshots of one fit in a folder: ``epoch-<n>.npz`` and ``result.npz``.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder):
        self.folder = folder
        self.result = folder / "result.npz"

    def of_epochs(self):
        """Return the files of epochs by their number."""
        found = {}
        for path in self.folder.glob("epoch-*.npz"):
            if match := re.fullmatch(r"epoch-(\d+)\.npz", path.name):
                found[int(match[1])] = path
        return found

    def newest_first(self):
        """Return all files."""
        paths = [path for _, path in sorted(self.of_epochs().items(), reverse=True)]
        return [self.result, *paths] if self.result.exists() else paths

    def write_epoch(self, run, state, epoch, keep):
        """Write a snapshot, and remove those before but `keep` in all."""
        self._write(self.folder / f"epoch-{epoch:06}.npz", run, state, None)
        before = sorted(n for n in self.of_epochs() if n <= epoch)
        self._remove(before[:-keep])

    def write_result(self, run, state, reason, keep):
        """Write the result, and remove snapshots but `keep` with it."""
        self._write(self.result, run, state, reason.name)
        epochs = sorted(self.of_epochs())
        self._remove(epochs[: len(epochs) + 1 - keep])

    def _write(self, path, run, state, reason):
        write_plain(
            path,
            {
                "format": FORMAT,
                "version": __version__,
                "identity": run.identity,
                "reason": reason,
                "state": state.pack(),
            },
        )

    def _remove(self, epochs):
        paths = self.of_epochs()
        for epoch in epochs:
            paths[epoch].unlink(missing_ok=True)


def load(path, run):
    """Return what a file keeps of a fit.

    Returns
    -------
    kept : KeptState

    Raises
    ------
    DamagedSnapshot
        If it is not a whole snapshot.
    ValueError
        If it is one, but of another format or another fit.
    OSError
        If it cannot be read.
    """
    try:
        saved = read_plain(path)
    except ValueError as error:
        raise DamagedSnapshot(str(error)) from error
    names = {"format", "version", "identity", "reason", "state"}
    if saved.keys() != names or not isinstance(saved["identity"], dict):
        raise DamagedSnapshot(f"{path} is foreign")
    if saved["format"] != FORMAT:
        raise ValueError(
            f"{path} was written by skhebb {saved['version']}; skhebb {__version__} "
            "cannot read it. Use the version that wrote it, or remove it to start anew."
        )
    check_same_fit(path, saved["identity"], run.identity)
    try:
        reason = saved["reason"] and StopReason[saved["reason"]]
        return KeptState(run.unpack(**saved["state"]), reason)
    except OF_DAMAGE as error:
        raise DamagedSnapshot(f"{path} is damaged: {error}") from error


def check_same_fit(path, kept, now):
    """Raise unless a snapshot has the identity that a fit has now."""
    differences = [
        f"{name} was {kept.get(name)} and is {now.get(name)}"
        for name in dict.fromkeys([*now, *kept])
        if kept.get(name) != now.get(name)
    ]
    if differences:
        raise ValueError(
            f"{path} is a snapshot of another fit: {'; '.join(differences)}. Give "
            "Checkpoint another folder, or remove this one to start anew."
        )
