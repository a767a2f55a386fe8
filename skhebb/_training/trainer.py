"""Trains a network: a fit, an epoch, an evolution of the topology."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from skhebb._training.batch_trainer import BatchTrainer, check_family
from skhebb._training.epochs import run_epochs
from skhebb._training.metrics import EpochMetrics
from skhebb._training.probing import layer_probes
from skhebb._training.schedules import SMALLEST, EvolutionSchedule, Schedule
from skhebb._training.stopping import NonFiniteTraining, StoppingRule, StopReason
from skhebb._utils.records import changed
from skhebb._utils.threads import in_threads
from skhebb.topology import Topology

# Connections whose evolution takes longer than starting threads.
WORTH_THREADS = 100_000


@dataclass(kw_only=True)
class Trainer(BatchTrainer):
    """Trains a network epoch after epoch, and lets its topology evolve.

    The last mini-batch of an epoch may be smaller than others.

    Parameters
    ----------
    schedule : Schedule
        Of the learning rate.
    topology : Topology
    evolution : EvolutionSchedule
        When the topology evolves.
    stopping : StoppingRule
    shuffle : bool
        Whether each epoch has the samples in another order.
    easy_loss : float, default=0
        Mean loss of an epoch, without penalty, below which a plan is run through
        faster; see `Progress.after_epoch`.
    state, loss, optimizer, ...
        See `BatchTrainer`.
    """

    schedule: Schedule
    topology: Topology
    evolution: EvolutionSchedule
    stopping: StoppingRule
    shuffle: bool
    easy_loss: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        check_family("schedule", self.schedule, Schedule)
        check_family("topology", self.topology, Topology)

    def fit(self, data, max_epochs, validate, observer):
        """Train for up to `max_epochs` epochs.

        Parameters
        ----------
        data : FitData
        max_epochs : int
        validate : callable or None
            Gives score and loss of the network on validation data, asked after pruning,
            so that the network scored is the one that would be returned. The best one
            is restored in the end.
        observer : Observer
            Told of each epoch.

        Returns
        -------
        reason : StopReason
            Why training ended. The network is that of the last complete epoch or, with
            `validate`, the best one.
        """
        state = self.state
        state.begin_fit(max_epochs)
        if validate is not None and state.history.losses:  # a warm start
            state.progress = changed(
                state.progress,
                best_score=validate()[0],
                best_parameters=state.network.parameters,
            )
        return self.resume(data, validate, observer)

    def partial_fit(self, data, observer):
        """Train for one epoch; the topology evolves when the next one begins.

        Returns
        -------
        reason : StopReason
            Why training ended.
        """
        self.state.begin_pass()
        return self.resume(data, None, observer)

    def resume(self, data, validate, observer):
        """Go on with the fit that the state is in; arguments are those of `fit`."""
        state = self.state
        self.prepare(data)
        n_batches = len(data.samples) / self.batch_size
        state.progress = changed(
            state.progress, batches_per_evolution=self.evolution.interval or n_batches
        )
        run_epoch = partial(self.run_epoch, data, validate)
        reason = run_epochs(state, run_epoch, self.reason_to_stop, observer)
        best = state.progress.best_parameters
        if best is not None:
            state.restore_parameters(best)
            state.progress = changed(state.progress, best_parameters=None)
        state.network.clear_cache()
        return reason

    def reason_to_stop(self):
        """Return why training is over, None where it is not."""
        progress = self.state.progress
        if progress.max_epochs is None:
            return StopReason.MAX_EPOCHS if progress.epoch else None
        if self.stopping.is_plateau(progress):
            return StopReason.CONVERGED
        return None if progress.n_left else StopReason.MAX_EPOCHS

    def run_epoch(self, data, validate, before):
        """Train for an epoch and return its EpochMetrics.

        Each epoch trains arrays of its own, so that those before need no copy to go
        back to.

        Raises
        ------
        NonFiniteTraining
            If the loss of a batch or, in the end, a weight or output is not finite.
        """
        state, evolution = self.state, self.evolution
        self.set_learning_rate()
        n_batches = state.counters.batches_since_evolution
        self.prune(evolution.before_epoch(n_batches, state.progress.share(0)))
        n_grown = self.grow(data)
        state.network.unshare_from(before.parameters)
        loss, penalty, n_grown_between = self.train(data)
        n_trained = state.network.n_connections
        self.prune(evolution.after_epoch(state.progress.share(1)))
        if evolution.grows_after_epoch:
            n_grown += self.grow(data)
        score = validation_loss = None
        if validate is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                score, validation_loss = validate()
        is_planned = state.progress.max_epochs is not None
        n_before = len(state.history.losses)
        metrics = EpochMetrics(
            epoch=1 + (state.progress.epoch if is_planned else n_before),
            loss=loss,
            score=score,
            validation_loss=validation_loss,
            n_connections=state.network.n_connections,
            share_replaced=(n_grown + n_grown_between) / max(n_trained, 1),
            penalty=penalty,
        )
        self.record(metrics)
        return metrics

    def set_learning_rate(self):
        """Let the schedule decide on the learning rate of the epoch."""
        progress, counters = self.state.progress, self.state.counters
        rate = self.schedule.rate(
            progress.counted,
            progress.max_epochs,
            counters.n_samples_seen,
            progress.n_cuts,
        )
        self.state.progress = changed(
            progress,
            learning_rate=rate,
            learning_rate_share=rate / self.schedule.initial,
        )

    def record(self, metrics):
        """Take note of a complete epoch; cut the learning rate on a plateau."""
        state = self.state
        layers = state.network.layers
        state.history.append(metrics, [layer.n_connections for layer in layers])
        is_judged = metrics.score is not None
        score = metrics.score if is_judged else -metrics.loss
        best = state.progress.best_parameters
        if is_judged and score > state.progress.best_score:
            best = state.network.parameters
        progress = state.progress.after_epoch(
            metrics.loss - metrics.penalty, self.easy_loss
        )
        progress = self.stopping.update(progress, score)
        progress = changed(progress, best_parameters=best)
        is_plateau = self.stopping.is_plateau(progress)
        if is_plateau and self.schedule.cuts and progress.learning_rate > SMALLEST:
            progress = changed(
                progress, n_cuts=progress.n_cuts + 1, epochs_without_improvement=0
            )
        state.progress = progress

    def train(self, data):
        """Pass once over all samples.

        Returns
        -------
        loss, penalty : float
            Mean over the samples, before each update, and what L2 terms have of it.
        n_grown : int
            Number of connections that were added between mini-batches.
        """
        state, order = self.state, data.samples
        if self.shuffle:
            order = state.random.shuffle.permutation(order)
        self.late_penalty = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            total, total_penalty, n_grown = self.train_in_order(data, order)
        counters = state.counters
        n_samples_seen = counters.n_samples_seen + len(order)
        state.counters = changed(counters, n_samples_seen=n_samples_seen)
        total += self.late_penalty
        total_penalty += self.late_penalty
        weight = data.total_weight
        return float(total / weight), float(total_penalty / weight), n_grown

    def train_in_order(self, data, order):
        """Pass once over samples in this order.

        Returns
        -------
        total, total_penalty : float
            Loss of all samples, and what L2 terms have of it, without `late_penalty`.
        n_grown : int
        """
        total, total_penalty, n_grown = 0.0, 0.0, 0
        for start in range(0, len(order), self.batch_size):
            n_grown += self.evolve(data, self.state.progress.share(start / len(order)))
            samples_of_batch = order[start : start + self.batch_size]
            with self.thread_choice.measured(len(samples_of_batch)):
                total += self.run_batch(data, samples_of_batch)
            total_penalty += self.penalty_of_batch
        self.settle()
        self.check_soundness(data, samples_of_batch)
        return total, total_penalty, n_grown

    def evolve(self, data, share):
        """Prune and grow, if that is due after this share of the training.

        Returns
        -------
        n_grown : int

        Raises
        ------
        NonFiniteTraining
            If there are weights that no rule could compare.
        """
        n_batches = self.state.counters.batches_since_evolution
        extent = self.evolution.before_batch(n_batches, share)
        if extent == 0:
            return 0
        self.settle()
        if not self.state.network.is_finite():
            raise NonFiniteTraining
        self.prune(extent)
        return self.grow(data)

    def prune(self, extent):
        """Remove connections from all layers; an evolution begins.

        Nothing happens where the extent is 0.
        """
        if extent == 0:
            return
        # One layer at a time, because this is when memory is at its most.
        self.share_layers(self.thread_choice.n_threads)
        for layer in self.state.network.layers:
            self.topology.prune(layer, extent)
        counters = self.state.counters
        self.state.counters = changed(
            counters, n_evolutions=counters.n_evolutions + 1, batches_since_evolution=0
        )

    def share_layers(self, n_threads):
        """Let changes of the connections of a layer have so many threads."""
        for layer in self.state.network.layers:
            layer.n_threads = n_threads

    def grow(self, data):
        """Fill all layers up, in threads if there is much to do; return by how many."""
        network, rngs = self.state.network, self.state.random.evolution
        n_threads = self.thread_choice.n_threads
        n_before = network.n_connections
        n_trained = self.batch_size * self.state.progress.batches_per_evolution
        probes = layer_probes(
            self.topology, self.state, data, self.loss, n_trained, n_threads
        )
        triples = zip(network.layers, rngs, probes, strict=True)
        # Threads share layers where these are alike, else what a layer does; what looks
        # at a probe has threads of its own.
        largest = max(layer.n_connections_target for layer in network.layers)
        are_alike = n_before >= WORTH_THREADS and 2 * largest <= n_before
        in_turn = self.topology.needs_probe or not are_alike
        self.share_layers(n_threads if in_turn else 1)
        if in_turn:
            for triple in triples:
                self.topology.grow(*triple)
        else:
            in_threads(self.topology.grow, triples, n_threads)
        return network.n_connections - n_before
