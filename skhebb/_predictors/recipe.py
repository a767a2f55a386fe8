"""What parameters are that are "auto": formulas of the amount of data and the layers.

The formulas were chosen on some data sets and confirmed on others, from 100 samples to
100 000, see docs/results.md. The amount of data n is the number of samples or, if that
is more, their total weight. A stream, whose end nobody knows, is taken for `STREAM`
samples, or for those seen if these are more.
"""

import math
from typing import NamedTuple

import numpy as np
from sklearn.base import is_classifier

STREAM = 10_000
FEWEST, MOST = 32, 200  # samples of a mini-batch
FASTEST = 0.02  # learning rate
MANY_INPUTS = 32  # of a neuron, from which on learning is slower
FEW_FEATURES, MANY_FEATURES = 16, 32
FEWEST_EPOCHS = 10
EVOLUTIONS = 60  # that there would be if the topology evolved to the end
LEAST_INTERVAL = 10  # mini-batches from one evolution to the next
ORDINARY = 3  # root mean square of a feature, up to which X is taken as it is
RARE = 0.1  # mean square of X, below which inputs of the first layer count for less
HIDDEN_DECAY, OUTPUT_DECAY = 0.2, 1.0
SAMPLES_PER_INPUT = 2  # that there must be for all of a neuron's inputs to count
MOST_DROPOUT = 0.3  # of all hidden layers together
DROPOUT_PER_NEURON, DROPOUT_PER_FEATURE = 0.002, 0.01
SAMPLES_PER_PAIR = 16  # of features, above which there is less dropout


class Recipe(NamedTuple):
    """Values of parameters, for some data.

    Attributes
    ----------
    batch_size : int
        At most the number of samples.
    max_iter : int or None
        None in a stream.
    learning_rate_init : float
    weight_decay : ndarray of shape (n_layers,)
        Of each layer of connections.
    dropout : float
    evolution_interval : int or "epoch"
    """

    batch_size: int
    max_iter: int | None
    learning_rate_init: float
    weight_decay: np.ndarray
    dropout: float
    evolution_interval: object

    @classmethod
    def of_fit(cls, estimator, layers, data):
        """Return the values for a fit to these data."""
        n_samples = len(data.samples)
        n = max(n_samples, data.total_weight)
        batch_size = batch_size_for(estimator.batch_size, n_samples)
        n_batches = -(-n_samples // batch_size)
        share = few_features_share(estimator, layers)
        max_iter = estimator.max_iter
        if max_iter == "auto":
            max_iter = auto_max_iter(n, n_batches, share)
        interval = estimator.evolution_interval
        if interval == "auto":
            interval = auto_interval(max_iter * n_batches)
        return cls(
            batch_size,
            max_iter,
            learning_rate_for(
                estimator.learning_rate_init,
                layers,
                n,
                batch_size * n / n_samples,
                max_iter * n_batches,
            ),
            weight_decays_for(
                estimator.weight_decay, layers, n, input_share_of(data), share
            ),
            dropout_for(estimator.dropout, layers, n),
            interval,
        )

    @classmethod
    def of_stream(cls, estimator, layers, data, n_seen):
        """Return the values for a pass over these data, after `n_seen` samples."""
        n_samples = len(data.samples)
        batch_size = batch_size_for(estimator.batch_size, n_samples, is_stream=True)
        interval = estimator.evolution_interval
        if interval == "auto":
            interval = -(-STREAM // batch_size)
        n = max(STREAM, n_seen + n_samples)
        share = few_features_share(estimator, layers)
        return cls(
            batch_size,
            None,
            learning_rate_for(estimator.learning_rate_init, layers, STREAM, batch_size),
            weight_decays_for(
                estimator.weight_decay, layers, n, input_share_of(data), share
            ),
            dropout_for(estimator.dropout, layers, n),
            interval,
        )


def batch_size_for(batch_size, n_samples, is_stream=False):
    """Return the samples of a full mini-batch.

    "auto" is a tenth of the samples, 32 at least and 200 at most, or less, so that
    mini-batches are even; but up to 64 samples are all in one. In a stream it is 200.
    """
    if batch_size == "auto":
        most = min(max(n_samples // 10, FEWEST), MOST)
        n_batches = 1 if n_samples <= 2 * FEWEST else -(-n_samples // most)
        batch_size = MOST if is_stream else -(-n_samples // n_batches)
    return min(batch_size, n_samples)


def few_features_share(estimator, layers):
    """Return the share of penalties, and the inverse one of steps, of few features.

    It is 1/2 for up to 16 features and 1 from 32 on, in proportion in between: classes
    of few features may be told apart exactly, which takes larger weights and more
    steps. Of numbers, which have noise, it is 1.
    """
    if not is_classifier(estimator):
        return 1.0
    n_features = max(FEW_FEATURES, min(layers[0].n_in, MANY_FEATURES))
    return n_features / MANY_FEATURES


def auto_max_iter(n, n_batches, share=1.0):
    """Return the epochs, of `n_batches`, that make 1.6 n^0.85 / share mini-batches."""
    wanted = 1.6 * n**0.85 / share
    return max(FEWEST_EPOCHS, math.ceil(wanted / n_batches))


def learning_rate_for(rate, layers, n, batch_weight, n_batches=math.inf):
    """Return the initial learning rate.

    "auto" is 1.25 / sqrt(n), at most 0.02, and less where neurons of the first layer
    have more than 32 inputs; but it is 1 / n_batches at least, so that weights can move
    by a half or so in so few steps of Adam, unless that is more than 0.02. It is less,
    too, for mini-batches of less than 32.
    """
    if rate != "auto":
        return float(rate)
    n_inputs = max(1, layers[0].n_connections_target / layers[0].n_out)
    of_batch, of_inputs = min(1, batch_weight / FEWEST), min(1, MANY_INPUTS / n_inputs)
    ordinary = min(FASTEST, 1.25 * n**-0.5) * math.sqrt(of_inputs)
    return max(ordinary, min(FASTEST, 1 / n_batches)) * math.sqrt(of_batch)


def weight_decays_for(decay, layers, n, input_share=1.0, share=1.0):
    """Return the weight decay of each layer.

    "auto" is 0.2 n_inputs / n in hidden layers, with the mean number of inputs of a
    neuron, and 1 / n in the output layer: that of normal priors whose deviations are
    sqrt(5 / n_inputs) and 1. Of the first layer's inputs only a share may count, and of
    any layer's n / 2 at most, which few samples could not tell apart: it is 0.1 there.
    All are times `share`.
    """
    if decay != "auto":
        return np.full(len(layers), float(decay))
    n_inputs = np.array([la.n_connections_target / la.n_out for la in layers[:-1]])
    n_inputs[:1] *= input_share
    hidden = HIDDEN_DECAY * np.minimum(n_inputs, n / SAMPLES_PER_INPUT)
    return np.array([*hidden, OUTPUT_DECAY]) * share / n


def dropout_for(dropout, layers, n):
    """Return the probability with which a hidden neuron is left out.

    "auto" is the least of 0.3, 0.002 times the neurons of the narrowest hidden layer
    and 0.01 times the m features, of few of which functions may be learned exactly;
    divided by the number of hidden layers, each of which adds noise. What features
    allow is less by a factor of 16 m² / n beyond so many samples. It is 0 for up to 64.
    """
    if dropout != "auto":
        return float(dropout)
    sizes = [layer.n_out for layer in layers[:-1]]
    if not sizes or n <= 2 * FEWEST:
        return 0.0
    of_neurons = DROPOUT_PER_NEURON * min(sizes)
    m = layers[0].n_in
    of_features = DROPOUT_PER_FEATURE * m * min(1, SAMPLES_PER_PAIR * m**2 / n)
    return min(MOST_DROPOUT, of_neurons, of_features) / len(sizes)


def auto_interval(n_batches):
    """Return a sixtieth of the mini-batches of a training, but 10 at least."""
    return max(LEAST_INTERVAL, -(-n_batches // EVOLUTIONS))


def input_scale_of(data):
    """Return the scale that the first layer's weights are in units of.

    A typical feature has the geometric mean of the features' root mean squares. Where
    that is above 3, as it is not for features that are standardised or lie in [0, 1],
    it is to be as large as sqrt(2): the network would begin with saturated outputs
    otherwise, and take steps that overshoot.
    """
    squares = data.mean_squares
    logs = np.log(squares[(squares > 0) & np.isfinite(squares)])
    if not len(logs):
        return 1.0
    typical = math.exp(logs.mean() / 2)
    return typical / math.sqrt(2) if typical > ORDINARY else 1.0


def input_share_of(data):
    """Return the share of its inputs by which a neuron is penalised.

    It is 1, but ten times the mean square of X where that is below a tenth, as in text,
    where words are rarely there: then few of many inputs add to what the neuron gets.
    """
    mean = data.mean_squares.mean()
    return min(1.0, mean / RARE) if 0 < mean < RARE else 1.0
