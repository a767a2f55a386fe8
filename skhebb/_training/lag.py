"""Rows of the first layer lag behind where their features are rarely there.

A mini-batch of sparse samples visits the rows of weights whose features it has.
Momentum and L2 terms would move all others, too: they catch up when their feature is
there again, and all of them when the layer is settled: before the topology evolves, at
the end of an epoch, and whenever else somebody is to look at its weights.
"""

from skhebb._kernels._lag import StepHistory


class Lag:
    """How far the rows of a layer lag behind, and what its L2 terms are meanwhile.

    Parameters
    ----------
    layer : SparseLayer
        The first one.
    longest : int
        Number of mini-batches after which the layer is to be settled.
    n_threads : int
    """

    def __init__(self, layer, longest, n_threads):
        self.layer = layer
        self.n_threads = n_threads
        is_new = not any(state.any() for state in layer.weight_state)
        self._history = StepHistory(layer.n_in, longest, is_new)
        self._forget()

    @property
    def is_full(self):
        """Whether no further batch can be taken note of before the layer is settled."""
        return self._history.n_steps == self._history.longest

    def catch_up(self, inputs):
        """Let rows take the steps that they missed, all if `inputs` is None."""
        self.layer.catch_up(self._history, inputs, self.n_threads)

    def take_note(self, step, total, inputs):
        """Take note of a step that the rows of `inputs` have taken."""
        self._history.append(step, total, inputs)

    def penalty(self, strength):
        """Return the L2 term of a batch with the weights as they were settled last."""
        if strength == 0:
            return 0.0
        if self._squares is None:
            self._squares = self.layer.sum_of_squares()
        self._strength += strength
        return 0.5 * strength * self._squares

    def settle(self):
        """Let all rows catch up; return what L2 terms have been short of meanwhile.

        They are taken to have changed evenly from batch to batch.
        """
        n = self._history.n_steps
        self.catch_up(None)
        missing = 0.0
        if n > 1 and self._strength > 0:
            change = self.layer.sum_of_squares() - self._squares
            missing = 0.5 * self._strength * change * (n - 1) / (2 * n)
        self._forget()
        return missing

    def _forget(self):
        """Take note that no row lags behind any more."""
        self._history.clear()
        self._squares, self._strength = None, 0.0
