"""What a new network begins with."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from skhebb._training.state import RandomStreams
from skhebb._utils.random import random_streams


class InitialParameters(NamedTuple):
    """Weights and biases that users let a new network begin with.

    Attributes
    ----------
    coefs, intercepts : list or None
        For each layer; None for those that are drawn, and zeros.
    input_scale : float
        What given weights of the first layer are in units of, see `input_scale_of`.
    """

    coefs: Sequence | None = None
    intercepts: Sequence | None = None
    input_scale: float = 1.0


class NewStreams(NamedTuple):
    """Where the randomness of a new network comes from.

    Attributes
    ----------
    initial : numpy.random.Generator
        Of graphs and weights.
    random : RandomStreams
        Of training.
    """

    initial: np.random.Generator
    random: RandomStreams

    @classmethod
    def of(cls, random_state, n_layers):
        """Return the streams of an estimator's `random_state`."""
        streams = random_streams(random_state, 4 + n_layers)
        initial, shuffle, split, *evolution, dropout = streams
        split_seed = int(split.integers(2**31))
        return cls(initial, RandomStreams(shuffle, dropout, evolution, split_seed))


NOTHING_GIVEN = InitialParameters()
