"""The training loop: fit, epoch, batch."""

import copy
from dataclasses import dataclass, field, replace

import numpy as np

from skhebb._kernels._loops import N_GROUPS
from skhebb._network.buffers import Backward, Batch, BatchBuffers, tiles_for
from skhebb._network.network import LINEAR
from skhebb._training.epochs import run_epochs
from skhebb._training.metrics import EpochMetrics
from skhebb._training.probing import layer_probes
from skhebb._training.schedules import SMALLEST
from skhebb._training.stopping import NonFiniteTraining, StoppingRule, StopReason
from skhebb._utils.threads import in_threads

# Connections whose evolution takes longer than starting threads.
WORTH_THREADS = 1 << 20
# Lists with an item for each epoch.
HISTORIES = ("losses", "scores", "validation_losses", "connection_counts")
CHECKED = 16  # samples that show at the end of an epoch whether outputs are finite


@dataclass
class TrainingState:
    """State that a later call of training goes on from.

    Attributes
    ----------
    network : Network
    shuffle_rng, dropout_rng : numpy.random.Generator
    evolution_rngs : list of numpy.random.Generator
        One per layer. Separate streams, so that none shifts another.
    split_seed : int
        Of the validation split, the same in each call that goes on.
    n_evolutions : int
        How often the topology evolved; the t of lambda(t).
    batches_since_evolution : int
    n_samples_seen : int
    n_steps : int
        Of the optimiser, since its arrays were zero.
    n_cuts : int
        Of the learning rate.
    rate : float or None
        The learning rate of the last epoch.
    batches_per_evolution : float
        Between two evolutions of the topology, in the last training, in full ones.
    losses, scores, validation_losses : list of float
        Of each epoch; of validation data only if there are.
    connection_counts : list of list of int
        Of each layer, after each epoch.
    best : float
        The best figure so far, see `StoppingRule`.
    epochs_without_improvement : int
    """

    network: object
    shuffle_rng: np.random.Generator
    dropout_rng: np.random.Generator
    evolution_rngs: list
    split_seed: int
    n_evolutions: int = 0
    batches_since_evolution: int = 0
    n_samples_seen: int = 0
    n_steps: int = 0
    n_cuts: int = 0
    rate: float | None = None
    batches_per_evolution: float = 1
    losses: list = field(default_factory=list)
    scores: list = field(default_factory=list)
    validation_losses: list = field(default_factory=list)
    connection_counts: list = field(default_factory=list)
    best: float = -np.inf
    epochs_without_improvement: int = 0

    @property
    def rngs(self):
        """All generators that training draws from."""
        return [self.shuffle_rng, self.dropout_rng, *self.evolution_rngs]

    def copy(self):
        """A state that training may go on from without changing this one."""
        changed = {
            name: copy.deepcopy(value)
            for name, value in vars(self).items()
            if name != "network"
        }
        return replace(self, network=self.network.copy(), **changed)

    def snapshot(self):
        """All that an epoch changes but the optimiser's arrays, for `restore`."""
        metrics = {
            name: list(value) if isinstance(value, list) else value
            for name, value in vars(self).items()
            if isinstance(value, int | float) or name in HISTORIES
        }
        rng_states = [rng.bit_generator.state for rng in self.rngs]
        return self.network.parameters, rng_states, metrics

    def restore(self, snapshot):
        """Go back to what `snapshot` gave; the optimiser starts anew."""
        parameters, rng_states, metrics = snapshot
        vars(self).update(metrics)
        for rng, rng_state in zip(self.rngs, rng_states, strict=True):
            rng.bit_generator.state = rng_state
        self.restore_parameters(parameters)

    def restore_parameters(self, parameters):
        """Go back to what `network.parameters` were; the optimiser starts anew."""
        self.network.restore_parameters(parameters)
        self.n_steps = 0

    def reset_patience(self):
        """Let a new fit start from the initial learning rate, with fresh patience."""
        self.n_cuts = self.epochs_without_improvement = 0
        self.best = -np.inf


@dataclass
class Trainer:
    """Trains a network on batches.

    Parameters
    ----------
    state : TrainingState
    loss, optimizer, schedule, topology
        One of each family.
    plasticity : object or None
        A local learning rule.
    dropout : Dropout or None
    stopping : StoppingRule
    alpha : float
        Strength of an L2 term that is divided by the weight of the batch, as in
        `MLPClassifier`.
    weight_decays : sequence of float
        Strengths of the L2 terms of the layers, whatever the batch.
    batch_size : int
        Upper bound; an epoch's last batch may be smaller.
    shuffle : bool
    evolution : EvolutionSchedule
    n_threads : int
    """

    state: TrainingState
    loss: object
    optimizer: object
    schedule: object
    topology: object
    plasticity: object
    dropout: object
    stopping: StoppingRule
    alpha: float
    weight_decays: list
    batch_size: int
    shuffle: bool
    evolution: object
    n_threads: int

    def __post_init__(self):
        network = self.state.network
        n_arrays = self.optimizer.n_arrays
        resets = [layer.begin_training(n_arrays) for layer in network.layers]
        if any(resets):
            self.state.n_steps = 0

    def prepare(self, data):
        """Allocate all that batches of `data` need."""
        network = self.state.network
        sizes, dtype = network.layer_sizes, network.dtype
        outputs = sizes[1:]
        self.activations = BatchBuffers(
            data.inputs.tiled_sizes(sizes), self.batch_size, dtype
        )
        # What layers were before their activation functions, where a rule wants that.
        rule = self.plasticity
        wanted = [
            n if rule is not None and rule.needs_preactivations(depth) else 0
            for depth, n in enumerate(outputs)
        ]
        self.preactivations = BatchBuffers(wanted, self.batch_size, dtype)
        # The errors of two neighbouring layers are alive at a time.
        self.errors = BatchBuffers([max(outputs)] * 2, self.batch_size, dtype)
        self.error_sums = [np.zeros(N_GROUPS * size, dtype) for size in outputs]
        self.outputs = np.empty((3, outputs[-1] * self.batch_size), dtype=dtype)
        chunk = max(layer.largest_chunk(self.n_threads) for layer in network.layers)
        self.scratch = np.empty((N_GROUPS, chunk), dtype=dtype)
        n_samples = len(data.samples)
        n_of_batch = min(self.batch_size, n_samples)
        self.full_weight = data.total_weight * n_of_batch / n_samples

    def count_batches(self, data):
        """Tell the state how many mini-batches lie between two evolutions."""
        n_batches = len(data.samples) / self.batch_size
        self.state.batches_per_evolution = self.evolution.interval or n_batches

    def fit(self, data, max_epochs, validate, observer):
        """Train for up to `max_epochs` epochs.

        Where the topology evolves between epochs, growth waits for the next one, so
        that no connection is ever left behind that was not trained.

        Parameters
        ----------
        data : FitData
        max_epochs : int
        validate : callable or None
            Gives score and loss of the network on validation data, asked after pruning,
            so that the network scored is the one that would be returned. The best one
            is restored in the end.
        observer : Observer
            Told of each epoch by `begin_epoch()` and `end_epoch(metrics)`, which tells
            whether to stop.

        Returns
        -------
        reason : StopReason
            Why training ended. The network is that of the last complete epoch or, with
            `validate`, the best one.
        """
        self.prepare(data)
        self.count_batches(data)
        state = self.state
        state.reset_patience()
        n_before, best = len(state.losses), None
        if validate is not None and state.losses:  # what a warm start begins with
            best = state.network.parameters
            state.best = validate()[0]

        def run_epoch(before):
            nonlocal best
            epoch = len(state.losses) - n_before
            metrics = self.run_epoch(data, epoch, max_epochs, validate)
            if self.record(metrics) and validate is not None:
                best = state.network.parameters
            return metrics

        def reason_to_stop():
            if self.should_stop():
                return StopReason.CONVERGED
            is_over = len(state.losses) - n_before == max_epochs
            return StopReason.MAX_EPOCHS if is_over else None

        reason = run_epochs(state, run_epoch, reason_to_stop, observer)
        if best is not None:
            state.restore_parameters(best)
        state.network.clear_cache()
        return reason

    def partial_fit(self, data, observer):
        """Train for one epoch; the topology evolves when the next one begins.

        Returns
        -------
        reason : StopReason
            Why training ended. After a failure, as after an exception, the state is of
            no use.
        """
        self.prepare(data)
        self.count_batches(data)
        try:
            metrics = self.train(data, 0, None)
        except (KeyboardInterrupt, NonFiniteTraining) as error:
            return StopReason.of(error)
        self.record(metrics)
        self.should_stop()
        observer.end_epoch(metrics._replace(epoch=len(self.state.losses)))
        return StopReason.MAX_EPOCHS

    def learning_rate(self, epoch, max_epochs):
        """Return the learning rate of an epoch, numbered from 0."""
        state = self.state
        return self.schedule.rate(epoch, max_epochs, state.n_samples_seen, state.n_cuts)

    def run_epoch(self, data, epoch, max_epochs, validate):
        """Train, prune and validate; return the EpochMetrics."""
        metrics = self.train(data, epoch, max_epochs)
        if not self.topology.evolves_after_epoch:
            self.prune(self.evolution.after_epoch(progress(epoch, 1, max_epochs)))
        score = loss = None
        if validate is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                score, loss = validate()
        return metrics._replace(
            epoch=epoch + 1,
            score=score,
            validation_loss=loss,
            n_connections=self.state.network.n_connections,
        )

    def record(self, metrics):
        """Remember the metrics of a complete epoch; tell if it is the best."""
        state = self.state
        state.losses.append(metrics.loss)
        layers = state.network.layers
        state.connection_counts.append([layer.n_connections for layer in layers])
        if metrics.score is None:
            return self.stopping.update(state, -metrics.loss)
        state.scores.append(metrics.score)
        state.validation_losses.append(metrics.validation_loss)
        return self.stopping.update(state, metrics.score)

    def should_stop(self):
        """Whether training is on a plateau and the learning rate will not be cut."""
        state = self.state
        if not self.stopping.is_plateau(state):
            return False
        if not self.schedule.cuts or state.rate <= SMALLEST:
            return True
        state.n_cuts += 1
        state.epochs_without_improvement = 0
        return False

    def train(self, data, epoch, max_epochs):
        """Grow, pass once over all samples, and return the EpochMetrics so far.

        Each epoch trains arrays of its own, so that those before need no copy to go
        back to.

        Raises
        ------
        NonFiniteTraining
            If the loss of a batch or, in the end, a weight or output is not finite.
        """
        state = self.state
        before = state.network.arrays
        state.rate, self.n_grown = self.learning_rate(epoch, max_epochs), 0
        share = progress(epoch, 0, max_epochs)
        extent = self.evolution.before_epoch(state.batches_since_evolution, share)
        self.prune(extent)
        self.grow(data)
        state.network.unshare_from(before)
        samples = data.samples
        order = state.shuffle_rng.permutation(samples) if self.shuffle else samples
        total = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(order), self.batch_size):
                self.evolve(data, progress(epoch, start / len(order), max_epochs))
                samples_of_batch = order[start : start + self.batch_size]
                total += self.run_batch(data, samples_of_batch)
                state.batches_since_evolution += 1
            if self.topology.evolves_after_epoch:
                self.prune(1.0)
                self.grow(data)
            self.check_soundness(data, samples_of_batch[:CHECKED])
        state.n_samples_seen += len(order)
        n_connections = state.network.n_connections
        loss = total / data.total_weight
        share_replaced = self.n_grown / max(n_connections, 1)
        return EpochMetrics(0, float(loss), None, None, n_connections, share_replaced)

    def check_soundness(self, data, samples):
        """Raise NonFiniteTraining if the weights or what they give is not finite.

        The loss of a batch tells of the weights before its update only.
        """
        outputs = self.propagate(data, samples, n_threads=1, dropout=None)[-1]
        if not (self.state.network.is_finite() and np.isfinite(outputs).all()):
            raise NonFiniteTraining

    def evolve(self, data, share):
        """Prune and grow, if that is due after this share of the training.

        Raises
        ------
        NonFiniteTraining
            If there are weights that no rule could compare.
        """
        n_batches = self.state.batches_since_evolution
        extent = self.evolution.before_batch(n_batches, share)
        if extent > 0:
            if not self.state.network.is_finite():
                raise NonFiniteTraining
            self.prune(extent)
            self.grow(data)

    def propagate(self, data, samples, n_threads, dropout):
        """Activations in tiles, the tiles, and outputs, (n_outputs, batch_size)."""
        network, batch_size = self.state.network, len(samples)
        tiles = tiles_for(batch_size, network.dtype)
        activations = self.activations.arrays(tiles)
        activations[0] = data.inputs.load(samples, tiles, activations[0], n_threads)
        outputs = self.like_outputs(0, batch_size)
        preactivations = self.preactivations.arrays(tiles)
        network.forward(
            activations, tiles, outputs, True, n_threads, dropout, preactivations
        )
        return activations, tiles, outputs

    def like_outputs(self, which, batch_size):
        """Return one of three arrays of shape (n_outputs, batch_size)."""
        n_outputs = self.state.network.layer_sizes[-1]
        return self.outputs[which, : n_outputs * batch_size].reshape(
            n_outputs, batch_size
        )

    def run_batch(self, data, samples):
        """Update all parameters from `samples`; return their summed loss before."""
        activations, tiles, outputs = self.propagate(
            data, samples, self.n_threads, self.dropout
        )
        targets, scratch = (self.like_outputs(n, len(samples)) for n in (1, 2))
        data.load_targets(samples, targets)
        losses = self.loss.values(outputs, targets, scratch)
        sample_weight = (
            None if data.sample_weight is None else data.sample_weight[samples]
        )
        batch = Batch(tiles, tiles.ones, len(samples))
        if sample_weight is not None:
            losses *= sample_weight
            columns = tiles.columns(sample_weight, outputs.dtype)
            batch = Batch(tiles, columns, float(sample_weight.sum()))
        loss = losses.sum() + self.penalty(batch.total)
        if not np.isfinite(loss):
            raise NonFiniteTraining
        if self.plasticity is not None:
            tiles.pack(outputs, activations[-1])
            self.plasticity.observe(
                self.state.network.layers,
                activations,
                self.preactivations.arrays(tiles),
                batch,
                self.n_threads,
            )
        self.loss.delta(outputs, targets, scratch)
        if sample_weight is not None:
            outputs *= sample_weight
        self.update(activations, batch, flush_tiny(outputs))
        return loss

    def penalty(self, total):
        """The L2 terms of the loss, times the weight of the batch."""
        pairs = zip(self.weight_decays, self.state.network.layers, strict=True)
        strengths = [
            ((self.alpha + decay * total) * layer.input_scale**2, layer)
            for decay, layer in pairs
        ]
        return 0.5 * sum(s * layer.sum_of_squares() for s, layer in strengths if s > 0)

    def update(self, activations, batch, output_errors):
        """Propagate the error from the last layer to the first, updating each."""
        state, network, tiles = self.state, self.state.network, batch.tiles
        state.n_steps += 1
        bias_step = self.optimizer.step(state.rate, (0.0, 0.0), state.n_steps)
        errors, other = self.errors.arrays(tiles)
        n_outputs = len(output_errors)
        tiles.pack(output_errors, errors[: n_outputs * tiles.stride])
        output_errors.sum(axis=1, out=self.error_sums[-1][:n_outputs])
        for depth in reversed(range(len(network.layers))):
            layer = network.layers[depth]
            decays = self.alpha, self.weight_decays[depth]
            scale = layer.input_scale
            step = self.optimizer.step(state.rate, decays, state.n_steps, scale)
            inputs, backward = activations[depth], Backward(None, None, LINEAR)
            if depth > 0:
                in_errors = other[: layer.n_in * tiles.stride]
                before = network.activations[depth - 1].for_kernels
                backward = Backward(in_errors, self.error_sums[depth - 1], before)
            layer.update(
                inputs,
                errors[: layer.n_out * tiles.stride],
                backward,
                batch,
                step,
                self.scratch,
                self.n_threads,
            )
            term = self.local_term(depth, batch.total)
            if term is not None:
                term = term._replace(factor=term.factor / scale)
                layer.add_covariances(inputs, batch, term, self.scratch, self.n_threads)
            error_sums = self.error_sums[depth][: layer.n_out]
            layer.update_biases(error_sums, batch.total, bias_step)
            errors, other = other, errors

    def local_term(self, depth, total):
        """Return what the local rule adds to the weights of a layer, or None.

        `total` is the weight of the batch. Light ones are more to a generation.
        """
        if self.plasticity is None:
            return None
        state = self.state
        n_batches = state.batches_per_evolution * (self.full_weight / total)
        return self.plasticity.term(depth, state.n_evolutions, n_batches)

    def prune(self, extent):
        """Remove connections from all layers; an evolution begins.

        Nothing happens where the extent is 0.
        """
        if extent == 0:
            return
        # One layer at a time, because this is when memory is at its most.
        for layer in self.state.network.layers:
            self.topology.prune(layer, extent)
        self.state.n_evolutions += 1
        self.state.batches_since_evolution = 0

    def grow(self, data):
        """Fill all layers up, in threads if there is much to do."""
        layers, rngs = self.state.network.layers, self.state.evolution_rngs
        n_before = self.state.network.n_connections
        probes = layer_probes(
            self.topology, self.state, data, self.loss, self.n_threads
        )
        triples = zip(layers, rngs, probes, strict=True)
        # What looks at a probe has threads of its own.
        if n_before < WORTH_THREADS or self.topology.needs_probe:
            for triple in triples:
                self.topology.grow(*triple)
        else:
            in_threads(self.topology.grow, triples, self.n_threads)
        self.n_grown += self.state.network.n_connections - n_before


def progress(epoch, share, max_epochs):
    """Return what is over of the training planned, None where there is no plan.

    `share` is what is over of epoch number `epoch`, from 0.
    """
    return None if max_epochs is None else (epoch + share) / max_epochs


def flush_tiny(values):
    """Set to zero what is so small that products of it are subnormal, and slow."""
    limits = np.finfo(values.dtype)
    values[np.abs(values) < limits.tiny / limits.eps] = 0
    return values
