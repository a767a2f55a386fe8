"""A mini-batch of given samples, for looking at what it would do."""

import copy

import numpy as np

from skhebb._predictors.data_preparation import Given
from skhebb._predictors.recipe import Recipe


def one_batch(estimator, X, y, sample_weight=None):
    """A trainer of a copy of the network, in float64, and data: all in one batch.

    For looking at what a mini-batch would do now, at learning rate and weight decay of
    the last epoch and without dropout.
    """
    if getattr(estimator, "class_weight", None) == "balanced":
        raise ValueError(
            "class_weight='balanced' wants to know all samples. Give a dict of "
            "weights, or use sample_weight."
        )
    new = copy.copy(estimator)
    state, encoder = new._state, new._encoder
    for layer in state.network.layers:
        layer.cast(np.float64)
    new._adopt(state)
    checked = new._check_data(Given(X, y, sample_weight), is_first=False)
    encoder.check_known(checked.y, "y")
    data = new._fit_data(checked, encoder)
    new.dropout = 0
    recipe = Recipe.of_stream(new, state.network.layers, data, 0)
    recipe = recipe._replace(batch_size=len(checked.y))  # those of no weight, too
    if new.weight_decay == "auto":
        recipe = recipe._replace(weight_decay=new.weight_decay_)
    trainer = new._trainer(state, data, recipe, n_threads=1)
    trainer.prepare(data)
    if state.progress.learning_rate is None:
        trainer.set_learning_rate()
    return trainer, data
