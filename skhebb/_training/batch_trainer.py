"""Trains a network by one mini-batch after the other."""

from dataclasses import dataclass, field

import numpy as np

from skhebb._network.buffers import Backward, tiles_for
from skhebb._network.dropout import Dropout
from skhebb._network.network import LINEAR
from skhebb._plasticity.rule import LocalRule
from skhebb._training.lag import Lag
from skhebb._training.losses import Loss
from skhebb._training.optimizers import NO_PENALTY, Optimizer, Penalty
from skhebb._training.state import TrainingState
from skhebb._training.stopping import NonFiniteTraining
from skhebb._training.thread_choice import ThreadChoice
from skhebb._training.workspace import Workspace

TINY = {
    np.dtype(kind): kind(np.finfo(kind).tiny / np.finfo(kind).eps)
    for kind in (np.float32, np.float64)
}
CHECKED = 16  # samples that show whether outputs are finite


@dataclass(kw_only=True)
class BatchTrainer:
    """Trains a network by one mini-batch after the other.

    Connections stay where they are. All that training changes and later training
    depends on is in the state.

    Parameters
    ----------
    state : TrainingState
    loss : Loss
    optimizer : Optimizer
    plasticity : LocalRule or None
    dropout : Dropout or None
    alpha : float
        Strength of an L2 term that is divided by the weight of the batch, as in
        `MLPClassifier`.
    weight_decays : sequence of float
        Strengths of the L2 terms of the layers, whatever the batch.
    batch_size : int
        Upper bound.
    n_threads : int
        At most; mini-batches may have fewer.

    Attributes
    ----------
    workspace : Workspace
        Set by `prepare`.
    thread_choice : ThreadChoice
        Begins anew with `prepare`.
    full_weight : float
        Mean weight of a batch of `batch_size` samples, set by `prepare`.
    penalty_of_batch : float
        What L2 terms have of the loss of the last batch, set by `run_batch`.
    late_penalty : float
        What they were short of where weights lagged behind, set by `settle`.
    lag : Lag or None
        What rows of the first layer have missed, None where they miss nothing; set by
        `prepare`.
    """

    state: TrainingState
    loss: Loss
    optimizer: Optimizer
    plasticity: LocalRule | None = None
    dropout: Dropout | None = None
    alpha: float
    weight_decays: list
    batch_size: int
    n_threads: int
    workspace: Workspace = field(init=False, repr=False)
    thread_choice: ThreadChoice = field(init=False, repr=False)
    full_weight: float = field(init=False)
    penalty_of_batch: float = field(init=False, default=0.0)
    late_penalty: float = field(init=False, default=0.0)
    lag: Lag | None = field(init=False, repr=False, default=None)

    def __post_init__(self):
        check_family("loss", self.loss, Loss)
        check_family("optimizer", self.optimizer, Optimizer)
        if self.plasticity is not None:
            check_family("plasticity", self.plasticity, LocalRule)
        self.state.begin_optimizer(self.optimizer.n_arrays)
        self.thread_choice = ThreadChoice(self.n_threads)

    def prepare(self, data):
        """Allocate all that batches of `data` need.

        Sets: `workspace`, `thread_choice`, `full_weight`, `lag`.
        """
        self.thread_choice = ThreadChoice(self.n_threads)
        network, rule = self.state.network, self.plasticity
        if data.inputs.learns:
            data.inputs.bind(network.kernels)
        depths = range(len(network.layers))
        self.workspace = Workspace(
            network,
            data.inputs,
            [rule is not None and rule.needs_preactivations(n) for n in depths],
            self.batch_size,
            self.n_threads,
        )
        self.full_weight = self.mean_weight(data)
        self.lag = self.new_lag(data.inputs)

    def mean_weight(self, data):
        """Return the mean weight of a full mini-batch of `data`."""
        n_samples = len(data.samples)
        return data.total_weight * min(self.batch_size, n_samples) / n_samples

    def new_lag(self, inputs):
        """Return the Lag of the first layer, None if no row lags behind."""
        rule, optimizer = self.plasticity, self.optimizer
        moves_all = optimizer.n_arrays > 0 or self.alpha or self.weight_decays[0]
        if not (inputs.is_sparse and moves_all):
            return None
        reads = rule is not None and rule.reads_weights
        longest = 1 if reads else optimizer.longest_lag
        return Lag(self.state.network.layers[0], longest, self.n_threads)

    def settle(self):
        """Let all weights catch up, so that others may look at them.

        Sets: `late_penalty`, to which what L2 terms were short of is added.
        """
        if self.lag is not None:
            self.late_penalty += self.lag.settle()

    def propagate(self, data, samples, n_threads, dropout):
        """Return activations in tiles, the tiles, and outputs of some samples.

        Outputs are of shape (n_outputs, batch_size).
        """
        network, workspace = self.state.network, self.workspace
        tiles = tiles_for(len(samples), network.dtype)
        activations = workspace.activations.arrays(tiles)
        activations[0] = data.inputs.load_to_learn(
            samples, tiles, activations[0], n_threads
        )
        if dropout is not None and data.inputs.are_hidden:
            dropout.apply(activations[0], network.dropped_inputs, n_threads)
        if self.lag is not None:
            self.lag.catch_up(activations[0])
        outputs, _, _ = workspace.of_outputs(len(samples))
        preactivations = workspace.preactivations.arrays(tiles)
        network.forward(
            activations, tiles, outputs, True, n_threads, dropout, preactivations
        )
        return activations, tiles, outputs

    def run_batch(self, data, samples, share=1.0):
        """Update all parameters from `samples`; return their summed loss before.

        L2 terms, times the weight of the batch, are part of it. The samples may be a
        `share` of a mini-batch only, see `Batch`. Weights of features that these
        samples do not have lag behind until `settle` is called.

        Sets: `penalty_of_batch`.
        """
        if self.lag is not None and self.lag.is_full:
            self.settle()
        activations, tiles, outputs = self.propagate(
            data, samples, self.n_threads, self.dropout
        )
        _, targets, scratch = self.workspace.of_outputs(len(samples))
        data.load_targets(samples, targets)
        losses = self.loss.values(outputs, targets, scratch)
        batch = data.batch_of(samples, tiles, outputs.dtype, share)
        sample_weight = data.weights_of(samples)
        if sample_weight is not None:
            losses *= sample_weight
        self.penalty_of_batch = self.penalty(batch)
        loss = losses.sum() + self.penalty_of_batch
        if not np.isfinite(loss):
            raise NonFiniteTraining
        if self.plasticity is not None:
            tiles.pack(outputs, activations[-1])  # which were preactivations
            self.plasticity.observe(
                self.state.network.layers,
                activations,
                self.workspace.preactivations.arrays(tiles),
                batch,
                self.n_threads,
            )
        self.loss.turn_into_errors(outputs, targets, scratch)
        errors = outputs  # in the same memory
        if sample_weight is not None:
            errors *= sample_weight
        in_errors = self.update(activations, batch, flush_tiny(errors), data.inputs)
        if data.inputs.learns:
            self.update_kernels(data.inputs, in_errors, batch)
        return loss

    def penalty(self, batch):
        """Return the L2 terms of the loss, times the weight of the batch."""
        pairs = zip(self.weight_decays, self.state.network.layers, strict=True)
        alpha, total = self.alpha * batch.share, batch.total
        strengths = [
            ((alpha + decay * total) * layer.input_scale**2, layer)
            for decay, layer in pairs
        ]
        first = 0.0
        if self.lag is not None:
            first = self.lag.penalty(strengths.pop(0)[0])
        rest = sum(s * layer.sum_of_squares() for s, layer in strengths if s > 0)
        return first + 0.5 * rest

    def update(self, activations, batch, output_errors, source):
        """Propagate the error from the last layer to the first, updating each.

        Returns
        -------
        errors : ndarray
            Those of the inputs, in tiles, if these learn.
        """
        state, workspace, tiles = self.state, self.workspace, batch.tiles
        layers, error_sums = state.network.layers, workspace.error_sums
        state.counters = state.counters.after_batch()
        rate, n_steps = state.progress.learning_rate, state.counters.n_steps
        bias_step = self.optimizer.step(rate, NO_PENALTY, n_steps)
        errors, other = workspace.errors.arrays(tiles)
        n_outputs = len(output_errors)
        tiles.pack(output_errors, errors[: n_outputs * tiles.stride])
        output_errors.sum(axis=1, out=error_sums[-1][:n_outputs])
        for depth in reversed(range(len(layers))):
            layer = layers[depth]
            out_errors = errors[: layer.n_out * tiles.stride]
            in_errors = other[: layer.n_in * tiles.stride]
            backward = self.backward_to(depth, in_errors, source)
            self.update_weights(depth, activations[depth], out_errors, backward, batch)
            sums = error_sums[depth][: layer.n_out]
            layer.update_biases(sums, batch.total, bias_step)
            errors, other = other, errors
        return errors[: layers[0].n_in * tiles.stride]

    def backward_to(self, depth, in_errors, source):
        """Return where errors of the inputs of a layer go, nowhere if nobody asks."""
        network, workspace = self.state.network, self.workspace
        if depth > 0:
            before = network.activations[depth - 1].for_kernels
            return Backward(in_errors, workspace.error_sums[depth - 1], before)
        if source.learns:
            dropped = LINEAR if self.dropout is None else network.dropped_inputs
            return Backward(in_errors, workspace.input_error_sums, dropped)
        return Backward(None, None, LINEAR)

    def update_weights(self, depth, inputs, out_errors, backward, batch):
        """Move the weights of a layer by gradient and local rule.

        The errors of its inputs are those of the weights before. `out_errors` are not
        wanted any more and may be overwritten.
        """
        layer, state = self.state.network.layers[depth], self.state
        penalty = Penalty(self.alpha * batch.share, self.weight_decays[depth])
        step = self.optimizer.step(
            state.progress.learning_rate,
            penalty,
            state.counters.n_steps,
            layer.input_scale,
        )
        scratch = self.workspace.scratch
        layer.update(inputs, out_errors, backward, batch, step, scratch, self.n_threads)
        if depth == 0 and self.lag is not None:
            self.lag.take_note(step, batch.total, inputs)
        term = self.local_term(depth, batch.total / batch.share)
        if term is not None:
            # It falls with gradient steps, which it would outweigh in the end.
            share = state.progress.learning_rate_share
            term = term._replace(factor=term.factor * share / layer.input_scale)
            layer.add_covariances(
                inputs, batch, term, out_errors, scratch, self.n_threads
            )

    def update_kernels(self, source, in_errors, batch):
        """Move the kernels of convolutions by the errors of what they gave.

        L2 terms are those of the network alone: what kernels give is standardised.
        """
        kernels = self.state.network.kernels
        rate = self.state.progress.learning_rate * kernels.rate
        n_steps = self.state.counters.n_steps
        gradients = source.gradients(in_errors, batch.tiles, self.n_threads)
        for place, gradient in enumerate(gradients):
            scale = kernels.scales[place]
            step = self.optimizer.step(rate, NO_PENALTY, n_steps, scale)
            kernels.take_step(place, gradient, batch.total, step)

    def local_term(self, depth, total):
        """Return what the local rule adds to the weights of a layer, or None.

        `total` is the weight of the batch. Of light ones there are more between two
        evolutions.
        """
        if self.plasticity is None:
            return None
        per_evolution = self.state.progress.batches_per_evolution
        n_batches = per_evolution * (self.full_weight / total)
        n_evolutions = self.state.counters.n_evolutions
        return self.plasticity.term(depth, n_evolutions, n_batches)

    def check_soundness(self, data, samples):
        """Raise NonFiniteTraining if the weights or what they give is not finite.

        The loss of a batch tells of the weights before its update only.
        """
        some = samples[:CHECKED]
        outputs = self.propagate(data, some, n_threads=1, dropout=None)[-1]
        if not (self.state.network.is_finite() and np.isfinite(outputs).all()):
            raise NonFiniteTraining


def flush_tiny(values):
    """Set to zero what is so small that products of it are subnormal, and slow."""
    are_tiny = np.abs(values) < TINY[values.dtype]
    if are_tiny.any():
        values[are_tiny] = 0
    return values


def check_family(name, part, family):
    """Raise a TypeError unless a part of training derives from its family."""
    if not isinstance(part, family):
        raise TypeError(
            f"{name} must derive from {family.__module__}.{family.__name__}, whose "
            f"methods training calls. Got {part!r}."
        )
