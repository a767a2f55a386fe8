"""Callbacks and interrupts of features."""

import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from .features import Recorder, dense


def test_callbacks(transformer, digits):
    recorder = Recorder()
    transformer.set_params(max_iter=4, learning_rate="constant")
    clone(transformer).set_callbacks(recorder).fit(digits)
    for n, features in enumerate(recorder.fitted, start=1):
        shorter = clone(transformer).set_params(max_iter=n).fit(digits)
        assert_array_equal(features, shorter.transform(digits))
    stopped = clone(transformer).set_callbacks(Recorder(stop_after=2)).fit(digits)
    assert stopped.n_iter_ == 2


def test_interrupt(transformer, density, digits):
    transformer.set_params(density=density, max_iter=4, learning_rate="constant")
    shorter = clone(transformer).set_params(max_iter=2).fit(digits)
    transformer.set_callbacks(Recorder(error=KeyboardInterrupt()))
    with pytest.warns(UserWarning, match="interrupted by user"):
        transformer.fit(digits)
    assert transformer.n_iter_ == 2
    assert_array_equal(dense(transformer.components_), dense(shorter.components_))


def test_going_on_after_an_interrupt(transformer, digits):
    transformer.set_params(max_iter=4, learning_rate="constant")
    expected = clone(transformer).set_params(max_iter=2).fit(digits)
    transformer.set_callbacks(Recorder(error=KeyboardInterrupt()))
    with pytest.warns(UserWarning, match="interrupted by user"):
        transformer.fit(digits)
    transformer.partial_fit(digits)
    expected.partial_fit(digits)
    assert_array_equal(transformer.components_, expected.components_)
