"""What several test files use."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # threads of workers would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from skhebb._kernels import _runtime


@pytest.fixture(params=_runtime.instruction_sets())
def instruction_set(request):
    """Run the test once with each instruction set of this machine."""
    before = _runtime.instruction_set()
    _runtime.use_instruction_set(request.param)
    yield request.param
    _runtime.use_instruction_set(before)


@pytest.fixture
def all_threads():
    """Let even the smallest product use all the threads it is given."""
    before = _runtime.set_grain(1)
    yield
    _runtime.set_grain(before)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def random_weights():
    """Sparse weights of a given shape, with 32-bit indices and some empty rows."""

    def make(n_in, n_out, density, dtype, rng):
        weights = csr_array(
            random_array(
                (n_in, n_out),
                density=density,
                rng=rng,
                data_sampler=lambda size: rng.standard_normal(size),
            ),
            dtype=dtype,
        )
        weights.sum_duplicates()
        weights.indices = weights.indices.astype(np.int32)
        weights.indptr = weights.indptr.astype(np.int32)
        return weights

    return make
