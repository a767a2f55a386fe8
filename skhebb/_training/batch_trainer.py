"""Trains a network by one mini-batch after the other."""

from dataclasses import dataclass, field

import numpy as np

from skhebb._network.buffers import Backward, tiles_for
from skhebb._network.dropout import Dropout
from skhebb._network.network import LINEAR
from skhebb._plasticity.rule import LocalRule
from skhebb._training.losses import Loss
from skhebb._training.optimizers import NO_PENALTY, Optimizer, Penalty
from skhebb._training.state import TrainingState
from skhebb._training.stopping import NonFiniteTraining
from skhebb._training.thread_choice import ThreadChoice
from skhebb._training.workspace import Workspace


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
        Set by `prepare`.
    full_weight : float
        Mean weight of a batch of `batch_size` samples, set by `prepare`.
    penalty_of_batch : float
        What L2 terms have of the loss of the last batch, set by `run_batch`.
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

    def __post_init__(self):
        check_family("loss", self.loss, Loss)
        check_family("optimizer", self.optimizer, Optimizer)
        if self.plasticity is not None:
            check_family("plasticity", self.plasticity, LocalRule)
        self.state.begin_optimizer(self.optimizer.n_arrays)

    def prepare(self, data):
        """Allocate all that batches of `data` need.

        Sets: `workspace`, `thread_choice`, `full_weight`.
        """
        self.thread_choice = ThreadChoice(self.n_threads)
        network, rule = self.state.network, self.plasticity
        depths = range(len(network.layers))
        self.workspace = Workspace(
            network,
            data.inputs,
            [rule is not None and rule.needs_preactivations(n) for n in depths],
            self.batch_size,
            self.n_threads,
        )
        n_samples = len(data.samples)
        n_of_batch = min(self.batch_size, n_samples)
        self.full_weight = data.total_weight * n_of_batch / n_samples

    def propagate(self, data, samples, n_threads, dropout):
        """Return activations in tiles, the tiles, and outputs of some samples.

        Outputs are of shape (n_outputs, batch_size).
        """
        network, workspace = self.state.network, self.workspace
        tiles = tiles_for(len(samples), network.dtype)
        activations = workspace.activations.arrays(tiles)
        activations[0] = data.inputs.load(samples, tiles, activations[0], n_threads)
        outputs, _, _ = workspace.of_outputs(len(samples))
        preactivations = workspace.preactivations.arrays(tiles)
        network.forward(
            activations, tiles, outputs, True, n_threads, dropout, preactivations
        )
        return activations, tiles, outputs

    def run_batch(self, data, samples):
        """Update all parameters from `samples`; return their summed loss before.

        L2 terms, times the weight of the batch, are part of it.

        Sets: `penalty_of_batch`.
        """
        activations, tiles, outputs = self.propagate(
            data, samples, self.n_threads, self.dropout
        )
        _, targets, scratch = self.workspace.of_outputs(len(samples))
        data.load_targets(samples, targets)
        losses = self.loss.values(outputs, targets, scratch)
        batch = data.batch_of(samples, tiles, outputs.dtype)
        sample_weight = data.weights_of(samples)
        if sample_weight is not None:
            losses *= sample_weight
        self.penalty_of_batch = self.penalty(batch.total)
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
        self.loss.delta(outputs, targets, scratch)
        errors = outputs  # in the same memory
        if sample_weight is not None:
            errors *= sample_weight
        self.update(activations, batch, flush_tiny(errors))
        return loss

    def penalty(self, total):
        """Return the L2 terms of the loss, times the weight of the batch."""
        pairs = zip(self.weight_decays, self.state.network.layers, strict=True)
        strengths = [
            ((self.alpha + decay * total) * layer.input_scale**2, layer)
            for decay, layer in pairs
        ]
        return 0.5 * sum(s * layer.sum_of_squares() for s, layer in strengths if s > 0)

    def update(self, activations, batch, output_errors):
        """Propagate the error from the last layer to the first, updating each."""
        state, workspace, tiles = self.state, self.workspace, batch.tiles
        network, error_sums = state.network, workspace.error_sums
        state.counters = state.counters.after_batch()
        rate, n_steps = state.progress.learning_rate, state.counters.n_steps
        bias_step = self.optimizer.step(rate, NO_PENALTY, n_steps)
        errors, other = workspace.errors.arrays(tiles)
        n_outputs = len(output_errors)
        tiles.pack(output_errors, errors[: n_outputs * tiles.stride])
        output_errors.sum(axis=1, out=error_sums[-1][:n_outputs])
        for depth in reversed(range(len(network.layers))):
            layer = network.layers[depth]
            penalty = Penalty(self.alpha, self.weight_decays[depth])
            scale = layer.input_scale
            step = self.optimizer.step(rate, penalty, n_steps, scale)
            inputs, backward = activations[depth], Backward(None, None, LINEAR)
            if depth > 0:
                in_errors = other[: layer.n_in * tiles.stride]
                before = network.activations[depth - 1].for_kernels
                backward = Backward(in_errors, error_sums[depth - 1], before)
            out_errors = errors[: layer.n_out * tiles.stride]
            layer.update(
                inputs,
                out_errors,
                backward,
                batch,
                step,
                workspace.scratch,
                self.n_threads,
            )
            term = self.local_term(depth, batch.total)
            if term is not None:
                # It falls with gradient steps, which it would outweigh in the end.
                share = state.progress.learning_rate_share
                term = term._replace(factor=term.factor * share / scale)
                room = out_errors, workspace.scratch  # wanted no more
                layer.add_covariances(inputs, batch, term, *room, self.n_threads)
            layer.update_biases(
                error_sums[depth][: layer.n_out], batch.total, bias_step
            )
            errors, other = other, errors

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
        outputs = self.propagate(data, samples, n_threads=1, dropout=None)[-1]
        if not (self.state.network.is_finite() and np.isfinite(outputs).all()):
            raise NonFiniteTraining


def flush_tiny(values):
    """Set to zero what is so small that products of it are subnormal, and slow."""
    limits = np.finfo(values.dtype)
    values[np.abs(values) < limits.tiny / limits.eps] = 0
    return values


def check_family(name, part, family):
    """Raise a TypeError unless a part of training derives from its family."""
    if not isinstance(part, family):
        raise TypeError(
            f"{name} must derive from {family.__module__}.{family.__name__}, whose "
            f"methods training calls. Got {part!r}."
        )
