"""Random numbers: what scikit-learn calls a random state, as NumPy's generators."""

import numpy as np
from sklearn.utils import check_random_state

SEEDS = np.iinfo(np.int32).max


def random_streams(random_state, n):
    """`n` independent generators."""
    entropy = check_random_state(random_state).randint(SEEDS, size=4)
    seeds = np.random.SeedSequence(entropy.tolist()).spawn(n)
    return [np.random.default_rng(seed) for seed in seeds]
