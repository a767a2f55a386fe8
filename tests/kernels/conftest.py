"""Types and sizes that kernels are tried with."""

import pytest

from .layers import BATCHES, DTYPES, SHAPES


@pytest.fixture(params=BATCHES)
def batch(request):
    return request.param


@pytest.fixture(params=DTYPES)
def dtype(request):
    return request.param


@pytest.fixture
def cases(batch, dtype, rng, random_weights):
    """Weights of several shapes, and the activations and errors around them."""

    def case(n_in, n_out, density):
        weights = random_weights(n_in, n_out, density, dtype, rng)
        a, d = rng.standard_normal((n_in, batch)), rng.standard_normal((n_out, batch))
        return weights, a.astype(dtype), d.astype(dtype)

    return [case(*shape) for shape in SHAPES]
