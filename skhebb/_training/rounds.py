"""A round: shards train copies of one network, which are averaged.

What is here are functions of their arguments, which may be called anywhere and again.
"""

import copy
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import numpy as np

from skhebb._network.dropout import Dropout
from skhebb._network.layer import SparseLayer
from skhebb._network.network import Network
from skhebb._network.topology_state import TOPOLOGY_STATES
from skhebb._training.batch_trainer import BatchTrainer
from skhebb._training.batches import as_batch_source
from skhebb._training.data import FitData
from skhebb._training.state import Counters, Progress, RandomStreams, TrainingState
from skhebb._utils.csr import make_csr
from skhebb._utils.threads import effective_n_threads


@dataclass
class Plan:
    """Settings that shards train by in all rounds of a fit.

    Attributes
    ----------
    parts : dict
        Loss, optimiser and other arguments of a `BatchTrainer`.
    plasticity : LocalRule or None
    has_dropout : bool
    activations, output_activation : object
        See `Network`.
    full_weight : float
        Mean weight of a full mini-batch, of all shards.
    n_jobs : int or None
    """

    parts: dict
    plasticity: object
    has_dropout: bool
    activations: list
    output_activation: object
    full_weight: float
    n_jobs: int | None


class Moment(NamedTuple):
    """State that changes from round to round, without connections.

    Attributes
    ----------
    arrays : list of ndarray
        All that training moves, see `moving_arrays`.
    counters : Counters
    progress : Progress
        Without the best parameters.
    dropout : numpy.random.Generator
    late_penalty : float
        See `BatchTrainer`.
    """

    arrays: list
    counters: Counters
    progress: Progress
    dropout: np.random.Generator
    late_penalty: float


class Work(NamedTuple):
    """Samples that a shard trains on in a round.

    Attributes
    ----------
    samples : list of ndarray
        Rows of the shard, for each mini-batch; there may be none.
    shares : list of float
        What their weight is of that of the mini-batch.
    weight : float
        What the shard is to weigh in the average, 1 in all.
    place : int
        How many shards with work are before this one.
    is_last : bool
        Whether an epoch ends, at which outputs are checked.
    """

    samples: list
    shares: list
    weight: float
    place: int
    is_last: bool


class Contribution(TypedDict):
    """Summands of shards to an average.

    A plain dict: of these and of lists Dask sends arrays without copies of them.

    Attributes
    ----------
    arrays : list of ndarray
        Those of a `Moment`, times the weight of the shards.
    losses, penalties : ndarray of shape (n_batches,)
        Sums over the samples of each mini-batch, and what L2 terms have of them.
    dropout : dict
        State of the generator of the first shard, as it has become.
    late_penalty : float
    """

    arrays: list
    losses: np.ndarray
    penalties: np.ndarray
    dropout: dict
    late_penalty: float


def add(one, other):
    """Return the sum of two contributions."""
    pairs = zip(one["arrays"], other["arrays"], strict=True)
    return Contribution(
        arrays=[mine + theirs for mine, theirs in pairs],
        losses=one["losses"] + other["losses"],
        penalties=one["penalties"] + other["penalties"],
        dropout=one["dropout"],
        late_penalty=one["late_penalty"] + other["late_penalty"],
    )


def moving_arrays(network):
    """Return all arrays that training changes where connections stay, not copied."""
    return [
        array
        for layer in network.layers
        for array in (
            layer.weights.data,
            layer.biases,
            *layer.weight_state,
            *layer.bias_state,
            *fractions(layer.topology_state).values(),
        )
    ]


def fractions(topology_state):
    """Return the arrays of floating-point numbers that a topology keeps, by name."""
    arrays = {} if topology_state is None else topology_state.pack()
    return {name: each for name, each in arrays.items() if each.dtype.kind == "f"}


def wiring_of(network):
    """Return where connections are, and the rest of what training leaves, by layer."""
    wiring = []
    for layer in network.layers:
        weights, kept = layer.weights, layer.topology_state
        wiring.append(
            {
                "shape": weights.shape,
                "indices": weights.indices,
                "indptr": weights.indptr,
                "input_scale": layer.input_scale,
                "n_connections_target": layer.n_connections_target,
                "n_arrays": len(layer.weight_state),
                "kept": kept
                and (
                    kept.kind,
                    {
                        name: array
                        for name, array in kept.pack().items()
                        if array.dtype.kind != "f"
                    },
                    list(fractions(kept)),
                ),
            }
        )
    return wiring


def network_of(wiring, arrays):
    """Return a network of `wiring_of` and copies of `moving_arrays`."""
    arrays = iter([array.copy() for array in arrays])
    return Network([layer_of(arrays, **each) for each in wiring])


def layer_of(
    arrays, shape, indices, indptr, input_scale, n_connections_target, n_arrays, kept
):
    """Return a SparseLayer, with the next of some arrays."""
    layer = SparseLayer(make_csr(next(arrays), indices, indptr, shape), next(arrays))
    layer.input_scale = input_scale
    layer.n_connections_target = n_connections_target
    layer.weight_state = [next(arrays) for _ in range(n_arrays)]
    layer.bias_state = [next(arrays) for _ in range(n_arrays)]
    if kept is not None:
        kind, others, names = kept
        floats = {name: next(arrays) for name in names}
        layer.topology_state = TOPOLOGY_STATES[kind](**others, **floats)
    return layer


def shard_data(X, encoder, y, sample_weight):
    """Return the FitData of a shard."""
    samples = np.arange(len(y), dtype=np.intp)
    return FitData(as_batch_source(X), encoder, y, sample_weight, samples)


def train_shard(plan, wiring, moment, data, work):
    """Train a copy of the network on a shard; return its Contribution.

    Raises
    ------
    NonFiniteTraining
        If the loss of a mini-batch or, in the end, a weight or output is not finite.
    """
    trainer = shard_trainer(plan, wiring, moment, data, work)
    state = trainer.state
    losses, penalties = [], []
    with np.errstate(over="ignore", invalid="ignore"):
        for samples, share in zip(work.samples, work.shares, strict=True):
            if len(samples):
                with trainer.thread_choice.measured(len(samples)):
                    losses.append(trainer.run_batch(data, samples, share))
                penalties.append(trainer.penalty_of_batch)
                last = samples
            else:
                state.counters = state.counters.after_batch()
                losses.append(0.0)
                penalties.append(0.0)
        trainer.settle()
        if work.is_last:
            trainer.check_soundness(data, last)
    arrays = moving_arrays(state.network)
    for array in arrays:
        array *= work.weight
    return Contribution(
        arrays=arrays,
        losses=np.array(losses),
        penalties=np.array(penalties),
        dropout=state.random.dropout.bit_generator.state,
        late_penalty=trainer.late_penalty,
    )


def shard_trainer(plan, wiring, moment, data, work):
    """Return a BatchTrainer, prepared, of a copy of the network."""
    rng = copy.deepcopy(moment.dropout)
    if work.place:  # shards are not to drop the same
        rng = np.random.Generator(rng.bit_generator.jumped(work.place))
    network = network_of(wiring, moment.arrays)
    network.activations = plan.activations
    network.output_activation = plan.output_activation
    streams = RandomStreams(None, rng, [], 0)
    trainer = BatchTrainer(
        state=TrainingState(network, streams, moment.counters, moment.progress),
        **plan.parts,
        plasticity=copy.copy(plan.plasticity),  # others may be using it
        dropout=Dropout(rng) if plan.has_dropout else None,
        batch_size=max(map(len, work.samples)),
        n_threads=effective_n_threads(plan.n_jobs),
    )
    trainer.prepare(data)
    trainer.full_weight = plan.full_weight
    if work.place == 0:
        trainer.late_penalty = moment.late_penalty
    return trainer
