"""Builds the kernels; everything else about the package is in pyproject.toml.

Environment variables:

SKHEBB_BOUNDSCHECK=1
    Kernels on views check every index and raise IndexError; for debugging, slow.
SKHEBB_NO_OPENMP=1
    Build without OpenMP: every kernel runs on one thread.
SKHEBB_ABI3=0
    Build for this version of Python alone, not for all from 3.11 on (the stable ABI).
SKHEBB_SANITIZE=1
    Kernels abort at the first access outside of their arrays, or other undefined
    behaviour; docs/CONTRIBUTING.md says how to run them. For GCC and Clang.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

KERNELS = Path("skhebb/_kernels")
SOURCES = KERNELS / "src"
HEADERS = sorted(map(str, [*SOURCES.glob("*.h"), *KERNELS.glob("*.pxd")]))
DEBUG = os.environ.get("SKHEBB_BOUNDSCHECK", "0") == "1"
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
SANITIZE = SANITIZERS if os.environ.get("SKHEBB_SANITIZE", "0") == "1" else []
# Free-threaded Python has no stable ABI.
HAS_ABI3 = not sysconfig.get_config_var("Py_GIL_DISABLED")
ABI3 = HAS_ABI3 and os.environ.get("SKHEBB_ABI3", "1") == "1"

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "cdivision": True,
    "freethreading_compatible": True,
}

OPENMP_PROBE = (
    "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"
)


def openmp_flags(compiler):
    """Compile and link flags for OpenMP; none where the compiler does not have it."""
    if os.environ.get("SKHEBB_NO_OPENMP", "0") == "1":
        return [], []
    if compiler.compiler_type == "msvc":
        return ["/openmp"], []
    if sys.platform == "darwin":
        flags = ["-Xpreprocessor", "-fopenmp"], ["-lomp"]
    else:
        flags = ["-fopenmp"], ["-fopenmp"]
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder, "probe.c")
        probe.write_text(OPENMP_PROBE)
        command = [*compiler.compiler_so, *flags[0], str(probe), *flags[1]]
        command += ["-o", str(probe.with_suffix(".out"))]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            print("skhebb: no OpenMP here, the kernels will run on one thread")
            return [], []
    return flags


class BuildKernels(build_ext):
    """Adds what depends on the compiler that was found."""

    def build_extensions(self):
        compile_flags, link_flags = openmp_flags(self.compiler)
        if self.compiler.compiler_type != "msvc":
            # `omp simd` vectorises the tile loops, whether or not there are threads,
            # and square roots if they need not set errno.
            vectorise = ["-O3", "-fopenmp-simd", "-fno-math-errno", "-Wno-psabi"]
            compile_flags = [*vectorise, *compile_flags, *SANITIZE]
            link_flags = [*link_flags, *SANITIZE]
            if SANITIZE:  # reports name lines
                compile_flags += ["-g", "-O1", "-fno-omit-frame-pointer"]
            # For `skhebb.show_versions()`.
            quoted = json.dumps(" ".join(compile_flags))
            compile_flags = [*compile_flags, f"-DSKHEBB_FLAGS={quoted}"]
        for extension in self.extensions:
            extension.extra_compile_args += compile_flags
            extension.extra_link_args += link_flags
        super().build_extensions()

    def copy_extensions_to_source(self):
        """Leave no build for one version of Python, which it would import instead."""
        if ABI3:
            for extension in self.extensions:
                name = extension.name.rpartition(".")[2]
                for other in KERNELS.glob(f"{name}.cp*"):
                    other.unlink()
        super().copy_extensions_to_source()


def kernel(name, c_sources=()):
    """One extension module of `skhebb._kernels`."""
    return Extension(
        f"skhebb._kernels.{name}",
        [str(KERNELS / f"{name}.pyx"), *(str(SOURCES / c) for c in c_sources)],
        include_dirs=[str(SOURCES), numpy.get_include()],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"),
            *([("Py_LIMITED_API", "0x030b0000")] if ABI3 else []),
        ],
        py_limited_api=ABI3,
        depends=HEADERS,
    )


setup(
    ext_modules=cythonize(
        [
            kernel(
                "_runtime",  # which hands the loops out
                [
                    "tile_loops_baseline.c",
                    "tile_loops_avx2.c",
                    "tile_loops_avx512.c",
                ],
            ),
            kernel("_arrays"),
            kernel("_connections"),
            kernel("_handles"),
            kernel("_rules"),
            kernel("_loops"),
            kernel("_hebbian"),
            kernel("_lag"),
            kernel("_ranking"),
        ],
        compiler_directives=DIRECTIVES,
        force=True,  # other directives make another .c of the same .pyx
    ),
    cmdclass={"build_ext": BuildKernels},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {},
)
