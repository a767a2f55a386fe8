"""What this process runs the kernels with: an instruction set, threads, a build."""

import os

from skhebb._kernels.tile_loops cimport skhebb_instruction_set, skhebb_table

cdef extern from "instruction_sets.h" nogil:
    const skhebb_instruction_set** skhebb_instruction_sets
    int SKHEBB_N_INSTRUCTION_SETS
    int skhebb_runs_here(int which)

cdef extern from "build.h" nogil:
    const char* SKHEBB_COMPILER
    const char* SKHEBB_FLAGS
    int SKHEBB_OPENMP
    int omp_get_max_threads()
    int skhebb_thread_limit  # of each thread that calls kernels

cdef const skhebb_instruction_set* in_use


def instruction_sets():
    """Names of the instruction sets that run here, best last."""
    return [
        skhebb_instruction_sets[which].name.decode()
        for which in range(SKHEBB_N_INSTRUCTION_SETS)
        if skhebb_runs_here(which)
    ]


def instruction_set():
    """Name of the instruction set in use."""
    return in_use.name.decode()


def use_instruction_set(str name):
    """Make all kernels use the instruction set `name`, one of `instruction_sets()`."""
    global in_use
    if name not in instruction_sets():
        raise ValueError(
            f"SKHEBB_INSTRUCTION_SET={name!r} does not run here. "
            f"Choose one of {instruction_sets()}."
        )
    for which in range(SKHEBB_N_INSTRUCTION_SETS):
        if skhebb_instruction_sets[which].name.decode() == name:
            in_use = skhebb_instruction_sets[which]


def choose_instruction_set():
    """Use what SKHEBB_INSTRUCTION_SET names, else the best that runs here."""
    best = instruction_sets()[len(instruction_sets()) - 1]
    use_instruction_set(os.environ.get("SKHEBB_INSTRUCTION_SET") or best)


choose_instruction_set()


cdef const skhebb_table* table_for(size_t real, size_t index) noexcept nogil:
    """The loops for a precision and an index type, given by their sizes in bytes."""
    return in_use.tables[2 * (real == sizeof(double)) + (index == sizeof(long long))]


def build():
    """Compiler and flags of this build."""
    return f"{SKHEBB_COMPILER.decode()}, {SKHEBB_FLAGS.decode()}"


def openmp_enabled():
    """Whether this build has OpenMP."""
    return bool(SKHEBB_OPENMP)


def openmp_max_threads():
    """The number of threads that OpenMP would use now; 1 without OpenMP."""
    return omp_get_max_threads()


# Multiply-adds that are worth a thread of their own: waking one costs microseconds,
# and far more on a busy machine.
cdef Py_ssize_t grain = 1 << 18


def set_grain(Py_ssize_t work):
    """Set the multiply-adds worth a thread, at least 1; return those before."""
    global grain
    before = grain
    grain = work
    return before


def threads_worth(Py_ssize_t work):
    """How many threads so many multiply-adds are worth."""
    return 1 + work // grain


def limit_threads(int limit):
    """Let no kernel that the calling thread calls have more; return the limit before."""
    global skhebb_thread_limit
    before = skhebb_thread_limit
    skhebb_thread_limit = max(1, limit)
    return before


cdef int threads_for(Py_ssize_t work, int n_threads) noexcept nogil:
    """Threads for so many multiply-adds, at most `n_threads`."""
    cdef Py_ssize_t worth = 1 + work // grain
    n_threads = min(n_threads, skhebb_thread_limit)
    return max(1, n_threads) if worth >= n_threads else <int>worth
