"""Stateless functions on arrays and handles; nothing here imports the rest.

Activations are flat arrays of tiles, see src/tile_loops.h. Connections are CSR by
presynaptic neuron, with 32- or 64-bit indices.
"""

import os

# GNU OpenMP lets a thread that waits for another one spin for milliseconds, on the
# processor that the other may be waiting for: on a busy machine two threads are then
# slower than one. It reads the number of spins once, when the kernels load it.
_SPINS = "GOMP_SPINCOUNT"
_is_set = _SPINS in os.environ or "OMP_WAIT_POLICY" in os.environ
if not _is_set:
    os.environ[_SPINS] = "2000"
try:
    from skhebb._kernels import _loops  # noqa: F401
finally:
    if not _is_set:
        del os.environ[_SPINS]
