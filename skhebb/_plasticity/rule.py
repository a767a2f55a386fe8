"""What local rules that go with gradient descent have in common."""

from abc import ABC, abstractmethod


class LocalRule(ABC):
    """Changes connections by the activity of the two neurons that each joins.

    `observe` is called once per mini-batch, between the forward pass and the gradient
    step; then `term` for each layer, the last one first, after the step of that layer.

    Attributes
    ----------
    reads_weights : bool, default=True
        Whether `observe` or `term` look at weights. If not, those of features that are
        zero in a batch of sparse samples may lag behind.
    """

    reads_weights = True

    def needs_preactivations(self, depth):
        """Tell whether `observe` wants the preactivations of a layer."""
        return False

    def begin(self, layers):  # noqa: B027 (most have nothing to do)
        """Give layers the `topology_state` that `observe` changes, if they lack it."""

    @abstractmethod
    def observe(self, layers, activations, preactivations, batch, n_threads):
        """Take note of a mini-batch.

        Sets: whatever `term` will want, or the `topology_state` of layers.

        Parameters
        ----------
        layers : list of SparseLayer
        activations : list
            The inputs, in tiles or as NonZeros, and the activations of each layer, in
            tiles. They are overwritten by the next mini-batch, but not before.
        preactivations : list of ndarray
            In tiles, of the layers that `needs_preactivations` told of; else empty.
        batch : Batch
        n_threads : int
        """

    def term(self, depth, n_evolutions, batches_per_evolution):
        """Return what a layer adds to its weights after this mini-batch.

        Parameters
        ----------
        depth : int
            Number of the layer of connections, from 0.
        n_evolutions : int
            How often the topology evolved.
        batches_per_evolution : float
            How many mini-batches of the weight of this one lie between two evolutions.

        Returns
        -------
        term : HebbianTerm or None
        """
        return
