"""What a bug report needs to say about the installation."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from skhebb._kernels import _runtime
from skhebb._utils.threads import effective_n_threads
from skhebb._version import __version__

DEPENDENCIES = ("numpy", "scipy", "scikit-learn", "narwhals", "joblib")


def show_versions() -> None:
    """Print versions, the instruction set in use and the number of threads."""

    def installed(name):
        try:
            return version(name)
        except PackageNotFoundError:
            return "not installed"

    lines = {
        "skhebb": __version__,
        "python": sys.version.replace("\n", " "),
        "platform": platform.platform(),
        **{name: installed(name) for name in DEPENDENCIES},
        "instruction set": (
            f"{_runtime.instruction_set()} of {', '.join(_runtime.instruction_sets())}"
        ),
        "built": _runtime.build(),
        "openmp": "yes" if _runtime.openmp_enabled() else "no",
        "threads": effective_n_threads(None),
    }
    for name, value in lines.items():
        print(f"{name:>16}: {value}")
