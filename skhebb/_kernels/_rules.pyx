"""What rules tell the kernels: which activation functions and steps there are."""

from skhebb._kernels._arrays cimport room
from skhebb._kernels.tile_loops cimport (
    SKHEBB_ADAM,
    SKHEBB_GRADIENT_DESCENT,
    SKHEBB_LOGISTIC,
    SKHEBB_PIECEWISE_LINEAR,
    SKHEBB_TANH,
    skhebb_activation_kind,
    skhebb_rule,
    skhebb_step,
)

ACTIVATION_KINDS = {
    "piecewise linear": SKHEBB_PIECEWISE_LINEAR,
    "tanh": SKHEBB_TANH,
    "logistic": SKHEBB_LOGISTIC,
}
RULES = {"gradient descent": SKHEBB_GRADIENT_DESCENT, "adam": SKHEBB_ADAM}


cdef int code_of(str what, dict codes, str name) except -1:
    """The code that C has for `name`, of something; raise if there is none."""
    if name not in codes:
        raise ValueError(f"{what} must be one of {sorted(codes)}. Got {name!r}.")
    return codes[name]


cdef class Activation:
    """What the kernels know of an activation function, one of `ACTIVATION_KINDS`.

    ``Activation("piecewise linear", slope)`` leaves positive values, multiplies
    negative ones by `slope`, and is applied by the kernels; of "tanh" and "logistic"
    they know the derivative only. `keep_probability` is that with which dropout, if
    any, keeps an activation: it divides those by it and makes the others -0.0.
    """

    def __init__(self, str kind, double slope=1.0, double keep_probability=1.0):
        self.c.kind = <skhebb_activation_kind>code_of("kind", ACTIVATION_KINDS, kind)
        self.c.slope = slope
        self.c.keep_probability = keep_probability


cdef class OptimizerStep:
    """A step of an optimiser.

    Parameters
    ----------
    rule : str
        One of `RULES`.
    factors : sequence of float
        What the rule wants: "gradient descent" a learning rate, momentum, and whether
        it is Nesterov's; "adam" a learning rate with the corrections of both biases,
        beta_1, beta_2, and what is added to the root.
    n_states : int
        The number of arrays that it keeps for each array of parameters, at most 2.
    alpha, weight_decay : float
        Strengths of two L2 terms, of which the first is divided by the weight of the
        batch.
    """

    def __init__(self, str rule, factors, int n_states, double alpha,
                 double weight_decay):
        self.c.rule = <skhebb_rule>code_of("rule", RULES, rule)
        n_factors = 4 if rule == "adam" else 3
        if len(factors) != n_factors:
            raise ValueError(
                f"factors of {rule!r} must be {n_factors}. Got {len(factors)}."
            )
        fewest = 2 if rule == "adam" else int(factors[1] != 0)
        if not fewest <= n_states <= 2:
            raise ValueError(
                f"n_states of {rule!r} must be {fewest} to 2. Got {n_states}."
            )
        for k, factor in enumerate(factors):
            self.factors[k] = factor
        self.c.factors = self.factors
        self.c.alpha = alpha
        self.c.weight_decay = weight_decay
        self.n_states = n_states

    cdef skhebb_step of(
        self, list states, size_t real, Py_ssize_t n, double total
    ) except *:
        """This step of `n` parameters with these states, for a batch of this weight."""
        cdef skhebb_step step = self.c
        if len(states) != self.n_states:
            raise ValueError(f"states must be {self.n_states}. Got {len(states)}.")
        if self.n_states > 0:
            step.state0 = room("states", states[0], real, n)
        if self.n_states > 1:
            step.state1 = room("states", states[1], real, n)
        step.inverse_total = 1.0 / total
        return step
