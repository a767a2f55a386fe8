"""The training loop: fit, epoch, batch."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from skhebb._buffers import BatchBuffers, tiles_for
from skhebb._kernels._loops import N_GROUPS

WORTH_THREADS = (
    1 << 20
)  # connections whose evolution takes longer than starting threads
PROBE = 16  # samples that show at the end of an epoch whether outputs are finite


class NonFiniteTraining(ArithmeticError):
    """The loss or a weight became NaN or infinite."""


@dataclass
class TrainingState:
    """What a later call of training goes on from.

    Attributes
    ----------
    network : Network
    shuffle_rng : numpy.random.Generator
    evolution_rngs : list of numpy.random.Generator
        One per layer. Separate streams, so that none shifts another.
    generation : int
        How often the topology evolved; the t of lambda(t).
    batches_since_evolution : int
    n_samples_seen : int
    split_seed : int
        Of the validation split, the same in each call that goes on.
    losses, scores : list of float
        Mean loss of each epoch and, with validation data, the score after it.
    """

    network: object
    shuffle_rng: np.random.Generator
    evolution_rngs: list
    split_seed: int
    generation: int = 0
    batches_since_evolution: int = 0
    n_samples_seen: int = 0
    losses: list = field(default_factory=list)
    scores: list = field(default_factory=list)

    def snapshot(self):
        """All that an epoch changes but the optimiser's arrays, for `restore`."""
        return (
            self.network.parameters,
            self.shuffle_rng.bit_generator.state,
            [rng.bit_generator.state for rng in self.evolution_rngs],
            (self.generation, self.batches_since_evolution, self.n_samples_seen),
        )

    def restore(self, snapshot):
        """Go back to what `snapshot` gave; the optimiser starts anew."""
        parameters, shuffle, evolution, counters = snapshot
        self.network.restore_parameters(parameters)
        self.shuffle_rng.bit_generator.state = shuffle
        for rng, rng_state in zip(self.evolution_rngs, evolution, strict=True):
            rng.bit_generator.state = rng_state
        self.generation, self.batches_since_evolution, self.n_samples_seen = counters


class StoppingRule:
    """Stop when a figure has not improved by `tol` for more than `patience` epochs.

    With `tol` None training is never stopped, but the best figure is still known.
    """

    def __init__(self, tol, patience):
        self.tol = tol
        self.patience = patience
        self.best = -np.inf
        self.epochs_without_improvement = 0

    def update(self, figure):
        """Take the figure of an epoch, larger is better; tell if it is the best."""
        if self.tol is not None and figure < self.best + self.tol:
            self.epochs_without_improvement += 1
        else:
            self.epochs_without_improvement = 0
        is_best = figure > self.best
        self.best = max(self.best, figure)
        return is_best

    @property
    def should_stop(self):
        """Whether patience is exhausted."""
        return self.epochs_without_improvement > self.patience


@dataclass
class Trainer:
    """Trains a network on batches.

    Parameters
    ----------
    state : TrainingState
    loss, optimizer, topology
        One of each family.
    plasticity : object or None
        A local learning rule.
    alpha : float
        Strength of the L2 term; divided by the batch size, as in `MLPClassifier`.
    batch_size : int
        Upper bound; an epoch's last batch may be smaller.
    shuffle : bool
    evolution_interval : int or None
        Batches between two evolutions; None for an epoch.
    n_threads : int
    """

    state: TrainingState
    loss: object
    optimizer: object
    topology: object
    plasticity: object
    alpha: float
    batch_size: int
    shuffle: bool
    evolution_interval: int | None
    n_threads: int

    def __post_init__(self):
        network = self.state.network
        for layer in network.layers:
            layer.begin_training(self.optimizer.n_arrays)

    def prepare(self, inputs):
        """Allocate all that batches of `inputs` need."""
        network = self.state.network
        sizes, dtype = network.layer_sizes, network.dtype
        outputs = sizes[1:]
        self.activations = BatchBuffers(
            inputs.tiled_sizes(sizes), self.batch_size, dtype
        )
        # The errors of two neighbouring layers are alive at a time.
        self.errors = BatchBuffers([max(outputs)] * 2, self.batch_size, dtype)
        self.error_sums = [np.zeros(N_GROUPS * size, dtype) for size in outputs]
        self.outputs = np.empty((3, outputs[-1] * self.batch_size), dtype=dtype)
        chunk = max(layer.largest_chunk(self.n_threads) for layer in network.layers)
        self.scratch = np.empty((N_GROUPS, chunk), dtype=dtype)
        self.step = self.optimizer.step(self.alpha)
        self.bias_step = self.optimizer.step(0.0)

    def fit(self, inputs, targets, max_epochs, stopping, validate, report):
        """Train for up to `max_epochs` epochs and prune at the end.

        Growth waits for the next epoch, so that no connection is ever left behind
        that was not trained.

        Parameters
        ----------
        inputs, targets
            Sources of batches.
        max_epochs : int
        stopping : StoppingRule
        validate : callable or None
            Gives the score of the network on validation data, asked after pruning, so
            that the network scored is the one that would be returned. The best one is
            restored in the end.
        report : callable
            Called after each epoch with its number, the loss and the score or None.

        Returns
        -------
        stopped : str or None
            None after `max_epochs` epochs, else "converged", "interrupted" or
            "diverged". In the last two cases the network is that of the last
            complete epoch or, with `validate`, the best one.
        """
        self.prepare(inputs)
        network = self.state.network
        best = stopped = None
        for epoch in range(1, max_epochs + 1):
            last_complete = self.state.snapshot()
            try:
                self.begin_epoch()
                loss = self.run_epoch(inputs, targets)
                if self.evolution_interval is None:
                    self.prune()
                score = None if validate is None else validate()
                is_best = stopping.update(-loss if validate is None else score)
                if is_best and validate is not None:
                    best = network.parameters
                report(epoch, loss, score)
            except (KeyboardInterrupt, NonFiniteTraining) as reason:
                self.state.restore(last_complete)
                interrupted = isinstance(reason, KeyboardInterrupt)
                stopped = "interrupted" if interrupted else "diverged"
                break
            except BaseException:
                self.state.restore(last_complete)
                raise
            self.record(loss, score)
            if stopping.should_stop:
                stopped = "converged"
                break
        if best is not None:
            network.restore_parameters(best)
        elif self.evolution_interval is not None and stopped in (None, "converged"):
            self.prune()
        network.forget()
        return stopped

    def partial_fit(self, inputs, targets):
        """Train for one epoch; the topology evolves when the next one begins.

        Returns
        -------
        stopped : str or None
            None, or "interrupted" or "diverged", in which cases the network is as it
            was before.
        """
        self.prepare(inputs)
        before = self.state.snapshot()
        try:
            self.begin_epoch()
            loss = self.run_epoch(inputs, targets)
        except (KeyboardInterrupt, NonFiniteTraining) as reason:
            self.state.restore(before)
            interrupted = isinstance(reason, KeyboardInterrupt)
            return "interrupted" if interrupted else "diverged"
        except BaseException:
            self.state.restore(before)
            raise
        self.record(loss, None)
        return None

    def begin_epoch(self):
        """Evolve if the epoch before has not been followed by that, and fill up.

        Each epoch trains arrays of its own, so that those before need no copy to go
        back to.
        """
        before = self.state.network.parameters
        if self.evolution_interval is None and self.state.batches_since_evolution:
            self.prune()
        self.grow()
        self.state.network.leave(before)

    def run_epoch(self, inputs, targets):
        """Pass once over all samples; return the mean loss.

        Raises
        ------
        NonFiniteTraining
            If the loss of a batch or, in the end, a weight or output is not finite.
        """
        state = self.state
        n_samples = inputs.n_samples
        order = (
            state.shuffle_rng.permutation(n_samples)
            if self.shuffle
            else np.arange(n_samples)
        ).astype(np.intp, copy=False)
        total = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, n_samples, self.batch_size):
                if self.evolution_is_due():
                    if not state.network.is_finite():
                        raise NonFiniteTraining
                    self.prune()
                    self.grow()
                samples = order[start : start + self.batch_size]
                total += self.run_batch(inputs, targets, samples) * len(samples)
                state.batches_since_evolution += 1
            self.check_soundness(inputs, samples[:PROBE])
        state.n_samples_seen += n_samples
        return float(total / n_samples)

    def check_soundness(self, inputs, samples):
        """Raise NonFiniteTraining if the weights or what they give is not finite.

        The loss of a batch tells of the weights before its update only.
        """
        outputs = self.propagate(inputs, samples, n_threads=1)[-1]
        if not (self.state.network.is_finite() and np.isfinite(outputs).all()):
            raise NonFiniteTraining

    def evolution_is_due(self):
        """Whether so many batches were seen that the topology shall evolve."""
        interval = self.evolution_interval
        return interval is not None and self.state.batches_since_evolution >= interval

    def record(self, loss, score):
        """Remember the figures of a complete epoch."""
        self.state.losses.append(loss)
        if score is not None:
            self.state.scores.append(score)

    def propagate(self, inputs, samples, n_threads):
        """Activations in tiles, the tiles, and outputs, (n_outputs, batch)."""
        network, batch = self.state.network, len(samples)
        tiles = tiles_for(batch, network.dtype)
        activations = self.activations.arrays(tiles)
        activations[0] = inputs.load(samples, tiles, activations[0], n_threads)
        outputs = self.like_outputs(0, batch)
        network.forward(activations, tiles, outputs, True, n_threads)
        return activations, tiles, outputs

    def like_outputs(self, which, batch):
        """One of three arrays of shape (n_outputs, batch)."""
        n_outputs = self.state.network.layer_sizes[-1]
        return self.outputs[which, : n_outputs * batch].reshape(n_outputs, batch)

    def run_batch(self, inputs, targets, samples):
        """Update all parameters from `samples`; return their mean loss before."""
        batch = len(samples)
        activations, tiles, outputs = self.propagate(inputs, samples, self.n_threads)
        wanted, scratch = self.like_outputs(1, batch), self.like_outputs(2, batch)
        targets.load(samples, wanted)
        loss = self.loss.value(outputs, wanted, scratch) + self.penalty(batch)
        if not np.isfinite(loss):
            raise NonFiniteTraining
        if self.plasticity is not None:
            tiles.pack(outputs, activations[-1])
            self.plasticity.observe(activations, tiles, self.n_threads)
        self.loss.delta(outputs, wanted, scratch)
        self.update(activations, tiles, flush_tiny(outputs))
        return loss

    def penalty(self, batch):
        """The L2 term of the loss."""
        if self.alpha == 0:
            return 0.0
        squares = sum(layer.sum_of_squares() for layer in self.state.network.layers)
        return 0.5 * self.alpha * squares / batch

    def update(self, activations, tiles, output_errors):
        """Propagate the error from the last layer to the first, updating each."""
        network = self.state.network
        kernel = network.activation.kernel
        errors, other = self.errors.arrays(tiles)
        n_outputs = len(output_errors)
        tiles.pack(output_errors, errors[: n_outputs * tiles.stride])
        output_errors.sum(axis=1, out=self.error_sums[-1][:n_outputs])
        for depth in reversed(range(len(network.layers))):
            layer = network.layers[depth]
            inputs, in_errors, in_error_sums = activations[depth], None, None
            if depth > 0:
                in_errors = other[: layer.n_in * tiles.stride]
                in_error_sums = self.error_sums[depth - 1]
            layer.update(
                inputs,
                errors[: layer.n_out * tiles.stride],
                (in_errors, in_error_sums, kernel),
                tiles,
                self.step,
                self.scratch,
                self.n_threads,
            )
            if self.plasticity is not None:
                term = self.plasticity.term(depth, self.state.generation)
                layer.add_covariances(inputs, tiles, term, self.scratch, self.n_threads)
            error_sums = self.error_sums[depth][: layer.n_out]
            layer.update_biases(error_sums, tiles.batch, self.bias_step)
            errors, other = other, errors

    def prune(self):
        """Remove connections from all layers; a new generation begins."""
        # One layer at a time, because this is when memory is at its most.
        for layer in self.state.network.layers:
            layer.forget()
            self.topology.prune(layer)
        self.state.generation += 1
        self.state.batches_since_evolution = 0

    def grow(self):
        """Fill all layers up to their capacity, in threads if there is much to do."""
        layers, rngs = self.state.network.layers, self.state.evolution_rngs
        n_connections = sum(layer.n_connections for layer in layers)
        if self.n_threads == 1 or n_connections < WORTH_THREADS:
            for layer, rng in zip(layers, rngs, strict=True):
                self.topology.grow(layer, rng)
            return
        with ThreadPoolExecutor(self.n_threads) as pool:
            list(pool.map(self.topology.grow, layers, rngs))


def flush_tiny(values):
    """Set to zero what is so small that products of it are subnormal, and slow."""
    limits = np.finfo(values.dtype)
    values[np.abs(values) < limits.tiny / limits.eps] = 0
    return values
