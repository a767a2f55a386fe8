"""What training goes on from, and how it is copied, restored and saved.

Each part is of one kind: the network; generators, which are changed in place; lists,
which grow; and numbers, in frozen values that are replaced as a whole. What a later
epoch depends on belongs in one of them, so that training is a function of the state and
the data, and may go on in another process as if nothing had been in between.
"""

import copy
import math
from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from skhebb._network.kernels import Kernels, unpack_arrays
from skhebb._network.network import Network, NetworkParameters
from skhebb._network.packing import (
    pack_layer,
    pack_parameters,
    unpack_layer,
    unpack_parameters,
)
from skhebb._utils.persistence import generator, require
from skhebb._utils.records import changed

FEWEST = 10  # epochs in which a plan may be run through, if it is that long


@dataclass
class RandomStreams:
    """Where randomness comes from: separate streams, so that none shifts another.

    Attributes
    ----------
    shuffle, dropout : numpy.random.Generator
    evolution : list of numpy.random.Generator
        One for each layer.
    split_seed : int
        Of the validation split, the same in each call that goes on.
    """

    shuffle: np.random.Generator
    dropout: np.random.Generator
    evolution: list
    split_seed: int

    @property
    def generators(self):
        """All generators, in the order that files have them."""
        return [self.shuffle, self.dropout, *self.evolution]

    def snapshot(self):
        """Return what `restore` goes back to."""
        return [each.bit_generator.state for each in self.generators]

    def restore(self, states):
        """Go back to a snapshot, with the same generators."""
        for each, state in zip(self.generators, states, strict=True):
            each.bit_generator.state = state

    def pack(self):
        """Return plain data."""
        return {"generators": self.snapshot(), "split_seed": self.split_seed}

    @classmethod
    def unpack(cls, generators, split_seed):
        """Return the streams that were packed."""
        shuffle, dropout, *evolution = map(generator, generators)
        require(is_count(split_seed), f"split_seed={split_seed!s:.80}")
        return cls(shuffle, dropout, evolution, split_seed)


@dataclass(frozen=True)
class Counters:
    """How much a network was trained, in all.

    Attributes
    ----------
    n_evolutions : int
        How often the topology evolved; the t of lambda(t).
    batches_since_evolution : int
    n_samples_seen : int
    n_steps : int
        Of the optimiser, since its arrays were zero.
    """

    n_evolutions: int = 0
    batches_since_evolution: int = 0
    n_samples_seen: int = 0
    n_steps: int = 0

    def after_batch(self):
        """Return the counters after one more mini-batch."""
        return Counters(
            self.n_evolutions,
            self.batches_since_evolution + 1,
            self.n_samples_seen,
            self.n_steps + 1,
        )


@dataclass(frozen=True)
class Progress:
    """How far a fit is, and what decides how it goes on.

    Attributes
    ----------
    epoch : int
        Number of complete epochs; while one is trained, its number from 0.
    max_epochs : int or None
        How many are planned; None for a pass over a part of a stream.
    counted : float
        How many epochs of the plan are over: those complete, or more where easy ones
        counted for more.
    n_left : int or None
        How many are still to come, as far as is known now.
    learning_rate : float or None
        That of the last epoch.
    learning_rate_share : float
        What is left of the initial learning rate.
    batches_per_evolution : float
        Full mini-batches between two evolutions of the topology.
    n_cuts : int
        How often a plateau has cut the learning rate.
    best_score : float
        The largest score so far, see `StoppingRule`.
    epochs_without_improvement : int
    best_parameters : NetworkParameters or None
        Those of the best network so far, where there are validation data.
    """

    epoch: int = 0
    max_epochs: int | None = None
    counted: float = 0.0
    n_left: int | None = None
    learning_rate: float | None = None
    learning_rate_share: float = 1.0
    batches_per_evolution: float = 1
    n_cuts: int = 0
    best_score: float = -np.inf
    epochs_without_improvement: int = 0
    best_parameters: NetworkParameters | None = None

    def share(self, of_epoch):
        """Return what is over of the training planned, None without a plan.

        `of_epoch` is what is over of the epoch that is trained.
        """
        if self.max_epochs is None:
            return None
        return (self.counted + of_epoch * self.pace) / self.max_epochs

    @property
    def pace(self):
        """How many epochs of the plan the one counts that is trained."""
        return (self.max_epochs - self.counted) / self.n_left

    def after_epoch(self, loss, easy_loss):
        """Return the progress after an epoch of this mean loss, without penalty.

        Where hardly anything is left to learn, the plan is run through faster: after a
        loss that is a half or a third of `easy_loss`, the next epoch counts for two or
        three, but for a tenth of the plan at most. Learning rate and evolution come to
        their ends as they would have, only sooner.
        """
        progress = changed(self, epoch=self.epoch + 1)
        if self.max_epochs is None:
            return progress
        counted, n_left = self.counted + self.pace, self.n_left - 1
        if n_left > 0:
            fastest = max(1.0, self.max_epochs / FEWEST)
            pace = 1.0
            if loss < easy_loss:
                pace = min(fastest, easy_loss / loss) if loss > 0 else fastest
            n_left = math.ceil((self.max_epochs - counted) / pace)
        return changed(progress, counted=counted, n_left=n_left)

    def pack(self):
        """Return plain data, which shares arrays."""
        packed = dict(vars(self))
        if self.best_parameters is not None:
            layers, packed["best_kernels"] = self.best_parameters
            packed["best_parameters"] = list(map(pack_parameters, layers))
        return packed

    @classmethod
    def unpack(cls, best_parameters, best_kernels=None, **numbers):
        """Return the progress that was packed."""
        if best_parameters is not None:
            layers = [unpack_parameters(**each) for each in best_parameters]
            if best_kernels is not None:
                best_kernels = unpack_arrays(best_kernels)
            best_parameters = Network(layers).parameters._replace(kernels=best_kernels)
        return cls(**numbers, best_parameters=best_parameters)


@dataclass
class History:
    """Lists with an item for each epoch.

    Attributes
    ----------
    losses : list of float
    scores, validation_losses : list of float
        Of epochs with validation data.
    connection_counts : list of list of int
        Of each layer, after the epoch.
    """

    losses: list = field(default_factory=list)
    scores: list = field(default_factory=list)
    validation_losses: list = field(default_factory=list)
    connection_counts: list = field(default_factory=list)

    def copy(self):
        """Return a history that does not grow with this one."""
        return History(**{name: list(values) for name, values in vars(self).items()})

    def append(self, metrics, connection_counts):
        """Take note of an epoch."""
        self.losses.append(metrics.loss)
        self.connection_counts.append(connection_counts)
        if metrics.score is not None:
            self.scores.append(metrics.score)
            self.validation_losses.append(metrics.validation_loss)


class Snapshot(NamedTuple):
    """All that an epoch changes but the optimiser's arrays; see `TrainingState`."""

    parameters: NetworkParameters
    random: list
    counters: Counters
    progress: Progress
    history: History


@dataclass
class TrainingState:
    """State that training goes on from.

    Attributes
    ----------
    network : Network
    random : RandomStreams
    counters : Counters
    progress : Progress
    history : History
    """

    network: Network
    random: RandomStreams
    counters: Counters = Counters()
    progress: Progress = Progress()
    history: History = field(default_factory=History)

    def copy(self):
        """Return a state that may be trained without changing this one."""
        return replace(
            self,
            network=self.network.copy(),
            random=copy.deepcopy(self.random),
            history=self.history.copy(),
        )

    def snapshot(self):
        """Return what `restore` goes back to; it shares arrays with the network."""
        return Snapshot(
            self.network.parameters,
            self.random.snapshot(),
            self.counters,
            self.progress,
            self.history.copy(),
        )

    def restore(self, snapshot):
        """Go back to a snapshot; the optimiser starts anew."""
        self.random.restore(snapshot.random)
        self.counters = snapshot.counters
        self.progress = snapshot.progress
        self.history = snapshot.history.copy()
        self.restore_parameters(snapshot.parameters)

    def restore_parameters(self, parameters):
        """Go back to what `network.parameters` were; the optimiser starts anew."""
        self.network.restore_parameters(parameters)
        self.counters = changed(self.counters, n_steps=0)

    def begin_fit(self, max_epochs):
        """Plan so many epochs, from the initial learning rate, with fresh patience."""
        self.progress = Progress(max_epochs=max_epochs, n_left=max_epochs)

    def begin_pass(self):
        """Go on with an epoch that belongs to no plan."""
        self.progress = changed(
            self.progress,
            epoch=0,
            max_epochs=None,
            counted=0.0,
            n_left=None,
            best_parameters=None,
        )

    def begin_optimizer(self, n_arrays):
        """Prepare for an optimiser with so many arrays, anew if it had others."""
        starts_anew = [part.begin_training(n_arrays) for part in self.network.parts]
        if any(starts_anew):
            self.counters = changed(self.counters, n_steps=0)

    def drop_optimizer_state(self):
        """Forget the optimiser's arrays; it starts anew."""
        for part in self.network.parts:
            part.start_anew(0)
        self.counters = changed(self.counters, n_steps=0)

    def pack(self):
        """Return plain data: dicts, lists, numbers and arrays, which are shared."""
        kernels = self.network.kernels
        return {
            "layers": [pack_layer(layer) for layer in self.network.layers],
            "kernels": kernels and kernels.pack(),
            "random": self.random.pack(),
            "counters": asdict(self.counters),
            "progress": self.progress.pack(),
            "history": vars(self.history.copy()),
        }

    @classmethod
    def unpack(cls, layers, random, counters, progress, history, kernels=None):
        """Return the state that was packed, without activation functions.

        Raises
        ------
        ArithmeticError, AttributeError, LookupError, TypeError, ValueError
            If it is not sound.
        """
        network = Network([unpack_layer(**layer) for layer in layers])
        network.kernels = kernels and Kernels.unpack(**kernels)
        state = cls(
            network,
            RandomStreams.unpack(**random),
            Counters(**counters),
            Progress.unpack(**progress),
            History(**history),
        )
        state.check()
        return state

    def check(self):
        """Raise a ValueError unless the parts are sound and fit each other."""
        layers = self.network.layers
        require(
            len(self.random.evolution) == len(layers), "rngs are not one for each layer"
        )
        require(self.network.is_chain(), "layers do not fit each other")
        require(self.network.is_finite(), "weights or biases are not finite")
        for part in self.counters, self.progress, self.history:
            for each in fields(part):
                check_field(each, getattr(part, each.name))
        require(
            all(len(each) == len(layers) for each in self.history.connection_counts),
            "connection_counts are not one for each layer",
        )
        best = self.progress.best_parameters
        if best is not None:
            require(
                shapes_of(best) == shapes_of(self.network.parameters),
                "best_parameters are not those of these layers",
            )


def shapes_of(parameters):
    """Return the shapes of weights and kernels of NetworkParameters."""
    layers, kernels = parameters
    of_kernels = None if kernels is None else [array.shape for array in kernels]
    return [weights.shape for weights, *_ in layers], of_kernels


def check_field(declared, value):
    """Raise a ValueError unless a value is as its field declares it."""
    name, kind = declared.name, declared.type
    if kind is int:
        is_sound = is_count(value)
    elif kind is float:
        is_sound = is_number(value)
    elif kind == int | None:
        is_sound = value is None or is_count(value)
    elif kind == float | None:
        is_sound = value is None or (is_number(value) and 0 <= value < np.inf)
    elif name == "connection_counts":
        is_sound = isinstance(value, list) and all(
            is_count(n) for counts in value for n in counts
        )
    elif kind is list:
        is_sound = isinstance(value, list) and all(isinstance(n, Real) for n in value)
    else:
        is_sound = True  # parameters, which were checked when they were unpacked
    require(is_sound, f"{name}={value!s:.80}")


def is_count(value):
    """Tell whether this is an integer that is not negative."""
    return isinstance(value, Integral) and value >= 0


def is_number(value):
    """Tell whether this is a real number, perhaps infinite."""
    return isinstance(value, Real) and not np.isnan(value)
