"""What a new network begins with."""

from typing import NamedTuple

import numpy as np

from skhebb._utils.random import random_streams


class InitialParameters(NamedTuple):
    """Weights and biases that users let a new network begin with.

    Attributes
    ----------
    coefs, intercepts : list or None
        For each layer; None for those that are drawn, and zeros.
    """

    coefs: list | None = None
    intercepts: list | None = None


class RandomStreams(NamedTuple):
    """Generators of a new network, none of which shifts another.

    Attributes
    ----------
    initial, shuffle, dropout : numpy.random.Generator
    split_seed : int
    evolution : list of numpy.random.Generator
        One for each layer.
    """

    initial: np.random.Generator
    shuffle: np.random.Generator
    split_seed: int
    evolution: list
    dropout: np.random.Generator

    @classmethod
    def of(cls, random_state, n_layers):
        """Return the streams of an estimator's `random_state`."""
        streams = random_streams(random_state, 4 + n_layers)
        initial, shuffle, split, *evolution, dropout = streams
        return cls(initial, shuffle, int(split.integers(2**31)), evolution, dropout)


NOTHING_GIVEN = InitialParameters()
