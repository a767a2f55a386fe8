"""Trains a network on shards of the data, in rounds."""

import operator
from dataclasses import dataclass, field, replace

import numpy as np

from skhebb._training.rounds import (
    Moment,
    Plan,
    Work,
    add,
    moving_arrays,
    shard_data,
    train_shard,
    wiring_of,
)
from skhebb._training.trainer import Trainer


@dataclass(kw_only=True)
class ShardedTrainer(Trainer):
    """Trains a network on shards of the data, in rounds.

    The mini-batches are those of `Trainer`. Of each of a round, every shard trains a
    copy of the network on the samples that it has; then the copies are averaged, with
    the arrays of the optimiser, by the weight of these samples. A round ends after
    `sync_every` mini-batches, with the epoch, and where the topology evolves, which it
    does here. Averages are sums over a binary tree in the order of shards, so that
    their bits depend on nothing but the number of shards.

    Parameters
    ----------
    sync_every : int or None
        None for an epoch.
    state, loss, optimizer, ...
        See `Trainer`.
    """

    sync_every: int | None
    _wiring: tuple = field(init=False, default=(None, None), repr=False)

    def prepare(self, data):
        """Let each shard have its targets and weights.

        Sets: `full_weight`.
        """
        self.full_weight = self.mean_weight(data)
        shards, state = data.inputs, self.state
        if self.plasticity is not None:
            self.plasticity.begin(state.network.layers)
        plan = Plan(
            parts={
                "loss": self.loss,
                "optimizer": self.optimizer,
                "alpha": self.alpha,
                "weight_decays": self.weight_decays,
            },
            plasticity=self.plasticity,
            has_dropout=self.dropout is not None,
            activations=state.network.activations,
            output_activation=state.network.output_activation,
            full_weight=self.full_weight,
            n_jobs=shards.n_jobs,
        )
        executor, weights = shards.executor, data.sample_weight
        self._plan = executor.put(plan)
        self._data_of_shards = [
            executor.call(
                shard_data,
                part,
                data.encoder,
                executor.put(data.y[span]),
                executor.put(None if weights is None else weights[span]),
                shard=k,
            )
            for k, (part, span) in enumerate(
                zip(shards.parts, shards.spans, strict=True)
            )
        ]

    def train_in_order(self, data, order):
        """Pass once over samples in this order; see `Trainer`."""
        total, total_penalty, n_grown = 0.0, 0.0, 0
        starts = range(0, len(order), self.batch_size)
        shares = [start / len(order) for start in starts]
        first = 0
        while first < len(starts):
            n_grown += self.evolve(data, self.state.progress.share(shares[first]))
            n = self.n_batches_of_round(shares[first:])
            stop = first + n
            batches = [order[k : k + self.batch_size] for k in starts[first:stop]]
            summed = self.run_round(data, batches, stop == len(starts))
            pairs = zip(summed["losses"], summed["penalties"], strict=True)
            for loss, penalty in pairs:
                total += loss
                total_penalty += penalty
            first = stop
        return total, total_penalty, n_grown

    def n_batches_of_round(self, shares):
        """Return how many mini-batches belong to a round.

        Parameters
        ----------
        shares : list of float
            What is over of the epoch before each of those that are left.
        """
        n_before = self.state.counters.batches_since_evolution
        most = min(self.sync_every or len(shares), len(shares))
        for n in range(1, most):
            share = self.state.progress.share(shares[n])
            if self.evolution.before_batch(n_before + n, share):
                return n
        return most

    def run_round(self, data, batches, is_last):
        """Train the network on mini-batches; return the summed Contribution.

        Nothing changes if that fails.
        """
        state, executor = self.state, data.inputs.executor
        moment = executor.put(
            Moment(
                moving_arrays(state.network),
                state.counters,
                replace(state.progress, best_parameters=None),
                state.random.dropout,
                self.late_penalty,
            )
        )
        works = self.share_out(data, batches, is_last)
        result = self.summed(executor, works, moment)
        for mine, averaged in zip(
            moving_arrays(state.network), result["arrays"], strict=True
        ):
            np.copyto(mine, averaged)
        state.random.dropout.bit_generator.state = result["dropout"]
        self.late_penalty = result["late_penalty"]
        for _ in batches:
            state.counters = state.counters.after_batch()
        return result

    def summed(self, executor, works, moment):
        """Return the sum of what shards contribute to a round.

        Where all is added up, what was sent is gone already, and so are summands.
        """
        wiring = self.wiring_for(executor)
        shards = [k for k, work in enumerate(works) if work is not None]

        def train(some):
            (k,) = some
            work = executor.put(works[k])
            about = self._plan, wiring, moment, self._data_of_shards[k], work
            return executor.call(train_shard, *about, shard=k)

        def joined(one, other):
            return executor.call(add, one, other, uses_up=True)

        most = executor.n_summed(len(shards))
        groups = fold(shards, most, lambda some: [some], operator.add)
        sums = [fold(some, 1, train, joined) for some in groups]
        executor.complete(sums)
        executor.free(moment)
        left = iter(sums)
        return executor.get(fold(shards, most, lambda _: next(left), joined))

    def wiring_for(self, executor):
        """Return where connections are, which is sent if that has changed."""
        arrays = [layer.weights.indices for layer in self.state.network.layers]
        known, sent = self._wiring
        if known is None or any(a is not b for a, b in zip(arrays, known, strict=True)):
            if sent is not None:
                executor.free(sent)
            sent = executor.put(wiring_of(self.state.network))
            self._wiring = arrays, sent
        return sent

    def share_out(self, data, batches, is_last):
        """Return the Work of each shard, None of those that have no sample."""
        shards, n_shards = data.inputs, len(data.inputs.parts)
        samples = [[] for _ in range(n_shards)]
        shares = [[] for _ in range(n_shards)]
        weights = np.zeros(n_shards)
        for batch in batches:
            whole = data.weight_of(batch)
            for k, places in enumerate(shards.of_shards(batch)):
                mine = batch[places]
                weight = data.weight_of(mine)
                samples[k].append(mine - shards.bounds[k])
                shares[k].append(weight / whole)
                weights[k] += weight
        total = weights.sum()
        places = np.cumsum(weights > 0) - 1
        return [
            Work(samples[k], shares[k], weights[k] / total, int(places[k]), is_last)
            if weights[k]
            else None
            for k in range(n_shards)
        ]


def fold(items, most, leaf, join):
    """Return what `join` makes of two and two and so on, over a binary tree.

    Parameters
    ----------
    items : list
    most : int
        How many items a leaf of the tree has, at most.
    leaf : callable
        Gives what stands for these items.
    join : callable
        Gives what stands for two that lie side by side.
    """
    if len(items) <= most:
        return leaf(items)
    half = len(items) // 2
    halves = (fold(some, most, leaf, join) for some in (items[:half], items[half:]))
    return join(*halves)
