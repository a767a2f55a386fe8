"""Rows of sparse inputs that lag behind: which steps they missed, and catching up.

Where a feature is zero in a batch, only momentum and L2 terms move its row of weights.
Rows take such steps later, all at once, when the feature is there again or when someone
wants to see all weights.
"""

import numpy as np

from cython.parallel cimport prange
from libc.limits cimport INT_MAX
from libc.math cimport sqrt

from skhebb._kernels._arrays cimport item_of, room, start_of
from skhebb._kernels._handles cimport Connections, NonZeros
from skhebb._kernels._rules cimport OptimizerStep
from skhebb._kernels._runtime cimport table_for, threads_for
from skhebb._kernels.tile_loops cimport (
    SKHEBB_ADAM,
    skhebb_connections,
    skhebb_history,
    skhebb_table,
)

cdef enum:
    WORK = 16  # multiply-adds that catching up takes for a connection, about
    STILL = INT_MAX  # what rows have whose states are zero, which only decay moves


cdef class StepHistory:
    """Steps of an optimiser, and how many of them each row of a layer has taken.

    All are of one rule and differ by learning rate and L2 terms only.

    Parameters
    ----------
    n_rows : int
    longest : int
        Number of steps that there is room for.
    is_new : bool, default=False
        Whether the optimiser's states are zero. Rows are not visited then before they
        had a gradient, unless there are L2 terms.

    Attributes
    ----------
    n_steps : int
        Number of steps since it was made or cleared.
    """

    cdef readonly Py_ssize_t n_rows, longest
    cdef object _since
    cdef int* since
    cdef skhebb_history c
    cdef int n_states
    cdef bint has_still
    cdef double[8] factors
    cdef object _moves, _rates, _decays, _lengths
    cdef double* moves
    cdef double* rates
    cdef double* decays

    def __init__(self, Py_ssize_t n_rows, Py_ssize_t longest, bint is_new=False):
        if n_rows < 1 or longest < 1:
            raise ValueError(
                f"n_rows and longest must be at least 1. Got {n_rows} and {longest}."
            )
        self.n_rows, self.longest = n_rows, longest
        self._since = np.full(n_rows, STILL if is_new else 0, dtype=np.int32)
        self.has_still = is_new
        self.since = <int*>start_of(self._since)
        self._moves = np.zeros(4 * (longest + 1))
        self._rates, self._decays = np.zeros(longest + 1), np.zeros(longest + 1)
        self.moves = <double*>start_of(self._moves)
        self.rates = <double*>start_of(self._rates)
        self.decays = <double*>start_of(self._decays)
        self.clear()

    @property
    def n_steps(self):
        return self.c.n_steps

    def clear(self):
        """Forget all steps; no row has missed one."""
        self.c.n_steps = 0
        self._since[self._since != STILL] = 0
        self.moves[0] = self.moves[3] = 1
        self.moves[1] = self.moves[2] = 0

    def append(self, OptimizerStep step not None, double total, NonZeros inputs not None):
        """Take note of a step, for a batch of weight `total`, of the features there."""
        cdef Py_ssize_t r, n = self.c.n_steps
        self.check(inputs)
        cdef double rate = step.c.factors[0]
        cdef double decay = step.c.alpha / total + step.c.weight_decay
        if n == self.longest:
            raise ValueError(f"There is room for {n} steps only.")
        if n == 0:
            self._begin(step)
        elif step.c.rule != self.c.rule or any(
            step.factors[k] != self.factors[k] for k in range(1, 4)
        ):
            raise ValueError("Steps must be of one rule, and but for the rate alike.")
        if decay > 0 and self.has_still:
            self._since[self._since == STILL] = n
            self.has_still = False
        if step.c.rule == SKHEBB_ADAM:
            self.rates[n + 1] = self.rates[n] + rate
            self.decays[n + 1] = self.decays[n] + decay
            self._add_rate(rate)
        else:
            self._move(rate, decay)
        self.c.n_steps = n + 1
        for r in range(inputs.c.n_active):
            self.since[inputs.c.features[r]] = <int>(n + 1)

    cdef int check(self, NonZeros inputs) except -1:
        """Raise unless these are inputs of so many rows."""
        cdef Py_ssize_t n = inputs.c.n_active
        if n > 0 and inputs.c.features[n - 1] >= self.n_rows:
            raise ValueError(
                f"features must be below {self.n_rows}, the number of rows. Got "
                f"{inputs.c.features[n - 1]}."
            )
        return 0

    def _begin(self, OptimizerStep step):
        """Go on with steps of this rule."""
        self.factors = step.factors
        self.c.factors = self.factors
        self.n_states = step.n_states
        self.c.rule = step.c.rule
        self.c.moves, self.c.rates, self.c.decays = self.moves, self.rates, self.decays
        if step.c.rule == SKHEBB_ADAM:
            self._lengths = adam_lengths(self.factors[1], self.factors[2], self.longest)
            self.c.lengths = <double*>start_of(self._lengths)

    cdef void _add_rate(self, double rate) noexcept:
        """Add beta_1^i c_i rate to each sum, for a step that is its i-th.

        c_i is that of `adam_lengths`, which falls from step to step.
        """
        cdef Py_ssize_t s, n = self.c.n_steps
        cdef double* lengths = <double*>self.c.lengths
        cdef double root = sqrt(self.factors[2])
        self.moves[4 * n] = 0
        for s in range(n + 1):
            self.moves[4 * s] = (
                self.moves[4 * s] * root + lengths[4 * (n + 1 - s) + 2] * rate
            )

    cdef void _move(self, double rate, double decay) noexcept:
        """Multiply each matrix from the left by that of one more step.

        v <- momentum v - rate decay w; then w <- w + v or, with Nesterov's momentum,
        w <- w + momentum v - rate decay w.
        """
        cdef double momentum = self.factors[1], shrinking = rate * decay
        cdef double ww = 1 - shrinking, wv = momentum
        cdef double w, v
        cdef Py_ssize_t s, column
        cdef double* move
        if self.factors[2] != 0:
            ww, wv = 1 - (1 + momentum) * shrinking, momentum * momentum
        for s in range(self.c.n_steps + 1):
            for column in range(2):
                move = self.moves + 4 * s + column
                w, v = move[0], move[2]
                move[0] = ww * w + wv * v
                move[2] = momentum * v - shrinking * w
        move = self.moves + 4 * (self.c.n_steps + 1)
        move[0] = move[3] = 1
        move[1] = move[2] = 0

    cdef skhebb_history of(self, list states, size_t real, Py_ssize_t n) except *:
        """These steps of `n` parameters with these states of the optimiser."""
        cdef skhebb_history history = self.c
        if len(states) != self.n_states:
            raise ValueError(f"states must be {self.n_states}. Got {len(states)}.")
        if self.n_states > 0:
            history.state0 = room("states", states[0], real, n)
        if self.n_states > 1:
            history.state1 = room("states", states[1], real, n)
        return history


def adam_lengths(double beta_1, double beta_2, Py_ssize_t longest):
    """What absences of Adam's rows come to, by their length of j steps.

    Without a gradient the moments fall, and so does what they move. Between the second
    moments at step i and at the end lies a factor of which the root is c_i.

    Returns
    -------
    lengths : ndarray of shape (4 * (longest + 1),)
        For each j: the sums over i = 1..j of beta_1^i c_i and of
        c_i = beta_2^((j - i) / 2); beta_1^j; beta_2^j.
    """
    lengths = np.zeros(4 * (longest + 1))
    cdef double* of_length = <double*>start_of(lengths)
    cdef double root = sqrt(beta_2)
    cdef Py_ssize_t _
    of_length[2] = of_length[3] = 1
    for _ in range(longest):
        of_length[4] = of_length[0] * root + of_length[2] * beta_1
        of_length[5] = of_length[1] * root + 1
        of_length[6] = of_length[2] * beta_1
        of_length[7] = of_length[3] * beta_2
        of_length += 4
    return lengths


def catch_up(
    Connections connections not None,
    StepHistory history not None,
    *,
    weights,          # IN/OUT (n_connections,)
    list states,      # IN/OUT of the optimiser, (n_connections,) each
    NonZeros inputs,  # whose features are to catch up; None for all
    int n_threads,
):
    """Let rows take the steps that they missed, in which their inputs were zero."""
    if history.n_steps == 0:
        return
    cdef size_t real = item_of("weights", weights, c"f")
    cdef Py_ssize_t n = connections.n_connections, n_rows = connections.n_in
    cdef skhebb_connections layer = connections.with_weights(
        room("weights", weights, real, n)
    )
    cdef skhebb_history missed = history.of(states, real, n)
    if n_rows != history.n_rows:
        raise ValueError(f"connections must be of {history.n_rows} rows. Got {n_rows}.")
    cdef const Py_ssize_t* rows = NULL
    if inputs is not None:
        history.check(inputs)
        rows, n_rows = inputs.c.features, inputs.c.n_active
    cdef const skhebb_table* loops = table_for(real, connections.index)
    cdef Py_ssize_t part, block = 64
    cdef Py_ssize_t work = WORK * n_rows * (1 + n // connections.n_in)
    n_threads = threads_for(work, n_threads)
    for part in prange((n_rows + block - 1) // block, nogil=True, num_threads=n_threads,
                       schedule="static"):
        loops.catch_up(&layer, &missed, rows, history.since, part * block,
                       min(n_rows, (part + 1) * block))
